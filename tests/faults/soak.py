"""A soak test: very many calls in one process (`make soak`), and a short form as a test.

The calls are of every kind, sync and async. A tenth exceeds its deadline, and a tenth of the streams is dropped after
the first item. The server runs in its own process. From round to round, memory, threads and file descriptors must
stay level, and the server must have no open call in the end.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import itertools
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from clarigen import DeadlineExceededError
from faults.callers import AsyncCalls, Calls
from faults.scripted import Scripted, message, numbers

THREADS: Final = 8
TASKS: Final = 32
HANGS: Final = -1
"""An argument that the server never answers."""

HANGS_AFTER_ITEM: Final = -2
"""An argument that the server answers with one item, and then no more."""

SHORT_TIMEOUT: Final = 0.005
"""The timeout of a call that exceeds its deadline, in seconds."""

ITEMS: Final = 4


class SoakServer(Scripted):
    """A server that does not answer some arguments."""

    def _answers(self, rpc: str, step: Any, requests: Any, context: Any, call_ended: Any) -> Any:
        first = next(requests)
        (number,) = set(numbers(first))
        if number in (HANGS, HANGS_AFTER_ITEM):
            yield from [message([0])] if number == HANGS_AFTER_ITEM else ()
            call_ended.wait(60)
            return
        yield from super()._answers(
            rpc, step, itertools.chain([first], requests), context, call_ended
        )


def run_server() -> None:
    """Run the server until standard input ends; print the number of open calls for each line received."""
    with SoakServer(threads=64) as server:
        print(server.url, flush=True)
        for _ in sys.stdin:
            server.wait_until_idle(5)
            print(server.open, flush=True)


class ServerProcess:
    """The server's process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.url = self._line()

    def open(self) -> int:
        """Return how many calls stay open there."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return int(self._line())

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


@contextmanager
def start_server() -> Iterator[ServerProcess]:
    code = "from faults.soak import run_server; run_server()"
    python_path = os.pathsep.join([str(Path(__file__).parents[1]), *sys.path])
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": python_path},
    ) as process:
        yield ServerProcess(process)
        assert process.stdin is not None
        process.stdin.close()


@dataclass(frozen=True)
class Level:
    """The resources of this process, and the calls of the server.

    Attributes:
        kilobytes: Resident memory.
        threads: The number of threads.
        files: The number of file descriptors.
        open: The number of calls open at the server.
    """

    kilobytes: int
    threads: int
    files: int
    open: int

    @classmethod
    def now(cls, still_open: int) -> Level:
        gc.collect()
        lines = Path("/proc/self/status").read_text().splitlines()
        status = dict(line.split(":", 1) for line in lines)
        files = len(list(Path("/proc/self/fd").iterdir()))
        return cls(int(status["VmRSS"].split()[0]), int(status["Threads"]), files, still_open)

    @classmethod
    def minimum_of(cls, levels: Sequence[Level]) -> Level:
        """Return the minimum of each resource, because grpc's own threads come and go, and the maximum of open calls."""
        return cls(
            min(level.kilobytes for level in levels),
            min(level.threads for level in levels),
            min(level.files for level in levels),
            max(level.open for level in levels),
        )

    def describe_growth(self, before: Level) -> str:
        """Describe the resources that have grown; return an empty string if there are none."""
        risen = []
        if self.kilobytes > 1.1 * before.kilobytes + 4096:
            risen.append(f"memory {before.kilobytes} -> {self.kilobytes} kB")
        if self.threads > before.threads + 2:
            risen.append(f"threads {before.threads} -> {self.threads}")
        if self.files > before.files + 2:
            risen.append(f"file descriptors {before.files} -> {self.files}")
        if self.open:
            risen.append(f"{self.open} calls still open at the server")
        return ", ".join(risen)


def call_from_threads(server: ServerProcess, count: int) -> int:
    """Make calls from several threads and return how many are still open at the server."""
    url = server.url
    with (
        Calls(base_url=url, timeout=60) as model,
        model.with_options(timeout=SHORT_TIMEOUT) as impatient,
        ThreadPoolExecutor(THREADS) as pool,
    ):
        for _ in pool.map(lambda n: _call(model, impatient, n), range(count)):
            pass
        return server.open()  # before the client closes, which would end them


def _call(model: Calls, impatient: Calls, n: int) -> None:
    kind = n % 10
    if kind == 0:
        try:
            impatient.double(HANGS)
        except DeadlineExceededError:
            return
        raise AssertionError("it was not cut off")
    if kind <= 5:
        assert model.double(n) == 2 * n
    elif kind == 9:
        assert model.double_batch([{"n": n}] * 3).collect() == [2 * n] * 3
    else:
        dropped = n // 10 % 10 == 0
        items = [HANGS_AFTER_ITEM] if dropped else range(ITEMS)
        stream = (
            model.count(HANGS_AFTER_ITEM if dropped else ITEMS) if kind == 6 else model.add(items)
        )
        assert next(stream) == 0
        if not dropped:
            assert len(list(stream)) == ITEMS - 1


async def call_from_tasks(server: ServerProcess, count: int) -> int:
    """Make calls from several tasks and return how many are still open at the server."""
    url = server.url
    left = iter(range(count))

    async def work() -> None:
        for n in left:
            await _async_call(model, impatient, n)

    async with (
        AsyncCalls(base_url=url, timeout=60) as model,
        model.with_options(timeout=SHORT_TIMEOUT) as impatient,
    ):
        await asyncio.gather(*(work() for _ in range(TASKS)))
        return await asyncio.to_thread(server.open)


async def _async_call(model: AsyncCalls, impatient: AsyncCalls, n: int) -> None:
    kind = n % 10
    if kind == 0:
        try:
            await impatient.double(HANGS)
        except DeadlineExceededError:
            return
        raise AssertionError("it was not cut off")
    if kind <= 5:
        assert await model.double(n) == 2 * n
    elif kind == 9:
        assert await model.double_batch([{"n": n}] * 3).collect() == [2 * n] * 3
    else:
        dropped = n // 10 % 10 == 0
        items = [HANGS_AFTER_ITEM] if dropped else range(ITEMS)
        stream = (
            model.count(HANGS_AFTER_ITEM if dropped else ITEMS) if kind == 6 else model.add(items)
        )
        assert await anext(stream) == 0
        if not dropped:
            assert len([item async for item in stream]) == ITEMS - 1


def soak(calls: int, rounds: int = 10) -> str:
    """Make the calls and describe the resources that grew from the first to the second half of the rounds."""
    levels: list[Level] = []
    with start_server() as server:
        for number in range(1, rounds + 1):
            still_open = call_from_threads(server, calls // rounds // 2)
            still_open += asyncio.run(call_from_tasks(server, calls // rounds // 2))
            levels.append(Level.now(still_open))
            print(f"round {number}: {levels[-1]}", flush=True)
    half = rounds // 2
    return Level.minimum_of(levels[half:]).describe_growth(Level.minimum_of(levels[:half]))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=100_000)
    sys.exit(soak(parser.parse_args().calls) or None)
