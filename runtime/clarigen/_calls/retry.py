"""Whether and when a call is sent again: its deadline, its backoff, and the decision after each failure.

This is the runtime's only layer of retries, in the terms of gRPC's retry design (gRFC A6). Nothing here waits, and
`Policy` supplies the clock and the random numbers, so that tests can replay every decision. `status` says whether a
status permits a retry; `retry_throttle` limits the retries to one server.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from typing import Any, Final, NamedTuple, Self, TypeAlias, TypeVar

from .._log import LOGGER
from .._text import escape_unprintable
from .actions import Sleep
from .retry_throttle import RetryThrottle
from .status import CallError, Retryability

_CallErrorT = TypeVar("_CallErrorT", bound=CallError)

INITIAL_BACKOFF: Final = 0.5
"""Longest delay before the first retry, in seconds."""

BACKOFF_MULTIPLIER: Final = 1.6
"""Factor by which the longest delay grows with each wait."""

MAX_BACKOFF: Final = 20.0
"""Longest delay before any retry, in seconds."""

MAX_OVERLOAD_BACKOFF: Final = 4.0
"""Longest delay before a call is sent again to an overloaded server, in seconds."""

_FINAL_POLL_MARGIN: Final = 1.0
"""How long before the deadline the last poll takes place, in seconds; at most a quarter of the timeout."""

_REFUSAL_SKEW: Final = 0.02
"""Largest expected difference between the durations of two refusals by one server, in seconds."""

_MIN_TIMEOUT: Final = 0.001
"""Shortest timeout of an attempt, in seconds, even if it begins just before the deadline."""


def _random() -> float:
    from random import random  # needed by the first retry, not by the first call

    return random()


class Policy:
    """How long a call may take, and how often it may be sent. Immutable.

    Attributes:
        timeout: Time limit of the call with all its attempts, in seconds; None for no limit.
        max_retries: Maximum number of retries.
        throttle: Limits the retries of all calls to this server together.
        clock: Returns the time in seconds since an arbitrary moment.
        random: Returns a new random number from 0.0 to 1.0.
        idempotent: Whether a call may run more than once.
    """

    # Not a dataclass: defining one takes longer than the rest of this module ("fresh process to first prediction").
    __slots__ = ("clock", "idempotent", "max_retries", "random", "throttle", "timeout")

    def __init__(
        self,
        timeout: float | None,
        max_retries: int = 0,
        throttle: RetryThrottle | None = None,
        clock: Callable[[], float] = time.monotonic,
        random: Callable[[], float] = _random,
        idempotent: bool = False,
    ) -> None:
        self.timeout: Final = timeout
        self.max_retries: Final = max_retries
        self.throttle: Final = throttle or RetryThrottle()
        self.clock: Final = clock
        self.random: Final = random
        self.idempotent: Final = idempotent

    def replace(self, **changes: Any) -> Policy:
        """Return a copy of this policy with other values for some attributes."""
        return Policy(**{name: getattr(self, name) for name in self.__slots__} | changes)


class Deadline:
    """The time by which a call must have ended.

    Attributes:
        timeout: Seconds from the start of the call to the deadline; None for no limit.
        start: Time at which the call began, by the clock.
    """

    __slots__ = ("_clock", "_end", "start", "timeout")

    def __init__(self, timeout: float | None, clock: Callable[[], float]) -> None:
        self.timeout = timeout
        self._clock = clock
        self.start = clock()
        self._end = None if timeout is None else self.start + timeout

    def elapsed(self) -> float:
        """Return the seconds since the call began."""
        return self._clock() - self.start

    def remaining(self) -> float | None:
        """Return the seconds that are left, at least 0.001; None for no limit."""
        return None if self._end is None else max(self._end - self._clock(), _MIN_TIMEOUT)

    def expires_within(self, seconds: float) -> bool:
        """Return whether there is a deadline and it is at most `seconds` away."""
        return self._end is not None and self._clock() + seconds >= self._end


class Backoff(NamedTuple):
    """Exponential backoff with full jitter.

    Attributes:
        initial: Longest first delay, in seconds.
        multiplier: Factor by which the longest delay grows with each wait.
        maximum: Longest delay ever, in seconds.
    """

    initial: float = INITIAL_BACKOFF
    multiplier: float = BACKOFF_MULTIPLIER
    maximum: float = MAX_BACKOFF

    def delay(self, waits: int, random: Callable[[], float]) -> float:
        """Return the next delay, in seconds.

        Args:
            waits: How often the call has waited before.
            random: Returns a random number from 0.0 to 1.0.
        """
        return min(self.initial * self.multiplier**waits, self.maximum) * random()


_BACKOFF: Final = Backoff()
_OVERLOAD_BACKOFF: Final = Backoff(maximum=MAX_OVERLOAD_BACKOFF)


class Attempts:
    """The attempts of one call: how many there were, and how long they took.

    As a context manager it ends the last attempt, whether the call succeeds or fails.

    Attributes:
        policy: Limits the attempts.
        deadline: Deadline of the call with all its attempts.
        count: Number of attempts.
        retries: Number of retries that count against `max_retries`.
        waits: Number of delays between attempts.
        is_last: Whether there can be no further attempt, whatever the failure.
    """

    __slots__ = (
        "_ended_at",
        "_send_mark",
        "_sent_at",
        "count",
        "deadline",
        "is_last",
        "policy",
        "retries",
        "waits",
    )

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.deadline = Deadline(policy.timeout, policy.clock)
        self.count = self.retries = self.waits = 0
        self.is_last = False
        self._send_mark = (0, 0)
        self._sent_at = self._ended_at = self.deadline.start
        policy.throttle.add_tokens()

    def begin(self) -> float | None:
        """Begin an attempt and return its timeout, in seconds; None for no limit."""
        self.count += 1
        self._send_mark = self.policy.throttle.record_start(self)
        self._sent_at = self.policy.clock()
        return self.deadline.remaining()

    def end(self, *, answered: bool) -> None:
        """End the attempt.

        Args:
            answered: Whether the server answered, with a result or an error of its own.
        """
        self._ended_at = self.policy.clock()
        self.policy.throttle.record_end(self, answered=answered)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self.end(answered=kind is None)

    def annotate(self, error: _CallErrorT) -> _CallErrorT:
        """Set the number of attempts and the elapsed time of the error that ends the call."""
        error.attempts = self.count
        error.elapsed = self.deadline.elapsed()
        return error

    def spend_retry(self) -> bool:
        """Count a retry and take its token from the throttle; return False if there is no token."""
        self.retries += 1
        return self.policy.throttle.take_token()

    def is_server_making_progress(self) -> bool:
        """Return whether the server that refused the attempt is working on other calls."""
        # If an earlier call is still pending after the time that a refusal takes, it was accepted.
        refusal_seconds = self._ended_at - self._sent_at
        waited_seconds = self.policy.clock() - self._ended_at
        return self.policy.throttle.is_making_progress(
            self._send_mark, pending_are_accepted=waited_seconds > refusal_seconds + _REFUSAL_SKEW
        )


class Retry(NamedTuple):
    """Wait, then send the call again.

    Attributes:
        delay: How long to wait, in seconds.
        takes_token: Whether the retry counts, and needs a token from the throttle.
    """

    delay: float
    takes_token: bool


class WaitForCapacity(NamedTuple):
    """Wait. If the server is making progress or there is a token, send the call again; otherwise decide again.

    Attributes:
        delay: How long to wait, in seconds.
    """

    delay: float


class GiveUp(NamedTuple):
    """Raise the error of the last attempt."""


Step: TypeAlias = Retry | WaitForCapacity | GiveUp


def next_step(retryability: Retryability, attempts: Attempts) -> Step:
    """Decide what follows a failed attempt. No retry is counted and no token is taken yet.

    Args:
        retryability: What the failure says about another attempt.
        attempts: The attempts of the call so far.
    """
    policy = attempts.policy
    if retryability is Retryability.IF_IDEMPOTENT:
        retryability = Retryability.TRANSIENT if policy.idempotent else Retryability.NEVER
    if retryability is Retryability.NEVER or attempts.is_last:
        return GiveUp()
    if retryability is not Retryability.STARTING and attempts.retries >= policy.max_retries:
        return GiveUp()
    is_overloaded = retryability is Retryability.OVERLOADED
    backoff = _OVERLOAD_BACKOFF if is_overloaded else _BACKOFF
    delay = backoff.delay(attempts.waits, policy.random)
    if attempts.deadline.expires_within(delay):
        return GiveUp()
    if is_overloaded:
        return WaitForCapacity(delay)
    return Retry(delay, takes_token=retryability is Retryability.TRANSIENT)


def wait_for_retry(
    retryability: Retryability, attempts: Attempts, error: CallError
) -> Generator[Sleep, None, bool]:
    """Wait until the call may be sent again; return False if it may not.

    Args:
        retryability: What the failure says about another attempt.
        attempts: The attempts of the call so far.
        error: The error of the last attempt, for the log.
    """
    while True:
        step = next_step(retryability, attempts)
        if isinstance(step, GiveUp):
            return False
        if isinstance(step, Retry) and step.takes_token and not attempts.spend_retry():
            return False
        next_attempt = attempts.count + 1
        LOGGER.info(
            "%s; attempt %d follows in %.2f s", escape_unprintable(error), next_attempt, step.delay
        )
        attempts.waits += 1
        yield Sleep(step.delay)
        if (
            isinstance(step, Retry)
            or attempts.is_server_making_progress()
            or attempts.spend_retry()
        ):
            return True


def next_poll_delay(attempts: Attempts) -> float | None:
    """Return the seconds to wait before the next poll; None if no time is left.

    A poll is harmless, so neither `max_retries` nor the throttle limits it. The last one takes place shortly
    before the deadline.
    """
    delay = _BACKOFF.delay(attempts.waits, attempts.policy.random)
    timeout = attempts.deadline.timeout
    if timeout is None:
        return delay
    margin = min(_FINAL_POLL_MARGIN, timeout / 4)
    remaining = timeout - margin - attempts.deadline.elapsed()
    return min(delay, remaining) if remaining > 0 else None
