"""The asyncio client: the base of generated async classes.

What lives here: the twin of `_client`, which differs by the awaiting alone.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from .._client.base import ClientBase
from .._transport.endpoint import DEFAULT_TIMEOUT
from .._wire.method import Streaming, Unary, UnaryCallable
from .batch import AsyncBatch
from .stream import AsyncItems, AsyncStream

if TYPE_CHECKING:
    from .._calls.call import UnaryFlow
    from .connection import AsyncConnection

_R = TypeVar("_R")


class AsyncClient(ClientBase):
    """The base of generated async clients: the asyncio twin of `Client`.

    Use it in an `async with` block, or await `close()`. It may be used in one event loop after the
    other; clients of one server share a connection in each.
    """

    _connection: AsyncConnection

    def _open(self) -> None:
        from .connection import AsyncConnection

        self._connection = AsyncConnection(self._endpoint)

    async def close(self) -> None:
        """Give the connection back. Later calls raise ConfigError."""
        await self._connection.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def wait_until_ready(self, timeout: float | None = DEFAULT_TIMEOUT) -> None:
        """Wait until the model can be called: see `Client.wait_until_ready`."""
        await self._connection.run(self._readiness(timeout))

    async def _call(self, method: UnaryCallable[_R], /, *values: object) -> _R:
        """Call a unary method with one value a field, or with a list of inputs in place of them."""
        its: Any = method
        inputs = its.batch_inputs(values)
        if inputs is not None:
            return cast("_R", await self._batch(its, inputs, False).collect())
        result: _R = await self._one(its, *values)
        return result

    async def _one(self, method: Unary[_R], /, *values: object) -> _R:
        """Call a unary method with one value a field."""
        flow: UnaryFlow[_R] = self._flows.call_unary(method, values, self._context())
        return await self._connection.run(flow)

    def _batch(
        self,
        method: Unary[_R],
        inputs: AsyncIterable[object] | Iterable[object],
        progress: bool,
        /,
    ) -> AsyncBatch[_R]:
        """Call a unary method with any number of inputs, as mappings."""
        self._batches.check_inputs(method, inputs, asynchronous=True)
        shown = (method.name, progress)
        return AsyncBatch(self._batch_factory(method), self._connection, inputs, shown)

    def _stream(self, method: Streaming[_R], /, *values: object) -> AsyncStream[_R]:
        """Call a streaming method with one value a field."""
        flow = self._flows.call_stream(method, values, self._context())
        items = method.stream_argument(values, asynchronous=True)
        taken = AsyncItems(items) if items is not None else None
        return AsyncStream(flow, self._connection, taken)
