"""The asyncio client: the driver of calls over grpc.aio, and the base of generated async classes.

What lives here: the twin of `_client`, which differs by the awaiting alone. What is sent, what an
answer means and when a call ends is decided in `_call` for both. A channel belongs to the event loop
it was opened in, so a client opens one a loop, with its first call there.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Coroutine, Iterable
from typing import TYPE_CHECKING, Any, Final, Generic, Self, TypeVar

from ._aio_batch import AsyncBatch
from ._base import SERVICE, ClientBase, Endpoint
from ._method import Streaming, Unary
from ._response import Usage
from .errors import ConfigError

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

    from ._actions import Open, Send, Sleep
    from ._call import StreamFlow, UnaryFlow
    from ._channel import Lease
    from ._status import Failure

_R = TypeVar("_R")
_R_co = TypeVar("_R_co", covariant=True)

_FORGOTTEN: Final = "Internal error from Core"
"""What grpc.aio says in place of a status."""

_MOMENTS: Final = (0.0, 0.001, 0.01, 0.05)
"""How long to wait for a status that is on its way, in seconds, each time."""


class AsyncConnection:
    """An endpoint, and a share in the channel to it for each event loop that calls."""

    def __init__(self, endpoint: Endpoint) -> None:
        import grpc.aio as _grpc  # the first call shall import nothing

        from . import _batch as _flows

        del _grpc, _flows
        self._target = endpoint.target
        self._credentials = endpoint.credentials
        self._interceptors = endpoint.interceptors
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

    def start(self, attempt: Open, messages: AsyncIterator[bytes] | None) -> Any:
        """Start an attempt at a stream."""
        channel, path = self._channel(), SERVICE + attempt.rpc
        options = {"timeout": attempt.timeout, "metadata": self._credentials.metadata}
        if messages is None:
            return channel.unary_stream(path)(attempt.request, **options)
        return channel.stream_stream(path)(messages, **options)

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
            raise ConfigError("this client is closed; make another")
        loop = asyncio.get_running_loop()
        lease = self._leases.get(loop)
        if lease is None or lease.lost:
            for other in [loop for loop in self._leases if loop.is_closed()]:
                self._leases.pop(other).release()
            lease = self._leases[loop] = Lease(self._target, loop, self._interceptors)
        return lease.channel


class _Items:
    """The caller's side of a bidirectional stream: its items, and what went wrong with them.

    grpc takes the messages in a task of its own, where an exception would be lost: it is kept, and
    the call is cancelled. When a server ends the call while a message is on its way to it, grpc calls
    that an internal error, in place of the status and of answers not yet read (grpc/grpc#36066): so
    they are read to their end, and the status is kept.
    """

    __slots__ = ("_answers", "_call", "_status", "error", "iterator")

    def __init__(self, items: AsyncIterable[Any] | Iterable[Any]) -> None:
        self.iterator = _asynchronous(items)
        self.error: Exception | None = None
        self._call: Any = None
        self._answers: AsyncIterator[Any]
        self._status: tuple[Any, str] | None = None

    def started(self, call: Any) -> None:
        self._call = call
        self._answers = aiter(call)
        call.add_done_callback(self._ended)

    def _ended(self, call: Any) -> None:
        code, details = _at_once(call.code()), _at_once(call.details())
        if code is not None and details != _FORGOTTEN:
            self._status = code, details or ""

    async def read(self, end: Any) -> Any:
        return await anext(self._answers, end)

    async def failed(self, told: Failure) -> Failure | None:
        """How the call failed in truth; None if it did not."""
        import asyncio

        from ._status import Failure

        if told.details != _FORGOTTEN:
            return told
        for pause in _MOMENTS:
            if self._status is None:
                await asyncio.sleep(pause)
        if self._status is None:
            return told
        code, details = self._status
        return None if code.name == "OK" else Failure(code.name, details)

    async def messages(self, attempt: Open) -> AsyncIterator[bytes]:
        assert attempt.follow is not None
        yield attempt.request
        try:
            async for item in self.iterator:
                yield attempt.follow(item)
        except Exception as error:  # noqa: BLE001 - the caller's own, for the caller
            self.error = error
            self._call.cancel()


def _at_once(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """What a coroutine returns that has nothing to wait for; None if it has."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value
    coroutine.close()
    return None


async def _asynchronous(items: AsyncIterable[Any] | Iterable[Any]) -> AsyncIterator[Any]:
    if isinstance(items, AsyncIterable):
        async for item in items:
            yield item
    else:
        for item in items:
            yield item


class AsyncStream(Generic[_R_co]):
    """The results of a streaming method, as they come: the asyncio twin of `Stream`.

    An async iterator and an async context manager. The call starts when the first item is asked
    for. Leaving the `async with` block early, `cancel()`, or dropping the stream ends the call.
    """

    def __init__(
        self,
        flow: StreamFlow,
        connection: AsyncConnection,
        items: AsyncIterable[Any] | Iterable[Any] | None,
    ) -> None:
        self._flow = flow
        self._connection = connection
        self._items = _Items(items) if items is not None else None
        self._call: Any = None
        self._loop: AbstractEventLoop | None = None
        self._done = False
        self._usage: Usage | None = None

    @property
    def usage(self) -> Usage | None:
        """The tokens that the call took, once the stream has ended; None before, or if it failed."""
        return self._usage

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> _R_co:
        """The next result; StopAsyncIteration after the last.

        Raises:
            ClarigenError: The call failed (see the errors of the generated class).
            Exception: Whatever the caller's own iterator of inputs raised.
        """
        import asyncio

        from . import _actions

        if self._done:
            raise StopAsyncIteration
        reply: Any = None
        failure: Exception | None = None
        try:
            while True:
                action = self._flow.send(reply) if failure is None else self._flow.throw(failure)
                reply = failure = None
                if isinstance(action, _actions.Deliver):
                    item: _R_co = action.item
                    return item
                if isinstance(action, _actions.Open):
                    self._loop = asyncio.get_running_loop()
                    messages = self._items.messages(action) if self._items else None
                    self._call = self._connection.start(action, messages)
                    if self._items is not None:
                        self._items.started(self._call)
                elif isinstance(action, _actions.Pull):
                    assert self._items is not None
                    reply = await anext(self._items.iterator, _actions.END)
                elif isinstance(action, _actions.Receive):
                    reply, failure = await self._receive(_actions.END)
                else:
                    reply, failure = await self._connection.do(action)
        except StopIteration as end:
            self._usage = end.value
            self.cancel()
            raise StopAsyncIteration from None
        except BaseException:
            self.cancel()
            raise

    async def _receive(self, end: Any) -> tuple[Any, Exception | None]:
        import asyncio

        import grpc

        from ._status import failure_of

        reply, failure = end, None
        try:
            if self._items is None:
                reply = await self._call.read()
            else:
                reply = await self._items.read(grpc.aio.EOF)
        except grpc.aio.AioRpcError as error:
            failure = failure_of(error)
            if self._items is not None:
                failure = await self._items.failed(failure)
        except asyncio.CancelledError:  # of the call, by its items, or of the task that waits
            if self._items is None or self._items.error is None:
                raise
        if self._items is not None and self._items.error is not None:
            raise self._items.error
        return (end if reply is grpc.aio.EOF else reply), failure

    def cancel(self) -> None:
        """End the call; there are no further items. Does nothing once the stream has ended."""
        self._done = True
        self._flow.close()
        call, self._call = self._call, None
        if call is not None:
            call.cancel()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.cancel()

    def __del__(self) -> None:
        # grpc.aio does not cancel a call that is dropped. The loop may be another thread's, or gone.
        if getattr(self, "_call", None) is not None:
            assert self._loop is not None
            if not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self._call.cancel)


class AsyncClient(ClientBase):
    """The base of generated async clients: the asyncio twin of `Client`.

    Use it in an `async with` block, or await `close()`. It may be used in one event loop after the
    other; clients of one server share a connection in each.
    """

    def _open(self) -> None:
        self._connection = AsyncConnection(self._endpoint)

    async def close(self) -> None:
        """Give the connection back. Later calls raise ConfigError."""
        await self._connection.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _one(self, method: Unary[_R], /, *values: object) -> _R:
        """Call a unary method with one value a field."""
        from . import _call

        flow = _call.unary(method, values, self._context())
        return await self._connection.run(flow)

    def _batch(
        self,
        method: Unary[_R],
        inputs: AsyncIterable[object] | Iterable[object],
        progress: bool,
        /,
    ) -> AsyncBatch[_R]:
        """Call a unary method with any number of inputs, as mappings."""
        from ._batch import checked

        checked(method, inputs, asynchronous=True)
        items, shown = _asynchronous(inputs), (method.name, progress)
        return AsyncBatch(self._works(method), self._connection, inputs, items, shown)

    def _stream(self, method: Streaming[_R], /, *values: object) -> AsyncStream[_R]:
        """Call a streaming method with one value a field."""
        from . import _call

        flow = _call.stream(method, values, self._context())
        return AsyncStream(flow, self._connection, method.items(values, asynchronous=True))
