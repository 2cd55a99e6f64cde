"""The async connection: performs the actions of `_calls` with grpc.aio.

It corresponds to `_sync/connection.py`. But a channel of grpc.aio belongs to the event loop that it was opened in. So
a connection has one channel per event loop, and acquires it at the first call in that loop.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from math import inf
from typing import Any, Final

from grpc import aio

from .._calls.actions import GrpcFailure, Open, Send, Sleep
from .._calls.driver import AsyncDriver
from .._calls.grpc_status import failure_from_grpc
from .._transport.channel_pool import Lease
from .._transport.connecting import (
    REASON_SECONDS,
    SETTLE_SECONDS,
    ConnectionWait,
    get_reason,
)
from .._transport.connection import CLOSED, GrpcConnectionBase, Origin, record_failure
from .._transport.endpoint import Endpoint
from .._transport.read_timer import ReadTimer
from ..errors import ConfigError

_NEEDS_ASYNCIO: Final = (
    "an async client needs asyncio; with trio, call the synchronous client by trio.to_thread.run_sync"
)

_CANCEL_GRACE: Final = 0.05
"""The shortest time between the last call that failed or was canceled and the return of `close`, in seconds. grpc does
not say when it has finished with such a call, and prints an error if the loop is closed earlier."""


class AsyncGrpcConnection(GrpcConnectionBase, AsyncDriver):
    """A connection to an endpoint, over one shared channel per event loop."""

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(endpoint)
        self._leases: dict[asyncio.AbstractEventLoop, Lease] = {}
        self._last_canceled = 0.0
        self._is_closed = False

    async def close(self) -> None:
        """Release the channels. Later calls raise ConfigError."""
        self._is_closed = True
        current_loop = asyncio.get_running_loop()
        leases, self._leases = self._leases, {}
        await asyncio.sleep(0)  # lets the loop cancel the streams that were dropped
        for loop, lease in leases.items():
            channel = lease.release()
            if channel is not None and loop is current_loop:
                await channel.close()
            await asyncio.sleep(0)  # lets the calls note that this has ended them
        grace = self._last_canceled + _CANCEL_GRACE - time.monotonic()
        if grace > 0:
            await asyncio.sleep(grace)

    def cancel(self, call: Any) -> None:
        """Cancel a call."""
        if call.cancel():
            self._last_canceled = time.monotonic()

    async def perform(self, action: Send | Sleep) -> Any:
        """Send a request and return the reply, or sleep; raise `GrpcFailure` if the call failed."""
        if isinstance(action, Send):
            return await self._send(action)
        return await _sleep(action)

    async def _send(self, attempt: Send) -> bytes:
        lease, timeout = self._get_lease(), attempt.timeout
        while not self._is_ready(lease, lease.read_state(False)):
            timeout = (await self._connect(lease, timeout)).remaining()
        answers = lease.shared.answers
        call = lease.get_callable("unary_unary", attempt.rpc)(
            attempt.request, timeout=timeout, metadata=self._credential.metadata
        )
        try:
            reply: bytes = await call
            lease.shared.answers += 1
            return reply
        except aio.AioRpcError as error:
            failure = failure_from_grpc(error)
            self._last_canceled = time.monotonic()
        except asyncio.CancelledError:
            self._last_canceled = time.monotonic()  # even if grpc had already canceled the call
            if not _is_task_canceled():
                raise GrpcFailure("CANCELLED", CLOSED) from None
            self.cancel(call)
            await _wait_for_cancellation()
            raise
        # Not raised in the `except`: `__context__` would be grpc's error, whose traceback holds the metadata.
        if failure.code == "UNAVAILABLE":
            await asyncio.sleep(SETTLE_SECONDS)
        raise record_failure(failure, Origin(lease, answers))

    async def connect(self, attempt: Open, is_canceled: Callable[[], bool]) -> Open:
        """Wait for a connection. Return the attempt with the time that is left."""
        wait = await self._connect(self._get_lease(), attempt.timeout, is_canceled)
        return attempt.with_time_left(wait.remaining(), wait.left_of(attempt.deadline))

    async def _connect(
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
        while True:
            if self._is_closed:
                raise ConfigError(CLOSED)
            state = lease.read_state(True)
            if self._is_ready(lease, state):
                return wait
            if is_canceled is not None and is_canceled():
                raise GrpcFailure("CANCELLED", "canceled before it was sent", is_unsent=True)
            goes_on = wait.go_on(state)
            if wait.asks_reason(goes_on=goes_on) and wait.is_hopeless(
                await self._ask_reason(lease)
            ):
                goes_on = False
            if not goes_on:
                lease.retire()
                raise wait.to_failure(self.target.address)
            await asyncio.sleep(wait.pause)

    async def _ask_reason(self, lease: Lease) -> str:
        """Return why the channel is not connected; empty if it does not say."""
        try:
            await lease.make_reason_callable()(b"", timeout=REASON_SECONDS)
        except aio.AioRpcError as error:
            return get_reason(failure_from_grpc(error))
        return ""

    def start_stream(self, attempt: Open, messages: Any, is_canceled: Callable[[], bool]) -> Any:
        """Start an attempt of a streaming call on a channel that is connected, and return grpc's call."""
        del is_canceled
        lease = self._get_lease()
        answers = lease.shared.answers
        call = self._open_stream(lease, attempt, attempt.deadline, messages)
        with suppress(TypeError):  # an interceptor may replace the call by any iterator
            self._origins[call] = Origin(lease, answers)
        return call

    def start_timer(self, timer: ReadTimer, call: Any) -> Callable[[], object] | None:
        """Have a call canceled if it is silent for too long. Return a function that ends this; None if there is no limit."""
        if timer.period == inf:
            return None
        timer.begin(partial(self._expire, call))
        return _TimerChecks(timer).stop

    def _expire(self, call: Any, is_stuck: bool) -> None:
        if not is_stuck:
            self.cancel(call)

    async def pause(self, action: Sleep, end: asyncio.Event) -> None:
        """Sleep until an event is set, at most."""
        await _sleep(action, end)

    async def receive(self, call: Any, reply: Awaitable[Any], end: Any, timer: ReadTimer) -> Any:
        """Await a reply of a stream. Return it, or `end` after the last; raise `GrpcFailure` if the stream failed."""
        try:
            message = await reply
        except aio.AioRpcError as error:
            failure = timer.failure or failure_from_grpc(error)
            self._last_canceled = time.monotonic()
        except asyncio.CancelledError:
            self._last_canceled = time.monotonic()
            if _is_task_canceled():
                raise
            if timer.failure is None:
                raise GrpcFailure("CANCELLED", CLOSED) from None
            failure = timer.failure
        else:
            origin = self._find_origin(call)
            if origin is not None:
                origin.lease.shared.answers += 1
            return end if message is aio.EOF else message
        raise record_failure(failure, self._find_origin(call))

    def _get_lease(self) -> Lease:
        if self._is_closed:
            raise ConfigError(CLOSED)
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            raise ConfigError(_NEEDS_ASYNCIO) from None
        lease = self._leases.get(loop)
        if lease is None or lease.is_stale:
            for closed_loop in [loop for loop in self._leases if loop.is_closed()]:
                self._leases.pop(closed_loop).release()
            lease = self._leases[loop] = Lease(self.target, loop, self._interceptors)
        return lease


def _is_task_canceled() -> bool:
    """Return whether the current task was canceled; False if only its call was, by closing the client."""
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0


async def _wait_for_cancellation() -> None:
    """Let anyio cancel the task again, which it does until the task leaves the canceled scope.

    grpc.aio replaces the exception of a cancellation by one without anyio's message. Without the message, the scope
    would not recognize its own cancellation.
    """
    for _ in range(2):
        await asyncio.sleep(0)


async def _sleep(action: Sleep, end: asyncio.Event | None = None) -> None:
    """Sleep, or wait until a ticket is called or an event is set."""
    ticket = action.ticket
    if ticket is None and end is None:
        await asyncio.sleep(action.seconds)
        return
    event = asyncio.Event() if end is None else end
    if ticket is not None:
        loop = asyncio.get_running_loop()

        def on_call() -> None:  # in any thread, perhaps after the loop was closed
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(event.set)

        ticket.on_call(on_call)
    with suppress(TimeoutError):
        async with asyncio.timeout(action.seconds):
            await event.wait()


class _TimerChecks:
    """The callbacks of the event loop that check a read timer."""

    __slots__ = ("_handle", "_loop", "_timer")

    def __init__(self, timer: ReadTimer) -> None:
        self._timer = timer
        self._loop = asyncio.get_running_loop()
        self._handle = self._loop.call_later(timer.period, self._check)

    def _check(self) -> None:
        now = time.monotonic()
        self._handle = self._loop.call_later(self._timer.check(now) - now, self._check)

    def stop(self) -> None:
        """Check no more."""
        self._handle.cancel()
