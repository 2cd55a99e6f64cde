"""A stream of inputs is sent again while nothing is lost: no more than its first item was taken.

grpc takes the caller's items when it likes, and may still wait for the second when the attempt has failed.
Whatever the moment: the iterator is read once, by one after another, and no item is lost or doubled.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from clarigen import ModelNotReadyError, Response, UnavailableError
from faults.callers import TWINS, AsyncCalls, Calls, prepared
from faults.scripted import Answer, Platform, Refuse, Scripted, Step

FULL = Refuse("RESOURCE_EXHAUSTED")
twins = pytest.mark.parametrize("twin", TWINS)


class Source:
    """Items of a caller, which come when they may.

    Attributes:
        taken: Those that were taken.
        ended: Whether the iterator was ended in good order.
    """

    def __init__(self, count: int = 4, *, fails: bool = False) -> None:
        self.taken: list[int] = []
        self.ended = threading.Event()
        self.second = threading.Event()
        self._count = count
        self._fails = fails
        self._free = threading.Event()
        self._reader = threading.Lock()

    def release(self) -> None:
        """Let the second item come, and those after it."""
        self._free.set()

    def _next(self, n: int) -> int:
        if n and self._fails:
            raise LookupError("of the caller")
        self.taken.append(n)
        if n:
            self.second.set()
        return n

    def sync(self) -> Iterator[int]:
        try:
            for n in range(self._count):
                assert self._reader.acquire(blocking=False), "read by two at once"
                if n:
                    assert self._free.wait(20)
                self._reader.release()
                yield self._next(n)
        finally:
            self.ended.set()

    async def asynchronous(self) -> AsyncIterator[int]:
        try:
            for n in range(self._count):
                assert self._reader.acquire(blocking=False), "read by two at once"
                while n and not self._free.is_set():
                    await asyncio.sleep(0.001)
                self._reader.release()
                yield self._next(n)
        finally:
            self.ended.set()


def results(twin: str, url: str, source: Source, told: list[int], timeout: float = 20) -> list[int]:
    """Send the items of a source; what came, and in `told`, how often it was sent."""

    def note(response: Response) -> None:
        told.append(response.attempts)

    options: Any = {"timeout": timeout, "max_retries": 4, "on_response": note}

    async def run() -> list[int]:
        async with AsyncCalls(base_url=url, **options) as made:
            return [item async for item in prepared(made).add(source.asynchronous())]

    if twin == "async":
        return asyncio.run(run())
    with Calls(base_url=url, **options) as made:
        return list(prepared(made).add(source.sync()))


def script(source: Source, step: Step, times: int) -> Callable[[int], Step]:
    """Say so often the same; the source goes on when the server answers."""

    def says(send: int) -> Step:
        if send < times:
            return step
        source.release()
        return Answer()

    return says


@pytest.mark.item(52)
@twins
@pytest.mark.parametrize("step", [FULL, Platform(21355), Platform(11005)])
def test_sent_again_while_the_second_item_is_waited_for(twin: str, step: Step) -> None:
    source, told = Source(), list[int]()
    with Scripted(script(source, step, 3)) as server:
        assert results(twin, server.url, source, told) == [0, 2, 4, 6]
        assert server.idle()
    assert told == [4]
    assert source.taken == server.executed == [0, 1, 2, 3]
    assert source.ended.wait(20)


@twins
def test_a_lone_item_is_sent_again(twin: str) -> None:
    source, told = Source(1), list[int]()
    with Scripted(script(source, FULL, 2)) as server:
        assert results(twin, server.url, source, told) == [0]
    assert told == [3]
    assert source.taken == server.executed == [0]


@pytest.mark.item(52)
@pytest.mark.defect("bidirectional retry loses the first item")
@twins
@pytest.mark.parametrize(
    ("step", "kind"), [(FULL, UnavailableError), (Platform(21355), ModelNotReadyError)]
)
def test_not_sent_again_once_the_second_was_taken(
    twin: str, step: Step, kind: type[UnavailableError | ModelNotReadyError]
) -> None:
    source = Source()
    source.release()

    def says(_: int) -> Step:
        assert source.second.wait(20)
        return step

    with Scripted(says) as server:
        with pytest.raises(kind) as caught:
            results(twin, server.url, source, [])
        assert server.idle()
    assert (getattr(caught.value, "attempts", None), len(server.sends)) == (1, 1)


@twins
def test_what_the_iterator_raises_meanwhile_reaches_the_caller(twin: str) -> None:
    source = Source(fails=True)
    with Scripted(script(source, FULL, 2)) as server:
        with pytest.raises(LookupError, match="of the caller"):
            results(twin, server.url, source, [])
        assert server.idle()
    assert len(server.sends) == 3


@twins
def test_items_that_are_ready_are_neither_lost_nor_doubled(twin: str) -> None:
    """Whether a second item was taken is a race then, but each call ends in one of two ways."""
    for _ in range(30):
        source, told = Source(), list[int]()
        source.release()
        with Scripted(lambda send: FULL if send == 0 else Answer()) as server:
            came, attempts = [], 0
            try:
                came = results(twin, server.url, source, told)
            except UnavailableError as error:
                attempts = error.attempts
        if came:
            assert (came, told) == ([0, 2, 4, 6], [2])
            assert source.taken == server.executed == [0, 1, 2, 3]
        else:
            assert (attempts, len(server.sends), server.executed) == (1, 1, [])


def test_the_end_of_a_stream_ends_what_it_waits_for() -> None:
    """A stream that fails while its second item is waited for leaves no task behind."""
    source = Source()

    def others() -> set[Any]:
        return asyncio.all_tasks() - {asyncio.current_task()}

    async def run(url: str) -> set[Any]:
        async with AsyncCalls(base_url=url, timeout=20, max_retries=0) as model:
            with pytest.raises(UnavailableError):
                await anext(model.add(source.asynchronous()))
        for _ in range(1000):
            if not others():
                break
            await asyncio.sleep(0.001)
        return others()

    with Scripted(lambda _: FULL) as server:
        assert asyncio.run(run(server.url)) == set()
    assert source.ended.is_set()
    assert source.taken == [0]
