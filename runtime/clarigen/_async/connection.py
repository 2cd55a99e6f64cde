"""The asyncio connection: does over grpc.aio what the flows of `_call` ask for.

What lives here: the twin of `_client_connection`, which differs by the awaiting alone. A channel belongs
to the event loop it was opened in, so a connection opens one a loop, with its first call there.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from typing import Any, Final

from grpc import aio

from .._calls.actions import Failure, Send, Sleep
from .._calls.driver import AsyncDriver
from .._calls.status import failure_from_grpc
from .._transport.channel import Lease
from .._transport.connection import CLOSED, ConnectionBase
from .._transport.endpoint import Endpoint
from ..errors import ConfigError

_CANCEL_GRACE: Final = 0.05
"""How long before `close` returns a call may last have been cancelled, in seconds. grpc does not tell when
its last word on such a call has come, and complains on standard error if the loop is closed by then."""


class AsyncConnection(ConnectionBase, AsyncDriver):
    """An endpoint, and a share in the channel to it for each event loop that calls."""

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(endpoint)
        self._leases: dict[asyncio.AbstractEventLoop, Lease] = {}
        self._last_cancelled = 0.0  # when a call was last cancelled
        self._closed = False

    async def close(self) -> None:
        """Give the channels back. Later calls raise ConfigError."""
        self._closed = True
        here = asyncio.get_running_loop()
        leases, self._leases = self._leases, {}
        await asyncio.sleep(0)  # streams that were dropped end now
        for loop, lease in leases.items():
            channel = lease.release()
            if channel is not None and loop is here:
                await channel.close()
        left = self._last_cancelled + _CANCEL_GRACE - time.monotonic()
        if left > 0:
            await asyncio.sleep(left)

    def cancel(self, call: Any) -> None:
        """End a call; nobody waits for it any more."""
        if call.cancel():
            self._last_cancelled = time.monotonic()

    async def do(self, action: Send | Sleep) -> Any:
        """What the flows of both kinds may want; the reply, or `Failure`."""
        if isinstance(action, Send):
            return await self._send(action)
        return await asyncio.sleep(action.seconds)

    async def _send(self, attempt: Send) -> bytes:
        call = self._get_lease().multi_callable("unary_unary", attempt.rpc)(
            attempt.request, timeout=attempt.timeout, metadata=self._credentials.metadata
        )
        try:
            reply: bytes = await call
        except aio.AioRpcError as error:
            raise failure_from_grpc(error) from None
        except asyncio.CancelledError:
            if not _is_task_cancelled():
                raise Failure("CANCELLED", CLOSED) from None
            self.cancel(call)
            self._last_cancelled = time.monotonic()  # grpc may have cancelled it already
            raise
        return reply

    async def receive(self, reading: Awaitable[Any], end: Any) -> Any:
        """What is read from a stream: an answer, or `end`; `Failure` if it failed."""
        try:
            reply = await reading
        except aio.AioRpcError as error:
            raise failure_from_grpc(error) from None
        except asyncio.CancelledError:
            if not _is_task_cancelled():
                raise Failure("CANCELLED", CLOSED) from None
            raise
        return end if reply is aio.EOF else reply

    def _get_lease(self) -> Lease:
        if self._closed:
            raise ConfigError(CLOSED)
        loop = asyncio.get_running_loop()
        lease = self._leases.get(loop)
        if lease is None or lease.is_inherited:
            for other in [loop for loop in self._leases if loop.is_closed()]:
                self._leases.pop(other).release()
            lease = self._leases[loop] = Lease(self.target, loop, self._interceptors)
        return lease


def _is_task_cancelled() -> bool:
    """Whether the task is cancelled that waits for a call, and not the call: by a closed client, say."""
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0
