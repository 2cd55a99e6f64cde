"""When a call is sent again: which failures pass, how long to wait, and who pays for it.

What lives here: the one layer of retries, as decisions without a clock of their own. A prediction is
billed and has no idempotency key, so only what has certainly not run is sent again: a refusal, a
connection that never stood. What may have run is, where the caller says that it does no harm. Time and
chance come from outside, so that tests can replay them.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final, TypeVar

from ._actions import Failure
from ._status import Sent

_Sent = TypeVar("_Sent", bound=Sent)

FIRST_PAUSE: Final = 0.5
"""The longest first pause, in seconds."""

GROWTH: Final = 1.6
"""How much longer the longest pause gets with each retry."""

LONGEST_PAUSE: Final = 20.0
"""The longest pause of all, in seconds."""

_LAST_LOOK: Final = 1.0
"""How long before its end a wait looks for the last time, in seconds; a quarter of it, if it is short."""

_STARTING: Final = frozenset({21351, 21354, 21355})
_PASSING: Final = frozenset({10030, 11003, 11005, 25604, 40030, 40031})
_NEVER_SENT: Final = ("failed to connect", "connections to all backends failing", "dns resolution")
_CUT_OFF: Final = ("received rst_stream", "stream removed")
"""How grpc says that a stream was reset, beside UNAVAILABLE: with INTERNAL or UNKNOWN."""


class Hope(Enum):
    """What a failure says of the next attempt."""

    NONE = auto()
    """It would fail alike."""

    LOST = auto()
    """It may succeed, but the request may have run: as PASSING, where running again does no harm."""

    PASSING = auto()
    """It may succeed; `max_retries` and the budget bound the attempts."""

    STARTING = auto()
    """The model gets ready; the deadline alone bounds the attempts."""


def hope_of_failure(failure: Failure) -> Hope:
    """What a gRPC status says of the next attempt."""
    details = failure.details.lower()
    if failure.code == "UNAVAILABLE":
        never = any(words in details for words in _NEVER_SENT)
        return Hope.PASSING if never else Hope.LOST
    if failure.code in ("INTERNAL", "UNKNOWN") and details.startswith(_CUT_OFF):
        return Hope.LOST
    if failure.code == "RESOURCE_EXHAUSTED" and "larger than max" not in details:
        return Hope.PASSING
    return Hope.NONE


def hope_of_status(code: int) -> Hope:
    """What a status of the platform says of the next attempt."""
    if code in _STARTING:
        return Hope.STARTING
    return Hope.PASSING if code in _PASSING else Hope.NONE


class Budget:
    """What the retries to one server may cost, shared by all its clients.

    Every call pays in a tenth of a retry, so a server that refuses everything gets at most 1.1
    requests a call once the savings are gone.
    """

    SAVINGS: Final = 10.0
    SHARE: Final = 0.1

    def __init__(self) -> None:
        self._savings = self.SAVINGS
        self._lock = threading.Lock()

    def pay_in(self) -> None:
        """For a call that begins."""
        with self._lock:
            self._savings = min(self._savings + self.SHARE, self.SAVINGS)

    def spend(self) -> bool:
        """For a retry; False if there is nothing left for it."""
        with self._lock:
            if self._savings < 1:
                return False
            self._savings -= 1
            return True


_budgets: Final[dict[Hashable, Budget]] = {}


def budget(server: Hashable) -> Budget:
    """The budget of a server, the same for all who ask."""
    return _budgets.setdefault(server, Budget())


def _chance() -> float:
    from random import random  # for the first retry: nobody else needs it

    return random()


@dataclass(frozen=True, slots=True)
class Policy:
    """How long a call may take and how often it is sent.

    Attributes:
        timeout: How long it may take with all its attempts, in seconds; None for no limit.
        max_retries: How often it is sent again, at most.
        budget: What the retries to this server may cost.
        clock: The time, in seconds from any start.
        chance: A number from 0.0 to 1.0, another each time.
        idempotent: Whether a call may run more than once.
    """

    timeout: float | None
    max_retries: int = 0
    budget: Budget = field(default_factory=Budget)
    clock: Callable[[], float] = time.monotonic
    chance: Callable[[], float] = _chance
    idempotent: bool = False


class Attempts:
    """The attempts at one call.

    Attributes:
        policy: What bounds them.
        count: How many there have been.
        last: Whether there shall be no other.
    """

    def __init__(self, policy: Policy, *, last: bool = False) -> None:
        self.count = 0
        self.last = last
        self.policy = policy
        self._start = policy.clock()
        self._pauses = 0
        self._retries = 0
        self._end = None if policy.timeout is None else self._start + policy.timeout
        policy.budget.pay_in()

    def elapsed(self) -> float:
        """The seconds since the call began."""
        return self.policy.clock() - self._start

    def told(self, error: _Sent) -> _Sent:
        """An error that ends the call, and now says how often it was sent and how long that took."""
        error.attempts = self.count
        error.elapsed = self.elapsed()
        return error

    def left(self) -> float | None:
        """The seconds that are left for the call; None if there is no limit."""
        return None if self._end is None else max(self._end - self.policy.clock(), 0.001)

    def begin(self) -> float | None:
        """Count an attempt; the seconds that are left for it, or None."""
        self.count += 1
        return self.left()

    def pause(self, hope: Hope) -> float | None:
        """How many seconds to wait before the next attempt; None if there shall be none."""
        if hope is Hope.LOST:
            hope = Hope.PASSING if self.policy.idempotent else Hope.NONE
        if hope is Hope.NONE or self.last:
            return None
        if hope is Hope.PASSING and self._retries >= self.policy.max_retries:
            return None
        pause = self._random()
        if self._end is not None and self.policy.clock() + pause >= self._end:
            return None
        if hope is Hope.PASSING:
            if not self.policy.budget.spend():
                return None
            self._retries += 1
        self._pauses += 1
        return pause

    def wait(self) -> float | None:
        """How many seconds to wait before looking again; None once the time is over.

        For what does no harm however often it is asked: neither retries nor the budget bound it.
        """
        pause = self._random()
        self._pauses += 1
        if self._end is None:
            return pause
        last = min(_LAST_LOOK, (self._end - self._start) / 4)
        rest = self._end - last - self.policy.clock()
        return min(pause, rest) if rest > 0 else None

    def _random(self) -> float:
        """The next pause, in seconds: at random, up to a length that grows."""
        longest = min(FIRST_PAUSE * GROWTH**self._pauses, LONGEST_PAUSE)
        return longest * self.policy.chance()
