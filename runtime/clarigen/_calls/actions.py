"""The actions that the flow of a call yields to its driver.

A flow is a generator: it yields an action and is sent the result. Actions are plain values. Flows and drivers share
nothing else.

    yields                  is sent                          or is thrown
    Send(…)                 the reply, serialized            GrpcFailure
    Sleep(…)                None, when the time is over
    PullFirst()  streams    the first input, or END          what the caller's iterator raises
    Open(…)      streams    None, once the call has started
    Receive()    streams    the next reply, or END           GrpcFailure
    Deliver(x)   streams    None, once the caller asks for more
    Reclaim()    streams    whether another attempt can send all inputs
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from threading import Event

    from .capacity_queue import Ticket

END: Final[Any] = object()
"""What a flow is sent instead of an input or a reply if there are no more."""


class GrpcFailure(Exception):
    """The gRPC status, other than OK, with which a request ended.

    It does not derive from grpc's own errors, because their tracebacks hold the credential.

    Attributes:
        code: Name of the status code, for example `UNAVAILABLE`.
        details: Details of the status, from the server or from grpc.
        is_unsent: Whether the request certainly was not sent, because there was no connection.
        idle_timeout: The limit in seconds, if the client has ended a stream that gave no further result; else None.
    """

    def __init__(
        self,
        code: str,
        details: str,
        *,
        is_unsent: bool = False,
        idle_timeout: float | None = None,
    ) -> None:
        super().__init__(f"{code}: {details}")
        self.code = code
        self.details = details
        self.is_unsent = is_unsent
        self.idle_timeout = idle_timeout


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
        timeout: Longest time until the first reply, in seconds; None for no limit.
        idle_timeout: Longest wait for each later reply, in seconds; None for no limit.
        deadline: Timeout of the whole attempt, in seconds; None for no limit.
        encode_item: Encodes each input after the first as a request; None if the call streams no inputs.
    """

    rpc: str
    request: bytes
    timeout: float | None
    idle_timeout: float | None = None
    deadline: float | None = None
    encode_item: Callable[[Any], bytes] | None = None


class PullFirst(NamedTuple):
    """Take the first input from the caller's iterator."""


class Receive(NamedTuple):
    """Wait for the next reply of a stream."""


class Reclaim(NamedTuple):
    """Take the inputs back from a failed attempt, which is possible unless it has sent more than the first."""


class Deliver(NamedTuple):
    """Hand a result to the caller.

    Attributes:
        result: The decoded result.
    """

    result: Any


class Sleep(NamedTuple):
    """Wait.

    Attributes:
        seconds: Duration of the wait.
        ticket: The place of the call in a queue; the wait may end as soon as it is called. None to wait to the end.
    """

    seconds: float
    ticket: Ticket | None = None

    def wait(self, event: Event) -> None:
        """Wait in this thread, until the event is set at most. The ticket sets it, too."""
        if self.ticket is not None:
            self.ticket.on_call(event.set)
        event.wait(self.seconds)
