"""The queue in front of a server that is full.

For each server there is one `CapacityQueue`, which all clients of a process share, synchronous or async. It is empty
until the server refuses a call because it is full. Then it limits the calls in flight, and calls wait their turn in
the order in which they began, so that none starves. The same happens if very many calls are in flight. The limit
adapts: it falls to the number of calls that the server has accepted, and grows with each answer. Other processes may
use the server too, so a call that was refused also tries again after a pause. Nothing here waits: a call that waits
holds a ticket, which is called when it is its turn.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Hashable
from typing import Final

from .._after_fork import register_resettable

_UNLIMITED: Final = float("inf")

MOST_PENDING: Final = 1_000
"""The most calls in flight that wait for their first answer. gRPC's servers drop calls, without a reason, if more than
1,000 wait for a thread."""


class Ticket:
    """The place of a call in the queue.

    Attributes:
        number: The place: calls with smaller numbers began earlier.
        is_refused: Whether the server has refused the call, which therefore tries again after a pause.
        is_called: Whether it is the turn of the call.
    """

    __slots__ = ("_callback", "is_called", "is_refused", "number")

    def __init__(self, number: int, *, is_refused: bool) -> None:
        self.number = number
        self.is_refused = is_refused
        self.is_called = False
        self._callback: Callable[[], object] | None = None

    def __lt__(self, other: Ticket) -> bool:
        return self.number < other.number

    def call(self) -> None:
        """Tell the call that it is its turn."""
        self.is_called = True
        callback = self._callback
        if callback is not None:
            callback()

    def on_call(self, callback: Callable[[], object]) -> None:
        """Have a callback invoked when it is the turn of the call, in any thread; at once if it is already."""
        self._callback = callback
        if self.is_called:
            callback()


class CapacityQueue:
    """The calls in flight to one server, and those that wait because it is full. Thread-safe.

    Attributes:
        in_flight: The calls in flight.
        accepted: Those of them that have a first result: streams.
        is_congested: Whether a call must take a ticket before it is sent.
        lock: Guards the tickets and the limit.
    """

    def __init__(self) -> None:
        self._numbers = itertools.count()
        self.reset_after_fork()
        register_resettable(self)

    def reset_after_fork(self) -> None:
        """Forget the parent's calls, and replace the lock, which one of its threads may have held."""
        self.lock = threading.RLock()  # re-entrant: garbage collection may end a call
        self.in_flight: set[object] = set()
        self.accepted: set[object] = set()
        self.is_congested = False
        self._waiting: list[Ticket] = []
        self._called: set[Ticket] = set()
        self._limit = _UNLIMITED

    def next_number(self) -> int:
        """Return the place of a call that begins."""
        return next(self._numbers)

    def begin(self, call: object) -> None:
        """Record that a call is sent."""
        self.in_flight.add(call)
        if len(self.in_flight) - len(self.accepted) >= MOST_PENDING:
            self.is_congested = True

    def accept(self, call: object) -> None:
        """Record the first result of a call that goes on."""
        self.accepted.add(call)
        if self.is_congested:
            with self.lock:
                tickets = self._take_next()
            _call_all(tickets)

    def end(self, call: object, *, is_answered: bool) -> None:
        """Record that the server no longer works on a call. Nothing happens if it was not in flight.

        Args:
            call: The call.
            is_answered: Whether the server answered it, with a result or an error of its own.
        """
        if call not in self.in_flight:
            return
        self.in_flight.discard(call)
        self.accepted.discard(call)
        if self.is_congested:
            with self.lock:
                if is_answered:
                    self._limit += 1 / self._limit
                tickets = self._take_next()
                if not self._waiting and 2 * len(self.in_flight) < self._limit:
                    self._limit, self.is_congested = _UNLIMITED, False
            _call_all(tickets)

    def refuse(self, call: object) -> None:
        """Record that the server refused a call because it is full."""
        with self.lock:
            self.in_flight.discard(call)
            self._limit = max(min(self._limit, float(len(self.in_flight))), 1.0)
            self.is_congested = True

    def join(self, number: int, *, is_refused: bool) -> Ticket:
        """Return a ticket with a place in the queue. Pass it to `leave` in any case.

        Args:
            number: The place of the call, from `next_number`.
            is_refused: Whether the server has refused the call.
        """
        from bisect import insort  # needed by the first call that is refused, not by the first call

        ticket = Ticket(number, is_refused=is_refused)
        with self.lock:
            insort(self._waiting, ticket)
            tickets = self._take_next()
        _call_all(tickets)
        return ticket

    def leave(self, ticket: Ticket, call: object = None) -> None:
        """Take a ticket back.

        Args:
            ticket: The ticket.
            call: The call, if it is sent now; None if it is given up.
        """
        with self.lock:
            if ticket in self._called:
                self._called.discard(ticket)
            else:
                self._waiting = [other for other in self._waiting if other is not ticket]
            if call is not None:
                self.in_flight.add(call)
            tickets = self._take_next()
        _call_all(tickets)

    def _take_next(self) -> list[Ticket]:
        """Take the tickets of the calls whose turn it is. Requires the lock."""
        busy = len(self.in_flight) + len(self._called)
        if not self._waiting or (self._waiting[0].is_refused and not busy):
            return []  # others fill the server: the first call tries again after its pause
        pending = busy - len(self.accepted)
        room = max(int(min(self._limit - busy, MOST_PENDING - pending)), 0)
        tickets, self._waiting = self._waiting[:room], self._waiting[room:]
        self._called.update(tickets)
        return tickets


def _call_all(tickets: list[Ticket]) -> None:
    for ticket in tickets:
        ticket.call()


_queues: Final[dict[Hashable, CapacityQueue]] = {}


def get_queue(server: Hashable) -> CapacityQueue:
    """Return the queue of a server, the same one for every caller."""
    queue = _queues.get(server)
    return queue if queue is not None else _queues.setdefault(server, CapacityQueue())
