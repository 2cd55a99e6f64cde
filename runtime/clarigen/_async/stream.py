"""The asyncio stream: the twin of `_client_stream`, which differs by the awaiting alone.

What lives here: `AsyncStream`, and `Items`, the caller's side of a bidirectional one, with what grpc.aio
needs beside: it forgets statuses, and does not cancel a call that is dropped.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Callable, Coroutine, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, Generic, Self, TypeVar

from .._calls.actions import END, Deliver, Failure, Open, Pull, Receive, Reclaim
from .._client.stream import ItemsBase, StreamBase

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, Future, Lock

    from .connection import AsyncConnection

_R_co = TypeVar("_R_co", covariant=True)

_LOST_STATUS: Final = "Internal error from Core"
"""What grpc.aio says in place of a status."""

_STATUS_DELAYS: Final = (0.0, 0.001, 0.01, 0.05)
"""How long to wait for a status that is on its way, in seconds, each time."""


class AsyncItems(ItemsBase):
    """The items of a caller, for grpc's task; and the answers to them.

    When a server ends the call while a message is on its way to it, grpc calls that an internal error,
    in place of the status and of answers not yet read (grpc/grpc#36066): so they are read to their
    end, and the status is kept.
    """

    iterator: AsyncIterator[Any]

    def __init__(self, items: AsyncIterable[Any] | Iterable[Any]) -> None:
        super().__init__(iterate_async(items))
        self._answers: AsyncIterator[Any]
        self._status: tuple[Any, str] | None = None
        self._reading: Future[Any] | None = None

    def attach(self, call: Any, end: Callable[[], None]) -> None:
        super().attach(call, end)
        self._status = None
        self._answers = aiter(call)
        call.add_done_callback(self._keep_status)

    def _keep_status(self, call: Any) -> None:
        code, details = _run_without_waiting(call.code()), _run_without_waiting(call.details())
        if call is self._call and code is not None and details != _LOST_STATUS:
            self._status = code, details or ""

    async def read(self, end: Any) -> Any:
        """The next answer, or `end`."""
        return await anext(self._answers, end)

    async def actual_failure(self, told: Failure) -> Failure | None:
        """How the call failed in truth; None if it did not."""
        import asyncio

        if told.details != _LOST_STATUS:
            return told
        for pause in _STATUS_DELAYS:
            if self._status is None:
                await asyncio.sleep(pause)
        if self._status is None:
            return told
        code, details = self._status
        return None if code.name == "OK" else Failure(code.name, details)

    def messages(self, attempt: Open) -> AsyncIterator[bytes]:
        """What is sent in an attempt, one after another."""
        return self._messages(attempt, self._attempt)

    async def _messages(self, attempt: Open, turn: int) -> AsyncIterator[bytes]:
        assert attempt.encode_item is not None
        yield attempt.request
        try:
            item = await self._second(turn)
            while item is not END:
                yield attempt.encode_item(item)
                item = await anext(self.iterator, END)
        except Exception as error:  # noqa: BLE001 - the caller's own, for the caller
            self.fail(error)

    async def _second(self, turn: int) -> Any:
        """The second item; END if there is none, or if it is for a later attempt."""
        import asyncio

        if turn != self._attempt:
            return END
        if self._reading is None:
            # In a task of its own: grpc ends the one of an attempt that failed.
            self._reading = asyncio.ensure_future(anext(self.iterator, END))
            self._reading.add_done_callback(_ignore_exception)
        await asyncio.wait([self._reading])
        item = self._reading.result()
        return item if item is not END and self._claim_second(turn) else END

    def stop(self) -> None:
        """Wait for no other item."""
        if self._reading is not None:
            self._reading.cancel()


def _ignore_exception(read: Future[Any]) -> None:
    """Ask for what was raised: else asyncio tells of it, where nobody wants the item any more."""
    if not read.cancelled():
        read.exception()


def _run_without_waiting(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """What a coroutine returns that has nothing to wait for; None if it has."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value
    coroutine.close()
    return None


async def iterate_async(items: AsyncIterable[Any] | Iterable[Any]) -> AsyncIterator[Any]:
    if isinstance(items, AsyncIterable):
        async for item in items:
            yield item
    else:
        for item in items:
            yield item


class AsyncStream(StreamBase, Generic[_R_co]):
    """The results of a streaming method, as they come: the asyncio twin of `Stream`.

    An async iterator and an async context manager. The call starts when the first item is asked
    for. Leaving the `async with` block early, `cancel()`, or dropping the stream ends the call.
    Tasks may share it: each item goes to one of them.
    """

    _connection: AsyncConnection
    _items: AsyncItems | None
    _loop: AbstractEventLoop | None = None
    _reading: Lock | None = None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> _R_co:
        """The next result; StopAsyncIteration after the last.

        Raises:
            ClarigenError: The call failed (see the errors of the generated class).
            Exception: Whatever the caller's own iterator of inputs raised.
        """
        import asyncio

        if self._reading is None:
            self._reading = asyncio.Lock()
        async with self._reading:
            return await self._next()

    async def _next(self) -> _R_co:
        if self._done:
            raise StopAsyncIteration
        try:
            action = next(self._flow)
            while not isinstance(action, Deliver):
                try:
                    reply = await self._do(action)
                except Failure as failure:
                    if self._done:
                        raise
                    action = self._flow.throw(failure)
                else:
                    action = self._flow.send(reply)
            item: _R_co = action.item
            return item
        except StopIteration as end:
            self._finish(end.value)
            raise StopAsyncIteration from None
        except Failure:  # another task has cancelled
            raise StopAsyncIteration from None
        except BaseException:
            self.cancel()
            raise

    async def _do(self, action: Any) -> Any:
        """What the flow wants; the reply, or `Failure`."""
        if isinstance(action, Receive):
            if self._items is None:
                return await self._connection.receive(self._active_call().read(), END)
            return await self._receive(self._items)
        if isinstance(action, Open):
            import asyncio

            self._loop = asyncio.get_running_loop()
            return self._start(action)
        if isinstance(action, Pull):
            assert self._items is not None
            return await anext(self._items.iterator, END)
        if isinstance(action, Reclaim):
            assert self._items is not None
            return self._items.reclaim()
        return await self._connection.do(action)

    async def _receive(self, items: AsyncItems) -> Any:
        try:
            return await self._connection.receive(items.read(END), END)
        except Failure as told:
            failure = await items.actual_failure(told)
            if failure is None:
                return END
            raise failure from None
        finally:
            if items.error is not None:
                raise items.error

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.cancel()

    def __del__(self) -> None:
        # grpc.aio does not cancel a call that is dropped. The loop may be another thread's, or gone.
        call, loop = getattr(self, "_call", None), self._loop
        if call is None or loop is None:
            return
        with suppress(RuntimeError):  # the loop has been closed
            if loop.is_closed():
                call.cancel()
            else:
                loop.call_soon_threadsafe(_cancel, self._connection, call, self._items)


def _cancel(connection: AsyncConnection, call: Any, items: AsyncItems | None) -> None:
    connection.cancel(call)
    if items is not None:
        items.stop()
