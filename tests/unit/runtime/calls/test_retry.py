"""When a call is sent again. Flows are driven by hand, with a scripted clock and scripted random numbers."""

from __future__ import annotations

import logging
import random
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarigen import (
    ClarigenError,
    DeadlineExceededError,
    ModelError,
    ModelNotReadyError,
    PredictionError,
    RateLimitError,
    ServerError,
    UnavailableError,
    wire,
)
from clarigen._calls.actions import (
    END,
    Deliver,
    GrpcFailure,
    Open,
    PullFirst,
    Receive,
    Reclaim,
    Send,
    Sleep,
)
from clarigen._calls.address import Address, Routing
from clarigen._calls.call import CallContext, call_stream, call_unary
from clarigen._calls.grpc_status import classify_failure
from clarigen._calls.retry import (
    MAX_BACKOFF,
    MAX_OVERLOAD_BACKOFF,
    MIN_OVERLOAD_BACKOFF,
    Attempts,
    Backoff,
    Deadline,
    GiveUp,
    Policy,
    Retry,
    Step,
    WaitForCapacity,
    next_step,
    wait_for_retry,
)
from clarigen._calls.retry_throttle import RetryThrottle
from clarigen._calls.status import Retryability
from clarigen._proto import MultiOutputResponse, Status

PING = wire.unary("ping", returns=wire.INT)
COUNT = wire.server_stream("count", returns=wire.INT)
ADD = wire.bidi_stream("add", wire.field("items", wire.INT, stream=True), returns=wire.INT)

HERE = Address(None, "", Routing())
REFUSED = 40031
UNSENT = GrpcFailure("UNAVAILABLE", "no connection to 127.0.0.1:1 within 5 seconds", is_unsent=True)
FORGED = GrpcFailure("UNAVAILABLE", "failed to connect to all addresses; Connection refused")
LOST = GrpcFailure("UNAVAILABLE", "recvmsg:Connection reset by peer")
FULL = GrpcFailure("RESOURCE_EXHAUSTED", "Concurrent RPC limit exceeded!")
RESET = GrpcFailure("INTERNAL", "Received RST_STREAM with error code 2")
TOO_LARGE = GrpcFailure("RESOURCE_EXHAUSTED", "Received message larger than max (5 vs. 4)")
DROPPED = GrpcFailure("CANCELLED", "CANCELLED")
LATE = GrpcFailure("DEADLINE_EXCEEDED", "Deadline Exceeded")

Reply = int | GrpcFailure
"""A status of the platform (10000 answers 7), or a status of gRPC."""


def answer(code: int) -> bytes:
    response = MultiOutputResponse(status=Status(code=code))
    if code == 10000:
        response.outputs.add().data.parts.add(id="return").data.int_value = 7
    return response.SerializeToString()


class World:
    """A server with scripted replies, a clock that only sleeps and attempts move, and what was seen.

    Attributes:
        now: The time, in seconds.
        replies: The replies that are left; the last one is repeated.
        takes: Duration of each attempt, in seconds.
        random: The random number for each backoff.
        attempts: The attempts.
        pauses: The length of each sleep, in seconds.
    """

    def __init__(
        self, replies: Sequence[Reply], *, takes: float = 0.0, random: float = 1.0
    ) -> None:
        self.now = 100.0
        self.replies = list(replies)
        self.takes = takes
        self.random = random
        self.attempts: list[Send] = []
        self.pauses: list[float] = []

    def policy(
        self, timeout: float | None = 600.0, max_retries: int = 4, *, idempotent: bool = False
    ) -> Policy:
        clock, random = lambda: self.now, lambda: self.random
        return Policy(timeout, max_retries, RetryThrottle(), clock, random, idempotent)

    def reply(self) -> Reply:
        self.now += self.takes
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]

    def run(self, policy: Policy) -> Any:
        """Drive `ping()` and return its result."""
        flow, reply, failure = call_unary(PING, [], CallContext(HERE, policy)), None, None
        while True:
            try:
                action = flow.send(reply) if failure is None else flow.throw(failure)
            except StopIteration as end:
                return end.value
            reply = failure = None
            if isinstance(action, Sleep):
                self.pauses.append(action.seconds)
                self.now += action.seconds
                continue
            self.attempts.append(action)
            answered = self.reply()
            if isinstance(answered, GrpcFailure):
                failure = answered
            else:
                reply = answer(answered)

    def error(self, policy: Policy) -> ClarigenError:
        with pytest.raises(ClarigenError) as caught:
            self.run(policy)
        return caught.value


@pytest.mark.parametrize(
    ("retryability", "idempotent", "step"),
    [
        (Retryability.NEVER, True, GiveUp()),
        (Retryability.IF_IDEMPOTENT, False, GiveUp()),
        (Retryability.IF_IDEMPOTENT, True, Retry(0.5, takes_token=True)),
        (Retryability.TRANSIENT, False, Retry(0.5, takes_token=True)),
        (Retryability.STARTING, False, Retry(0.5, takes_token=False)),
        (Retryability.OVERLOADED, False, WaitForCapacity(0.5)),
    ],
)
def test_the_next_step_follows_from_the_failure(
    retryability: Retryability, idempotent: bool, step: Step
) -> None:
    """The decision itself counts no retry and takes no token."""
    policy = World([]).policy(idempotent=idempotent)
    attempts = Attempts(policy)
    assert [next_step(retryability, attempts) for _ in range(20)] == [step] * 20
    assert attempts.retries == 0
    assert [policy.throttle.take_token() for _ in range(11)] == [True] * 10 + [False]


def test_there_is_no_next_step_after_the_last_attempt_or_the_last_retry_or_the_deadline() -> None:
    attempts = Attempts(World([]).policy(max_retries=1))
    attempts.is_last = True
    assert next_step(Retryability.STARTING, attempts) == GiveUp()
    attempts = Attempts(World([]).policy(max_retries=1))
    attempts.retries = 1
    assert next_step(Retryability.TRANSIENT, attempts) == GiveUp()
    assert next_step(Retryability.STARTING, attempts) == Retry(0.5, takes_token=False)
    attempts = Attempts(World([]).policy(timeout=0.5))
    assert next_step(Retryability.TRANSIENT, attempts) == GiveUp()


@pytest.mark.parametrize("retryability", [Retryability.STARTING, Retryability.OVERLOADED])
def test_the_last_delay_is_cut_so_that_an_attempt_begins_before_the_deadline(
    retryability: Retryability,
) -> None:
    world = World([])
    attempts = Attempts(world.policy(timeout=10.0))
    attempts.waits = 9
    world.now += 8.0
    step: Any = next_step(retryability, attempts)
    assert step.delay == pytest.approx(1.0)
    world.now += 1.0
    assert next_step(retryability, attempts) == GiveUp()


@pytest.mark.parametrize("ready_after", [3.5, 6.0, 8.0])
@pytest.mark.parametrize("seed", range(40))
def test_a_starting_model_is_asked_until_the_time_is_over(ready_after: float, seed: int) -> None:
    """A model that is ready at 80 % of the timeout is never missed, whatever the jitter is."""
    world, chance = World([21355]), random.Random(seed)
    policy = world.policy(timeout=10.0).replace(random=chance.random)
    world.reply = lambda: 10000 if world.now - 100.0 >= ready_after else 21355  # type: ignore[method-assign]
    assert world.run(policy) == 7
    assert world.now - 100.0 < 10.0


def test_a_backoff_grows_to_its_maximum() -> None:
    backoff = Backoff(initial=1.0, multiplier=2.0, maximum=5.0)
    assert [backoff.delay(waits, lambda: 1.0) for waits in range(4)] == [1.0, 2.0, 4.0, 5.0]
    assert backoff.delay(1, lambda: 0.25) == 0.5


def test_a_deadline_counts_down_on_its_clock() -> None:
    world = World([])
    deadline, unlimited = (Deadline(timeout, lambda: world.now) for timeout in (10.0, None))
    world.now += 4.0
    assert (deadline.elapsed(), deadline.remaining()) == (4.0, 6.0)
    assert (deadline.expires_within(5.9), deadline.expires_within(6.0)) == (False, True)
    assert (unlimited.remaining(), unlimited.expires_within(1e9)) == (None, False)
    world.now += 100.0
    assert deadline.remaining() == 0.001


@pytest.mark.parametrize("transient", [FULL, 10030, 11003, 11005, 25604, 40030, 40031])
def test_a_transient_failure_is_retried(transient: Reply) -> None:
    world = World([transient, transient, 10000])
    assert world.run(world.policy()) == 7
    assert len(world.attempts) == 3
    assert len({attempt.request for attempt in world.attempts}) == 1


@pytest.mark.parametrize(
    "final",
    [
        *(LOST, RESET, TOO_LARGE, LATE, FORGED),
        GrpcFailure("UNAVAILABLE", "DNS resolution failed for llm.internal"),
        GrpcFailure("UNAVAILABLE", "connections to all backends failing; last error: refused"),
        GrpcFailure("RESOURCE_EXHAUSTED", "received metadata size exceeds hard limit"),
        GrpcFailure("RESOURCE_EXHAUSTED", "Received RST_STREAM with error code 11"),
        GrpcFailure("RESOURCE_EXHAUSTED", "CUDA out of memory"),
        GrpcFailure("RESOURCE_EXHAUSTED", "upstream: Concurrent RPC limit exceeded!"),
        *(10020, 11001, 11006, 21200, 21313, 21353, 30002, 99009),
    ],
)
def test_a_call_that_may_have_run_or_would_fail_again_is_not_retried(final: Reply) -> None:
    world = World([final, 10000])
    error = world.error(world.policy())
    assert len(world.attempts) == 1
    assert getattr(error, "attempts", 1) == 1


def test_retries_are_limited_and_the_error_counts_attempts() -> None:
    for kind, reply in ((ServerError, REFUSED), (RateLimitError, 11005)):
        world = World([reply])
        error = world.error(world.policy(max_retries=2))
        assert isinstance(error, kind)
        assert isinstance(error, ModelError)
        assert error.attempts == len(world.attempts) == 3
    world = World([REFUSED])
    world.error(world.policy(max_retries=0))
    assert len(world.attempts) == 1


@pytest.mark.item(49)
@pytest.mark.parametrize("code", [21351, 21354, 21355])
def test_a_model_that_starts_is_waited_for(code: int) -> None:
    world = World([code] * 20 + [10000])
    assert world.run(world.policy(max_retries=0)) == 7
    assert len(world.attempts) == 21
    assert max(world.pauses) == MAX_BACKOFF
    assert world.pauses == sorted(world.pauses)


@pytest.mark.item(49)
def test_a_model_that_never_starts_is_not_ready_at_the_deadline() -> None:
    world = World([21355])
    error = world.error(world.policy(timeout=60))
    assert isinstance(error, ModelNotReadyError)
    assert "21355 MODEL_LOADING" in str(error)
    assert error.attempts == len(world.attempts)
    assert world.now < 160


@pytest.mark.item(53)
def test_every_attempt_has_the_remaining_time_as_timeout() -> None:
    world = World([21355, 21355, LATE], takes=5.0)
    error = world.error(world.policy(timeout=30))
    assert [attempt.timeout for attempt in world.attempts] == [
        30,
        pytest.approx(30 - 5 - 0.5),
        pytest.approx(30 - 10 - 0.5 - 0.8),
    ]
    assert isinstance(error, DeadlineExceededError)
    assert error.attempts == 3


def test_without_a_timeout_no_attempt_has_one() -> None:
    world = World([21355, 10000])
    world.run(world.policy(timeout=None))
    assert [attempt.timeout for attempt in world.attempts] == [None, None]


@pytest.mark.defect("fixed pauses, no jitter")
@given(st.lists(st.sampled_from([21355, 11005, 40030]), max_size=9), st.floats(0, 1))
def test_pauses_have_full_jitter(replies: list[int], random: float) -> None:
    calm, jittered = World([*replies, 10000]), World([*replies, 10000], random=random)
    calm.run(calm.policy(max_retries=9))
    jittered.run(jittered.policy(max_retries=9))
    assert jittered.pauses == [pytest.approx(pause * random) for pause in calm.pauses]


def test_retries_of_a_server_that_refuses_everything_are_throttled() -> None:
    world = World([REFUSED])
    policy = world.policy()
    for _ in range(20):
        world.error(policy)
    before = len(world.attempts)
    for _ in range(1000):
        world.error(policy)
    assert len(world.attempts) - before <= 1101


def test_a_starting_model_takes_no_tokens() -> None:
    world = World([21355] * 30 + [REFUSED, 10000])
    assert world.run(world.policy()) == 7


@pytest.mark.item(51)
def test_a_server_at_capacity_is_waited_for() -> None:
    """Whoever's calls fill it: a refusal is not counted and takes no token."""
    world = World([FULL] * 30 + [10000])
    policy = world.policy(max_retries=1)
    assert world.run(policy) == 7
    assert len(world.attempts) == 31
    assert max(world.pauses) == MAX_OVERLOAD_BACKOFF
    assert [policy.throttle.take_token() for _ in range(11)] == [True] * 10 + [False]


def test_a_server_at_capacity_is_waited_for_until_the_deadline() -> None:
    world = World([FULL], random=0.0)
    error = world.error(world.policy(timeout=8.0))
    assert isinstance(error, UnavailableError)
    assert error.attempts == len(world.attempts)
    assert not error.may_have_run
    assert min(world.pauses[:-1]) == MIN_OVERLOAD_BACKOFF
    assert world.now - 100.0 == pytest.approx(7.0)


@pytest.mark.parametrize("sends", [0, 1])
def test_max_retries_of_0_also_holds_for_a_server_at_capacity(sends: int) -> None:
    world = World([FULL, 10000])
    policy = world.policy(max_retries=0)
    others = [call_unary(PING, [], CallContext(HERE, policy)) for _ in range(sends)]
    for other in others:
        next(other)
    world.error(policy)
    assert (len(world.attempts), world.pauses) == (1, [])


def test_a_call_without_a_connection_was_not_sent() -> None:
    """It has waited in the channel, so it is not sent again, and no attempt is counted."""
    for late in (UNSENT, GrpcFailure("DEADLINE_EXCEEDED", "no connection", is_unsent=True)):
        world = World([late, 10000])
        error = world.error(world.policy(idempotent=True))
        assert isinstance(error, UnavailableError | DeadlineExceededError)
        assert (error.attempts, error.may_have_run) == (0, False)
        assert (len(world.attempts), world.pauses) == (1, [])


@pytest.mark.parametrize(
    ("reply", "may_have_run"),
    [
        *((LOST, True), (FORGED, True), (RESET, True), (LATE, True), (UNSENT, False)),
        (DROPPED, True),
        *((11001, False), (11005, False), (21353, False), (21200, False), (40031, False)),
        *((10020, True), (99009, True), (GrpcFailure("CANCELLED", ""), True)),
    ],
)
def test_an_error_says_whether_the_model_may_have_run(reply: Reply, may_have_run: bool) -> None:
    world = World([reply])
    error = world.error(world.policy(max_retries=1))
    assert getattr(error, "may_have_run", None) is may_have_run
    # An earlier attempt counts too.
    world = World([LOST, reply])
    assert getattr(world.error(world.policy(idempotent=True)), "may_have_run", None) is True


def test_a_call_that_the_server_has_dropped_says_so() -> None:
    """A model may send the same status after it has run."""
    world = World([DROPPED])
    error = world.error(world.policy())
    assert isinstance(error, UnavailableError)
    assert str(error) == (
        "ping: CANCELLED: CANCELLED; the server dropped the call: very many calls wait for it, or it stops"
    )
    world = World([DROPPED, 10000])
    assert world.run(world.policy(idempotent=True)) == 7


def test_unavailable_with_unknown_details_may_have_run() -> None:
    lost = classify_failure(GrpcFailure("UNAVAILABLE", "Socket closed"))
    assert lost.retryability is Retryability.IF_IDEMPOTENT
    assert (
        classify_failure(GrpcFailure("INTERNAL", "failed to connect")).retryability
        is Retryability.NEVER
    )


@pytest.mark.item(50)
@pytest.mark.parametrize("lost", [LOST, RESET, GrpcFailure("UNKNOWN", "Stream removed")])
def test_an_idempotent_call_that_may_have_run_is_retried(lost: GrpcFailure) -> None:
    """Within `max_retries`, the throttle and the deadline, like a refusal."""
    world = World([lost, lost, 10000])
    assert world.run(world.policy(idempotent=True)) == 7
    assert len(world.attempts) == 3
    world = World([lost])
    assert getattr(world.error(world.policy(idempotent=True, max_retries=2)), "attempts", 0) == 3
    world = World([lost])
    for _ in range(20):
        world.error(world.policy(idempotent=True))
    assert len(world.attempts) == 20 * 5


@pytest.mark.parametrize("final", [TOO_LARGE, LATE, 10020, 11001, 21313, 99009])
def test_an_idempotent_call_that_would_fail_again_is_not_retried(final: Reply) -> None:
    world = World([final, 10000])
    world.error(world.policy(idempotent=True))
    assert len(world.attempts) == 1


def test_errors_have_the_elapsed_time() -> None:
    for reply in (11005, REFUSED, LATE):
        world = World([reply], takes=2.0)
        error = world.error(world.policy(max_retries=2))
        assert isinstance(error, ModelError | DeadlineExceededError)
        assert (
            error.elapsed
            == world.now - 100.0
            == pytest.approx(2.0 * error.attempts + sum(world.pauses))
        )


def drive(flow: Any, replies: Sequence[Any], *, whole: bool = True) -> tuple[list[Any], int]:
    """Drive a stream; return the items with how it ended, and the number of attempts.

    Args:
        flow: The stream.
        replies: The replies of the server.
        whole: Whether each attempt takes only the first input before it fails.
    """
    source, delivered, attempts = iter(replies), [], 0
    reply: Any = None
    failure: GrpcFailure | None = None
    try:
        while True:
            action = flow.send(reply) if failure is None else flow.throw(failure)
            reply = failure = None
            if isinstance(action, Deliver):
                delivered.append(action.result)
            elif isinstance(action, Open):
                attempts += 1
            elif isinstance(action, PullFirst):
                reply = 1
            elif isinstance(action, Reclaim):
                reply = whole
            elif isinstance(action, Receive):
                answered = next(source)
                if isinstance(answered, GrpcFailure):
                    failure = answered
                else:
                    reply = END if answered is END else answer(answered)
    except StopIteration:
        return [*delivered, "end"], attempts
    except ClarigenError as error:
        return [*delivered, type(error)], attempts


@pytest.mark.item(52)
def test_a_stream_is_retried_only_before_its_first_item() -> None:
    policy = World([]).policy()
    assert drive(
        call_stream(COUNT, [], CallContext(HERE, policy)), [REFUSED, 21355, 10000, END]
    ) == (
        [7, "end"],
        3,
    )
    assert drive(call_stream(COUNT, [], CallContext(HERE, policy)), [10000, LOST]) == (
        [7, UnavailableError],
        1,
    )
    assert drive(call_stream(COUNT, [], CallContext(HERE, policy)), [10020]) == (
        [PredictionError],
        1,
    )


@pytest.mark.item(52)
def test_a_stream_of_inputs_is_retried_while_no_input_is_lost() -> None:
    context = CallContext(HERE, World([]).policy())
    replies = [REFUSED, 21355, 10000, END]
    assert drive(call_stream(ADD, [[]], context), replies) == ([7, "end"], 3)
    assert drive(call_stream(ADD, [[]], context), [10000, LOST]) == ([7, UnavailableError], 1)
    assert drive(call_stream(ADD, [[]], context), [LOST]) == ([UnavailableError], 1)
    for reply, kind in ((REFUSED, ServerError), (21355, ModelNotReadyError)):
        assert drive(call_stream(ADD, [[]], context), [reply], whole=False) == ([kind], 1)


def test_long_start_of_a_model_is_warned_of_once(caplog: pytest.LogCaptureFixture) -> None:
    now = [0.0]
    attempts = Attempts(Policy(600, clock=lambda: now[0], random=lambda: 1.0))
    caplog.set_level(logging.INFO, "clarigen")
    for now[0] in (1.0, 12.0, 30.0):
        list(wait_for_retry(Retryability.STARTING, attempts, ModelNotReadyError("predict: 21351")))
    levels = [record.levelno for record in caplog.records]
    assert levels == [logging.INFO, logging.WARNING, logging.INFO]
