"""Programs that end while daemon threads call: nothing on standard error."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from faults.scripted import Answer, Hang, Scripted
from support import SOURCES

PROGRAM: Final = """
import sys, threading
from faults.callers import Calls
model = Calls(base_url=sys.argv[1], timeout=60)
started = threading.Barrier(9)


def read_stream():
    stream = model.count(3)
    next(stream)
    started.wait(20)
    list(stream)


def call_often():
    model.double(1)
    started.wait(20)
    while True:
        model.double(1)


for _ in range(8):
    threading.Thread(target=globals()[sys.argv[2]], daemon=True).start()
started.wait(20)
"""


@pytest.mark.parametrize("work", ["read_stream", "call_often"])
def test_daemon_threads_end_in_silence(work: str) -> None:
    step = Hang(after=1) if work == "read_stream" else Answer()
    with Scripted(lambda _: step) as server:
        for _ in range(3):
            ran = subprocess.run(
                [sys.executable, "-c", PROGRAM, server.url, work],
                capture_output=True,
                text=True,
                timeout=60,
                env={"PYTHONPATH": f"{SOURCES}:{Path(__file__).parents[1]}"},
                check=False,
            )
            assert (ran.returncode, ran.stderr) == (0, "")
