"""When a call is sent again: which failures pass, how long to wait, and who pays for it.

What lives here: the one layer of retries, as decisions without a clock of their own. A prediction is
billed and has no idempotency key, so only what has certainly not run is sent again: a refusal, a
connection that never stood. What may have run is, where the caller says that it does no harm. Time and
chance come from outside, so that tests can replay them.
"""

from __future__ import annotations

import itertools
import os
import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final, Self, TypeVar

from .actions import Failure
from .status import CallError

_CallErrorT = TypeVar("_CallErrorT", bound=CallError)

INITIAL_BACKOFF: Final = 0.5
"""The longest first pause, in seconds."""

BACKOFF_MULTIPLIER: Final = 1.6
"""How much longer the longest pause gets with each retry."""

MAX_BACKOFF: Final = 20.0
"""The longest pause of all, in seconds."""

_FINAL_POLL_MARGIN: Final = 1.0
"""How long before its end a wait looks for the last time, in seconds; a quarter of it, if it is short."""

MAX_OVERLOAD_BACKOFF: Final = 4.0
"""The longest pause of a call that waits for room at a server that works, in seconds."""

_REFUSAL_SKEW: Final = 0.02
"""How much later than another a refusal may come, in seconds."""

_STARTING: Final = frozenset({21351, 21354, 21355})
_PASSING: Final = frozenset({10030, 11003, 11005, 25604, 40030, 40031})
_NO_ROOM: Final = "concurrent rpc limit exceeded"
_NEVER_SENT: Final = ("failed to connect", "connections to all backends failing", "dns resolution")
_CUT_OFF: Final = ("received rst_stream", "stream removed")
"""How grpc says that a stream was reset, beside UNAVAILABLE: with INTERNAL or UNKNOWN."""


class Retryability(Enum):
    """What a failure says of the next attempt."""

    NEVER = auto()
    """It would fail alike."""

    IF_IDEMPOTENT = auto()
    """It may succeed, but the request may have run: as PASSING, where running again does no harm."""

    TRANSIENT = auto()
    """It may succeed; `max_retries` and the budget bound the attempts."""

    OVERLOADED = auto()
    """The server takes no more calls at once: as PASSING, but where it works at others, the deadline
    alone bounds the attempts."""

    STARTING = auto()
    """The model gets ready; the deadline alone bounds the attempts."""


def classify_failure(failure: Failure) -> Retryability:
    """What a gRPC status says of the next attempt."""
    details = failure.details.lower()
    if failure.code == "UNAVAILABLE":
        never = any(words in details for words in _NEVER_SENT)
        return Retryability.TRANSIENT if never else Retryability.IF_IDEMPOTENT
    if failure.code in ("INTERNAL", "UNKNOWN") and details.startswith(_CUT_OFF):
        return Retryability.IF_IDEMPOTENT
    if failure.code == "RESOURCE_EXHAUSTED" and _NO_ROOM in details:
        return Retryability.OVERLOADED
    if failure.code == "RESOURCE_EXHAUSTED" and "larger than max" not in details:
        return Retryability.TRANSIENT
    return Retryability.NEVER


def classify_status(code: int) -> Retryability:
    """What a status of the platform says of the next attempt."""
    if code in _STARTING:
        return Retryability.STARTING
    return Retryability.TRANSIENT if code in _PASSING else Retryability.NEVER


class RetryThrottle:
    """What the retries to one server may cost, and whether it works; shared by all its clients.

    Every call pays in a tenth of a retry, so a server that refuses everything gets at most 1.1
    requests a call once the savings are gone. That it is full is no failure of a server that works:
    what it refuses for want of room draws on nothing while it works at what was sent before.
    """

    MAX_TOKENS: Final = 10.0
    TOKEN_RATIO: Final = 0.1

    def __init__(self) -> None:
        self._savings = self.MAX_TOKENS
        self._sends = itertools.count()
        self._answered = 0
        self.reset_after_fork()

    def reset_after_fork(self) -> None:
        """Leave behind what belongs to the threads of a parent: a lock they may hold, their calls."""
        self._lock = threading.Lock()
        self._working: dict[object, int] = {}

    def call_started(self, call: object) -> tuple[int, int]:
        """Take note that the server has a call to work at; the moment, for `works`."""
        number = self._working[call] = next(self._sends)
        return number, self._answered

    def call_ended(self, call: object, *, answered: bool) -> None:
        """Take note that it works at the call no more."""
        if self._working.pop(call, None) is not None:
            self._answered += answered

    def is_making_progress(self, since: tuple[int, int], *, waited: bool) -> bool:
        """Whether the server has answered a call since then, or still works at one sent before.

        Args:
            since: The moment, from `sent`.
            waited: Whether so long ago that a call that is not answered is worked at.
        """
        number, answered = since
        if self._answered != answered:
            return True
        return waited and min(list(self._working.values()), default=number) < number

    def add_tokens(self) -> None:
        """For a call that begins."""
        with self._lock:
            self._savings = min(self._savings + self.TOKEN_RATIO, self.MAX_TOKENS)

    def take_token(self) -> bool:
        """For a retry; False if there is nothing left for it."""
        with self._lock:
            if self._savings < 1:
                return False
            self._savings -= 1
            return True


_throttles: Final[dict[Hashable, RetryThrottle]] = {}


def throttle_for(server: Hashable) -> RetryThrottle:
    """The budget of a server, the same for all who ask."""
    return _throttles.setdefault(server, RetryThrottle())


def _reset_after_fork() -> None:
    for each in _throttles.values():
        each.reset_after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_reset_after_fork)


def _random() -> float:
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
    throttle: RetryThrottle = field(default_factory=RetryThrottle)
    clock: Callable[[], float] = time.monotonic
    random: Callable[[], float] = _random
    idempotent: bool = False


class Attempts:
    """The attempts at one call.

    Attributes:
        policy: What bounds them.
        count: How many there have been.
        last: Whether there shall be no other.
    """

    def __init__(self, policy: Policy) -> None:
        self.count = 0
        self.is_last = False
        self.policy = policy
        self._start = policy.clock()
        self._pauses = 0
        self._retries = 0
        self._since = (0, 0)
        self._sent = self._over = self._start
        self._end = None if policy.timeout is None else self._start + policy.timeout
        policy.throttle.add_tokens()

    def elapsed(self) -> float:
        """The seconds since the call began."""
        return self.policy.clock() - self._start

    def annotate(self, error: _CallErrorT) -> _CallErrorT:
        """An error that ends the call, and now says how often it was sent and how long that took."""
        error.attempts = self.count
        error.elapsed = self.elapsed()
        return error

    def remaining(self) -> float | None:
        """The seconds that are left for the call; None if there is no limit."""
        return None if self._end is None else max(self._end - self.policy.clock(), 0.001)

    def begin(self) -> float | None:
        """Count an attempt; the seconds that are left for it, or None."""
        self.count += 1
        self._since = self.policy.throttle.call_started(self)
        self._sent = now = self.policy.clock()
        return None if self._end is None else max(self._end - now, 0.001)

    def end(self, *, answered: bool) -> None:
        """Say that the attempt is over, and whether the server has answered it in any way."""
        self._over = self.policy.clock()
        self.policy.throttle.call_ended(self, answered=answered)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self.end(answered=kind is None)

    def next_backoff(self, hope: Retryability) -> float | None:
        """How many seconds to wait before the next attempt; None if there shall be none."""
        if hope is Retryability.IF_IDEMPOTENT:
            hope = Retryability.TRANSIENT if self.policy.idempotent else Retryability.NEVER
        if hope is Retryability.NEVER or self.is_last:
            return None
        if hope is not Retryability.STARTING and self._retries >= self.policy.max_retries:
            return None
        pause = self._random(
            MAX_OVERLOAD_BACKOFF if hope is Retryability.OVERLOADED else MAX_BACKOFF
        )
        if self._end is not None and self.policy.clock() + pause >= self._end:
            return None
        if hope is Retryability.TRANSIENT:
            if not self.policy.throttle.take_token():
                return None
            self._retries += 1
        self._pauses += 1
        return pause

    def next_poll_delay(self) -> float | None:
        """How many seconds to wait before looking again; None once the time is over.

        For what does no harm however often it is asked: neither retries nor the budget bound it.
        """
        pause = self._random()
        self._pauses += 1
        if self._end is None:
            return pause
        last = min(_FINAL_POLL_MARGIN, (self._end - self._start) / 4)
        rest = self._end - last - self.policy.clock()
        return min(pause, rest) if rest > 0 else None

    def _random(self, most: float = MAX_BACKOFF) -> float:
        """The next pause, in seconds: at random, up to a length that grows."""
        longest = min(INITIAL_BACKOFF * BACKOFF_MULTIPLIER**self._pauses, most)
        return longest * self.policy.random()

    def can_resume(self, hope: Retryability) -> bool:
        """Whether the next attempt may begin, its pause being over; else there is another pause."""
        if hope is not Retryability.OVERLOADED:
            return True
        # What was sent before would be refused by now as well, if not for that.
        waited = self.policy.clock() - self._over > self._over - self._sent + _REFUSAL_SKEW
        if self.policy.throttle.is_making_progress(self._since, waited=waited):
            return True
        self._retries += 1
        return self.policy.throttle.take_token()
