"""`clarigen.testing.fake` of async classes, with sync and async functions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any
from unittest.mock import AsyncMock

import pytest

from clarigen import (
    AsyncBatch,
    AsyncStream,
    ConfigError,
    InputError,
    ModelNotReadyError,
)
from clarigen.testing import calls, fake
from unit.runtime.parrot import AsyncParrotClient
from unit.runtime.testing.functions import PARROT


async def say_async(text: str, times: int) -> str:
    await asyncio.sleep(0)
    return text * times


async def count_async(n: int) -> AsyncIterator[int]:
    for item in range(n):
        await asyncio.sleep(0)
        yield item


async def double_async(items: AsyncIterator[int]) -> AsyncIterator[int]:
    async for item in items:
        yield 2 * item


async def list_async(n: int) -> list[int]:
    return list(range(n))


async def _async_items(items: Iterable[int]) -> AsyncIterator[int]:
    for item in items:
        await asyncio.sleep(0)
        yield item


@pytest.mark.parametrize(
    "functions",
    [PARROT, {"say": say_async, "count": count_async, "double": double_async}],
    ids=["plain", "async"],
)
def test_async_fake_calls_sync_and_async_functions(functions: dict[str, Any]) -> None:
    async def run() -> None:
        model = fake(AsyncParrotClient, **functions)
        assert isinstance(model, AsyncParrotClient)
        assert await model.say("x") == "xx"
        stream = model.count(3)
        assert isinstance(stream, AsyncStream)
        assert [item async for item in stream] == [0, 1, 2]
        assert [item async for item in model.double([1, 2])] == [2, 4]
        assert [item async for item in model.double(_async_items([3, 4]))] == [6, 8]
        batch = model.say_batch({"text": str(n)} for n in range(3))
        assert isinstance(batch, AsyncBatch)
        assert [result async for result in batch] == ["00", "11", "22"]
        assert [call.method for call in calls(model)] == ["say", "count", "double", "double"] + [
            "say"
        ] * 3
        assert calls(model)[3] == ("double", {"items": [3, 4]})
        with pytest.raises(InputError, match="`times` must be at least 1"):
            await model.say("x", times=0)
        with pytest.raises(InputError, match="an item of `items` must be an int"):
            _ = [item async for item in model.double(["x"])]  # type: ignore[list-item]

    asyncio.run(run())


def test_async_function_receives_items_incrementally() -> None:
    async def run() -> None:
        answers: asyncio.Queue[int] = asyncio.Queue()

        async def items() -> AsyncIterator[int]:
            yield 1
            for _ in range(3):
                yield await answers.get()

        model = fake(AsyncParrotClient, double=double_async)
        seen = []
        async for answer in model.double(items()):
            seen.append(answer)
            await answers.put(answer)
        assert seen == [2, 4, 8, 16]

    asyncio.run(run())


def test_async_fake_accepts_errors_and_results() -> None:
    error = ModelNotReadyError("starting", code=21351)

    async def fail(**_: object) -> Any:
        raise error

    async def run() -> None:
        model = fake(
            AsyncParrotClient, say=fail, count=list_async, double=AsyncMock(return_value=[7])
        )
        with pytest.raises(ModelNotReadyError) as caught:
            await model.say("x")
        assert caught.value is error
        outcomes = [outcome async for outcome in model.say_batch([{"text": "x"}]).outcomes()]
        assert outcomes == [error]
        assert [item async for item in model.count(2)] == [0, 1]
        assert [item async for item in model.double([1])] == [7]
        with pytest.raises(ConfigError, match="count: the fake has no replacement"):
            fake(AsyncParrotClient).count(1)
        with pytest.raises(ConfigError, match="say: the fake's result must be a str"):
            await fake(AsyncParrotClient, say=AsyncMock(return_value=3)).say("x")
        await model.close()
        with pytest.raises(ConfigError, match="this client is closed"):
            await model.say("x")

    asyncio.run(run())


def test_cancelled_call_cancels_its_function() -> None:
    async def run() -> None:
        started, cancelled = asyncio.Event(), asyncio.Event()

        async def wait(**_: object) -> str:
            started.set()
            try:
                await asyncio.Event().wait()
            finally:
                cancelled.set()
            return ""

        task = asyncio.ensure_future(fake(AsyncParrotClient, say=wait).say("x"))
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert cancelled.is_set()

    asyncio.run(run())


def test_leaving_an_async_stream_ends_its_function() -> None:
    async def run() -> None:
        ended = asyncio.Event()

        async def forever(n: int) -> AsyncIterator[int]:
            try:
                while True:
                    yield n
            finally:
                ended.set()

        async with fake(AsyncParrotClient, count=forever).count(1) as stream:
            assert await anext(stream) == 1
        del stream
        await asyncio.wait_for(ended.wait(), 10)

    asyncio.run(run())


def test_async_batch_respects_concurrency() -> None:
    async def run() -> None:
        together = asyncio.Barrier(4)

        async def meet(text: str, times: int) -> str:
            await together.wait()
            return text

        model = fake(AsyncParrotClient, say=meet).with_options(concurrency=4)
        inputs: list[Mapping[str, Any]] = [{"text": str(n)} for n in range(8)]
        assert await model.say_batch(inputs).collect() == list("01234567")

    asyncio.run(run())
