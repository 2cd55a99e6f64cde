"""One call, without I/O.

What lives here: what is sent, what an answer means, when a call has ended; as generators that yield
what they want done and are sent what came of it. The drivers (`_client`, and its asyncio twin) do
it, and decide nothing. So encoding, statuses and deadlines exist once and can be tested without a
server, a clock or a loop. This is also where retries will live: between an `Attempt` and the next.

    yields                  is sent                          or is thrown
    Attempt(…)   unary      the answer's bytes               Failure
    Pull()       bidi       the next item, or END            what the caller's iterator raised
    Attempt(…)   streams    None, once the call is started
    Receive()    streams    the answer's bytes, or END       Failure
    Deliver(x)   streams    None, once the caller wants more
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from ._method import Method, Streaming, Unary
from ._proto import MultiOutputResponse, PostModelOutputsRequest, Status, UnreadableError
from ._status import MIXED_STATUS, Failure, failure_error, status_error
from .errors import DecodeError

_R = TypeVar("_R")

END: Final[Any] = object()
"""Sent in place of an item or an answer where there are no more."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """Send a request.

    Attributes:
        rpc: The platform's RPC.
        request: The message, serialised.
        timeout: The deadline of this attempt, in seconds from now; None for none.
        follow: For a stream of inputs: the message that carries a later item.
    """

    rpc: str
    request: bytes
    timeout: float | None
    follow: Callable[[Any], bytes] | None = None


@dataclass(frozen=True, slots=True)
class Pull:
    """Take an item from the caller's iterator."""


@dataclass(frozen=True, slots=True)
class Receive:
    """Wait for the next answer of a stream."""


@dataclass(frozen=True, slots=True)
class Deliver:
    """Hand an item to the caller.

    Attributes:
        item: The item.
    """

    item: Any


UnaryFlow = Generator[Attempt, bytes, _R]
StreamFlow = Generator[Attempt | Pull | Receive | Deliver, Any, None]


def unary(
    method: Unary[_R], values: Sequence[Any], target: bytes, timeout: float | None
) -> UnaryFlow[_R]:
    """Call a unary method.

    Args:
        method: Its description.
        values: The arguments, one a field.
        target: The part of the request that says which model is meant, serialised.
        timeout: How long it may take, in seconds; None for no limit.
    """
    try:
        reply = yield Attempt(method.rpc, target + _input(method, values), timeout)
    except Failure as failure:
        raise failure_error(failure, method.name, timeout=timeout) from None
    return _result(method, reply)


def stream(
    method: Streaming[Any], values: Sequence[Any], target: bytes, timeout: float | None
) -> StreamFlow:
    """Call a method that answers with a stream. The arguments are those of `unary`.

    Raises:
        InputError: An argument does not fit. Seen at once; the items of a stream are seen as they
            are taken.
    """
    request = PostModelOutputsRequest()
    method.fill(values, request.inputs.add().data)
    return _stream(method, request, target, timeout)


def _stream(
    method: Streaming[Any], request: PostModelOutputsRequest, target: bytes, timeout: float | None
) -> StreamFlow:
    def follow(item: Any) -> bytes:
        request = PostModelOutputsRequest()
        method.fill_item(item, request.inputs.add().data)
        return target + request.SerializeToString()

    if method.stream is not None:
        item = yield Pull()
        if item is END:  # arguments without an item cannot be sent
            return
        method.fill_item(item, request.inputs[0].data)
    payload = target + request.SerializeToString()
    yield Attempt(method.rpc, payload, timeout, follow if method.stream else None)
    while True:
        try:
            reply = yield Receive()
        except Failure as failure:
            raise failure_error(failure, method.name, timeout=timeout) from None
        if reply is END:
            return
        yield Deliver(_result(method, reply))


def _input(method: Method[Any], values: Sequence[Any]) -> bytes:
    request = PostModelOutputsRequest()
    method.fill(values, request.inputs.add().data)
    return request.SerializeToString()


def _result(method: Method[_R], reply: bytes) -> _R:
    """The result in the answer to one input."""
    try:
        response = MultiOutputResponse.FromString(reply)
    except UnreadableError as error:
        raise DecodeError(f"{method.name}: the answer is not a message: {error}") from None
    outputs = response.outputs
    if response.status.code != MIXED_STATUS:
        _raise_for(response.status, method.name)
    if len(outputs) != 1:
        raise DecodeError(f"{method.name}: {len(outputs)} outputs came back for one input")
    if outputs[0].status.code:
        _raise_for(outputs[0].status, method.name)
    return method.read(outputs[0].data)


def _raise_for(status: Status, what: str) -> None:
    error = status_error(status, what)
    if error is not None:
        raise error
