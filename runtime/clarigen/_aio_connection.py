"""The asyncio connection: does over grpc.aio what the flows of `_call` ask for.

What lives here: the twin of `_client_connection`, which differs by the awaiting alone. A channel belongs
to the event loop it was opened in, so a connection opens one a loop, with its first call there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any

from grpc import aio

from ._actions import Send, Sleep
from ._base import Endpoint
from ._channel import Lease
from ._connection import ConnectionBase
from ._drivers import CLOSED, AsyncDriver
from ._status import failure_of
from .errors import ConfigError


class AsyncConnection(ConnectionBase, AsyncDriver):
    """An endpoint, and a share in the channel to it for each event loop that calls."""

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(endpoint)
        self._leases: dict[asyncio.AbstractEventLoop, Lease] = {}
        self._closed = False

    async def close(self) -> None:
        """Give the channels back. Later calls raise ConfigError."""
        self._closed = True
        leases, self._leases = self._leases, {}
        for loop, lease in leases.items():
            channel = lease.release()
            if channel is not None and loop is asyncio.get_running_loop():
                await channel.close()

    async def do(self, action: Send | Sleep) -> Any:
        """What the flows of both kinds may want; the reply, or `Failure`."""
        if isinstance(action, Send):
            return await self._send(action)
        return await asyncio.sleep(action.seconds)

    async def _send(self, attempt: Send) -> bytes:
        call = self._leased().call("unary_unary", attempt.rpc)
        try:
            reply: bytes = await call(
                attempt.request, timeout=attempt.timeout, metadata=self._credentials.metadata
            )
        except aio.AioRpcError as error:
            raise failure_of(error) from None
        return reply

    async def received(self, reading: Awaitable[Any], end: Any) -> Any:
        """What is read from a stream: an answer, or `end`; `Failure` if it failed."""
        try:
            reply = await reading
        except aio.AioRpcError as error:
            raise failure_of(error) from None
        return end if reply is aio.EOF else reply

    def _leased(self) -> Lease:
        if self._closed:
            raise ConfigError(CLOSED)
        loop = asyncio.get_running_loop()
        lease = self._leases.get(loop)
        if lease is None or lease.lost:
            for other in [loop for loop in self._leases if loop.is_closed()]:
                self._leases.pop(other).release()
            lease = self._leases[loop] = Lease(self.target, loop, self._interceptors)
        return lease
