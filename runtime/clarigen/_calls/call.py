"""One call, unary or streaming, without I/O.

A call is a generator, called a flow: it yields actions (see `actions`) and is sent their results. It decides what
is sent, what a response means, and when the call ends. Connections, streams and batches perform the actions and
decide nothing. So the synchronous and the async client share encoding, statuses and deadlines, and tests need no
server.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from functools import partial
from typing import Any, Final, NamedTuple, Protocol, TypeVar

from .._log import LOGGER
from .._proto import MultiOutputResponse
from .._wire.large_payloads import LargePayloads
from .._wire.method import Method, Streaming, Unary
from .._wire.protobuf_writer import Buffers
from ..errors import ClarigenError, DecodeError, ModelError
from .actions import END, Deliver, GrpcFailure, Open, PullFirst, Receive, Reclaim, Send, Sleep
from .address import Address
from .grpc_status import CallError, classify_failure, error_from_failure
from .reply import ParsedReply, check_response, parse_reply
from .response import Observer, Response, Usage, notify_observers, sum_usage
from .retry import Attempts, Deadline, Policy, wait_for_retry, wait_for_turn
from .status import classify_status, error_from_status

_R = TypeVar("_R")

_CLOCK_SKEW: Final = 0.05
"""How much earlier than our clock gRPC's may end a call, in seconds."""

UnaryFlow = Generator[Send | Sleep, Any, _R]
"""A flow that only sends unary requests and sleeps. It returns a result of type `_R`."""

StreamFlow = Generator[Send | Sleep | PullFirst | Open | Receive | Deliver | Reclaim, Any, Usage]
"""The flow of a streaming call. It delivers the results and returns the usage."""


class DriftCheck(Protocol):
    """The check that the model still has the methods that the client was generated from."""

    @property
    def unverified(self) -> bool:
        """Whether a call must run `verify_once` first."""
        ...

    @property
    def is_watching(self) -> bool:
        """Whether `note_answer` must be called if an answer tells another version than `seen_version`."""
        ...

    @property
    def seen_version(self) -> str | None:
        """The version that the last answer told; None before the first answer."""
        ...

    def verify_once(
        self, method: Method[Any], address: Address, deadline: Deadline
    ) -> UnaryFlow[None]:
        """Compare the methods unless that has been done; raise SignatureMismatchError if this one would break."""
        ...

    def note_answer(self, version_id: str, address: Address) -> None:
        """Take notice of the version that an answer tells, if it is another one than `seen_version`."""
        ...

    def add_hint(
        self, error: ClarigenError, address: Address, deadline: Deadline, version_id: str
    ) -> UnaryFlow[None]:
        """Add to an error's message that the model has changed, if that may be the cause."""
        ...


class CallContext(NamedTuple):
    """Everything that a call needs except its method and its arguments.

    Attributes:
        address: The model that is called.
        policy: Timeout and retries.
        observers: Callbacks for the response.
        drift: Check of the model's methods; None to check nothing.
        on_start: Called with the platform's id of the request when a stream delivers its first result.
    """

    address: Address
    policy: Policy
    observers: tuple[Observer, ...] = ()
    drift: DriftCheck | None = None
    on_start: Callable[[str], None] | None = None


def call_unary(method: Unary[_R], values: Sequence[Any], context: CallContext) -> UnaryFlow[_R]:
    """Call a unary method with one value per parameter, and return its result."""
    request = method.encode_request(values)
    (response, payloads), attempts = yield from _send_with_retries(method, request, 1, context)
    try:
        return method.decode_result(response.outputs[0].data, payloads)
    except ModelError as error:  # in the result, such as the error of a tool
        raise _complete_error(error, response, attempts) from None
    except DecodeError as error:
        yield from _add_drift_hint(context, error, attempts, response)
        raise


def call_chunk(
    method: Unary[_R], request: Sequence[bytes], input_count: int, context: CallContext
) -> UnaryFlow[tuple[list[_R | ClarigenError], int]]:
    """Call a unary method with several inputs in one request.

    Args:
        method: The method.
        request: Parts of the request without its address, from `Unary.join_requests`.
        input_count: Number of inputs in the request.
        context: Everything else that the call needs.

    Returns:
        The outcome of each input (its result or its own error), and the number of attempts.
    """
    (response, payloads), attempts = yield from _send_with_retries(
        method, request, input_count, context, check_outputs=False
    )
    outcomes = [
        _decode_output(method, response, index, payloads, attempts)
        for index in range(len(response.outputs))
    ]
    for outcome in outcomes:
        if isinstance(outcome, ModelError | DecodeError):
            yield from _add_drift_hint(context, outcome, attempts, response)
    return outcomes, attempts.count


def encode_input(method: Method[Any], values: Sequence[Any]) -> bytes:
    """Encode a request with one input, without its address.

    Raises:
        InputError: A value does not fit its parameter.
    """
    return b"".join(method.encode_request(values))


def _send_with_retries(
    method: Unary[Any],
    request: Sequence[bytes | memoryview],
    input_count: int,
    context: CallContext,
    *,
    check_outputs: bool = True,
) -> UnaryFlow[tuple[ParsedReply, Attempts]]:
    """Send a request until it succeeds or no attempt is left. Return the parsed reply and the attempts.

    Args:
        method: The method.
        request: Parts of the request without its address, to be joined.
        input_count: Number of inputs in the request, and of outputs in the response.
        context: Everything else that the call needs.
        check_outputs: Whether the call fails if an output failed.
    """
    message = b""
    with Attempts(context.policy) as attempts:
        while True:
            try:
                address_fields = yield from _prepare_attempt(method, context, attempts)
                message = message or b"".join((address_fields, *request))
                reply = yield Send(method.rpc, message, attempts.begin())
                parsed = parse_reply(method, reply, keep_whole=bool(context.observers))
                check_response(method, parsed.response, input_count, check_outputs=check_outputs)
                break
            except (GrpcFailure, ModelError) as failure:
                yield from _wait_or_raise(method, attempts, failure, context)
            except DecodeError as error:
                yield from _add_drift_hint(context, error, attempts)
                raise
    _note_version(context, parsed.response)
    _notify_observers(context, method, parsed.response, attempts)
    return parsed, attempts


def _prepare_attempt(
    method: Method[Any], context: CallContext, attempts: Attempts
) -> UnaryFlow[bytes]:
    """Verify the model if necessary, and wait for the turn of the call. Return the fields that address the model."""
    if context.drift is not None and context.drift.unverified:
        yield from context.drift.verify_once(method, context.address, attempts.deadline)
    address_fields = yield from context.address.resolve(attempts.deadline.remaining)
    if attempts.must_queue:
        yield from wait_for_turn(attempts)
    return address_fields


def _note_version(context: CallContext, response: MultiOutputResponse) -> None:
    """Tell the check for changes which version of the model has answered, if that is news."""
    drift = context.drift
    if drift is not None and drift.is_watching:
        version_id = response.outputs[0].model.model_version.id
        if version_id != drift.seen_version:
            drift.note_answer(version_id, context.address)


def _decode_output(
    method: Unary[_R],
    response: MultiOutputResponse,
    index: int,
    payloads: LargePayloads,
    attempts: Attempts,
) -> _R | ClarigenError:
    """Return the result of one output, or its error."""
    output = response.outputs[index]
    if output.status.code:
        error = error_from_status(output.status, method.name)
        if error is not None:
            return attempts.annotate(error)
    try:
        return method.decode_result(output.data, payloads)
    except ModelError as error:
        return _complete_error(error, response, attempts)
    except DecodeError as error:
        return error


def _complete_error(
    error: ModelError, response: MultiOutputResponse, attempts: Attempts
) -> ModelError:
    """Complete an error that a result contains with the request, the attempts and the time."""
    error.request_id = response.status.req_id
    return attempts.annotate(error)


def call_stream(method: Streaming[Any], values: Sequence[Any], context: CallContext) -> StreamFlow:
    """Call a streaming method with one value per parameter, deliver its results, and return its usage.

    The timeout is that of the first result, the idle timeout that of each later one.
    The call is not sent again after its first result. Nor is it sent again after its second input,
    because only the first input is kept (in the request).

    Raises:
        InputError: An argument does not fit. This is raised at once, not when the flow starts. Streamed inputs
            are checked when they are taken from the caller.
    """
    return _run_stream(method, method.encode_arguments(values), context)


def _run_stream(
    method: Streaming[Any], arguments: tuple[Buffers, int], context: CallContext
) -> StreamFlow:
    """Run `call_stream` with encoded arguments."""
    streams_inputs = method.stream_field is not None
    if streams_inputs:
        item = yield PullFirst()
        if item is END:  # nothing is sent: the other arguments would go with the first input
            return Usage()
        request = method.encode_item(item, arguments)
    else:
        request = method.wrap_input(*arguments)
    response, usage, message, receive = MultiOutputResponse(), Usage(), b"", Receive()
    policy = context.policy.for_stream()
    end = Deadline(policy.stream_timeout, policy.clock)
    with Attempts(policy) as attempts:
        while True:
            try:
                address_fields = yield from _prepare_attempt(method, context, attempts)
                message = message or b"".join((address_fields, *request))
                encode_item = partial(_encode_later_item, method, address_fields)
                limits = attempts.begin(), policy.idle_timeout, end.remaining()
                yield Open(method.rpc, message, *limits, encode_item if streams_inputs else None)
                while (reply := (yield receive)) is not END:
                    response, payloads = parse_reply(
                        method, reply, keep_whole=bool(context.observers)
                    )
                    check_response(method, response)
                    output = response.outputs[0]
                    # Models send counts with the last message only, or running totals: either way, the last are right.
                    if output.prompt_tokens or output.completion_tokens or output.cached_tokens:
                        usage = sum_usage(response)
                    if not attempts.has_results:
                        attempts.begin_results(end)
                        if context.on_start is not None:
                            context.on_start(response.status.req_id)
                        _note_version(context, response)
                    yield Deliver(method.decode_result(output.data, payloads))
                break
            except (GrpcFailure, ModelError) as failure:
                if streams_inputs and not attempts.is_last:
                    attempts.is_last = not (yield Reclaim())
                yield from _wait_or_raise(method, attempts, failure, context)
            except DecodeError as error:
                yield from _add_drift_hint(context, error, attempts, response)
                raise
    _notify_observers(context, method, response, attempts, usage)
    return usage


def _encode_later_item(method: Streaming[Any], address_fields: bytes, item: Any) -> bytes:
    """Encode the request for an input after the first."""
    return b"".join((address_fields, *method.encode_item(item)))


def _wait_or_raise(
    method: Method[Any], attempts: Attempts, failure: GrpcFailure | ModelError, context: CallContext
) -> UnaryFlow[None]:
    """Wait until the next attempt may begin.

    Raises:
        ClarigenError: There is no next attempt. This is the error of the last one.
    """
    error: CallError
    if isinstance(failure, ModelError):
        error, retryability = failure, classify_status(failure.code).retryability
    else:
        is_over = attempts.deadline.expires_within(_CLOCK_SKEW)
        timeout = attempts.deadline.timeout if is_over else None
        error = error_from_failure(
            failure, method.name, timeout=timeout, has_results=attempts.has_results
        )
        retryability = classify_failure(failure).retryability
    attempts.fail(failure)
    if not (yield from wait_for_retry(retryability, attempts, error)):
        from .remedies import add_remedy

        add_remedy(attempts.annotate(error), context.address.reference)
        yield from _add_drift_hint(context, error, attempts)
        raise error from None


def _add_drift_hint(
    context: CallContext,
    error: ClarigenError,
    attempts: Attempts,
    response: MultiOutputResponse | None = None,
) -> UnaryFlow[None]:
    """Add to an error's message that the model has changed, if that may be the cause."""
    if context.drift is not None:
        version_id = ""
        if response is not None and response.outputs:
            version_id = response.outputs[0].model.model_version.id
        yield from context.drift.add_hint(error, context.address, attempts.deadline, version_id)


def _notify_observers(
    context: CallContext,
    method: Method[Any],
    response: MultiOutputResponse,
    attempts: Attempts,
    usage: Usage | None = None,
) -> None:
    """Call the observers with the response of a successful call. What they raise is logged: the result is paid for."""
    LOGGER.debug("%s: success at attempt %d", method.name, attempts.count)
    if not context.observers:
        return
    record = Response(
        method=method.name,
        usage=usage if usage is not None else sum_usage(response),
        request_id=response.status.req_id,
        status=response.status.code,
        elapsed=attempts.deadline.elapsed(),
        attempts=attempts.count,
        raw=response,
    )
    notify_observers(context.observers, record)
