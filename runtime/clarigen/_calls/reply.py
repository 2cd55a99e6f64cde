"""The reply of one request: how it is parsed, and whether it holds results."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from .._proto import MultiOutputResponse, ProtobufDecodeError
from .._wire.large_payloads import NO_PAYLOADS, LargePayloads, extract_large_payloads
from .._wire.method import Method
from ..errors import DecodeError
from .status import FAILURE, MIXED_STATUS, SUCCESS, raise_for_status

_RESPONSE_SUCCESS: Final = frozenset({SUCCESS, MIXED_STATUS})
"""Codes of a response that has outputs. For `MIXED_STATUS`, the status of each output says whether it failed."""

_OUTPUT_SUCCESS: Final = frozenset({SUCCESS, 0})
"""Codes of an output that holds a result. Servers may omit the status of an output."""


class ParsedReply(NamedTuple):
    """A reply after parsing.

    Attributes:
        response: The platform's message.
        payloads: The large payloads, which were cut out of the message.
    """

    response: MultiOutputResponse
    payloads: LargePayloads


def parse_reply(method: Method[Any], reply: bytes, *, keep_whole: bool) -> ParsedReply:
    """Parse a reply.

    Args:
        method: The method that was called.
        reply: The reply.
        keep_whole: Whether the message is kept whole, for observers. Otherwise its large payloads are cut out first.

    Raises:
        DecodeError: The reply is not a protobuf message.
    """
    rest, payloads = (reply, NO_PAYLOADS) if keep_whole else extract_large_payloads(reply)
    try:
        return ParsedReply(MultiOutputResponse.FromString(rest), payloads)
    except ProtobufDecodeError as error:
        raise DecodeError(
            f"{method.name}: the response is not a protobuf message: {error}"
        ) from None


def check_response(
    method: Method[Any],
    response: MultiOutputResponse,
    input_count: int = 1,
    *,
    check_outputs: bool = True,
) -> None:
    """Raise an error if a response failed, or does not have one output per input.

    Args:
        method: The method.
        response: The response.
        input_count: Number of inputs in the request.
        check_outputs: Whether to raise the error of an output that failed.
    """
    status, outputs = response.status, response.outputs
    if status.code not in _RESPONSE_SUCCESS:
        codes = [output.status.code for output in outputs]
        # Models of the proto style say FAILURE if all inputs failed, and why in each output.
        has_reasons = len(codes) == input_count and (_OUTPUT_SUCCESS | {FAILURE}).isdisjoint(codes)
        if status.code != FAILURE or not has_reasons:
            raise_for_status(status, method.name)
    if check_outputs:
        for output in outputs:
            if output.status.code not in _OUTPUT_SUCCESS:
                raise_for_status(output.status, method.name)
    if len(outputs) != input_count:
        inputs = "one input" if input_count == 1 else f"{input_count} inputs"
        raise DecodeError(f"{method.name}: the response has {len(outputs)} outputs for {inputs}")
