"""Streams and batches that another thread or task cancels than the one that waits for them.

Whoever waits sees the end, as of one that is over; whenever it comes, no call stays open.
"""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, Final

import pytest

from clarigen import UnavailableError
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
