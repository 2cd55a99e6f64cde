"""A single call without I/O: tests drive the generators by hand, without a server, a clock or an event loop."""

from __future__ import annotations

import pickle
import traceback
from collections.abc import Iterable
from typing import Any

import pytest

from clarigen import (
    AuthenticationError,
    ClarigenError,
    DeadlineExceededError,
    DecodeError,
    InputError,
    ModelError,
    ModelNotReadyError,
    ModelRef,
    NotFoundError,
    PermissionDeniedError,
    PredictionError,
    RateLimitError,
    ServerError,
    TransportError,
    UnavailableError,
    wire,
)
from clarigen._calls.actions import END, Deliver, GrpcFailure, Open, PullFirst, Receive, Send
from clarigen._calls.address import Address, Routing
from clarigen._calls.call import CallContext, call_stream, call_unary
from clarigen._calls.grpc_status import error_from_failure
from clarigen._calls.retry import Policy
from clarigen._calls.status import error_from_status
from clarigen._proto import Data, MultiOutputResponse, PostModelOutputsRequest, Status

DOUBLE = wire.unary("double", wire.field("n", wire.INT), returns=wire.INT)
COUNT = wire.server_stream("count", wire.field("n", wire.INT), returns=wire.INT)
ADD = wire.bidi_stream(
    "add", wire.field("items", wire.INT, stream=True), wire.field("k", wire.INT), returns=wire.INT
)


HERE = Address(None, "", Routing())
REF = ModelRef("u", "a", "m")
ONCE = CallContext(HERE, Policy(timeout=5.0, clock=lambda: 0.0))


def answer(*numbers: int, code: int = 10000, output: int = 10000, **status: Any) -> bytes:
    response = MultiOutputResponse(status=Status(code=code, **status))
    for number in numbers:
        item = response.outputs.add()
        item.status.code = output
        item.data.parts.add(id="return").data.int_value = number
    return response.SerializeToString()


def call(reply: bytes | GrpcFailure, timeout: float | None = 5.0, seconds: float = 0.0) -> Any:
    """Drive `double(3)` with one reply, which comes after some seconds."""
    now = 0.0
    flow = call_unary(DOUBLE, [3], CallContext(HERE, Policy(timeout, clock=lambda: now)))
    attempt = next(flow)
    now = seconds
    assert isinstance(attempt, Send)
    assert (attempt.rpc, attempt.timeout) == ("PostModelOutputs", timeout)
    try:
        flow.throw(reply) if isinstance(reply, GrpcFailure) else flow.send(reply)
    except StopIteration as end:
        return end.value
    raise AssertionError("the call has not ended")


def test_unary_call_sends_one_request() -> None:
    assert call(answer(6)) == 6


def test_address_is_part_of_the_request() -> None:
    attempt = next(call_unary(DOUBLE, [3], CallContext(Address(REF, "v", Routing()), Policy(5.0))))
    assert isinstance(attempt, Send)
    request = PostModelOutputsRequest.FromString(attempt.request)
    assert (request.model_id, request.version_id) == ("m", "v")
    (item,) = request.inputs
    assert [(part.id, part.data.int_value) for part in item.data.parts] == [("n", 3)]


def test_invalid_value_raises_before_the_request() -> None:
    with pytest.raises(InputError, match="double: `n`"):
        next(call_unary(DOUBLE, ["3"], ONCE))
    with pytest.raises(InputError, match="count: `n`"):
        call_stream(COUNT, ["3"], ONCE)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (0, ServerError),
        (10020, PredictionError),
        (11001, AuthenticationError),
        (11002, AuthenticationError),
        (11007, PermissionDeniedError),
        (11101, NotFoundError),
        (11005, RateLimitError),
        (11006, RateLimitError),
        (21200, NotFoundError),
        (21201, PermissionDeniedError),
        (21313, PredictionError),
        (21353, ModelNotReadyError),
        (30002, PredictionError),
        (98004, ServerError),
        (99009, ServerError),
        (54321, ModelError),
    ],
)
def test_platform_statuses_map_to_error_classes(code: int, kind: type[ModelError]) -> None:
    reply = answer(code=code, description="Failure", details="why", req_id="r1")
    with pytest.raises(ModelError) as caught:
        call(reply)
    error = caught.value
    assert type(error) is kind
    assert (error.code, error.description, error.details) == (code, "Failure", "why")
    assert error.request_id == "r1"
    assert str(error).startswith(f"double: {code}")
    assert "Failure: why [request r1]" in str(error)


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        (GrpcFailure("UNAVAILABLE", "refused"), UnavailableError),
        (GrpcFailure("RESOURCE_EXHAUSTED", "Concurrent RPC limit exceeded!"), UnavailableError),
        (GrpcFailure("RESOURCE_EXHAUSTED", "Received message larger than max"), TransportError),
        (GrpcFailure("UNIMPLEMENTED", "x"), TransportError),
        (GrpcFailure("INTERNAL", "x"), TransportError),
        (GrpcFailure("UNAUTHENTICATED", "x"), AuthenticationError),
        (GrpcFailure("PERMISSION_DENIED", "x"), PermissionDeniedError),
        (GrpcFailure("NOT_FOUND", "x"), NotFoundError),
        (GrpcFailure("DEADLINE_EXCEEDED", "x"), DeadlineExceededError),
    ],
)
def test_grpc_statuses_map_to_error_classes(
    failure: GrpcFailure, kind: type[ClarigenError]
) -> None:
    with pytest.raises(ClarigenError) as caught:
        call(failure)
    assert type(caught.value) is kind
    assert str(caught.value).startswith("double: ")


def test_deadline_exceeded_is_a_timeout_error() -> None:
    with pytest.raises(TimeoutError, match="double: no answer within 5 seconds"):
        call(GrpcFailure("DEADLINE_EXCEEDED", ""), seconds=5.0)
    error = error_from_failure(GrpcFailure("DEADLINE_EXCEEDED", "why"), "f", timeout=None)
    assert str(error) == "f: why"


def test_deadline_of_the_server_or_a_proxy_is_told_in_its_own_words() -> None:
    """Only a call whose own time is over has got no answer within its timeout."""
    with pytest.raises(
        DeadlineExceededError, match=r"^double: upstream request timeout$"
    ) as caught:
        call(GrpcFailure("DEADLINE_EXCEEDED", "upstream request timeout"), seconds=0.17)
    assert caught.value.timeout is None


def test_stack_trace_is_not_part_of_the_message() -> None:
    """The stack trace may contain private details, so no text of the error contains it."""
    lines = ["Traceback (most recent call last):", '  File "/srv/secret/model.py", line 7']
    with pytest.raises(PredictionError) as caught:
        call(answer(code=10020, description="Failure", stack_trace=lines))
    error = caught.value
    assert error.stack_trace == tuple(lines)
    assert pickle.loads(pickle.dumps(error)).stack_trace == tuple(lines)
    printed = "".join(traceback.format_exception(error))
    for text in (str(error), repr(error), printed):
        assert "secret" not in text
    assert error_from_status(Status(code=10020)).stack_trace == ()  # type: ignore[union-attr]


def test_error_from_status_of_success_and_of_a_hidden_cause() -> None:
    assert error_from_status(Status(code=10000)) is None
    error = error_from_status(Status(code=21313, description="Failed", internal_details="cause"))
    assert error is not None
    assert error.details == "cause"


@pytest.mark.item(38)
def test_failed_output_raises_despite_a_successful_response() -> None:
    with pytest.raises(PredictionError, match="30002"):
        call(answer(1, code=10010, output=30002))
    with pytest.raises(PredictionError, match="10020"):
        call(answer(1, output=10020))
    assert call(answer(1, output=0)) == 1


@pytest.mark.item(39)
@pytest.mark.parametrize("reply", [answer(), answer(1, 2), b"\xff\xff\xff"])
def test_response_without_result_raises_decode_error(reply: bytes) -> None:
    with pytest.raises(DecodeError, match="double: "):
        call(reply)


def drive_stream(replies: Iterable[Any]) -> list[Any]:
    """Drive `count(3)` with these replies; return the delivered items and the error that ended it."""
    flow, delivered = call_stream(COUNT, [3], ONCE), []
    attempt = next(flow)
    assert isinstance(attempt, Open)
    assert attempt.rpc == "GenerateModelOutputs"
    action, source = flow.send(None), iter(replies)
    try:
        while True:
            if isinstance(action, Deliver):
                delivered.append(action.result)
                action = flow.send(None)
                continue
            assert isinstance(action, Receive)
            reply = next(source)
            action = flow.throw(reply) if isinstance(reply, GrpcFailure) else flow.send(reply)
    except StopIteration:
        return [*delivered, "end"]
    except ClarigenError as error:
        return [*delivered, type(error)]


def test_stream_delivers_items_then_the_error() -> None:
    assert drive_stream([answer(1), answer(2), END]) == [1, 2, "end"]
    assert drive_stream([END]) == ["end"]
    assert drive_stream([answer(1), answer(code=10020)]) == [1, PredictionError]
    assert drive_stream([answer(1), GrpcFailure("UNAVAILABLE", "")]) == [1, UnavailableError]


@pytest.mark.item(44)
def test_first_message_carries_arguments_and_first_item() -> None:
    flow = call_stream(ADD, [iter([]), 5], ONCE)
    assert isinstance(next(flow), PullFirst)
    attempt = flow.send(1)
    assert isinstance(attempt, Open)
    assert ids(attempt.request) == ["k", "items"]
    assert attempt.encode_item is not None
    assert ids(attempt.encode_item(0)) == ["items"]
    with pytest.raises(InputError, match="an item of `items`"):
        attempt.encode_item("x")


def ids(message: bytes) -> list[str]:
    (item,) = PostModelOutputsRequest.FromString(message).inputs
    data: Data = item.data
    assert data.metadata.fields["_method_name"].string_value == "add"
    return [part.id for part in data.parts]


@pytest.mark.item(44)
def test_bidi_stream_without_items_sends_nothing() -> None:
    flow = call_stream(ADD, [iter([]), 5], ONCE)
    assert isinstance(next(flow), PullFirst)
    with pytest.raises(StopIteration):
        flow.send(END)
