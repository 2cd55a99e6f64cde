"""The synchronous connection: performs the actions of `_calls` with grpc.

It sends requests and returns the replies, serialized. It decides nothing: `_calls` decides what to send and what a
reply means, and `_transport` opens the channels.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from math import inf
from threading import Event, get_ident
from typing import Any, Self

import grpc

from .._calls.actions import GrpcFailure, Open, Send, Sleep
from .._calls.driver import Driver
from .._calls.grpc_status import failure_from_grpc
from .._client.base import DEFAULT_TIMEOUT
from .._transport.channel_pool import Lease
from .._transport.connecting import (
    READY,
    REASON_SECONDS,
    SETTLE_SECONDS,
    ChannelState,
    ConnectionWait,
    get_reason,
)
from .._transport.connection import CLOSED, GrpcConnectionBase, Origin, record_failure
from .._transport.endpoint import Endpoint
from .._transport.in_flight import (
    FORK_GATE,
    cancel_call,
    leave_when_done,
    park_at_exit,
    start_call,
    track_reader,
)
from .._transport.read_timer import CURRENT, READ_WATCHDOG, ReadTimer, run_aside
from ..errors import ConfigError


class GrpcConnection(GrpcConnectionBase, Driver):
    """A connection over the shared channel to an endpoint. Thread-safe.

    Attributes:
        timeout: The time limit of the queries in `_tooling`, in seconds; None for no limit.
    """

    def __init__(self, endpoint: Endpoint, timeout: float | None = DEFAULT_TIMEOUT) -> None:
        super().__init__(endpoint)
        self.timeout = timeout
        self._lease: Lease | None = Lease(endpoint.target, None, self._interceptors)

    def close(self) -> None:
        """Release the channel. Later calls raise ConfigError."""
        lease, self._lease = self._lease, None
        channel = lease.release() if lease is not None else None
        if channel is not None:
            with FORK_GATE:
                channel.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def perform(self, action: Send | Sleep) -> Any:
        """Send a request and return the reply, or sleep; raise `GrpcFailure` if the call failed."""
        if isinstance(action, Send):
            return self._send(action)
        return _sleep(action)

    def _send(self, attempt: Send) -> bytes:
        lease, timeout = self._get_lease(), attempt.timeout
        call, answers = lease.get_callable("unary_unary", attempt.rpc), lease.shared.answers
        while True:
            try:
                with FORK_GATE:
                    state = lease.read_state(False)
                    # Not only `_is_ready`, which costs a call (benchmark "small call, 1 at once").
                    if (state == READY and not self._interceptors) or self._is_ready(lease, state):
                        reply: bytes = call(attempt.request, timeout, self._credential.metadata)
                        lease.shared.answers += 1
                        return reply
                error: Exception | None = None
            except grpc.RpcError as raised:
                error = self._to_failure(raised, Origin(lease, answers))
            except BaseException as raised:
                error = self._find_error(raised, lease)
                if error is None:
                    raise
            # Not raised in the `except`: `__context__` would be grpc's error, whose traceback holds the metadata.
            if error is not None:
                raise error
            timeout = self._connect(lease, timeout).remaining()

    def _connect(
        self,
        lease: Lease,
        timeout: float | None,
        is_canceled: Callable[[], bool] | None = None,
    ) -> ConnectionWait:
        """Wait until the channel is connected. Return the wait, which knows how much time is left.

        Raises:
            GrpcFailure: There is no connection, or the call was canceled. The request was not sent.
            ConfigError: The connection was closed meanwhile.
        """
        wait = ConnectionWait(timeout)
        while not self._is_connected(lease, wait):
            if is_canceled is not None and is_canceled():
                raise GrpcFailure("CANCELLED", "canceled before it was sent", is_unsent=True)
            time.sleep(wait.pause)
        return wait

    def _is_connected(self, lease: Lease, wait: ConnectionWait) -> bool:
        """Return whether the channel is connected; if not, the caller tries again after `wait.pause`.

        Raises:
            GrpcFailure: The wait is over. The request was not sent.
            ConfigError: The connection was closed meanwhile.
        """
        try:
            with FORK_GATE:
                state = lease.read_state(True)
        except ValueError:  # grpc's error for a channel that was closed
            state = ChannelState.SHUTDOWN
        if self._lease is None:
            raise ConfigError(CLOSED)
        if self._is_ready(lease, state):
            return True
        goes_on = wait.go_on(state)
        if wait.asks_reason(goes_on=goes_on) and wait.is_hopeless(self._ask_reason(lease)):
            goes_on = False
        if not goes_on:
            lease.retire()
            raise wait.to_failure(self.target.address)
        return False

    def _ask_reason(self, lease: Lease) -> str:
        """Return why the channel is not connected; empty if it does not say."""
        try:
            with FORK_GATE:
                lease.make_reason_callable()(b"", REASON_SECONDS)
        except grpc.RpcError as error:
            return get_reason(failure_from_grpc(error))
        except ValueError:  # the channel was closed
            pass
        return ""

    def receive(self, call: Any, end: Any, timer: ReadTimer) -> Any:
        """Return the next reply of a stream, or `end` after the last; raise `GrpcFailure` if the stream failed."""
        error: Exception | None
        if timer.is_lazy:
            CURRENT.timer = timer
        try:
            reply = next(call, end)
            self._record_answer()
            return reply
        except grpc.RpcError as raised:
            origin = self._find_origin(call)
            if timer.failure is not None:
                error = record_failure(timer.failure, origin)
            else:
                error = self._to_failure(raised, origin)
        except BaseException as raised:
            origin = self._find_origin(call)
            error = self._find_error(raised, origin.lease if origin is not None else None)
            if error is None:
                raise
        raise error

    def _record_answer(self) -> None:
        if self._lease is not None:
            self._lease.shared.answers += 1

    def begin_wait(self, attempt: Send) -> ConnectionWait:
        """Begin the wait of an attempt for a connection."""
        return ConnectionWait(attempt.timeout)

    def start_unary(self, attempt: Send, wait: ConnectionWait) -> Any:
        """Start an attempt of a unary call, and return grpc's future of the reply; None if there is no connection yet."""
        lease = self._get_lease()
        if not self._is_connected(lease, wait):
            return None
        call = lease.get_callable("unary_unary", attempt.rpc)
        arguments = (attempt.request, wait.remaining(), self._credential.metadata)
        return leave_when_done(self._start(lease, partial(call.future, *arguments), 0))

    def make_timer(self, attempt: Open) -> ReadTimer:
        """Return the timer of an attempt, which begins now."""
        timer = CURRENT.timer = ReadTimer(attempt)
        return timer

    def start_stream(self, attempt: Open, messages: Any, is_canceled: Callable[[], bool]) -> Any:
        """Start an attempt of a streaming call, and return grpc's call: an iterator over the replies."""
        lease = self._get_lease()
        deadline = self._connect(lease, attempt.timeout, is_canceled).left_of(attempt.deadline)
        tracked_messages = None if messages is None else track_reader(messages)
        return self._start(
            lease,
            partial(self._open_stream, lease, attempt, deadline, tracked_messages),
            get_ident(),
        )

    def start_timer(self, timer: ReadTimer, call: Any) -> Callable[[], object] | None:
        """Have a call canceled if it is silent for too long. Return a function that ends this; None if there is no limit."""
        CURRENT.timer = None
        timer.is_lazy = not hasattr(call, "cancel")
        if timer.period == inf:
            return None
        timer.begin(partial(self._expire, timer, call))
        try:
            READ_WATCHDOG.add(timer)
        except RuntimeError as raised:
            READ_WATCHDOG.timers.discard(timer)
            cancel_call(call)
            raise GrpcFailure("INTERNAL", f"streams need a thread: {raised}") from None
        return partial(READ_WATCHDOG.timers.discard, timer)

    def _expire(self, timer: ReadTimer, call: Any, is_stuck: bool) -> None:
        inner_call = call if timer.inner_call is None else timer.inner_call
        if is_stuck:
            run_aside(partial(self._end_wait, inner_call, self._find_origin(call)))
        else:
            run_aside(partial(cancel_call, inner_call))

    def _end_wait(self, call: Any, origin: Origin | None) -> None:
        """End the wait for a reply in a channel that does not even cancel a call, and retire the channel."""
        if origin is not None:
            origin.lease.abandon()
        # Private: what `next` of a call looks at, ten times per second.
        state = getattr(call, "_state", None)
        if state is not None:
            state.code = state.code or grpc.StatusCode.CANCELLED
            state.details = state.details or ""
            state.due.clear()
            callbacks, state.callbacks = state.callbacks or (), []
            for callback in callbacks:
                callback()

    def _start(self, lease: Lease, start: Callable[[], Any], owner_thread: int) -> Any:
        """Start a background call on a lease (see `start_call`), and remember its lease."""
        answers = lease.shared.answers
        try:
            call = start_call(start, owner_thread)
            with suppress(TypeError):  # an interceptor may replace the call by any iterator
                self._origins[call] = Origin(lease, answers)
            return call
        except BaseException as raised:
            error = self._find_error(raised, lease)
            if error is None:
                # Of a signal handler: the call may be half made, and to drop its channel would wait for it for ever.
                # An interceptor raises before there is a call.
                if not self._interceptors:
                    lease.abandon()
                raise
        raise error

    def _find_error(self, raised: BaseException, lease: Lease | None) -> Exception | None:
        """Return the error to raise for an exception of grpc that is no `RpcError`; None for the exception itself.

        The channel is retired: an exception at a bad moment, of a signal handler for example, may leave grpc's own
        state half made, and then later calls on the channel never end.
        """
        if self._lease is None and isinstance(raised, ValueError):
            return ConfigError(CLOSED)
        has_no_thread = isinstance(raised, RuntimeError) and "start new thread" in str(raised)
        if lease is not None and has_no_thread:
            lease.abandon()
        elif lease is not None:
            lease.retire()
        if has_no_thread:
            return GrpcFailure("INTERNAL", f"gRPC needs a thread: {raised}")
        return None

    def _to_failure(self, raised: grpc.RpcError, origin: Origin | None) -> GrpcFailure:
        park_at_exit()
        failure = failure_from_grpc(raised)
        if failure.code == "CANCELLED" and self._lease is None:
            return GrpcFailure("CANCELLED", CLOSED)
        if failure.code == "UNAVAILABLE":
            time.sleep(SETTLE_SECONDS)
        return record_failure(failure, origin)

    def cancel(self, call: Any) -> None:
        """Cancel a call."""
        cancel_call(call)

    def collect_reply(self, call: Any) -> tuple[Any, GrpcFailure | None]:
        """Return the reply of a finished call, or its failure."""
        try:
            reply = call.result()
        except grpc.RpcError as error:
            return None, self._to_failure(error, self._find_origin(call))
        self._record_answer()
        return reply, None

    def abandon(self, call: Any) -> GrpcFailure:
        """Give up a call that gRPC did not end at its deadline, and its channel. Return the failure of the call."""
        run_aside(partial(cancel_call, call))
        self._end_wait(call, self._find_origin(call))
        return GrpcFailure("DEADLINE_EXCEEDED", "")

    def _get_lease(self) -> Lease:
        lease = self._lease
        if lease is None:
            raise ConfigError(CLOSED)
        if lease.is_stale:
            lease = self._lease = Lease(self.target, None, self._interceptors)
        return lease


def _sleep(action: Sleep) -> None:
    """Sleep, or wait until a ticket is called."""
    if action.ticket is None:
        time.sleep(action.seconds)
    else:
        action.wait(Event())
