"""A server that is full: callers take turns, also those of other processes."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Final

from faults.callers import AsyncCalls, Calls
from faults.scripted import Answer, Scripted
from support import SOURCES

PROGRAM: Final = """
import sys
from faults.callers import Calls
with Calls(base_url=sys.argv[1], timeout=60) as model:
    for n in range(int(sys.argv[2])):
        assert model.double(n) == 2 * n
"""


def test_no_caller_starves_at_a_full_server() -> None:
    turns: Counter[int] = Counter()
    ends_at = time.monotonic() + 3

    def work(model: Calls, caller: int) -> None:
        while time.monotonic() < ends_at:
            assert model.double(caller) == 2 * caller
            turns[caller] += 1

    with (
        Scripted(lambda _: Answer(seconds=0.02), max_concurrent_calls=8) as server,
        Calls(base_url=server.url, timeout=60) as model,
    ):
        threads = [threading.Thread(target=work, args=(model, caller)) for caller in range(24)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(turns) == 24
    assert min(turns.values()) > max(turns.values()) / 3, turns


def test_processes_wait_for_one_another_at_a_full_server() -> None:
    """A process with a single caller knows nothing of the others' calls, and fails none."""
    path = f"{SOURCES}:{Path(__file__).parents[1]}"
    with Scripted(lambda _: Answer(seconds=0.05), max_concurrent_calls=2) as server:
        children = [
            subprocess.Popen(
                [sys.executable, "-c", PROGRAM, server.url, "10"],
                stderr=subprocess.PIPE,
                text=True,
                env={"PYTHONPATH": path},
            )
            for _ in range(5)
        ]
        for child in children:
            _, errors = child.communicate(timeout=120)
            assert (child.returncode, errors) == (0, "")
    assert len(server.executed) == 50


def test_no_call_of_a_burst_is_dropped() -> None:
    """A server of gRPC drops calls, without a reason, if more than 1,000 wait. So this client never sends so many."""

    async def burst(url: str) -> list[int]:
        async with AsyncCalls(base_url=url, timeout=60) as model:
            return await asyncio.gather(*(model.double(n) for n in range(2000)))

    with Scripted(lambda _: Answer(seconds=0.001)) as server:
        assert asyncio.run(burst(server.url)) == [2 * n for n in range(2000)]
    assert len(server.sends) == 2000
