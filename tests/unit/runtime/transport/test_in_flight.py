"""Forks and calls wait for each other, briefly, and never for themselves."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import FrameType
from typing import Any

import pytest

from clarigen._transport.in_flight import (
    FORK_GATE,
    ForkGate,
    cancel_call,
    leave_when_done,
    start_call,
)


@pytest.fixture
def calls() -> ForkGate:
    """A gate without calls, and with a long timeout."""
    return ForkGate(timeout=60)


def start_waiting(do: Callable[[], object]) -> threading.Thread:
    """Start a function that has to wait; return its thread, which waits."""
    waiting = threading.Event()

    def observe(frame: FrameType, event: str, _: object) -> None:
        # The gate's lock is held here until the thread waits, so the next call of the gate finds it waiting.
        if event == "call" and frame.f_code is threading.Condition.wait.__code__:
            waiting.set()

    def run() -> None:
        sys.setprofile(observe)
        do()

    thread = threading.Thread(target=run)
    thread.start()
    assert waiting.wait(10)
    return thread


def test_fork_waits_for_calls_of_other_threads(calls: ForkGate) -> None:
    calls.enter(1)
    calls.enter(0)
    fork = start_waiting(calls.before_fork)
    calls.leave(1)
    assert fork.is_alive()
    calls.leave(0)
    fork.join(10)
    assert not fork.is_alive()


def test_call_waits_for_a_fork(calls: ForkGate) -> None:
    def fork() -> None:
        calls.before_fork()
        forking.set()
        go.wait(10)
        calls.after_fork()

    forking, go = threading.Event(), threading.Event()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(fork)
        forking.wait(10)
        call = start_waiting(lambda: calls.enter(0))
        go.set()
        call.join(10)
    assert not call.is_alive()


def test_thread_does_not_wait_for_itself(calls: ForkGate) -> None:
    with calls:  # as if an interceptor forked
        calls.before_fork()
        with calls:  # as if a signal handler made a call meanwhile
            pass
        calls.after_fork()


def test_concurrent_forks(calls: ForkGate) -> None:
    def fork() -> None:
        calls.before_fork()
        both.wait(10)
        calls.after_fork()

    both = threading.Barrier(2)
    with ThreadPoolExecutor(2) as pool:
        for each in [pool.submit(fork), pool.submit(fork)]:
            each.result()
    calls.enter(0)


def test_waiting_is_limited() -> None:
    calls = ForkGate(timeout=0.01)
    calls.enter(0)
    calls.before_fork()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(calls.enter, 0).result(10)


def test_child_starts_with_no_calls() -> None:
    calls = ForkGate(timeout=0.01)
    calls.enter(1)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(calls.before_fork).result(10)  # another thread forks as well
    calls.timeout = 60
    calls.lock.acquire()  # by a thread that does not exist in the child
    calls.reset_after_fork()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(calls.before_fork).result(10)
    calls.leave(1)  # started before the fork


class _Call:
    """A call object of grpc."""

    def __init__(self) -> None:
        self.callbacks: list[Callable[[Any], object]] = []
        self.cancelled = False

    def add_done_callback(self, callback: Callable[[Any], object]) -> None:
        self.callbacks.append(callback)

    def cancel(self) -> None:
        self.cancelled = True

    def finish(self) -> None:
        """End the call, as the server or grpc does."""
        for callback in self.callbacks:
            callback(self)


def owners_in_flight() -> list[int]:
    return list(FORK_GATE.owner_threads)


def test_stream_is_in_flight_until_it_ends() -> None:
    call = start_call(_Call, 7)
    assert (owners_in_flight(), call.callbacks) == ([7], [])
    cancel_call(call)
    assert (owners_in_flight(), call.cancelled) == ([7], True)
    call.finish()
    assert owners_in_flight() == []
    cancel_call(call)
    call.finish()
    assert owners_in_flight() == []


def test_call_left_to_finish_is_in_flight_until_it_ends() -> None:
    call = leave_when_done(start_call(_Call, 0))
    assert owners_in_flight() == [0]
    call.finish()
    assert owners_in_flight() == []


def test_call_that_failed_to_start_is_not_in_flight() -> None:
    with pytest.raises(ZeroDivisionError):
        start_call(lambda: 1 / 0, 7)
    assert owners_in_flight() == []


def test_generator_of_responses_is_in_flight_until_it_is_cancelled() -> None:
    answers = start_call(lambda: (n for n in (1, 2)), 7)
    assert (owners_in_flight(), next(answers)) == ([7], 1)
    cancel_call(answers)
    cancel_call(answers)
    assert (owners_in_flight(), list(answers)) == ([], [])


def test_iterator_of_responses_is_never_in_flight() -> None:
    answers = start_call(lambda: iter([1, 2]), 7)
    assert owners_in_flight() == []
    cancel_call(answers)
