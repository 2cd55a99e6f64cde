"""The order and the pace of a batch, driven by hand: no server, no clock of its own."""

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


def sent(made: Chunk) -> list[int]:
    """What a chunk asks for, when it begins."""
    action = next(made.flow)
    assert isinstance(action, Send)
    return numbers(action)


def numbers(action: Send) -> list[int]:
    request = PostModelOutputsRequest.FromString(action.request)
    for one in request.inputs:
        assert one.data.metadata.fields["_method_name"].string_value == "double"
    return [one.data.parts[0].data.int_value for one in request.inputs]


def answer(given: list[int], bad: frozenset[int] = frozenset(), code: int = 10000) -> bytes:
    response = MultiOutputResponse(status=Status(code=code))
    for n in given:
        output = response.outputs.add()
        output.status.code = 10020 if n in bad else 10000
        output.data.parts.add(id="return").data.int_value = 2 * n
    return response.SerializeToString()


def finish(work: BatchPlan[int], made: Chunk, reply: bytes) -> None:
    with pytest.raises(StopIteration) as end:
        made.flow.send(reply)
    work.finish_chunk(made, end.value.value)


@settings(deadline=None)  # a machine under load may take its time
@given(order=st.permutations(range(6)), sizes=st.lists(st.integers(1, 5), min_size=6, max_size=6))
def test_results_stand_in_the_order_of_their_inputs(order: list[int], sizes: list[int]) -> None:
    work = BatchPlan(DOUBLE, HERE, AdaptiveLimits(5, 10))
    chunks: list[tuple[Chunk, list[int]]] = []
    start = 0
    for size in sizes:
        made = work.add_chunk({"n": n} for n in range(start, start + size))
        start += size
        chunks.append((made, sent(made)))
    work.is_exhausted = True
    seen: list[int | ClarigenError] = []
    for index in order:
        made, asked = chunks[index]
        finish(work, made, answer(asked))
        seen += work.take_ready()
    assert seen == [2 * n for n in range(start)]
    assert work.is_finished


@pytest.mark.item(38)
def test_an_input_that_fails_alone_costs_no_other_result() -> None:
    work = BatchPlan(DOUBLE, HERE, AdaptiveLimits(4))
    made = work.add_chunk({"n": n} for n in range(4))
    finish(work, made, answer(sent(made), frozenset({2}), code=10010))
    first, second, third, fourth = work.take_ready()
    assert (first, second, fourth) == (0, 2, 6)
    assert isinstance(third, PredictionError)


def test_an_input_that_does_not_fit_is_not_sent() -> None:
    work = BatchPlan(DOUBLE, HERE, AdaptiveLimits(4))
    made = work.add_chunk([{"n": 1}, {"n": "x"}, {"m": 1}, {}, 7, {"n": 5}])
    asked = sent(made)
    assert asked == [1, 5]
    finish(work, made, answer(asked))
    first, *bad, last = work.take_ready()
    assert (first, last) == (2, 10)
    assert [str(error) for error in bad] == [
        "input 1 of the batch: double: `n` must be an int, not str 'x'",
        "input 2 of the batch: double: has no parameter 'm'; it has n",
        "input 3 of the batch: double: `n` is required",
        "input 4 of the batch: double: must be a mapping of arguments, not int 7",
    ]
    assert all(isinstance(error, InputError) for error in bad)


def failed(made: Chunk, bad: int) -> tuple[int, list[list[int]]]:
    """Answer as a model that fails a request as a whole; how it ended, and what it was asked for."""
    action, asked = next(made.flow), []
    while True:
        assert isinstance(action, Send)
        asked.append(numbers(action))
        whole = MultiOutputResponse(status=Status(code=10020)).SerializeToString()
        try:
            action = made.flow.send(whole if bad in asked[-1] else answer(asked[-1]))
        except StopIteration as end:
            return end.value, asked


def test_a_failure_of_the_whole_is_that_of_each() -> None:
    work = BatchPlan(DOUBLE, HERE, AdaptiveLimits(4))
    made = work.add_chunk({"n": n} for n in range(4))
    work.finish_chunk(made, failed(made, 2)[0])
    assert [type(outcome) for outcome in work.take_ready()] == [PredictionError] * 4


def test_isolating_halves_until_the_one_that_fails_is_alone() -> None:
    work = BatchPlan(DOUBLE, HERE, AdaptiveLimits(4), isolate=True)
    made = work.add_chunk({"n": n} for n in range(4))
    ended, asked = failed(made, 2)
    work.finish_chunk(made, ended)
    assert asked == [[0, 1, 2, 3], [0, 1], [2, 3], [2], [3]]
    first, second, third, fourth = work.take_ready()
    assert (first, second, fourth) == (0, 2, 6)
    assert isinstance(third, PredictionError)


@pytest.mark.item(39)
def test_too_few_outputs_are_an_error_of_the_request() -> None:
    work = BatchPlan(DOUBLE, HERE, AdaptiveLimits(4))
    made = work.add_chunk({"n": n} for n in range(3))
    sent(made)
    finish(work, made, answer([0, 1]))
    assert [str(outcome) for outcome in work.take_ready()] == [
        "double: the response has 2 outputs for 3 inputs"
    ] * 3


def told(
    pace: AdaptiveLimits, seconds_an_input: float, way: float = 0.0, answers: int = 20
) -> AdaptiveLimits:
    for _ in range(answers):
        pace.record(pace.size, way + pace.size * seconds_an_input, refused=False)
    return pace


def test_a_fast_method_gets_full_requests_and_a_slow_one_small_ones() -> None:
    assert told(AdaptiveLimits(), 0.00005).size == MAX_INPUTS
    assert told(AdaptiveLimits(), 0.005).size == round(MIN_REQUEST_SECONDS / 0.005)
    assert told(AdaptiveLimits(), 5.0).size == 1


def test_where_the_way_is_long_requests_grow() -> None:
    assert told(AdaptiveLimits(), 0.0001, way=0.1).size == MAX_INPUTS
    assert told(AdaptiveLimits(), 0.2).size == 1


def test_what_is_fixed_stays() -> None:
    pace = told(AdaptiveLimits(7, 3), 0.00001)
    pace.record(7, 1.0, refused=True)
    assert (pace.size, pace.concurrency, pace.probe_seconds) == (7, 3, 0.0)


def test_refusals_make_fewer_calls_and_answers_slowly_more() -> None:
    pace = AdaptiveLimits()
    for _ in range(4):
        pace.record(1, 0.1, refused=True)
    fewer = pace.concurrency
    assert fewer < MAX_CONCURRENCY / 2
    for _ in range(fewer + 2):
        pace.record(1, 0.1, refused=False)
    assert fewer < pace.concurrency <= fewer + 2
    for _ in range(100):
        pace.record(1, 0.1, refused=True)
    assert pace.concurrency == 1


def test_the_first_request_goes_alone_and_then_no_more_than_calls_allow() -> None:
    now = 0.0
    context = CallContext(HERE.address, Policy(None, clock=lambda: now))
    work: BatchPlan[int] = BatchPlan(DOUBLE, context, AdaptiveLimits(None, 3))
    assert work.next_size() == 1
    first = work.add_chunk([{"n": 0}])
    assert work.next_size() == 0
    assert work.wait_timeout() == pytest.approx(MIN_REQUEST_SECONDS)
    now = MIN_REQUEST_SECONDS * 1.5  # a slow one: others do not wait for it
    assert work.next_size() == 1
    assert work.wait_timeout() is None
    asked = sent(first)
    finish(work, first, answer(asked))
    for n in range(3):
        assert work.next_size()
        work.add_chunk([{"n": n}])
        now += 1
    assert work.next_size() == 0
