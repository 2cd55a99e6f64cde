"""The actions that the flow of a call yields to its driver.

A flow is a generator: it yields an action and is sent the result. Actions are plain values. Flows and drivers share
nothing else. They are not named tuples, whose definitions take ten times as long: every generated package loads this
module (benchmark "import of a generated package").

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
from typing import TYPE_CHECKING, Any, Final

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


class Send:
    """Send a unary request and wait for the reply.

    Attributes:
        rpc: Name of the RPC.
        request: The request, serialized.
        timeout: Timeout of this attempt, in seconds; None for no limit.
    """

    __slots__ = ("request", "rpc", "timeout")

    def __init__(self, rpc: str, request: bytes, timeout: float | None) -> None:
        self.rpc: Final = rpc
        self.request: Final = request
        self.timeout: Final = timeout


class Open:
    """Start a streaming call.

    Attributes:
        rpc: Name of the RPC.
        request: The first request, serialized.
        timeout: Longest time until the first reply, in seconds; None for no limit.
        idle_timeout: Longest wait for each later reply, in seconds; None for no limit.
        deadline: Timeout of the whole attempt, in seconds; None for no limit.
        encode_item: Encodes each input after the first as a request; None if the call streams no inputs.
    """

    __slots__ = ("deadline", "encode_item", "idle_timeout", "request", "rpc", "timeout")

    def __init__(
        self,
        rpc: str,
        request: bytes,
        timeout: float | None,
        idle_timeout: float | None = None,
        deadline: float | None = None,
        encode_item: Callable[[Any], bytes] | None = None,
    ) -> None:
        self.rpc: Final = rpc
        self.request: Final = request
        self.timeout: Final = timeout
        self.idle_timeout: Final = idle_timeout
        self.deadline: Final = deadline
        self.encode_item: Final = encode_item

    def with_time_left(self, timeout: float | None, deadline: float | None) -> Open:
        """Return the same action with less time."""
        return Open(self.rpc, self.request, timeout, self.idle_timeout, deadline, self.encode_item)


class PullFirst:
    """Take the first input from the caller's iterator."""

    __slots__ = ()


class Receive:
    """Wait for the next reply of a stream."""

    __slots__ = ()


class Reclaim:
    """Take the inputs back from a failed attempt, which is possible unless it has sent more than the first."""

    __slots__ = ()


class Deliver:
    """Hand a result to the caller.

    Attributes:
        result: The decoded result.
    """

    __slots__ = ("result",)

    def __init__(self, result: Any) -> None:
        self.result: Final = result


class Sleep:
    """Wait.

    Attributes:
        seconds: Duration of the wait.
        ticket: The place of the call in a queue; the wait may end as soon as it is called. None to wait to the end.
    """

    __slots__ = ("seconds", "ticket")

    def __init__(self, seconds: float, ticket: Ticket | None = None) -> None:
        self.seconds: Final = seconds
        self.ticket: Final = ticket

    def wait(self, event: Event) -> None:
        """Wait in this thread, until the event is set at most. The ticket sets it, too."""
        if self.ticket is not None:
            self.ticket.on_call(event.set)
        event.wait(self.seconds)
