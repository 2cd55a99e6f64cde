"""Retries of a stream of inputs: it is sent again while no more than its first item was taken.

grpc takes the caller's items when it likes, and may still wait for the second one after the attempt has failed. At any
moment the iterator has only one reader, and no item is lost or duplicated.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from clarigen import ModelNotReadyError, Response, UnavailableError
from faults.callers import TWINS, AsyncCalls, Calls, with_test_policy
from faults.scripted import Answer, Platform, Refuse, Scripted, Step

FULL = Refuse("RESOURCE_EXHAUSTED", "Concurrent RPC limit exceeded!")
twins = pytest.mark.parametrize("twin", TWINS)


class Source:
    """The items of a caller, released by the test.

    Attributes:
        taken: The items that were taken.
        ended: Whether the iterator ended normally.
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
        """Release the second item and those after it."""
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


def results(
    twin: str, url: str, source: Source, attempt_counts: list[int], timeout: float = 20
) -> list[int]:
    """Send the items of a source and return the results; `told` receives the number of attempts."""

    def note(response: Response) -> None:
        attempt_counts.append(response.attempts)

    options: Any = {"timeout": timeout, "max_retries": 4, "on_response": note}

    async def run() -> list[int]:
        async with AsyncCalls(base_url=url, **options) as client:
            return [item async for item in with_test_policy(client).add(source.asynchronous())]

    if twin == "async":
        return asyncio.run(run())
    with Calls(base_url=url, **options) as client:
        return list(with_test_policy(client).add(source.sync()))


def script(source: Source, step: Step, times: int) -> Callable[[int], Step]:
    """Refuse a number of times with the same step; release the source when the server answers."""

    def says(send: int) -> Step:
        if send < times:
            return step
        source.release()
        return Answer()

    return says


@pytest.mark.item(52)
@twins
@pytest.mark.parametrize("step", [FULL, Platform(21355), Platform(11005)])
def test_bidi_stream_is_retried_while_it_waits_for_the_second_item(twin: str, step: Step) -> None:
    source, attempt_counts = Source(), list[int]()
    with Scripted(script(source, step, 3)) as server:
        assert results(twin, server.url, source, attempt_counts) == [0, 2, 4, 6]
        assert server.wait_until_idle()
    assert attempt_counts == [4]
    assert source.taken == server.executed == [0, 1, 2, 3]
    assert source.ended.wait(20)


@twins
def test_bidi_stream_with_one_item_is_retried(twin: str) -> None:
    source, attempt_counts = Source(1), list[int]()
    with Scripted(script(source, FULL, 2)) as server:
        assert results(twin, server.url, source, attempt_counts) == [0]
    assert attempt_counts == [3]
    assert source.taken == server.executed == [0]


@pytest.mark.item(52)
@pytest.mark.defect("bidirectional retry loses the first item")
@twins
@pytest.mark.parametrize(
    ("step", "kind"), [(FULL, UnavailableError), (Platform(21355), ModelNotReadyError)]
)
def test_bidi_stream_is_not_retried_after_the_second_item(
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
        assert server.wait_until_idle()
    assert (getattr(caught.value, "attempts", None), len(server.sends)) == (1, 1)


@twins
def test_error_of_the_callers_iterator_propagates(twin: str) -> None:
    source = Source(fails=True)
    with Scripted(script(source, FULL, 2)) as server:
        with pytest.raises(LookupError, match="of the caller"):
            results(twin, server.url, source, [])
        assert server.wait_until_idle()
    assert len(server.sends) == 3


@twins
def test_bidi_retry_neither_loses_nor_duplicates_items(twin: str) -> None:
    """It is a race whether a second item is taken, but each call ends in one of two ways."""
    for _ in range(30):
        source, attempt_counts = Source(), list[int]()
        source.release()
        with Scripted(lambda send: FULL if send == 0 else Answer()) as server:
            items, attempts = [], 0
            try:
                items = results(twin, server.url, source, attempt_counts)
            except UnavailableError as error:
                attempts = error.attempts
        if items:
            assert (items, attempt_counts) == ([0, 2, 4, 6], [2])
            assert source.taken == server.executed == [0, 1, 2, 3]
        else:
            assert (attempts, len(server.sends), server.executed) == (1, 1, [])


def test_failed_bidi_stream_leaves_no_task() -> None:
    """A stream that fails while it waits for its second item leaves no task running."""
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
