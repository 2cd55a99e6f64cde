"""The synchronous client: the base of generated classes.

Each call passes a method and its values to the connection. Creating a client opens the connection and imports grpc.
"""

from __future__ import annotations

from collections.abc import Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from .._client.base import DEFAULT_TIMEOUT, ClientBase, ClientT
from .._client.batch import check_inputs
from .._wire.method import Streaming, Unary, UnaryCallable
from .batch import Batch
from .stream import RequestItems, Stream

if TYPE_CHECKING:
    from .._transport.connection import Connection
else:
    Connection = Any

_R = TypeVar("_R")


class Client(ClientBase):
    """The base of generated clients.

    A client is thread-safe. It is cheap, because all clients of a server share one channel. Use it in a
    `with` block, or close it.
    """

    _connection: Connection

    def _open_connection(self) -> None:
        from .._transport.endpoint import import_grpc

        import_grpc()
        from .connection import GrpcConnection

        self._connection = GrpcConnection(self._endpoint)

    def close(self) -> None:
        """Close the client. Later calls raise ConfigError."""
        self._connection.close()

    def __enter__(self: ClientT) -> ClientT:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None:
        self.close()

    def wait_until_ready(self, timeout: float | None = DEFAULT_TIMEOUT) -> None:
        """Wait until the model accepts calls. Sends no prediction; progress is logged at INFO.

        Args:
            timeout: Time limit, in seconds, above 0; None for no limit.

        Raises:
            ModelNotReadyError: The model is not ready within the time limit. Raised at once if it cannot
                become ready by itself: its build failed, or it is not deployed.
            ClarigenError: The platform refused a request (see the errors of the generated class).
        """
        policy = self._make_readiness_policy(timeout)
        self._connection.run(self._connection.make_readiness_flow(self._address, policy))

    def _unary_or_batch(self, method: UnaryCallable[_R], /, *values: object) -> _R:
        """Call a unary method with one value per parameter, or as a batch if the first value is a list of inputs."""
        # `Any` instead of `cast`, which would be a call (benchmark "small call, 1 at once").
        unary: Any = method
        inputs = unary.find_batch_inputs(values)
        result: _R
        if inputs is None:
            result = self._unary(unary, *values)
        else:
            batch: Any = self._batch(unary, self._connection.encode_list(unary, inputs))
            result = batch.collect()
        return result

    def _unary(self, method: Unary[_R], /, *values: object) -> _R:
        """Call a unary method with one value per parameter."""
        connection = self._connection
        return connection.run(connection.make_unary_flow(method, values, self._make_context()))

    def _batch(
        self,
        method: Unary[_R],
        inputs: Iterable[object],
        progress: bool = False,
        total: int | None = None,
        /,
    ) -> Batch[_R]:
        """Return a batch of calls of a unary method. Each input is a mapping of parameters to values."""
        context, label = self._make_context(), method.name if progress else None
        check_inputs(method, inputs, total)
        make_plan = self._connection.prepare_batch(method, context, self._options.batch_limits)
        return Batch(make_plan, self._connection, inputs, label, method.batch_name, total)

    def _stream(self, method: Streaming[_R], /, *values: object) -> Stream[_R]:
        """Return a stream that calls a streaming method with one value per parameter."""
        argument = method.find_stream_argument(values)
        items = RequestItems(iter(argument)) if argument is not None else None
        iterator = items.iterator if items is not None else None
        flow = self._connection.make_stream_flow(method, values, self._make_context(), iterator)
        return Stream(flow, self._connection, items, method.name)
