"""When a call is sent again: flows driven by hand, with a clock and chance of our own."""

from __future__ import annotations

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
    UnavailableError,
    wire,
)
from clarigen._calls.actions import END, Deliver, Failure, Open, Pull, Receive, Reclaim, Send, Sleep
from clarigen._calls.address import Address, Routing
from clarigen._calls.call import CallContext, call_stream, call_unary
from clarigen._calls.retry import MAX_BACKOFF, MAX_OVERLOAD_BACKOFF, Policy
from clarigen._calls.status import Retryability, classify_failure
from clarigen._calls.throttle import RetryThrottle
from clarigen._proto import MultiOutputResponse, Status

PING = wire.unary("ping", returns=wire.INT)
COUNT = wire.server_stream("count", returns=wire.INT)
ADD = wire.bidi_stream("add", wire.field("items", wire.INT, stream=True), returns=wire.INT)

HERE = Address(None, "", Routing())
REFUSED = Failure("UNAVAILABLE", "failed to connect to all addresses; Connection refused")
LOST = Failure("UNAVAILABLE", "recvmsg:Connection reset by peer")
FULL = Failure("RESOURCE_EXHAUSTED", "Concurrent RPC limit exceeded!")
RESET = Failure("INTERNAL", "Received RST_STREAM with error code 2")
TOO_LARGE = Failure("RESOURCE_EXHAUSTED", "Received message larger than max (5 vs. 4)")
LATE = Failure("DEADLINE_EXCEEDED", "Deadline Exceeded")

Reply = int | Failure
"""A status of the platform (10000 answers 7), or a status of gRPC."""


def answer(code: int) -> bytes:
    response = MultiOutputResponse(status=Status(code=code))
    if code == 10000:
        response.outputs.add().data.parts.add(id="return").data.int_value = 7
    return response.SerializeToString()


class World:
    """A clock that only sleeping and attempts move, a server with its replies, and what it saw."""

    def __init__(
        self, replies: Sequence[Reply], *, takes: float = 0.0, chance: float = 1.0
    ) -> None:
        self.now = 100.0
        self.replies = list(replies)
        self.takes = takes
        self.chance = chance
        self.attempts: list[Send] = []
        self.pauses: list[float] = []

    def policy(
        self, timeout: float | None = 600.0, max_retries: int = 4, *, idempotent: bool = False
    ) -> Policy:
        clock, chance = lambda: self.now, lambda: self.chance
        return Policy(timeout, max_retries, RetryThrottle(), clock, chance, idempotent)

    def reply(self) -> Reply:
        self.now += self.takes
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]

    def run(self, policy: Policy) -> Any:
        """Drive `ping()` to its end."""
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
            came = self.reply()
            if isinstance(came, Failure):
                failure = came
            else:
                reply = answer(came)

    def error(self, policy: Policy) -> ClarigenError:
        with pytest.raises(ClarigenError) as caught:
            self.run(policy)
        return caught.value


@pytest.mark.parametrize("passing", [REFUSED, FULL, 10030, 11003, 11005, 25604, 40030, 40031])
def test_what_passes_is_sent_again(passing: Reply) -> None:
    world = World([passing, passing, 10000])
    assert world.run(world.policy()) == 7
    assert len(world.attempts) == 3
    assert len({attempt.request for attempt in world.attempts}) == 1


@pytest.mark.parametrize(
    "final", [LOST, RESET, TOO_LARGE, LATE, 10020, 11001, 11006, 21200, 21313, 21353, 30002, 99009]
)
def test_what_may_have_run_or_would_fail_alike_is_not(final: Reply) -> None:
    world = World([final, 10000])
    error = world.error(world.policy())
    assert len(world.attempts) == 1
    assert getattr(error, "attempts", 1) == 1


def test_the_number_of_retries_is_bounded_and_told() -> None:
    for kind, reply in ((UnavailableError, REFUSED), (RateLimitError, 11005)):
        world = World([reply])
        error = world.error(world.policy(max_retries=2))
        assert isinstance(error, kind)
        assert isinstance(error, UnavailableError | ModelError)
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
def test_a_model_that_never_starts_is_not_ready_when_the_time_is_over() -> None:
    world = World([21355])
    error = world.error(world.policy(timeout=60))
    assert isinstance(error, ModelNotReadyError)
    assert "21355 MODEL_LOADING" in str(error)
    assert error.attempts == len(world.attempts)
    assert world.now < 160


@pytest.mark.item(53)
def test_every_attempt_has_what_is_left_of_the_time() -> None:
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
def test_pauses_have_full_jitter(replies: list[int], chance: float) -> None:
    calm, jittered = World([*replies, 10000]), World([*replies, 10000], chance=chance)
    calm.run(calm.policy(max_retries=9))
    jittered.run(jittered.policy(max_retries=9))
    assert jittered.pauses == [pytest.approx(pause * chance) for pause in calm.pauses]


def test_a_server_that_refuses_everything_is_not_hammered() -> None:
    world = World([REFUSED])
    policy = world.policy()
    for _ in range(20):
        world.error(policy)
    before = len(world.attempts)
    for _ in range(1000):
        world.error(policy)
    assert len(world.attempts) - before <= 1101


def test_a_model_that_starts_costs_no_budget() -> None:
    world = World([21355] * 30 + [REFUSED, 10000])
    assert world.run(world.policy()) == 7


@pytest.mark.item(51)
def test_a_server_that_is_full_of_work_is_waited_for() -> None:
    """Refused for want of room while it works at what came before: neither counted nor paid for."""
    world = World([FULL] * 30 + [10000])
    policy = world.policy(max_retries=1)
    other = call_unary(PING, [], CallContext(HERE, policy))
    next(other)
    assert world.run(policy) == 7
    assert len(world.attempts) == 31
    assert max(world.pauses) == MAX_OVERLOAD_BACKOFF
    assert [policy.throttle.take_token() for _ in range(11)] == [True] * 10 + [False]


@pytest.mark.parametrize("sends", [0, 1])
def test_no_retries_means_none(sends: int) -> None:
    world = World([FULL, 10000])
    policy = world.policy(max_retries=0)
    others = [call_unary(PING, [], CallContext(HERE, policy)) for _ in range(sends)]
    for other in others:
        next(other)
    world.error(policy)
    assert (len(world.attempts), world.pauses) == (1, [])


@pytest.mark.parametrize("how", ["answered", "failed", "dropped", "sent later"])
def test_a_server_that_works_at_nothing_is_not_waited_for(how: str) -> None:
    world = World([FULL])
    policy = world.policy(max_retries=2)
    other = call_unary(PING, [], CallContext(HERE, policy))
    if how != "sent later":
        next(other)
    if how == "answered":
        with pytest.raises(StopIteration):
            other.send(answer(10000))
    elif how == "failed":
        with pytest.raises(UnavailableError):
            other.throw(LOST)
    elif how == "dropped":
        del other
    else:
        replied = world.reply

        def reply() -> Reply:
            if len(world.attempts) == 3:
                next(other)
            return replied()

        world.reply = reply  # type: ignore[method-assign]
    error = world.error(policy)
    assert isinstance(error, UnavailableError)
    assert error.attempts == len(world.attempts) == 3


def test_a_server_that_answers_others_is_waited_for() -> None:
    """A call that was sent later and answered says as much as one that it still works at."""
    world = World([FULL] * 20 + [10000])
    policy = world.policy(max_retries=1)
    slept = world.pauses

    class Busy(list[float]):
        def append(self, seconds: float) -> None:
            other = call_unary(PING, [], CallContext(HERE, policy))
            next(other)
            with pytest.raises(StopIteration):
                other.send(answer(10000))
            slept.append(seconds)

    world.pauses = Busy()
    assert world.run(policy) == 7
    assert len(world.attempts) == 21


def test_a_full_server_gets_no_requests_that_nothing_pays_for() -> None:
    """With the savings gone, pauses go by without an attempt, as many as there would have been retries."""
    world = World([FULL])
    policy = world.policy()
    while policy.throttle.take_token():
        pass
    assert getattr(world.error(policy), "attempts", None) == len(world.attempts) == 1
    assert len(world.pauses) == 4


def test_unknown_details_of_unavailable_mean_it_may_have_run() -> None:
    lost = classify_failure(Failure("UNAVAILABLE", "Socket closed"))
    assert lost.retry is Retryability.IF_IDEMPOTENT
    assert classify_failure(Failure("INTERNAL", "failed to connect")).retry is Retryability.NEVER


@pytest.mark.item(50)
@pytest.mark.parametrize("lost", [LOST, RESET, Failure("UNKNOWN", "Stream removed")])
def test_what_may_have_run_is_run_again_where_that_is_allowed(lost: Failure) -> None:
    """As a refusal is: within `max_retries`, the budget and the deadline."""
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
def test_what_would_fail_alike_is_not_run_again_either(final: Reply) -> None:
    world = World([final, 10000])
    world.error(world.policy(idempotent=True))
    assert len(world.attempts) == 1


def test_errors_tell_the_time_that_the_call_took() -> None:
    for reply in (11005, REFUSED, LATE):
        world = World([reply], takes=2.0)
        error = world.error(world.policy(max_retries=2))
        assert isinstance(error, ModelError | UnavailableError | DeadlineExceededError)
        assert (
            error.elapsed
            == world.now - 100.0
            == pytest.approx(2.0 * error.attempts + sum(world.pauses))
        )


def drive(flow: Any, replies: Sequence[Any], *, whole: bool = True) -> tuple[list[Any], int]:
    """Drive a stream; what was delivered and how it ended, and the number of attempts.

    Args:
        flow: The stream.
        replies: What the server says.
        whole: Whether no more than the first item is taken before an answer.
    """
    source, delivered, attempts = iter(replies), [], 0
    reply: Any = None
    failure: Failure | None = None
    try:
        while True:
            action = flow.send(reply) if failure is None else flow.throw(failure)
            reply = failure = None
            if isinstance(action, Deliver):
                delivered.append(action.item)
            elif isinstance(action, Open):
                attempts += 1
            elif isinstance(action, Pull):
                reply = 1
            elif isinstance(action, Reclaim):
                reply = whole
            elif isinstance(action, Receive):
                came = next(source)
                if isinstance(came, Failure):
                    failure = came
                else:
                    reply = came if came is END else answer(came)
    except StopIteration:
        return [*delivered, "end"], attempts
    except ClarigenError as error:
        return [*delivered, type(error)], attempts


@pytest.mark.item(52)
def test_a_stream_is_sent_again_before_its_first_item_only() -> None:
    policy = World([]).policy()
    assert drive(
        call_stream(COUNT, [], CallContext(HERE, policy)), [REFUSED, 21355, 10000, END]
    ) == (
        [7, "end"],
        3,
    )
    assert drive(call_stream(COUNT, [], CallContext(HERE, policy)), [10000, REFUSED]) == (
        [7, UnavailableError],
        1,
    )
    assert drive(call_stream(COUNT, [], CallContext(HERE, policy)), [10020]) == (
        [PredictionError],
        1,
    )


@pytest.mark.item(52)
def test_a_stream_of_inputs_is_sent_again_while_nothing_is_lost() -> None:
    context = CallContext(HERE, World([]).policy())
    replies = [REFUSED, 21355, 10000, END]
    assert drive(call_stream(ADD, [[]], context), replies) == ([7, "end"], 3)
    assert drive(call_stream(ADD, [[]], context), [10000, REFUSED]) == ([7, UnavailableError], 1)
    assert drive(call_stream(ADD, [[]], context), [LOST]) == ([UnavailableError], 1)
    for reply, kind in ((REFUSED, UnavailableError), (21355, ModelNotReadyError)):
        assert drive(call_stream(ADD, [[]], context), [reply], whole=False) == ([kind], 1)
