"""Whether and when a call is sent again: its deadline, its backoff, and the decision after each failure.

This is the runtime's only layer of retries, in the terms of gRPC's retry design (gRFC A6). Nothing here waits, and
`Policy` supplies the clock and the random numbers, so that tests can replay every decision. `status` says whether a
status permits a retry; `retry_throttle` limits the retries of one model; `capacity_queue` is where calls wait for a
server that is full.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from logging import INFO, WARNING
from typing import Any, Final, NamedTuple, Self, TypeAlias, TypeVar

from .._log import LOGGER
from .._text import escape_unprintable
from ..errors import ModelError
from .actions import GrpcFailure, Sleep
from .capacity_queue import CapacityQueue, Ticket
from .grpc_status import CallError, may_have_run
from .retry_throttle import RetryThrottle
from .status import Retryability

_CallErrorT = TypeVar("_CallErrorT", bound=CallError)

INITIAL_BACKOFF: Final = 0.5
"""Longest delay before the first retry, in seconds."""

BACKOFF_MULTIPLIER: Final = 1.6
"""Factor by which the longest delay grows with each wait."""

MAX_BACKOFF: Final = 20.0
"""Longest delay before any retry, in seconds."""

MAX_OVERLOAD_BACKOFF: Final = 4.0
"""Longest delay before a call is sent again to an overloaded server, in seconds."""

MIN_OVERLOAD_BACKOFF: Final = 0.1
"""Shortest delay before a call is sent again to an overloaded server, in seconds."""

_FINAL_POLL_MARGIN: Final = 1.0
"""How long before the deadline the last attempt begins, in seconds, if nothing else limits the attempts; at most a
quarter of the timeout."""

_LONGEST_WAIT: Final = 3600.0
"""The longest wait in a queue before the call looks again, in seconds, if it has no deadline."""

_QUIET_SECONDS: Final = 10.0
"""How long a call waits for a model that is starting before the log warns, in seconds."""

_MIN_TIMEOUT: Final = 0.001
"""Shortest timeout of an attempt, in seconds, even if it begins just before the deadline."""


def _random() -> float:
    from random import random  # needed by the first retry, not by the first call

    return random()


class Policy:
    """How long a call may take, and how often it may be sent. Immutable.

    Attributes:
        timeout: Time limit of the call with all its attempts, in seconds; None for no limit. For a stream, it is the
            limit until the first result.
        idle_timeout: Longest wait of a stream for each later result, in seconds; None for no limit.
        stream_timeout: Time limit of a stream as a whole, in seconds; None for no limit.
        max_retries: Maximum number of retries.
        throttle: Limits the retries of all calls to this model together.
        queue: The calls to this server in flight, and those that wait because it is full.
        clock: Returns the time in seconds since an arbitrary moment.
        random: Returns a new random number from 0.0 to 1.0.
        idempotent: Whether a call may run more than once.
    """

    # Not a dataclass: defining one takes longer than the rest of this module ("fresh process to first prediction").
    __slots__ = (
        "clock",
        "idempotent",
        "idle_timeout",
        "max_retries",
        "queue",
        "random",
        "stream_timeout",
        "throttle",
        "timeout",
    )

    def __init__(
        self,
        timeout: float | None,
        max_retries: int = 0,
        throttle: RetryThrottle | None = None,
        clock: Callable[[], float] = time.monotonic,
        random: Callable[[], float] = _random,
        idempotent: bool = False,
        queue: CapacityQueue | None = None,
        idle_timeout: float | None = None,
        stream_timeout: float | None = None,
    ) -> None:
        self.timeout: Final = timeout
        self.idle_timeout: Final = idle_timeout
        self.stream_timeout: Final = stream_timeout
        self.max_retries: Final = max_retries
        self.throttle: Final = throttle or RetryThrottle()
        self.clock: Final = clock
        self.random: Final = random
        self.idempotent: Final = idempotent
        self.queue: Final = queue or CapacityQueue()

    def replace(self, **changes: Any) -> Policy:
        """Return a copy of this policy with other values for some attributes."""
        return Policy(**{name: getattr(self, name) for name in self.__slots__} | changes)

    def for_stream(self) -> Policy:
        """Return the policy of a stream, whose first result must come before the stream must end."""
        end, timeout = self.stream_timeout, self.timeout
        if end is None or (timeout is not None and timeout <= end):
            return self
        return self.replace(timeout=end)


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

    def until_last_attempt(self) -> float | None:
        """Return the seconds until the last attempt should begin, or less than 0; None for no limit."""
        if self.timeout is None:
            return None
        return self.timeout - min(_FINAL_POLL_MARGIN, self.timeout / 4) - self.elapsed()

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
        count: Number of attempts that were sent.
        retries: Number of retries that count against `max_retries`.
        waits: Number of delays between attempts.
        is_last: Whether there can be no further attempt, whatever the failure.
        has_results: Whether a stream has delivered a result.
        may_have_run: Whether the model may have run the request of an attempt that failed.
        has_turn: Whether the next attempt need not queue.
        has_warned: Whether the log warns that the model takes long to start.
    """

    __slots__ = (
        "_number",
        "count",
        "deadline",
        "has_results",
        "has_turn",
        "has_warned",
        "is_last",
        "may_have_run",
        "policy",
        "retries",
        "waits",
    )

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.deadline = Deadline(policy.timeout, policy.clock)
        self.count = self.retries = self.waits = 0
        self.is_last = self.may_have_run = self.has_results = self.has_warned = False
        self._number = policy.queue.next_number()
        # Without retries, the caller wants to hear at once that the server is full.
        self.has_turn = policy.max_retries == 0
        policy.throttle.add_tokens()

    @property
    def must_queue(self) -> bool:
        """Whether the next attempt must wait for its turn, because the server is full."""
        return self.policy.queue.is_congested and not self.has_turn

    def begin(self) -> float | None:
        """Begin an attempt and return its timeout, in seconds; None for no limit."""
        self.count += 1
        self.policy.queue.begin(self)
        return self.deadline.remaining()

    def begin_results(self, deadline: Deadline) -> None:
        """Record the first result of a stream, which only this deadline limits from now on."""
        self.is_last = self.has_results = True
        self.deadline = deadline
        self.policy.queue.accept(self)

    def fail(self, failure: GrpcFailure | ModelError) -> None:
        """End an attempt that failed."""
        if isinstance(failure, GrpcFailure) and failure.is_unsent:
            self.count -= 1
        if may_have_run(failure):
            self.may_have_run = True
        self.has_turn = self.policy.max_retries == 0
        self.policy.queue.end(self, is_answered=isinstance(failure, ModelError))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self.policy.queue.end(self, is_answered=kind is None)

    def annotate(self, error: _CallErrorT) -> _CallErrorT:
        """Set the number of attempts, the elapsed time and `may_have_run` of the error that ends the call."""
        error.attempts = self.count
        error.may_have_run = self.may_have_run
        error.elapsed = self.deadline.elapsed()
        return error

    def spend_retry(self) -> bool:
        """Count a retry and take its token from the throttle; return False if there is no token."""
        self.retries += 1
        return self.policy.throttle.take_token()

    def join_queue(self, *, is_refused: bool) -> Ticket:
        """Take a ticket of the server's queue (see `CapacityQueue.join`)."""
        return self.policy.queue.join(self._number, is_refused=is_refused)


class Retry(NamedTuple):
    """Wait, then send the call again.

    Attributes:
        delay: How long to wait, in seconds.
        takes_token: Whether the retry counts, and needs a token from the throttle.
    """

    delay: float
    takes_token: bool


class WaitForCapacity(NamedTuple):
    """Wait until it is the turn of the call, at most for the delay, in seconds; then send the call again."""

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
    if is_overloaded or retryability is Retryability.STARTING:
        # Only the deadline limits the attempts: the last one begins shortly before it.
        remaining = attempts.deadline.until_last_attempt()
        if remaining is not None and remaining <= 0:
            return GiveUp()
        delay = max(delay, MIN_OVERLOAD_BACKOFF) if is_overloaded else delay
        delay = delay if remaining is None else min(delay, remaining)
        return WaitForCapacity(delay) if is_overloaded else Retry(delay, takes_token=False)
    if attempts.deadline.expires_within(delay):
        return GiveUp()
    return Retry(delay, takes_token=True)


def wait_for_retry(
    retryability: Retryability, attempts: Attempts, error: CallError
) -> Generator[Sleep, None, bool]:
    """Wait until the call may be sent again; return False if it may not.

    Args:
        retryability: What the failure says about another attempt.
        attempts: The attempts of the call so far.
        error: The error of the last attempt, for the log.
    """
    step = next_step(retryability, attempts)
    if isinstance(step, GiveUp):
        return False
    if isinstance(step, Retry) and step.takes_token and not attempts.spend_retry():
        return False
    is_long = retryability is Retryability.STARTING and attempts.deadline.elapsed() > _QUIET_SECONDS
    warns = is_long and not attempts.has_warned
    attempts.has_warned = is_long
    LOGGER.log(
        WARNING if warns else INFO,
        "%s; attempt %d follows in %.2f s",
        escape_unprintable(error),
        attempts.count + 1,
        step.delay,
    )
    attempts.waits += 1
    if isinstance(step, Retry):
        yield Sleep(step.delay)
    else:
        attempts.policy.queue.refuse(attempts)
        yield from _wait_in_queue(attempts, step.delay, is_refused=True)
    return True


def wait_for_turn(attempts: Attempts) -> Generator[Sleep, None, None]:
    """Wait in the queue of a server that is full until it is the turn of the call.

    Shortly before its deadline, the call is sent in any case.
    """
    remaining = attempts.deadline.until_last_attempt()
    seconds = _LONGEST_WAIT if remaining is None else max(remaining, 0.0)
    yield from _wait_in_queue(attempts, seconds, is_refused=False)


def _wait_in_queue(
    attempts: Attempts, seconds: float, *, is_refused: bool
) -> Generator[Sleep, None, None]:
    ticket, call = attempts.join_queue(is_refused=is_refused), None
    try:
        if not ticket.is_called:
            yield Sleep(seconds, ticket)
        call = attempts
        attempts.has_turn = True
    finally:
        attempts.policy.queue.leave(ticket, call)


def next_poll_delay(attempts: Attempts) -> float | None:
    """Return the seconds to wait before the next poll; None if no time is left.

    A poll is harmless, so neither `max_retries` nor the throttle limits it. The last one takes place shortly
    before the deadline.
    """
    delay = _BACKOFF.delay(attempts.waits, attempts.policy.random)
    remaining = attempts.deadline.until_last_attempt()
    if remaining is None:
        return delay
    return min(delay, remaining) if remaining > 0 else None
