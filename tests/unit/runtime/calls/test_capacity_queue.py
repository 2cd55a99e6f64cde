"""The queue of a server that is full: in order, without starvation, and within what the server accepts."""

from __future__ import annotations

import threading
from collections import Counter

import pytest

from clarigen._calls.capacity_queue import MOST_PENDING, CapacityQueue, Ticket, get_queue


def fill(queue: CapacityQueue, calls: int) -> list[object]:
    """Put calls in flight, and have one more refused."""
    in_flight = [object() for _ in range(calls)]
    for call in in_flight:
        queue.begin(call)
    refused = object()
    queue.begin(refused)
    queue.refuse(refused)
    return in_flight


def test_a_queue_is_open_until_a_refusal() -> None:
    queue = CapacityQueue()
    assert not queue.is_congested
    fill(queue, 2)
    assert queue.is_congested


def test_calls_take_turns_in_the_order_in_which_they_began() -> None:
    queue = CapacityQueue()
    in_flight = fill(queue, 2)
    late, early = (queue.join(number, is_refused=False) for number in (7, 3))
    assert [ticket.is_called for ticket in (early, late)] == [False, False]
    queue.end(in_flight[0], is_answered=False)
    assert [ticket.is_called for ticket in (early, late)] == [True, False]
    queue.leave(early, object())
    queue.end(in_flight[1], is_answered=False)
    assert [ticket.is_called for ticket in (early, late)] == [True, True]


def test_a_refused_call_goes_before_later_ones() -> None:
    queue = CapacityQueue()
    in_flight = fill(queue, 1)
    later = queue.join(9, is_refused=False)
    refused = queue.join(2, is_refused=True)
    queue.end(in_flight[0], is_answered=False)
    assert not refused.is_called  # others fill the server, so its pause decides
    assert not later.is_called
    queue.leave(refused, object())
    assert not later.is_called


def test_a_call_that_gives_up_lets_the_next_one_go() -> None:
    queue = CapacityQueue()
    in_flight = fill(queue, 1)
    first, second = (queue.join(number, is_refused=False) for number in (1, 2))
    queue.end(in_flight[0], is_answered=False)
    assert (first.is_called, second.is_called) == (True, False)
    queue.leave(first)
    assert second.is_called


def test_the_limit_grows_with_answers_and_the_queue_opens_again() -> None:
    queue = CapacityQueue()
    in_flight = fill(queue, 2)
    tickets = [queue.join(number, is_refused=False) for number in range(3)]
    queue.end(in_flight[0], is_answered=True)
    queue.end(in_flight[1], is_answered=True)
    assert sum(ticket.is_called for ticket in tickets) == 2
    for ticket in tickets:
        queue.leave(ticket)
    call = object()
    queue.begin(call)
    queue.end(call, is_answered=True)
    assert not queue.is_congested


def test_a_callback_is_invoked_once_it_is_the_turn_of_the_call() -> None:
    ticket, called = Ticket(1, is_refused=False), threading.Event()
    ticket.on_call(called.set)
    assert not called.is_set()
    ticket.call()
    assert called.is_set()
    at_once = threading.Event()
    ticket.on_call(at_once.set)
    assert at_once.is_set()


def test_a_fork_forgets_the_calls_of_the_parent() -> None:
    queue = CapacityQueue()
    fill(queue, 2)
    queue.join(1, is_refused=False)
    queue.reset_after_fork()
    assert not queue.is_congested
    assert queue.in_flight == set()


def test_a_server_has_one_queue() -> None:
    assert get_queue("a server") is get_queue("a server")
    assert get_queue("a server") is not get_queue("another")


@pytest.mark.parametrize("callers", [16, 32])
def test_no_caller_starves(callers: int) -> None:
    """In a simulation with eight places, all callers get the same number of turns, give or take one."""
    queue, turns, capacity = CapacityQueue(), Counter[int](), 8
    waiting: list[tuple[int, Ticket]] = []
    running: list[tuple[int, object]] = []

    def send(caller: int, number: int) -> None:
        call = object()
        queue.begin(call)
        if len(running) < capacity:
            running.append((caller, call))
        else:
            queue.refuse(call)
            waiting.append((caller, queue.join(number, is_refused=True)))

    def ask(caller: int) -> None:
        number = queue.next_number()
        if queue.is_congested:
            waiting.append((caller, queue.join(number, is_refused=False)))
        else:
            send(caller, number)

    for caller in range(callers):
        ask(caller)
    for _ in range(50 * callers):
        caller, call = running.pop(0)
        turns[caller] += 1
        queue.end(call, is_answered=True)
        ask(caller)
        for entry in [entry for entry in waiting if entry[1].is_called]:
            waiting.remove(entry)
            queue.leave(entry[1])
            send(entry[0], entry[1].number)
    assert min(turns.values()) > 0.8 * max(turns.values())
    assert len(turns) == callers


def test_calls_wait_if_very_many_are_in_flight() -> None:
    """A server of gRPC drops calls if too many of them wait. What has a first result does not wait."""
    queue = CapacityQueue()
    in_flight = [object() for _ in range(MOST_PENDING)]
    for call in in_flight:
        assert not queue.is_congested
        queue.begin(call)
    assert queue.is_congested
    tickets = [queue.join(number, is_refused=False) for number in range(3)]
    assert not any(ticket.is_called for ticket in tickets)
    queue.accept(in_flight[0])
    assert [ticket.is_called for ticket in tickets] == [True, False, False]
    queue.leave(tickets[0], object())
    queue.end(in_flight[0], is_answered=True)  # no place more: it was none of those that wait
    assert not tickets[1].is_called
    for call in in_flight[1:3]:
        queue.end(call, is_answered=True)
    assert all(ticket.is_called for ticket in tickets)
    for ticket in tickets[1:]:
        queue.leave(ticket, object())
    queue.end(in_flight[3], is_answered=True)
    assert not queue.is_congested
