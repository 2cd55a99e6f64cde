"""Interleaving of bidirectional streams: the answer to an item arrives before the next item is produced.

The official model server reads all items before it answers, so these tests need our own server. No test sleeps: each
side continues when the other has reached a point, and a call that does not interleave ends at its timeout.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Any

import pytest

from clarigen import Client, Stream, wire
from clarigen.testing import serve
from server.conftest import Served

ITEMS = 5
SECONDS = 20
"""More than any of this takes; without turns it is how long a test needs to fail."""


@pytest.mark.item(45)
def test_answer_can_decide_the_next_item(own: Served) -> None:
    answers: queue.Queue[int] = queue.Queue()

    def items() -> Iterator[int]:
        item = 1
        for _ in range(ITEMS):
            yield item
            item = answers.get(timeout=SECONDS) + 1

    got: list[int] = []
    with own.client() as model:
        for answer in model.double(items()):
            got.append(answer)
            answers.put(answer)
    assert got == [2, 6, 14, 30, 62]


@pytest.mark.defect("async bidirectional is broken")
def test_answer_can_decide_the_next_item_async(own: Served) -> None:
    async def talk() -> list[int]:
        """The items of each stream are the answers of the other."""
        answers: asyncio.Queue[int] = asyncio.Queue()

        async def items() -> AsyncIterator[int]:
            item = 1
            for _ in range(ITEMS):
                yield item
                item = await asyncio.wait_for(answers.get(), SECONDS) + 1

        got: list[int] = []
        async with own.async_client() as model:
            async for answer in model.double(items()):
                got.append(answer)
                answers.put_nowait(answer)
        return got

    assert asyncio.run(talk()) == [2, 6, 14, 30, 62]


def test_stream_ends_after_the_last_item(own: Served) -> None:
    """The first `None` ends our side; the stream ends then, and not earlier."""
    lines: queue.Queue[str | None] = queue.Queue()
    lines.put("a")
    with own.client() as model:
        stream = model.prefixed(">", iter(lambda: lines.get(timeout=SECONDS), None))
        assert next(stream) == ">a"
        lines.put("b")
        assert next(stream) == ">b"
        lines.put(None)
        assert list(stream) == []


def test_two_streams_of_one_client_interleave(own: Served) -> None:
    first: queue.Queue[int | None] = queue.Queue()
    second: queue.Queue[int | None] = queue.Queue()
    with own.client() as model:
        doubled = model.double(iter(lambda: first.get(timeout=SECONDS), None))
        trebled = model.double(iter(lambda: second.get(timeout=SECONDS), None), factor=3)
        seen: list[int] = []
        for item in range(3):
            first.put(item)
            seen.append(next(doubled))
            second.put(item)
            seen.append(next(trebled))
        first.put(None)
        second.put(None)
        assert [*doubled, *trebled] == []
    assert seen == [0, 0, 2, 3, 4, 6]


def test_two_async_streams_of_one_client_interleave(own: Served) -> None:
    async def talk() -> list[tuple[int, int]]:
        """Each stream's items are the other's answers."""
        left: asyncio.Queue[int] = asyncio.Queue()
        right: asyncio.Queue[int] = asyncio.Queue()

        async def items(source: asyncio.Queue[int]) -> AsyncIterator[int]:
            for _ in range(ITEMS):
                yield await asyncio.wait_for(source.get(), SECONDS)

        async def follow(stream: Any, target: asyncio.Queue[int]) -> list[int]:
            got: list[int] = []
            async for answer in stream:
                got.append(answer)
                target.put_nowait(answer)
            return got

        async with own.async_client() as model:
            left.put_nowait(1)
            pairs = await asyncio.gather(
                follow(model.double(items(left)), right),
                follow(model.double(items(right), factor=3), left),
            )
        return list(zip(*pairs, strict=True))

    assert asyncio.run(talk()) == [(2, 6), (12, 36), (72, 216), (432, 1296), (2592, 7776)]


class Turns:
    """A model that records when it takes an item and when it answers."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.ended = threading.Event()

    def echo(self, items: Iterator[int]) -> Iterator[int]:
        try:
            for item in items:
                self.events.append(f"took {item}")
                yield item
        finally:
            self.ended.set()

    def greet(self, items: Iterator[int]) -> Iterator[str]:
        """Answer before the first item is read, although the call starts with an item."""
        yield "hello"
        for item in items:
            yield str(item)

    def enough(self, items: Iterator[int]) -> Iterator[int]:
        """Answer the first item and return."""
        yield next(items)


_ITEMS = wire.field("items", wire.INT, stream=True)
_ECHO = wire.bidi_stream("echo", _ITEMS, returns=wire.INT)
_GREET = wire.bidi_stream("greet", _ITEMS, returns=wire.STR)
_ENOUGH = wire.bidi_stream("enough", _ITEMS, returns=wire.INT)


class TurnsClient(Client):
    def echo(self, items: Iterable[int]) -> Stream[int]:
        return self._stream(_ECHO, items)

    def greet(self, items: Iterable[int]) -> Stream[str]:
        return self._stream(_GREET, items)

    def enough(self, items: Iterable[int]) -> Stream[int]:
        return self._stream(_ENOUGH, items)


@pytest.fixture
def turns() -> Iterator[tuple[Turns, TurnsClient]]:
    """A new model, and a client for it."""
    served = Turns()
    with serve(served) as server, TurnsClient(base_url=server.url, timeout=SECONDS) as model:
        yield served, model


def test_model_and_caller_alternate(turns: tuple[Turns, TurnsClient]) -> None:
    """The shared record of both sides alternates strictly."""
    served, model = turns
    may_go_on = threading.Semaphore(0)

    def items() -> Iterator[int]:
        for item in range(ITEMS):
            served.events.append(f"sent {item}")
            yield item
            assert may_go_on.acquire(timeout=SECONDS)

    for answer in model.echo(items()):
        served.events.append(f"got {answer}")
        may_go_on.release()
    steps = ("sent", "took", "got")
    assert served.events == [f"{step} {item}" for item in range(ITEMS) for step in steps]


def test_model_may_answer_before_it_reads_an_item(turns: tuple[Turns, TurnsClient]) -> None:
    _, model = turns
    heard = threading.Event()

    def items() -> Iterator[int]:
        yield 1
        assert heard.wait(SECONDS)
        yield 2

    stream = model.greet(items())
    assert next(stream) == "hello"
    heard.set()
    assert list(stream) == ["1", "2"]


def test_model_that_returns_early_ends_the_stream(turns: tuple[Turns, TurnsClient]) -> None:
    _, model = turns
    over = threading.Event()

    def items() -> Iterator[int]:
        yield 1
        over.wait(SECONDS)  # no second item before the stream has ended

    assert list(model.enough(items())) == [1]
    over.set()


def test_leaving_a_stream_early_ends_the_models_method(turns: tuple[Turns, TurnsClient]) -> None:
    """A caller that leaves early ends the model's method, which waits for an item."""
    served, model = turns
    over = threading.Event()

    def items() -> Iterator[int]:
        yield 1
        over.wait(SECONDS)

    with model.echo(items()) as stream:
        assert next(stream) == 1
    assert served.ended.wait(SECONDS)
    over.set()


def test_leaving_an_async_stream_early_ends_the_models_method(own: Served) -> None:
    async def talk() -> bool:
        closed = asyncio.Event()

        async def items() -> AsyncIterator[int]:
            try:
                yield 1
                await asyncio.Event().wait()
            finally:
                closed.set()

        async with own.async_client() as model:
            async with model.double(items()) as stream:
                assert await anext(stream) == 2
            await asyncio.wait_for(closed.wait(), SECONDS)
        return closed.is_set()

    assert asyncio.run(talk())
