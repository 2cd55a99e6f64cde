"""Random histories of concurrent calls on a real socket, sync and async, each replayed by a seed.

`unit/runtime/calls/test_history.py` runs thousands of histories without I/O. Here the drivers are under test: the server
records its executions and requests, and the callers record their outcomes.
"""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest

from clarigen import ClarigenError, DecodeError, Response
from clarigen._transport import in_flight
from faults.callers import TWINS, AsyncCalls, Calls, with_test_policy
from faults.histories import ChangedModel, load_package, run_history
from faults.scripted import Answer, Garble, Platform, Refuse, Scripted, Step

STEPS: tuple[Step, ...] = (
    *[Answer()] * 6,
    *(Platform(40031), Refuse("INTERNAL"), Refuse("UNAVAILABLE", after=1)),
    *(Platform(11005), Platform(21355), Platform(10020, after=2), Platform(30002)),
    *(Garble(), Garble(after=1)),
)
CALLERS = 8
CALLS = 40


@dataclass
class Book:
    """The record of the callers.

    Attributes:
        attempts: The number of attempts of each call.
        results: The argument of each call, with its results.
        received: The responses passed to observers.
    """

    attempts: list[int] = field(default_factory=list)
    results: list[tuple[int, list[int], bool]] = field(default_factory=list)
    received: list[Response] = field(default_factory=list)

    def note(self, n: int, got: list[int], error: ClarigenError | None) -> None:
        self.results.append((n, got, error is None))
        if error is not None:
            self.attempts.append(getattr(error, "attempts", 0))
            assert isinstance(error, DecodeError) == (self.attempts[-1] == 0)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("twin", TWINS)
def test_history_on_a_real_socket(twin: str, seed: int) -> None:
    book, chances = Book(), Random(seed)
    with Scripted(lambda _: chances.choice(STEPS)) as server:
        if twin == "sync":
            with Calls(base_url=server.url, timeout=20, on_response=book.received.append) as client:
                model = with_test_policy(client)
                with ThreadPoolExecutor(CALLERS) as pool:
                    list(pool.map(lambda lane: _lane(model, lane, book), range(CALLERS)))
        else:
            asyncio.run(_lanes(server.url, book))
        assert server.wait_until_idle()
    _judge(server, book)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("twin", TWINS)
def test_history_over_a_network_that_loses_connections(
    twin: str, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The short form of `python -m faults.histories`, which `make soak` runs with thousands of seeds."""
    monkeypatch.setattr(in_flight, "JOB_DELAY", 0.0)  # so that the comparison meets calls
    assert run_history(twin, seed) == []


def test_histories_have_a_comparison(caplog: pytest.LogCaptureFixture) -> None:
    with ChangedModel() as server, load_package().CallsOfHistories(base_url=server.url) as client:
        assert client.double(2) == 4
        for job in [job for job in threading.enumerate() if job.name == "clarigen-job"]:
            job.join(20)
        assert server.comparisons == 1
    assert caplog.messages[0].endswith("\n  count: was removed\n  add: was removed")


def _judge(server: Scripted, book: Book) -> None:
    unread = book.attempts.count(0)
    reported = sum(book.attempts) + sum(response.attempts for response in book.received)
    assert len(book.results) == CALLERS * CALLS
    assert reported <= len(server.sends) <= reported + unread * 5
    ran = Counter(server.executed)
    assert max(ran.values()) == 1
    for n, got, well in book.results:
        whole = _expected_results(n)
        assert got == whole[: len(got)]
        assert got == whole or not well


def _kind(n: int) -> int:
    return n % 3


def _expected_results(n: int) -> list[int]:
    """Return the results of a call. No two calls share a number."""
    if _kind(n) == 0:
        return [2 * n]
    return list(range(n % 7)) if _kind(n) == 1 else [2 * item for item in _items(n)]


def _items(n: int) -> list[int]:
    return [1_000_000 + 10 * n + place for place in range(n % 5)]


def _asked(model: Any, n: int) -> Any:
    return (
        model.count(2_000_000 + 1000 * n + n % 7) if _kind(n) == 1 else model.add(iter(_items(n)))
    )


def _lane(model: Calls, lane: int, book: Book) -> None:
    for n in range(lane * CALLS, (lane + 1) * CALLS):
        got: list[int] = []
        error: ClarigenError | None = None
        try:
            if _kind(n) == 0:
                got.append(model.double(n))
            else:
                got.extend(_asked(model, n))
        except ClarigenError as caught:
            error = caught
        book.note(n, got, error)


async def _lanes(url: str, book: Book) -> None:
    async with AsyncCalls(base_url=url, timeout=20, on_response=book.received.append) as client:
        model = with_test_policy(client)
        await asyncio.gather(*(_async_lane(model, lane, book) for lane in range(CALLERS)))


async def _async_lane(model: AsyncCalls, lane: int, book: Book) -> None:
    for n in range(lane * CALLS, (lane + 1) * CALLS):
        got: list[int] = []
        error: ClarigenError | None = None
        try:
            if _kind(n) == 0:
                got.append(await model.double(n))
            else:
                async for item in _asked(model, n):
                    got.append(item)
        except ClarigenError as caught:
            error = caught
        book.note(n, got, error)
