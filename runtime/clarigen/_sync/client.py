"""The synchronous client: the base of generated classes.

What lives here: `Client`, which puts a method, its values and a connection together. The connection is
made, and grpc with it imported, when a client is.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from .._client.base import ClientBase
from .._transport.endpoint import DEFAULT_TIMEOUT
from .._wire.method import Streaming, Unary, UnaryCallable
from .batch import Batch
from .stream import Items, Stream

if TYPE_CHECKING:
    from types import TracebackType

    from .._calls.call import UnaryFlow
    from .connection import Connection

_R = TypeVar("_R")


class Client(ClientBase):
    """The base of generated clients.

    A client is thread-safe and cheap: clients of one server share a connection. Use it in a `with`
    block, or close it.
    """

    _connection: Connection

    def _open(self) -> None:
        from .connection import Connection

        self._connection = Connection(self._endpoint)

    def close(self) -> None:
        """Give the connection back. Later calls raise ConfigError."""
        self._connection.close()

    def __enter__(self) -> Self:
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
        """Wait until the model can be called; nothing is predicted for it. The log says what for.

        Args:
            timeout: How long to wait, in seconds, above 0; None for no limit.

        Raises:
            ModelNotReadyError: The time is over; or at once, if the model does not get ready by itself:
                its build failed, or it is not deployed.
            ClarigenError: The question was refused (see the errors of the generated class).
        """
        self._connection.run(self._readiness(timeout))

    def _call(self, method: UnaryCallable[_R], /, *values: object) -> _R:
        """Call a unary method with one value a field, or with a list of inputs in place of them."""
        its: Any = method
        inputs = its.batch_inputs(values)
        if inputs is not None:
            return cast("_R", self._batch(its, inputs, False).collect())
        result: _R = self._one(its, *values)
        return result

    def _one(self, method: Unary[_R], /, *values: object) -> _R:
        """Call a unary method with one value a field."""
        flow: UnaryFlow[_R] = self._flows.call_unary(method, values, self._context())
        return self._connection.run(flow)

    def _batch(self, method: Unary[_R], inputs: Iterable[object], progress: bool, /) -> Batch[_R]:
        """Call a unary method with any number of inputs, as mappings."""
        self._batches.check_inputs(method, inputs)
        shown = (method.name, progress)
        return Batch(self._batch_factory(method), self._connection, inputs, shown)

    def _stream(self, method: Streaming[_R], /, *values: object) -> Stream[_R]:
        """Call a streaming method with one value a field."""
        flow = self._flows.call_stream(method, values, self._context())
        items = method.stream_argument(values)
        taken = Items(iter(items)) if items is not None else None
        return Stream(flow, self._connection, taken)
