"""Streams, batches and clients of which several threads or tasks have hold: who reads, who waits, who ends them.

Whoever waits for what another one cancels sees its end, as if it were over; whenever that comes, no call stays open.
"""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, Final

import pytest

from clarigen import TransportError, UnavailableError
from faults.callers import AsyncCalls, Calls
from faults.scripted import Answer, Hang, Refuse, Scripted, Step

END: Final = object()


def _inputs() -> Iterator[dict[str, int]]:
    for n in range(9):
        yield {"n": n}


KINDS: Final[dict[str, Callable[[Any], Any]]] = {
    "stream": lambda model: model.count(3),
    "bidi": lambda model: model.add([1, 2, 3]),
    "batch": lambda model: model.double_batch(_inputs()),
}

SCRIPTS: Final[dict[str, Callable[[int], Step]]] = {
    "hangs": lambda _: Hang(),
    "hangs within": lambda _: Hang(after=1),
    "answers": lambda _: Answer(),
    "refuses": lambda _: Refuse("RESOURCE_EXHAUSTED"),
}

PAUSES: Final = [0.0, 0.0, *(random.Random(7).uniform(0, 0.01) for _ in range(40)), 0.1]
"""How long before it is cancelled, in seconds: whoever waits is anywhere then."""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_by_another_thread(kind: str, script: Callable[[int], Step]) -> None:
    with (
        Scripted(script) as server,
        Calls(base_url=server.url, timeout=60, max_retries=100) as model,
    ):
        for pause in PAUSES:
            results = KINDS[kind](model)
            canceller = threading.Timer(pause, results.cancel)
            canceller.start()
            with suppress(UnavailableError):  # refused before that
                for _ in results:
                    pass
            canceller.join()
            assert next(results, END) is END
        assert server.idle()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_by_another_task(kind: str, script: Callable[[int], Step]) -> None:
    async def cancel(results: Any, pause: float) -> None:
        await asyncio.sleep(pause)
        done = results.cancel()
        if kind == "batch":
            await done

    async def run(url: str) -> None:
        async with AsyncCalls(base_url=url, timeout=60, max_retries=100) as model:
            for pause in PAUSES:
                results = KINDS[kind](model)
                canceller = asyncio.create_task(cancel(results, pause))
                with suppress(UnavailableError):
                    async for _ in results:
                        pass
                await canceller
                assert await anext(results, END) is END

    with Scripted(script) as server:
        asyncio.run(run(server.url))
        assert server.idle()


@pytest.mark.parametrize("kind", KINDS)
def test_a_task_that_is_cancelled_itself_is_told_so(kind: str) -> None:
    async def run(url: str) -> None:
        async with AsyncCalls(base_url=url, timeout=60) as model:
            results = KINDS[kind](model)
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(_all(results), 0.2)

    async def _all(results: Any) -> None:
        async for _ in results:
            pass

    with Scripted(lambda _: Hang()) as server:
        asyncio.run(run(server.url))
        assert server.idle()


EVERY: Final[dict[str, Callable[[Any], Any]]] = {
    "stream": lambda model: model.count(200),
    "bidi": lambda model: model.add(iter(range(200))),
    "batch": lambda model: model.double_batch({"n": n} for n in range(200)),
}


@pytest.mark.parametrize("kind", EVERY)
def test_threads_may_share_it(kind: str) -> None:
    def read(results: Any) -> list[int]:
        return list(results)

    with (
        Scripted() as server,
        Calls(base_url=server.url, timeout=60) as model,
        ThreadPoolExecutor(4) as pool,
    ):
        whole = list(EVERY[kind](model))
        results = EVERY[kind](model)
        parts = [each.result() for each in [pool.submit(read, results) for _ in range(4)]]
    assert sorted(item for part in parts for item in part) == whole
    assert all(part == sorted(part) for part in parts)


@pytest.mark.parametrize("kind", EVERY)
def test_tasks_may_share_it(kind: str) -> None:
    async def read(results: Any) -> list[int]:
        return [item async for item in results]

    async def run(url: str) -> None:
        async with AsyncCalls(base_url=url, timeout=60) as model:
            whole = await read(EVERY[kind](model))
            results = EVERY[kind](model)
            parts = await asyncio.gather(*[read(results) for _ in range(4)])
        assert sorted(item for part in parts for item in part) == whole

    with Scripted() as server:
        asyncio.run(run(server.url))


def test_who_reads_a_stream_while_it_is_read_is_told_so() -> None:
    """Not by waiting for himself: an observer runs where the stream is read."""

    def observe(_: object) -> None:
        next(results)

    with Scripted() as server, Calls(base_url=server.url, on_response=observe) as model:
        results = model.count(3)
        with pytest.raises(ValueError, match="already executing"):
            list(results)


@pytest.mark.parametrize("kind", ["unary", *KINDS])
def test_a_client_that_another_task_closes(kind: str) -> None:
    """Who waits for a call of it is told; that no task was cancelled, but a call."""

    async def wait(model: AsyncCalls) -> list[int]:
        if kind == "unary":
            return [await model.double(1)]
        return [item async for item in KINDS[kind](model)]

    async def run() -> None:
        with Scripted(lambda _: Hang()) as server:
            model = AsyncCalls(base_url=server.url, timeout=60)
            waiting = asyncio.create_task(wait(model))
            await asyncio.to_thread(server.busy)
            await model.close()
            with pytest.raises(TransportError, match="this client is closed"):
                await waiting
            assert server.idle()

    asyncio.run(run())
