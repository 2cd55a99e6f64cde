"""The order and the limits of a batch. The plan is driven by hand, without a server and with a scripted clock."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clarigen import ClarigenError, InputError, PredictionError, wire
from clarigen._calls.actions import Send
from clarigen._calls.address import Address, Routing
from clarigen._calls.batch import (
    MAX_CONCURRENCY,
    MAX_INPUTS,
    MIN_REQUEST_SECONDS,
    AdaptiveLimits,
    BatchPlan,
    Chunk,
)
from clarigen._calls.call import CallContext
from clarigen._calls.retry import Policy
from clarigen._proto import MultiOutputResponse, PostModelOutputsRequest, Status

DOUBLE = wire.unary("double", wire.field("n", wire.INT), returns=wire.INT)
HERE = CallContext(Address(None, "", Routing()), Policy(None, clock=lambda: 0.0))


def start(chunk: Chunk) -> list[int]:
    """Start the flow of a chunk, and return the numbers that it sends."""
    action = next(chunk.flow)
    assert isinstance(action, Send)
    return numbers(action)


def numbers(action: Send) -> list[int]:
    """Return the inputs of a request."""
    request = PostModelOutputsRequest.FromString(action.request)
    for item in request.inputs:
        assert item.data.metadata.fields["_method_name"].string_value == "double"
    return [item.data.parts[0].data.int_value for item in request.inputs]


def answer(inputs: list[int], bad: frozenset[int] = frozenset(), code: int = 10000) -> bytes:
    response = MultiOutputResponse(status=Status(code=code))
    for n in inputs:
        output = response.outputs.add()
        output.status.code = 10020 if n in bad else 10000
        output.data.parts.add(id="return").data.int_value = 2 * n
    return response.SerializeToString()


def finish(plan: BatchPlan[int], chunk: Chunk, reply: bytes) -> None:
    with pytest.raises(StopIteration) as end:
        chunk.flow.send(reply)
    plan.finish_chunk(chunk, end.value.value)


@settings(deadline=None)  # a loaded machine is slow
@given(order=st.permutations(range(6)), sizes=st.lists(st.integers(1, 5), min_size=6, max_size=6))
def test_results_stand_in_the_order_of_their_inputs(order: list[int], sizes: list[int]) -> None:
    plan = BatchPlan(DOUBLE, HERE, AdaptiveLimits(5, 10), isolate=False)
    chunks: list[tuple[Chunk, list[int]]] = []
    first = 0
    for size in sizes:
        chunk = plan.add_chunk({"n": n} for n in range(first, first + size))
        first += size
        chunks.append((chunk, start(chunk)))
    plan.is_exhausted = True
    seen: list[int | ClarigenError] = []
    for index in order:
        chunk, asked = chunks[index]
        finish(plan, chunk, answer(asked))
        seen += plan.take_ready()
    assert seen == [2 * n for n in range(first)]
    assert plan.is_finished


def inputs_of(outcome: object) -> range | None:
    """Return the inputs that an error is about."""
    assert isinstance(outcome, ClarigenError)
    return outcome.inputs


@pytest.mark.item(38)
def test_an_input_that_fails_costs_no_other_result() -> None:
    plan = BatchPlan(DOUBLE, HERE, AdaptiveLimits(4), isolate=False)
    chunk = plan.add_chunk({"n": n} for n in range(4))
    finish(plan, chunk, answer(start(chunk), frozenset({2}), code=10010))
    first, second, third, fourth = plan.take_ready()
    assert (first, second, fourth) == (0, 2, 6)
    assert isinstance(third, PredictionError)
    assert str(third).startswith("double: ")
    assert inputs_of(third) == range(2, 3)


def test_an_input_that_does_not_fit_is_not_sent() -> None:
    plan = BatchPlan(DOUBLE, HERE, AdaptiveLimits(4), isolate=False)
    chunk = plan.add_chunk([{"n": 1}, {"n": "x"}, {"m": 1}, {}, 7, {"n": 5}])
    asked = start(chunk)
    assert asked == [1, 5]
    finish(plan, chunk, answer(asked))
    first, *bad, last = plan.take_ready()
    assert (first, last) == (2, 10)
    assert [str(error) for error in bad] == [
        "double: `n` must be an int, not str 'x'",
        "double: has no parameter 'm'; it has n",
        "double: `n` is required",
        "double: an input must be a mapping of arguments, not int 7",
    ]
    assert [inputs_of(error) for error in bad] == [range(n, n + 1) for n in range(1, 5)]
    assert all(isinstance(error, InputError) for error in bad)


def run_with_failures(chunk: Chunk, bad: int) -> tuple[int, list[list[int]]]:
    """Answer like a model that fails a request as a whole; return the attempts and the requests."""
    action, requests = next(chunk.flow), list[list[int]]()
    failure = MultiOutputResponse(status=Status(code=10020)).SerializeToString()
    while True:
        assert isinstance(action, Send)
        requests.append(numbers(action))
        try:
            action = chunk.flow.send(failure if bad in requests[-1] else answer(requests[-1]))
        except StopIteration as end:
            return end.value, requests


def test_the_failure_of_a_request_is_the_error_of_each_input() -> None:
    plan = BatchPlan(DOUBLE, HERE, AdaptiveLimits(4), isolate=False)
    chunk = plan.add_chunk({"n": n} for n in range(4))
    plan.finish_chunk(chunk, run_with_failures(chunk, 2)[0])
    outcomes = list(plan.take_ready())
    assert [type(outcome) for outcome in outcomes] == [PredictionError] * 4
    assert {(str(outcome), inputs_of(outcome)) for outcome in outcomes} == {
        ("double: 10020 FAILURE", range(4))
    }


def test_isolating_halves_until_the_one_that_fails_is_alone() -> None:
    plan = BatchPlan(DOUBLE, HERE, AdaptiveLimits(4), isolate=True)
    chunk = plan.add_chunk({"n": n} for n in range(4))
    attempts, requests = run_with_failures(chunk, 2)
    plan.finish_chunk(chunk, attempts)
    assert requests == [[0, 1, 2, 3], [0, 1], [2, 3], [2], [3]]
    first, second, third, fourth = plan.take_ready()
    assert (first, second, fourth) == (0, 2, 6)
    assert isinstance(third, PredictionError)
    assert str(third).startswith("double: ")
    assert inputs_of(third) == range(2, 3)


def test_indexes_count_all_inputs_of_the_batch() -> None:
    plan = BatchPlan(DOUBLE, HERE, AdaptiveLimits(2), isolate=False)
    for _ in range(2):
        chunk = plan.add_chunk({"n": n} for n in range(2))
        plan.finish_chunk(chunk, run_with_failures(chunk, 1)[0])
    assert [inputs_of(outcome) for outcome in plan.take_ready()] == [
        *[range(2)] * 2,
        *[range(2, 4)] * 2,
    ]


@pytest.mark.item(39)
def test_too_few_outputs_are_an_error_of_the_request() -> None:
    plan = BatchPlan(DOUBLE, HERE, AdaptiveLimits(4), isolate=False)
    chunk = plan.add_chunk({"n": n} for n in range(3))
    start(chunk)
    finish(plan, chunk, answer([0, 1]))
    assert [(str(outcome), inputs_of(outcome)) for outcome in plan.take_ready()] == [
        ("double: the response has 2 outputs for 3 inputs", range(3))
    ] * 3


def adapt(
    limits: AdaptiveLimits, seconds_per_input: float, latency: float = 0.0, answers: int = 20
) -> AdaptiveLimits:
    for _ in range(answers):
        limits.record(limits.size, latency + limits.size * seconds_per_input, refused=False)
    return limits


def test_a_fast_method_gets_full_requests_and_a_slow_one_small_ones() -> None:
    assert adapt(AdaptiveLimits(), 0.00005).size == MAX_INPUTS
    assert adapt(AdaptiveLimits(), 0.005).size == round(MIN_REQUEST_SECONDS / 0.005)
    assert adapt(AdaptiveLimits(), 5.0).size == 1


def test_requests_grow_if_latency_dominates() -> None:
    assert adapt(AdaptiveLimits(), 0.0001, latency=0.1).size == MAX_INPUTS
    assert adapt(AdaptiveLimits(), 0.2).size == 1


def test_fixed_limits_do_not_adapt() -> None:
    limits = adapt(AdaptiveLimits(7, 3), 0.00001)
    limits.record(7, 1.0, refused=True)
    assert (limits.size, limits.concurrency, limits.probe_seconds) == (7, 3, 0.0)


def test_refusals_decrease_concurrency_and_answers_slowly_increase_it() -> None:
    limits = AdaptiveLimits()
    for _ in range(4):
        limits.record(1, 0.1, refused=True)
    fewer = limits.concurrency
    assert fewer < MAX_CONCURRENCY / 2
    for _ in range(fewer + 2):
        limits.record(1, 0.1, refused=False)
    assert fewer < limits.concurrency <= fewer + 2
    for _ in range(100):
        limits.record(1, 0.1, refused=True)
    assert limits.concurrency == 1


def test_the_first_request_is_in_flight_alone() -> None:
    now = 0.0
    context = CallContext(HERE.address, Policy(None, clock=lambda: now))
    plan: BatchPlan[int] = BatchPlan(DOUBLE, context, AdaptiveLimits(None, 3), isolate=False)
    assert plan.next_size() == 1
    first = plan.add_chunk([{"n": 0}])
    assert plan.next_size() == 0
    assert plan.wait_timeout() == pytest.approx(MIN_REQUEST_SECONDS)
    now = MIN_REQUEST_SECONDS * 1.5  # a slow one: others do not wait for it
    assert plan.next_size() == 1
    assert plan.wait_timeout() is None
    asked = start(first)
    finish(plan, first, answer(asked))
    for n in range(3):
        assert plan.next_size()
        plan.add_chunk([{"n": n}])
        now += 1
    assert plan.next_size() == 0
