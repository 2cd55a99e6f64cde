"""The actions that a call asks of its driver.

A flow is a generator: it yields an action and is sent the result. The actions are plain values, so that flows and
drivers share nothing else.

    yields                  is sent                          or is thrown
    Send(…)                 the reply, serialized            Failure
    Sleep(…)                None, after that time
    Pull()       streams    the first input, or END          any exception of the caller's iterator
    Open(…)      streams    None, once the call has started
    Receive()    streams    the next reply, or END           Failure
    Deliver(x)   streams    None, once the caller asks for more
    Reclaim()    streams    whether a next attempt would have all inputs
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

END: Final[Any] = object()
"""Sent instead of an input or a reply if there are no more."""


class Failure(Exception):
    """A call that ended with a gRPC status other than OK.

    It is not derived from grpc's own errors, whose tracebacks hold the credential.

    Attributes:
        code: Name of the status, for example `UNAVAILABLE`.
        details: Its details, as the server or grpc describes them.
    """

    def __init__(self, code: str, details: str) -> None:
        super().__init__(f"{code}: {details}")
        self.code = code
        self.details = details


class Send(NamedTuple):
    """Send a unary request and wait for the reply.

    Attributes:
        rpc: Name of the RPC.
        request: The request, serialized.
        timeout: Timeout of this attempt, in seconds; None for no limit.
    """

    rpc: str
    request: bytes
    timeout: float | None


class Open(NamedTuple):
    """Start a streaming call.

    Attributes:
        rpc: Name of the RPC.
        request: The first request, serialized.
        timeout: Timeout of this attempt, in seconds; None for no limit.
        encode_item: Encodes a later input as a request; None if the call streams no inputs.
    """

    rpc: str
    request: bytes
    timeout: float | None
    encode_item: Callable[[Any], bytes] | None = None


class Pull(NamedTuple):
    """Take the first input from the caller's iterator."""


class Receive(NamedTuple):
    """Wait for the next reply of a stream."""


class Reclaim(NamedTuple):
    """Stop the failed attempt from taking inputs. Those that it took after the first are lost."""


class Deliver(NamedTuple):
    """Hand a result to the caller.

    Attributes:
        result: The decoded result.
    """

    result: Any


class Sleep(NamedTuple):
    """Wait.

    Attributes:
        seconds: How long, in seconds.
    """

    seconds: float
