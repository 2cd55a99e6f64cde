"""The async client: the base of generated async classes.

It corresponds to `_sync/client.py`, and differs only by the await.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from .._client.base import DEFAULT_TIMEOUT, ClientBase, ClientT
from .._client.batch import check_inputs
from .._wire.method import Streaming, Unary, UnaryCallable
from .batch import AsyncBatch
from .stream import AsyncRequestItems, AsyncStream

if TYPE_CHECKING:
    from .._transport.connection import AsyncConnection
else:
    AsyncConnection = Any

_R = TypeVar("_R")


class AsyncClient(ClientBase):
    """The base of generated async clients: `Client` for asyncio.

    Use it in an `async with` block, or await `close()`. It may be used in several event loops, one after the
    other. In each of them, all clients of a server share one channel.
    """

    _connection: AsyncConnection

    def _open_connection(self) -> None:
        from .._transport.endpoint import import_grpc

        import_grpc()
        from .connection import AsyncGrpcConnection

        self._connection = AsyncGrpcConnection(self._endpoint)

    async def close(self) -> None:
        """Close the client. Later calls raise ConfigError."""
        await self._connection.close()

    async def __aenter__(self: ClientT) -> ClientT:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def wait_until_ready(self, timeout: float | None = DEFAULT_TIMEOUT) -> None:
        """Wait until the model accepts calls: see `Client.wait_until_ready`."""
        policy = self._make_readiness_policy(timeout)
        await self._connection.run(self._connection.make_readiness_flow(self._address, policy))

    async def _unary_or_batch(self, method: UnaryCallable[_R], /, *values: object) -> _R:
        """Call a unary method with one value per parameter, or as a batch if the first value is a list of inputs."""
        # `Any` instead of `cast`, which would be a call (benchmark "small async call, 1 at once").
        unary: Any = method
        inputs = unary.find_batch_inputs(values)
        result: _R
        if inputs is None:
            result = await self._unary(unary, *values)
        else:
            batch: Any = self._batch(unary, self._connection.encode_list(unary, inputs))
            result = await batch.collect()
        return result

    async def _unary(self, method: Unary[_R], /, *values: object) -> _R:
        """Call a unary method with one value per parameter."""
        connection = self._connection
        return await connection.run(
            connection.make_unary_flow(method, values, self._make_context())
        )

    def _batch(
        self,
        method: Unary[_R],
        inputs: AsyncIterable[object] | Iterable[object],
        progress: bool = False,
        total: int | None = None,
        /,
    ) -> AsyncBatch[_R]:
        """Return a batch of calls of a unary method. Each input is a mapping of parameters to values."""
        context, label = self._make_context(), method.name if progress else None
        check_inputs(method, inputs, total, asynchronous=True)
        make_plan = self._connection.prepare_batch(method, context, self._options.batch_limits)
        return AsyncBatch(make_plan, self._connection, inputs, label, method.batch_name, total)

    def _stream(self, method: Streaming[_R], /, *values: object) -> AsyncStream[_R]:
        """Return a stream that calls a streaming method with one value per parameter."""
        argument = method.find_stream_argument(values, asynchronous=True)
        items = AsyncRequestItems(argument) if argument is not None else None
        iterator = items.iterator if items is not None else None
        flow = self._connection.make_stream_flow(method, values, self._make_context(), iterator)
        return AsyncStream(flow, self._connection, items, method.name)
