"""Very many calls in one process: `make soak`, or in short form a test.

What lives here: the calls (both twins, every kind; a tenth cut off by their deadline, a tenth of the
streams dropped after their first item), the server in a process of its own, and what must stay level from
round to round: memory, threads, file descriptors, and the server's open calls, which go back to none.
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
"""A number that the server does not answer."""

LASTS: Final = -2
"""A number that the server answers with an item, and then no more."""

CUT: Final = 0.005
"""The deadline of a call that is cut off, in seconds."""

ITEMS: Final = 4


class Soaked(Scripted):
    """A server that does not answer some numbers."""

    def _answers(self, rpc: str, step: Any, requests: Any, context: Any, gone: Any) -> Any:
        first = next(requests)
        (number,) = set(numbers(first))
        if number in (HANGS, LASTS):
            yield from [message([0])] if number == LASTS else ()
            gone.wait(60)
            return
        yield from super()._answers(rpc, step, itertools.chain([first], requests), context, gone)


def serve() -> None:
    """Be the server, until standard input ends: a line in asks for a line out."""
    with Soaked(threads=64) as server:
        print(server.url, flush=True)
        for _ in sys.stdin:
            server.idle(5)
            print(server.open, flush=True)


class Server:
    """The server's process, from here."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.url = self._line()

    def open(self) -> int:
        """How many calls are under way there that do not end."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return int(self._line())

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


@contextmanager
def server() -> Iterator[Server]:
    code = "from faults.soak import serve; serve()"
    where = os.pathsep.join([str(Path(__file__).parents[1]), *sys.path])
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": where},
    ) as process:
        yield Server(process)
        assert process.stdin is not None
        process.stdin.close()


@dataclass(frozen=True)
class Level:
    """What a process holds.

    Attributes:
        kilobytes: Its memory.
        threads: How many there are.
        files: How many file descriptors.
        open: The server's open calls.
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
    def least(cls, levels: Sequence[Level]) -> Level:
        """The least of each, for grpc's own threads come and go; of open calls, the most."""
        return cls(
            min(level.kilobytes for level in levels),
            min(level.threads for level in levels),
            min(level.files for level in levels),
            max(level.open for level in levels),
        )

    def risen(self, before: Level) -> str:
        """What is not level, in words; nothing if all is."""
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


def synchronous(served: Server, count: int) -> int:
    """So many calls from several threads; how many are open at the server after them."""
    url = served.url
    with (
        Calls(base_url=url, timeout=60) as model,
        model.with_options(timeout=CUT) as hasty,
        ThreadPoolExecutor(THREADS) as pool,
    ):
        for _ in pool.map(lambda n: _call(model, hasty, n), range(count)):
            pass
        return served.open()  # as long as the client is: closing it would end them


def _call(model: Calls, hasty: Calls, n: int) -> None:
    kind = n % 10
    if kind == 0:
        try:
            hasty.double(HANGS)
        except DeadlineExceededError:
            return
        raise AssertionError("it was not cut off")
    if kind <= 5:
        assert model.double(n) == 2 * n
    elif kind == 9:
        assert model.double_batch([{"n": n}] * 3).collect() == [2 * n] * 3
    else:
        dropped = n // 10 % 10 == 0
        items = [LASTS] if dropped else range(ITEMS)
        stream = model.count(LASTS if dropped else ITEMS) if kind == 6 else model.add(items)
        assert next(stream) == 0
        if not dropped:
            assert len(list(stream)) == ITEMS - 1


async def asynchronous(served: Server, count: int) -> int:
    """So many calls from several tasks; how many are open at the server after them."""
    url = served.url
    left = iter(range(count))

    async def work() -> None:
        for n in left:
            await _async_call(model, hasty, n)

    async with (
        AsyncCalls(base_url=url, timeout=60) as model,
        model.with_options(timeout=CUT) as hasty,
    ):
        await asyncio.gather(*(work() for _ in range(TASKS)))
        return await asyncio.to_thread(served.open)


async def _async_call(model: AsyncCalls, hasty: AsyncCalls, n: int) -> None:
    kind = n % 10
    if kind == 0:
        try:
            await hasty.double(HANGS)
        except DeadlineExceededError:
            return
        raise AssertionError("it was not cut off")
    if kind <= 5:
        assert await model.double(n) == 2 * n
    elif kind == 9:
        assert await model.double_batch([{"n": n}] * 3).collect() == [2 * n] * 3
    else:
        dropped = n // 10 % 10 == 0
        items = [LASTS] if dropped else range(ITEMS)
        stream = model.count(LASTS if dropped else ITEMS) if kind == 6 else model.add(items)
        assert await anext(stream) == 0
        if not dropped:
            assert len([item async for item in stream]) == ITEMS - 1


def soak(calls: int, rounds: int = 10) -> str:
    """Make the calls; what the second half of the rounds has more of than the first, in words."""
    levels: list[Level] = []
    with server() as served:
        for number in range(1, rounds + 1):
            still_open = synchronous(served, calls // rounds // 2)
            still_open += asyncio.run(asynchronous(served, calls // rounds // 2))
            levels.append(Level.now(still_open))
            print(f"round {number}: {levels[-1]}", flush=True)
    half = rounds // 2
    return Level.least(levels[half:]).risen(Level.least(levels[:half]))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=100_000)
    sys.exit(soak(parser.parse_args().calls) or None)
