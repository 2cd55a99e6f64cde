"""The async connection: performs the actions of `_calls` with grpc.aio.

It corresponds to `_sync/connection.py`. But a channel of grpc.aio belongs to the event loop that it was opened in. So
a connection has one channel per event loop, and acquires it at the first call in that loop.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from typing import Any, Final

from grpc import aio

from .._calls.actions import GrpcFailure, Send, Sleep
from .._calls.driver import AsyncDriver
from .._calls.status import failure_from_grpc
from .._transport.channel_pool import Lease
from .._transport.connection import CLOSED, GrpcConnectionBase
from .._transport.endpoint import Endpoint
from ..errors import ConfigError

_CANCEL_GRACE: Final = 0.05
"""The shortest time between the last cancellation and the return of `close`, in seconds. grpc does not say when it
has finished with a canceled call, and prints an error if the loop is closed earlier."""


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
        return await asyncio.sleep(action.seconds)

    async def _send(self, attempt: Send) -> bytes:
        call = self._get_lease().get_callable("unary_unary", attempt.rpc)(
            attempt.request, timeout=attempt.timeout, metadata=self._credential.metadata
        )
        try:
            reply: bytes = await call
            return reply
        except aio.AioRpcError as error:
            failure = failure_from_grpc(error)
        except asyncio.CancelledError:
            if not _is_task_canceled():
                raise GrpcFailure("CANCELLED", CLOSED) from None
            self.cancel(call)
            self._last_canceled = time.monotonic()  # even if grpc had already canceled the call
            raise
        # Not raised in the `except`: `__context__` would be grpc's error, whose traceback holds the metadata.
        raise failure

    async def receive(self, reply: Awaitable[Any], end: Any) -> Any:
        """Await a reply of a stream. Return it, or `end` after the last; raise `GrpcFailure` if the stream failed."""
        try:
            message = await reply
            return end if message is aio.EOF else message
        except aio.AioRpcError as error:
            failure = failure_from_grpc(error)
        except asyncio.CancelledError:
            if not _is_task_canceled():
                raise GrpcFailure("CANCELLED", CLOSED) from None
            raise
        raise failure

    def _get_lease(self) -> Lease:
        if self._is_closed:
            raise ConfigError(CLOSED)
        loop = asyncio.get_running_loop()
        lease = self._leases.get(loop)
        if lease is None or lease.is_inherited:
            for closed_loop in [loop for loop in self._leases if loop.is_closed()]:
                self._leases.pop(closed_loop).release()
            lease = self._leases[loop] = Lease(self.target, loop, self._interceptors)
        return lease


def _is_task_canceled() -> bool:
    """Return whether the current task was canceled; False if only its call was, by closing the client."""
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0
