"""Forks wait for calls and calls for forks, neither for long, and nobody for himself."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from clarigen._transport import in_flight
from clarigen._transport.in_flight import ForkGate, cancel, let_finish, start_call


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> ForkGate:
    """Calls of which none is under way; whoever waits for one waits long."""
    monkeypatch.setattr(in_flight, "_FORK_TIMEOUT", 60)
    return ForkGate()


def waits(calls: ForkGate, do: Callable[[], object]) -> threading.Thread:
    """Start what has to wait; it does when this returns."""
    thread = threading.Thread(target=do)
    thread.start()
    waiting: Any = calls._changed._waiters  # type: ignore[attr-defined]
    while not waiting and thread.is_alive():
        pass
    assert thread.is_alive()
    return thread


def test_a_fork_waits_for_the_calls_of_others(calls: ForkGate) -> None:
    calls.enter(1)
    calls.enter(0)
    fork = waits(calls, calls.before_fork)
    calls.leave(1)
    assert fork.is_alive()
    calls.leave(0)
    fork.join(10)
    assert not fork.is_alive()


def test_a_call_waits_for_the_fork(calls: ForkGate) -> None:
    def fork() -> None:
        calls.before_fork()
        forking.set()
        go.wait(10)
        calls.after_fork()

    forking, go = threading.Event(), threading.Event()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(fork)
        forking.wait(10)
        call = waits(calls, lambda: calls.enter(0))
        go.set()
        call.join(10)
    assert not call.is_alive()


def test_a_thread_does_not_wait_for_itself(calls: ForkGate) -> None:
    with calls:  # an interceptor forks
        calls.before_fork()
        with calls:  # a signal's handler calls meanwhile
            pass
        calls.after_fork()


def test_two_forks_at_once(calls: ForkGate) -> None:
    def fork() -> None:
        calls.before_fork()
        both.wait(10)
        calls.after_fork()

    both = threading.Barrier(2)
    with ThreadPoolExecutor(2) as pool:
        for each in [pool.submit(fork), pool.submit(fork)]:
            each.result()
    calls.enter(0)


def test_nobody_waits_long(calls: ForkGate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(in_flight, "_FORK_TIMEOUT", 0.01)
    calls.enter(0)
    calls.before_fork()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(calls.enter, 0).result(10)


def test_a_child_begins_anew(calls: ForkGate) -> None:
    calls.enter(1)
    calls._forking_threads.append(2)
    calls._changed.acquire()  # by a thread that the child does not have
    calls.reset()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(calls.before_fork).result(10)
    calls.leave(1)  # of before the fork


class _Call:
    """A call of grpc's."""

    def __init__(self) -> None:
        self.told: list[Callable[[Any], object]] = []
        self.cancelled = False

    def add_done_callback(self, told: Callable[[Any], object]) -> None:
        self.told.append(told)

    def cancel(self) -> None:
        self.cancelled = True

    def over(self) -> None:
        """The server, or grpc, has ended it."""
        for told in self.told:
            told(self)


def under_way() -> list[int]:
    return list(in_flight.fork_gate._owners)


def test_a_stream_is_under_way_until_it_has_ended() -> None:
    call = start_call(_Call, 7)
    assert (under_way(), call.told) == ([7], [])
    cancel(call)
    assert (under_way(), call.cancelled) == ([7], True)
    call.over()
    assert under_way() == []
    cancel(call)
    call.over()
    assert under_way() == []


def test_what_ends_by_itself_is_under_way_until_then() -> None:
    call = let_finish(start_call(_Call, 0))
    assert under_way() == [0]
    call.over()
    assert under_way() == []


def test_what_could_not_be_started_is_not() -> None:
    with pytest.raises(ZeroDivisionError):
        start_call(lambda: 1 / 0, 7)
    assert under_way() == []


def test_answers_in_place_of_a_call_are_until_they_are_let_go_of() -> None:
    answers = start_call(lambda: (n for n in (1, 2)), 7)
    assert (under_way(), next(answers)) == ([7], 1)
    cancel(answers)
    cancel(answers)
    assert (under_way(), list(answers)) == ([], [])


def test_the_end_of_other_answers_cannot_be_seen() -> None:
    answers = start_call(lambda: iter([1, 2]), 7)
    assert under_way() == []
    cancel(answers)
