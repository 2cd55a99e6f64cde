"""Streams, batches and clients that several threads or tasks share: reading, waiting and cancelling.

A thread or task that waits while another one cancels sees the end of the stream. Whatever the moment, no call stays
open.
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
    "refuses": lambda _: Refuse("RESOURCE_EXHAUSTED", "Concurrent RPC limit exceeded!"),
}

PAUSES: Final = [0.0, 0.0, *(random.Random(7).uniform(0, 0.01) for _ in range(40)), 0.1]
"""Seconds until the call is cancelled. They differ, so that the cancellation meets the call at any point."""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_stream_cancelled_by_another_thread_ends(kind: str, script: Callable[[int], Step]) -> None:
    with (
        Scripted(script) as server,
        Calls(base_url=server.url, timeout=60, max_retries=100) as model,
    ):
        for pause in PAUSES:
            results = KINDS[kind](model)
            canceller = threading.Timer(pause, results.cancel)
            canceller.start()
            with suppress(UnavailableError):  # rejected earlier
                for _ in results:
                    pass
            canceller.join()
            assert next(results, END) is END
        assert server.wait_until_idle()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_stream_cancelled_by_another_task_ends(kind: str, script: Callable[[int], Step]) -> None:
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
        assert server.wait_until_idle()


@pytest.mark.parametrize("kind", KINDS)
def test_cancelled_task_gets_cancelled_error(kind: str) -> None:
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
        assert server.wait_until_idle()


EVERY: Final[dict[str, Callable[[Any], Any]]] = {
    "stream": lambda model: model.count(200),
    "bidi": lambda model: model.add(iter(range(200))),
    "batch": lambda model: model.double_batch({"n": n} for n in range(200)),
    "outcomes": lambda model: model.double_batch({"n": n} for n in range(200)).outcomes(),
}


@pytest.mark.parametrize("kind", EVERY)
def test_threads_can_share_a_stream(kind: str) -> None:
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
def test_tasks_can_share_a_stream(kind: str) -> None:
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


def test_recursive_read_of_a_stream_is_rejected() -> None:
    """An observer runs where the stream is read, so it would wait for itself."""

    errors: list[str] = []

    def observe(_: object) -> None:
        with pytest.raises(ValueError, match="already executing") as caught:
            next(results)
        errors.append(str(caught.value))

    with Scripted() as server, Calls(base_url=server.url, on_response=observe, timeout=20) as model:
        results = model.count(3)
        assert list(results) == [0, 1, 2]
    assert len(errors) == 1


@pytest.mark.parametrize("kind", ["unary", *KINDS])
def test_closing_a_client_ends_calls_of_other_tasks(kind: str) -> None:
    """A task that waits for a call of a closed client gets an error; the task itself is not cancelled."""

    async def wait(model: AsyncCalls) -> list[int]:
        if kind == "unary":
            return [await model.double(1)]
        return [item async for item in KINDS[kind](model)]

    async def run() -> None:
        with Scripted(lambda _: Hang()) as server:
            model = AsyncCalls(base_url=server.url, timeout=60)
            waiting = asyncio.create_task(wait(model))
            await asyncio.to_thread(server.wait_until_busy)
            await model.close()
            with pytest.raises(TransportError, match="this client is closed"):
                await waiting
            assert server.wait_until_idle()

    asyncio.run(run())
