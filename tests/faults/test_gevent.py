"""Clients in programs whose threads gevent has replaced, as in gevent workers of gunicorn and Celery."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from faults.scripted import Answer, Scripted
from support import SOURCES

PROGRAM: Final = """
from gevent import monkey; monkey.patch_all()
{init}
import os, sys, time, gevent
from faults.callers import Calls

def call(model):
    jobs = [gevent.spawn(model.double, 3) for _ in range(4)]
    jobs += [gevent.spawn(lambda: list(model.count(3))) for _ in range(4)]
    jobs += [gevent.spawn(lambda: list(model.add([1, 2, 3]))) for _ in range(4)]
    jobs += [gevent.spawn(lambda: model.double_batch({{"n": n}} for n in range(3)).collect()) for _ in range(4)]
    gevent.joinall(jobs)
    return [job.value for job in jobs[::4]]

with Calls(base_url=sys.argv[1], timeout=15) as model:
    start = time.monotonic()
    print(call(model), flush=True)
    assert time.monotonic() - start < 8, "the calls blocked one another"
    stream = model.with_options(idle_timeout=0.2).count(3)
    print(next(stream), flush=True)
    stream.cancel()
if not os.fork():
    with Calls(base_url=sys.argv[1], timeout=15) as model:
        print(call(model), flush=True)
    os._exit(0)
os.wait()
"""

RESULTS: Final = "[6, [0, 1, 2], [2, 4, 6], [0, 2, 4]]"


@pytest.mark.parametrize(
    "init",
    ["", "import grpc.experimental.gevent as grpc_gevent; grpc_gevent.init_gevent()"],
    ids=["plain", "initialized"],
)
def test_calls_of_greenlets_run_at_once(init: str) -> None:
    """Calls of every kind, a canceled stream, and calls of a forked child."""
    pytest.importorskip("gevent")
    path = f"{SOURCES}:{Path(__file__).parents[1]}"
    with Scripted(lambda _: Answer(seconds=1)) as server:
        ran = subprocess.run(
            [sys.executable, "-c", PROGRAM.format(init=init), server.url],
            capture_output=True,
            text=True,
            timeout=60,
            env={"PYTHONPATH": path},
            check=False,
        )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines() == [RESULTS, "0", RESULTS]
