"""One call, without I/O.

What lives here: what is sent, what an answer means, when a call has ended; as generators that yield
what they want done and are sent what came of it. The drivers (connections, streams and batches) do
it, and decide nothing. So encoding, statuses and deadlines exist once and can be tested without a
server, a clock or a loop. Retries stand between an attempt and the next; `_retry` says whether and
when. What flows and drivers say to each other stands in `_actions`.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from functools import partial
from typing import Any, Final, NamedTuple, Protocol, TypeVar

from .._log import LOGGER, escape_unprintable
from .._proto import MultiOutputResponse, Output, ProtobufDecodeError, Status
from .._wire.large_payloads import NO_PAYLOADS, LargePayloads, extract_large_payloads
from .._wire.method import Method, Streaming, Unary
from .._wire.protobuf_writer import Buffers
from ..errors import ClarigenError, DecodeError, ModelError
from .actions import END, Deliver, Failure, Open, Pull, Receive, Reclaim, Send, Sleep
from .address import Address
from .response import Observer, Response, Usage
from .retry import Attempts, Policy, classify_failure, classify_status
from .status import MIXED_STATUS, SUCCESS, CallError, error_from_failure, error_from_status

_R = TypeVar("_R")

_RESPONSE_SUCCESS: Final = frozenset({SUCCESS, MIXED_STATUS})
"""What the status of an answer may be; with the second one, those of its outputs say more."""

_OUTPUT_SUCCESS: Final = frozenset({SUCCESS, 0})
"""What the status of an output may be: servers leave it out."""

UnaryFlow = Generator[Send | Sleep, Any, _R]
StreamFlow = Generator[Send | Sleep | Pull | Open | Receive | Deliver | Reclaim, Any, Usage]


class DriftCheck(Protocol):
    """Whether the model still has the methods that the client was generated from."""

    @property
    def unverified(self) -> bool:
        """Whether a call must go through `verified` first."""
        ...

    def verify_once(
        self, address: Address, attempts: Attempts
    ) -> Generator[Send | Sleep, Any, None]:
        """Compare the methods, once, and raise SignatureMismatchError if they differ."""
        ...

    def add_hint(
        self,
        error: ClarigenError,
        address: Address,
        attempts: Attempts,
        response: MultiOutputResponse | None = None,
    ) -> Generator[Send | Sleep, Any, None]:
        """Add to the message of an error that the model has changed, if it has."""
        ...


class CallContext(NamedTuple):
    """What a call is made with, beside its arguments.

    Attributes:
        address: The part of the request that says which model is meant.
        policy: How long it may take and how often it is sent.
        observers: Who is told of the response.
        drift: What is known of how the model has changed, if anybody wants to know.
    """

    address: Address
    policy: Policy
    observers: tuple[Observer, ...] = ()
    drift: DriftCheck | None = None


class _Answer(NamedTuple):
    """What came back.

    Attributes:
        response: The platform's message.
        payloads: The large payloads that were cut out of it.
    """

    response: MultiOutputResponse
    payloads: LargePayloads


def call_unary(method: Unary[_R], values: Sequence[Any], context: CallContext) -> UnaryFlow[_R]:
    """Call a unary method with one value a field."""
    answer, attempts = yield from _send_request(method, method.encode_request(values), 1, context)
    try:
        return method.decode_result(answer.response.outputs[0].data, answer.payloads)
    except DecodeError as unread:
        yield from _add_drift_hint(context, unread, attempts, answer.response)
        raise


def call_chunk(
    method: Unary[_R], inputs: Sequence[bytes], context: CallContext
) -> UnaryFlow[tuple[list[_R | ClarigenError], int]]:
    """Call a unary method with several inputs at once.

    Args:
        method: The method.
        inputs: The inputs, from `encoded`; messages that are joined merge.
        context: What the call is made with.

    Returns:
        Each input's result or, in its place, the error of its own that the answer tells; and how
        often the request was sent.
    """
    answer, attempts = yield from _send_request(method, inputs, len(inputs), context, apart=True)
    response, payloads = answer
    outcomes = [_read_output(method, output, payloads, attempts) for output in response.outputs]
    for outcome in outcomes:
        if isinstance(outcome, ModelError | DecodeError):
            yield from _add_drift_hint(context, outcome, attempts, response)
    return outcomes, attempts.count


def encode_input(method: Method[Any], values: Sequence[Any]) -> bytes:
    """A request with one input, without its address.

    Raises:
        InputError: A value does not fit its parameter.
    """
    return b"".join(method.encode_request(values))


def _send_request(
    method: Unary[Any],
    request: Sequence[bytes | memoryview],
    inputs: int,
    context: CallContext,
    *,
    apart: bool = False,
) -> UnaryFlow[tuple[_Answer, Attempts]]:
    """Send a request until it is answered; the answer, and the attempts at it.

    Args:
        method: The method.
        request: The request without its address, to be joined.
        inputs: How many outputs are expected.
        context: What the call is made with.
        apart: Whether the statuses of single outputs are the caller's to read.
    """
    message = b""
    with Attempts(context.policy) as attempts:
        while True:
            try:
                target = yield from _resolve_address(context, attempts)
                message = message or b"".join((target, *request))
                reply = yield Send(method.rpc, message, attempts.begin())
                answer = _parse_answer(method, reply, context)
                _check_statuses(method, answer.response, inputs, apart=apart)
                break
            except (Failure, ModelError) as caught:
                yield from _retry_or_raise(method, attempts, caught, context)
            except DecodeError as unread:
                yield from _add_drift_hint(context, unread, attempts)
                raise
    _notify_observers(context, method, answer.response, attempts)
    return answer, attempts


def _resolve_address(
    context: CallContext, attempts: Attempts
) -> Generator[Send | Sleep, Any, bytes]:
    """The part of a request that says which model is meant, once it is the right one where that is asked."""
    if context.drift is not None and context.drift.unverified:
        yield from context.drift.verify_once(context.address, attempts)
    return (yield from context.address.resolve(attempts.remaining()))


def _read_output(
    method: Unary[_R], output: Output, payloads: LargePayloads, attempts: Attempts
) -> _R | ClarigenError:
    if output.status.code:
        error = error_from_status(output.status, method.name)
        if error is not None:
            return attempts.annotate(error)
    try:
        return method.decode_result(output.data, payloads)
    except DecodeError as unread:
        return unread


def call_stream(method: Streaming[Any], values: Sequence[Any], context: CallContext) -> StreamFlow:
    """Call a method that answers with a stream, with one value a field. Ends with its usage.

    It is sent again only before its first item; with a stream of inputs, only while no more than the
    first of them was taken from the caller: it is in the request that is kept, later ones are gone.

    Raises:
        InputError: An argument does not fit. Seen at once; the items of a stream are seen as they
            are taken.
    """
    return _run_stream(method, method.encode_arguments(values), context)


def _run_stream(
    method: Streaming[Any], arguments: tuple[Buffers, int], context: CallContext
) -> StreamFlow:
    if method.stream_field is not None:
        item = yield Pull()
        if item is END:  # arguments without an item cannot be sent
            return Usage()
        request = method.encode_item(item, arguments)
    else:
        request = method.wrap_input(*arguments)
    response, usage, message = MultiOutputResponse(), Usage(), b""
    with Attempts(context.policy) as attempts:
        while True:
            try:
                target = yield from _resolve_address(context, attempts)
                follow = (
                    partial(_encode_later_item, method, target)
                    if method.stream_field is not None
                    else None
                )
                message = message or b"".join((target, *request))
                yield Open(method.rpc, message, attempts.begin(), follow)
                while (reply := (yield Receive())) is not END:
                    response, payloads = _parse_answer(method, reply, context)
                    _check_statuses(method, response)
                    output = response.outputs[0]
                    # Models tell the count with the last message, or grow it: the last one told holds.
                    if output.prompt_tokens or output.completion_tokens or output.cached_tokens:
                        usage = _count_tokens(response)
                    attempts.is_last = True
                    yield Deliver(method.decode_result(output.data, payloads))
                break
            except (Failure, ModelError) as caught:
                if method.stream_field is not None and not attempts.is_last:
                    attempts.is_last = not (yield Reclaim())
                yield from _retry_or_raise(method, attempts, caught, context)
            except DecodeError as unread:
                yield from _add_drift_hint(context, unread, attempts, response)
                raise
    _notify_observers(context, method, response, attempts, usage)
    return usage


def _encode_later_item(method: Streaming[Any], target: bytes, item: Any) -> bytes:
    """The message that carries a later item."""
    return b"".join((target, *method.encode_item(item)))


def _retry_or_raise(
    method: Method[Any], attempts: Attempts, caught: Failure | ModelError, context: CallContext
) -> Generator[Send | Sleep, Any, None]:
    """Wait until the next attempt may begin.

    Raises:
        ClarigenError: There shall be none; what the last one met.
    """
    error: CallError
    if isinstance(caught, ModelError):
        error, hope = caught, classify_status(caught.code)
    else:
        error = error_from_failure(caught, method.name, timeout=attempts.policy.timeout)
        hope = classify_failure(caught)
    attempts.end(answered=caught is error)
    while True:
        pause = attempts.next_backoff(hope)
        attempts.annotate(error)
        if pause is None:
            yield from _add_drift_hint(context, error, attempts)
            raise error from None
        LOGGER.info(
            "%s; attempt %d follows in %.2f s", escape_unprintable(error), attempts.count + 1, pause
        )
        yield Sleep(pause)
        if attempts.can_resume(hope):
            return


def _add_drift_hint(
    context: CallContext,
    error: ClarigenError,
    attempts: Attempts,
    response: MultiOutputResponse | None = None,
) -> Generator[Send | Sleep, Any, None]:
    """Let the error that ends a call say so, if it may come of a change of the model."""
    if context.drift is not None:
        yield from context.drift.add_hint(error, context.address, attempts, response)


def _parse_answer(method: Method[Any], reply: bytes, context: CallContext) -> _Answer:
    # Who is told of the response gets the platform's message whole.
    rest, payloads = (reply, NO_PAYLOADS) if context.observers else extract_large_payloads(reply)
    try:
        return _Answer(MultiOutputResponse.FromString(rest), payloads)
    except ProtobufDecodeError as error:
        raise DecodeError(f"{method.name}: the answer is not a message: {error}") from None


def _check_statuses(
    method: Method[Any],
    response: MultiOutputResponse,
    inputs: int = 1,
    *,
    apart: bool = False,
) -> None:
    """Raise what the statuses of the answer say; those of its outputs only if not read apart."""
    status, outputs = response.status, response.outputs
    if status.code not in _RESPONSE_SUCCESS:
        _raise(status, method)
    if not apart:
        for output in outputs:
            if output.status.code not in _OUTPUT_SUCCESS:
                _raise(output.status, method)
    if len(outputs) != inputs:
        asked = "one input" if inputs == 1 else f"{inputs} inputs"
        raise DecodeError(f"{method.name}: {len(outputs)} outputs came for {asked}")


def _raise(status: Status, method: Method[Any]) -> None:
    """Raise what a status says, if it is an error."""
    error = error_from_status(status, method.name)
    if error is not None:
        raise error


def _count_tokens(response: MultiOutputResponse) -> Usage:
    prompt = completion = cached = 0
    for output in response.outputs:
        prompt += output.prompt_tokens
        completion += output.completion_tokens
        cached += output.cached_tokens
    return Usage(prompt, completion, cached)


def _notify_observers(
    context: CallContext,
    method: Method[Any],
    response: MultiOutputResponse,
    attempts: Attempts,
    usage: Usage | None = None,
) -> None:
    """Tell the observers of a call that has succeeded. What they raise is the caller's to see."""
    LOGGER.debug("%s: success at attempt %d", method.name, attempts.count)
    if not context.observers:
        return
    status = response.status
    told = Response(
        method=method.name,
        usage=usage if usage is not None else _count_tokens(response),
        request_id=status.req_id,
        status=status.code,
        elapsed=attempts.elapsed(),
        attempts=attempts.count,
        raw=response,
    )
    for observer in context.observers:
        observer(told)
