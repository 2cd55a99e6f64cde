"""Interrupted connections: a peer that stalls and resumes, and a server that is killed under load.

The rule is that of `test_matrix`: a call succeeds or ends with an accurate error, and no item is lost, duplicated or
misplaced. In addition, the client stays usable.
"""

from __future__ import annotations

import asyncio
import gc
import itertools
import re
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from clarigen import ClarigenError, DeadlineExceededError, UnavailableError
from faults.callers import (
    KINDS_AND_TWINS,
    TWINS,
    AsyncCalls,
    Calls,
    FinishedCall,
    successful_outcome,
)
from faults.proxy import Pause, Proxy
from faults.scripted import Scripted
from support import SOURCES

STALL: Final = 1.0
"""How long a peer stalls, in seconds; the calls have ten times as long."""


@pytest.mark.parametrize("of_the_request", [True, False])
def test_calls_survive_a_peer_that_stalls_and_resumes(of_the_request: bool) -> None:
    """Calls of every kind wait and succeed."""

    def call(kind: str, twin: str) -> None:
        fault = Pause(is_of_request=of_the_request)

        def go_on() -> None:
            assert fault.stalled.wait(20)
            time.sleep(STALL)  # the stall itself
            fault.go_on.set()

        with Scripted() as server, Proxy(server.port, fault) as spoiled:
            releasing = threading.Thread(target=go_on)
            releasing.start()
            asked = FinishedCall(kind, twin, spoiled.url, timeout=10 * STALL)
            releasing.join()
        assert asked.outcome == successful_outcome(kind)
        assert asked.elapsed > STALL
        assert len(server.sends) == spoiled.connections == 1

    with ThreadPoolExecutor(len(KINDS_AND_TWINS)) as pool:
        list(pool.map(call, *zip(*KINDS_AND_TWINS, strict=True)))


@pytest.mark.parametrize("of_the_request", [True, False])
@pytest.mark.parametrize("twin", TWINS)
def test_client_survives_a_peer_that_resumes_after_the_deadline(
    twin: str, of_the_request: bool
) -> None:
    """The call ends at its deadline; the next calls of the client succeed over another connection."""
    fault = Pause(is_of_request=of_the_request)

    async def twins(url: str) -> list[int]:
        async with AsyncCalls(base_url=url, timeout=20) as model:
            with pytest.raises(DeadlineExceededError, match=r"double: no .* within"):
                await model.with_options(timeout=0.2).double(1)
            fault.go_on.set()
            return [await model.double(2), *[item async for item in model.count(3)]]

    with Scripted() as server, Proxy(server.port, fault) as spoiled:
        if twin == "async":
            values = asyncio.run(twins(spoiled.url))
        else:
            with Calls(base_url=spoiled.url, timeout=20) as model:
                with pytest.raises(DeadlineExceededError, match=r"double: no .* within"):
                    model.with_options(timeout=0.2).double(1)
                fault.go_on.set()
                values = [model.double(2), *model.count(3)]
        assert values == [4, 0, 1, 2]
        assert server.wait_until_idle()
    assert server.executed[-2:] == [2, 3]
    assert server.executed[:-2] in ([], [1])  # the interrupted call may have run once
    assert spoiled.connections == 2


# A server that is killed


SERVER: Final = """
import sys
from faults.scripted import Answer, Scripted
with Scripted(lambda _: Answer(seconds=0.005)) as server:
    print(server.port, flush=True)
    sys.stdin.read()
"""

WORKERS: Final = ("unary",) * 4 + ("stream",) * 2 + ("bidi",) * 2 + ("batch",)
METHODS: Final = {"unary": "double", "stream": "count", "bidi": "add", "batch": "double"}
ENOUGH: Final = 500
"""After so many results the server is killed."""


@contextmanager
def _process() -> Iterator[tuple[int, Callable[[], None]]]:
    """Run a server in its own process; yield its port and a function that kills it."""
    path = f"{SOURCES}:{Path(__file__).parents[1]}"
    with subprocess.Popen(
        [sys.executable, "-c", SERVER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": path},
    ) as child:
        assert child.stdout is not None
        try:
            yield int(child.stdout.readline()), child.kill
        finally:
            child.kill()


class Load:
    """Workers that call until the server is dead.

    Attributes:
        errors: The error that ended each worker, with the kind of its calls.
    """

    def __init__(self, kill: Callable[[], None]) -> None:
        self.errors: list[tuple[str, ClarigenError]] = []
        self._kill = kill
        self._killed = False
        self._left = itertools.count(ENOUGH, -1)

    def add_result(self, item: int, expected: int) -> None:
        """Count a result."""
        assert item == expected
        if next(self._left) == 0:
            self._killed = True
            self._kill()

    def add_error(self, kind: str, error: ClarigenError) -> None:
        """Record the error that ends a worker."""
        assert self._killed, error
        self.errors.append((kind, error))

    def work(self, model: Calls, kind: str) -> None:
        """Call repeatedly."""
        try:
            for n in itertools.count():
                if kind == "unary":
                    self.add_result(model.double(n), 2 * n)
                    continue
                items, expected = _start_many(model, kind)
                for item, value in zip(items, expected, strict=True):
                    self.add_result(item, value)
        except ClarigenError as error:
            self.add_error(kind, error)

    async def work_async(self, model: AsyncCalls, kind: str) -> None:
        """Call repeatedly with the async client."""
        try:
            for n in itertools.count():
                if kind == "unary":
                    self.add_result(await model.double(n), 2 * n)
                    continue
                items, expected = _start_many(model, kind)
                await self._all(items, iter(expected))
        except ClarigenError as error:
            self.add_error(kind, error)

    async def _all(self, items: AsyncIterator[int], expected: Iterator[int]) -> None:
        async for item in items:
            self.add_result(item, next(expected))
        assert next(expected, None) is None


def _start_many(model: Any, kind: str) -> tuple[Any, Iterable[int]]:
    """Return many results of a kind, and their expected values."""
    if kind == "stream":
        return model.count(50), range(50)
    if kind == "bidi":
        return model.add(range(50)), range(0, 100, 2)
    return model.double_batch({"n": n} for n in range(10**6)), range(0, 2 * 10**6, 2)


@pytest.mark.parametrize("twin", TWINS)
def test_client_survives_a_server_killed_under_load(twin: str) -> None:
    """Each call succeeds or reports an error, none hangs, and the client reaches the server's successor."""
    options: Any = {"timeout": 30, "max_retries": 1}

    async def twins(url: str, port: int, load: Load) -> int:
        async with AsyncCalls(base_url=url, **options) as model:
            await asyncio.gather(*(load.work_async(model, kind) for kind in WORKERS))
            with Scripted(port=port):
                await model.wait_until_ready(30)  # the retry throttle of this server may be empty
                return await model.double(4)

    def run() -> None:
        with _process() as (port, kill):
            load, url = Load(kill), f"grpc://127.0.0.1:{port}"
            if twin == "async":
                result = asyncio.run(twins(url, port, load))
            else:
                with Calls(base_url=url, **options) as model:
                    with ThreadPoolExecutor(len(WORKERS)) as pool:
                        list(pool.map(load.work, [model] * len(WORKERS), WORKERS))
                    with Scripted(port=port):
                        result = model.with_options(max_retries=9).double(4)
        assert result == 8
        assert sorted(kind for kind, _ in load.errors) == sorted(WORKERS)
        for kind, error in load.errors:
            assert isinstance(error, UnavailableError)
            inputs = r"(inputs? \d+( to \d+)? of the batch: )?"
            assert re.match(f"{inputs}{METHODS[kind]}: UNAVAILABLE: ", str(error))
            assert error.attempts in (0, 1, 2)

    run()  # grpc has created its resources per process by now
    before = _count_resources()
    run()
    _wait_until_released(before)


def _count_resources() -> tuple[int, int]:
    """Return the numbers of threads and file descriptors of this process."""
    gc.collect()
    return len(list(Path("/proc/self/task").iterdir())), len(list(Path("/proc/self/fd").iterdir()))


def _wait_until_released(before: tuple[int, int]) -> None:
    """Wait until no more resources are held than before, except two of grpc's own threads, which come and go."""
    deadline = time.monotonic() + 20
    while any(now > then + 2 for now, then in zip(_count_resources(), before, strict=True)):
        assert time.monotonic() < deadline, (before, _count_resources())
        time.sleep(0.05)
