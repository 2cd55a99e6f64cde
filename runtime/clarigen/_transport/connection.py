"""The interface of connections, and what the two gRPC connections, synchronous and async, share.

Clients, streams and batches use the interface. The gRPC connections and the fakes of `clarigen.testing` implement
it. The modules of the gRPC connections are imported when a client is created, and import all that a call needs. So
importing a generated package does not load grpc, and the first call imports nothing.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol, TypeVar
from weakref import WeakKeyDictionary

from .._calls.batch import AdaptiveLimits, BatchPlan, encode_list
from .._calls.call import call_stream, call_unary
from .connecting import READY
from .read_timer import ReadTimer

if TYPE_CHECKING:
    from .._calls.actions import GrpcFailure, Open, Send, Sleep
    from .._calls.address import Address
    from .._calls.batch import BatchLimits
    from .._calls.call import CallContext, StreamFlow, UnaryFlow
    from .._calls.retry import Policy
    from .._wire.method import Streaming, Unary
    from .channel_pool import Lease
    from .endpoint import Endpoint

_R = TypeVar("_R")

CLOSED: Final = "this client is closed; create another"
"""The message of the error that a call on a closed connection raises."""


class AnyConnection(Protocol):
    """The common interface of `Connection` and `AsyncConnection`.

    It makes the flows of calls (see `_calls/call.py`), and starts and cancels streams.
    """

    def make_unary_flow(
        self, method: Unary[_R], values: Sequence[Any], context: CallContext
    ) -> UnaryFlow[_R]:
        """Return the flow of a unary call, with one value per parameter."""
        ...

    def make_stream_flow(
        self, method: Streaming[Any], values: Sequence[Any], context: CallContext, items: Any
    ) -> StreamFlow:
        """Return the flow of a streaming call.

        Args:
            method: The method.
            values: One value per parameter.
            context: The context of the call.
            items: The iterator over the caller's items; None if the method takes no stream.

        Raises:
            InputError: A value does not fit its parameter.
        """
        ...

    def prepare_batch(
        self, method: Unary[_R], context: CallContext, limits: BatchLimits
    ) -> Callable[[bool], BatchPlan[_R]]:
        """Return a function that makes the plan of a batch. Its argument is whether to isolate inputs that fail."""
        ...

    def encode_list(self, method: Unary[Any], inputs: Sequence[Any]) -> list[Any]:
        """Encode all inputs of a list, for `prepare_batch`; raise `InputError` if one does not fit."""
        ...

    def make_readiness_flow(self, address: Address, policy: Policy) -> UnaryFlow[None]:
        """Return the flow that waits until a model accepts calls."""
        ...

    def start_stream(self, attempt: Open, messages: Any, is_canceled: Callable[[], bool]) -> Any:
        """Start an attempt of a streaming call, and return grpc's call.

        Args:
            attempt: The attempt.
            messages: Iterator over all messages to send, the first included; None if there is only one.
            is_canceled: Returns whether the stream was canceled meanwhile.
        """
        ...

    def make_timer(self, attempt: Open) -> ReadTimer:
        """Return the timer of an attempt, which begins now."""
        ...

    def start_timer(self, timer: ReadTimer, call: Any) -> Callable[[], object] | None:
        """Have a call canceled if it is silent for too long. Return a function that ends this; None if there is no limit."""
        ...

    def cancel(self, call: Any) -> None:
        """Cancel a call that this connection started."""
        ...


class Connection(AnyConnection, Protocol):
    """The connection of a synchronous client."""

    def close(self) -> None:
        """Close the connection. Later calls raise ConfigError."""

    def run(self, flow: UnaryFlow[_R]) -> _R:
        """Run the flow of a unary call, and return its result."""
        ...

    def perform(self, action: Send | Sleep) -> Any:
        """Perform an action, and return its result; raise `GrpcFailure` if it failed."""

    def receive(self, call: Any, end: Any, timer: ReadTimer) -> Any:
        """Return the next reply of a stream, or `end` after the last; raise `GrpcFailure` if the stream failed."""

    def begin_wait(self, attempt: Send) -> Any:
        """Begin the wait of an attempt for a connection: a `ConnectionWait`, or None if there is none."""
        ...

    def start_unary(self, attempt: Send, wait: Any) -> Any:
        """Start an attempt of a unary call, and return grpc's future of the reply; None if there is no connection yet.

        Raises:
            GrpcFailure: The wait for a connection is over.
        """

    def abandon(self, call: Any) -> GrpcFailure:
        """Give up a call that gRPC did not end at its deadline. Return the failure of the call."""
        ...

    def collect_reply(self, call: Any) -> tuple[Any, GrpcFailure | None]:
        """Return the reply of a finished call, or its failure."""
        ...


class AsyncConnection(AnyConnection, Protocol):
    """The connection of an async client."""

    async def close(self) -> None:
        """Close the connection. Later calls raise ConfigError."""

    async def run(self, flow: UnaryFlow[_R]) -> _R:
        """Run the flow of a unary call, and return its result."""
        ...

    async def perform(self, action: Send | Sleep) -> Any:
        """Perform an action, and return its result; raise `GrpcFailure` if it failed."""

    async def pause(self, action: Sleep, end: Any) -> None:
        """Sleep until an event is set, at most."""

    async def receive(self, call: Any, reply: Any, end: Any, timer: ReadTimer) -> Any:
        """Await a reply of a stream. Return it, or `end` after the last; raise `GrpcFailure` if the stream failed."""

    async def connect(self, attempt: Open, is_canceled: Callable[[], bool]) -> Open:
        """Wait for a connection. Return the attempt with the time that is left.

        Raises:
            GrpcFailure: There is no connection, or the stream was canceled.
        """
        ...


class GrpcConnectionBase(ABC):
    """The common part of both connections that use gRPC.

    Attributes:
        target: The server.
    """

    make_unary_flow = staticmethod(call_unary)
    encode_list = staticmethod(encode_list)

    def __init__(self, endpoint: Endpoint) -> None:
        self.target: Final = endpoint.target
        self._credential: Final = endpoint.credential
        self._interceptors: Final = endpoint.interceptors
        # Where each background call was started. This keeps a retired channel of grpc.aio open until the call has
        # ended.
        self._origins: WeakKeyDictionary[Any, Origin] = WeakKeyDictionary()

    def make_stream_flow(
        self, method: Streaming[Any], values: Sequence[Any], context: CallContext, items: object
    ) -> StreamFlow:
        """Return the flow of a streaming call. `items` is not used: the flow yields `PullFirst` to get the first."""
        del items
        return call_stream(method, values, context)

    def prepare_batch(
        self, method: Unary[_R], context: CallContext, limits: BatchLimits
    ) -> Callable[[bool], BatchPlan[_R]]:
        """Return a function that makes the plan of a batch."""
        adaptive = AdaptiveLimits(*limits)
        return lambda isolate: BatchPlan(method, context, adaptive, isolate=isolate)

    def make_readiness_flow(self, address: Address, policy: Policy) -> UnaryFlow[None]:
        """Return the flow that waits until a model accepts calls."""
        from .._calls.readiness import wait_until_ready  # not at the top: few programs wait

        return wait_until_ready(address, policy)

    def _open_stream(
        self, lease: Lease, attempt: Open, deadline: float | None, messages: Any
    ) -> Any:
        """Start an attempt of a streaming call on a channel that is connected, and return grpc's call."""
        options = {"timeout": deadline, "metadata": self._credential.metadata}
        if messages is None:
            return lease.get_callable("unary_stream", attempt.rpc)(attempt.request, **options)
        return lease.get_callable("stream_stream", attempt.rpc)(messages, **options)

    def _is_ready(self, lease: Lease, state: int) -> bool:
        """Return whether a call may be handed to gRPC when its channel is in a state.

        An interceptor may answer calls itself, so the first calls of a client with interceptors do not wait for a
        connection.
        """
        if not self._interceptors:
            return state == READY
        if state == READY:
            lease.shared.was_connected = True
        return state == READY or not lease.shared.was_connected

    def _find_origin(self, call: Any) -> Origin | None:
        """Return where a background call was started; None if that is not known."""
        try:
            return self._origins.get(call)
        except TypeError:  # an interceptor has replaced the call by another iterator
            return None

    @abstractmethod
    def cancel(self, call: Any) -> None:
        """Cancel a call."""

    def make_timer(self, attempt: Open) -> ReadTimer:
        """Return the timer of an attempt, which begins now."""
        return ReadTimer(attempt)

    @abstractmethod
    def _get_lease(self) -> Lease:
        """Return the lease of the channel for a new call. Acquire it if necessary.

        Raises:
            ConfigError: The connection is closed.
        """


class Origin(NamedTuple):
    """Where a call was started.

    Attributes:
        lease: The lease of its channel.
        answers: The number of answers on that channel when the call began.
    """

    lease: Lease
    answers: int


def record_failure(failure: GrpcFailure, origin: Origin | None) -> GrpcFailure:
    """Retire a channel whose connection may be dead, and return the failure of the call.

    It may be dead if the deadline of a call has passed without any answer, to this call or another one. The next call
    then uses a new connection, and calls under way go on.

    Args:
        failure: The failure of the call.
        origin: Where the call was started; None if that is not known.
    """
    if origin is None:
        return failure
    lease, answers = origin
    if failure.code == "DEADLINE_EXCEEDED" and lease.shared.answers == answers:
        lease.retire()
    else:
        lease.shared.answers += 1
    return failure
