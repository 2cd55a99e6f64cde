"""The asyncio connection: does over grpc.aio what the flows of `_call` ask for.

What lives here: the twin of `_client_connection`, which differs by the awaiting alone. A channel belongs
to the event loop it was opened in, so a connection opens one a loop, with its first call there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from ._base import SERVICE, Endpoint
from ._drivers import ConnectionBase, closed

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

    from ._actions import Send, Sleep
    from ._call import UnaryFlow
    from ._channel import Lease
    from ._status import Failure

_R = TypeVar("_R")


class AsyncConnection(ConnectionBase):
    """An endpoint, and a share in the channel to it for each event loop that calls."""

    def __init__(self, endpoint: Endpoint) -> None:
        import grpc.aio as _loaded  # the first call shall import nothing

        del _loaded
        super().__init__(endpoint)
        self._leases: dict[AbstractEventLoop, Lease] = {}
        self._closed = False

    async def close(self) -> None:
        """Give the channels back. Later calls raise ConfigError."""
        import asyncio

        self._closed = True
        leases, self._leases = self._leases, {}
        for loop, lease in leases.items():
            channel = lease.release()
            if channel is not None and loop is asyncio.get_running_loop():
                await channel.close()

    async def send(self, attempt: Send) -> bytes:
        """Do an attempt at a unary call; `Failure` if it does not get through."""
        import grpc

        from ._status import failure_of

        call = self._channel().unary_unary(SERVICE + attempt.rpc)
        try:
            reply: bytes = await call(
                attempt.request, timeout=attempt.timeout, metadata=self._credentials.metadata
            )
        except grpc.aio.AioRpcError as error:
            raise failure_of(error) from None
        return reply

    async def run(self, flow: UnaryFlow[_R]) -> _R:
        """Drive the flow of a unary call to its end."""
        reply: Any = None
        failure: Failure | None = None
        while True:
            try:
                action = flow.send(reply) if failure is None else flow.throw(failure)
            except StopIteration as end:
                result: _R = end.value
                return result
            reply, failure = await self.do(action)

    async def do(self, action: Send | Sleep) -> tuple[Any, Failure | None]:
        """What the flows of both kinds may want; the reply, or how it failed."""
        import asyncio

        from ._actions import Sleep
        from ._status import Failure

        if isinstance(action, Sleep):
            await asyncio.sleep(action.seconds)
            return None, None
        try:
            return await self.send(action), None
        except Failure as failure:
            return None, failure

    def _channel(self) -> Any:
        import asyncio

        from ._channel import Lease

        if self._closed:
            raise closed()
        loop = asyncio.get_running_loop()
        lease = self._leases.get(loop)
        if lease is None or lease.lost:
            for other in [loop for loop in self._leases if loop.is_closed()]:
                self._leases.pop(other).release()
            lease = self._leases[loop] = Lease(self.target, loop, self._interceptors)
        return lease.channel
