"""The async stream: runs the flow of a streaming call result by result, in the caller's task.

It corresponds to `_sync/stream.py`. It also corrects two faults of grpc.aio: the status of a call may be lost, and a
call that is dropped is not canceled.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterable, AsyncIterator, Callable, Coroutine, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, Generic, Self, TypeVar

from .._calls.actions import END, Deliver, GrpcFailure, Open, PullFirst, Receive, Reclaim, Sleep
from .._client.stream import RequestItemsBase, StreamBase

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, Event, Future, Lock

    from .._transport.connection import AsyncConnection
    from .._transport.read_timer import ReadTimer
else:
    AbstractEventLoop = Event = Future = Lock = AsyncConnection = ReadTimer = Any

_R_co = TypeVar("_R_co", covariant=True)

_LOST_STATUS: Final = "Internal error from Core"
"""The details that grpc.aio reports if it has lost the status of a call."""

_STATUS_DELAYS: Final = (0.0, 0.001, 0.01, 0.05)
"""The pauses, in seconds, between checks whether the status has arrived."""


class AsyncRequestItems(RequestItemsBase):
    """The items that the caller sends, read by grpc's task, and the replies of the server.

    If the server ends the call while a message is being sent to it, `call.read()` raises an internal error. The
    server's status is lost, and so are replies that were not read yet (grpc/grpc#36066). So the replies are read
    with `aiter(call)`, which returns all of them, and a callback keeps the status.
    """

    iterator: AsyncIterator[Any]

    def __init__(self, items: AsyncIterable[Any] | Iterable[Any]) -> None:
        super().__init__(iterate_async(items))
        self._replies: AsyncIterator[Any]
        self._status: tuple[Any, str] | None = None
        self._second_item: Future[Any] | None = None

    def attach(self, call: Any, cancel: Callable[[], None]) -> None:
        """Set the call that sends the items and receives the replies."""
        super().attach(call, cancel)
        self._status = None
        self._replies = aiter(call)
        call.add_done_callback(self._keep_status)

    def _keep_status(self, call: Any) -> None:
        code, details = _run_without_waiting(call.code()), _run_without_waiting(call.details())
        if call is self._call and code is not None and details != _LOST_STATUS:
            self._status = code, details or ""

    async def read(self, end: Any) -> Any:
        """Return the next reply, or `end` after the last."""
        return await anext(self._replies, end)

    async def find_server_failure(self, reported_failure: GrpcFailure) -> GrpcFailure | None:
        """Return the failure that the server sent; None if the call succeeded.

        Args:
            reported_failure: The failure that grpc.aio reports. It may say only that the status was lost.
        """
        import asyncio

        if reported_failure.details != _LOST_STATUS:
            return reported_failure
        for delay in _STATUS_DELAYS:
            if self._status is None:
                await asyncio.sleep(delay)
        if self._status is None:
            return reported_failure
        code, details = self._status
        return None if code.name == "OK" else GrpcFailure(code.name, details)

    def iterate_messages(self, attempt: Open, timer: ReadTimer) -> AsyncIterator[bytes]:
        """Return the messages that an attempt sends."""
        return self._encode_messages(attempt, self._attempt_number, timer)

    async def _encode_messages(
        self, attempt: Open, attempt_number: int, timer: ReadTimer
    ) -> AsyncIterator[bytes]:
        assert attempt.encode_item is not None
        yield attempt.request
        try:
            item = await self._take_second_item(attempt_number)
            while item is not END:
                timer.last_input = time.monotonic()
                yield attempt.encode_item(item)
                item = await anext(self.iterator, END)
        except Exception as error:  # noqa: BLE001 - from the caller's iterator, for the caller
            self.fail(error)

    async def _take_second_item(self, attempt_number: int) -> Any:
        """Return the second item; END if there is none, or if it belongs to a later attempt."""
        import asyncio

        if attempt_number != self._attempt_number:
            return END
        if self._second_item is None:
            # In a task of its own, which outlives the attempt: if the attempt fails, grpc cancels its task.
            self._second_item = asyncio.ensure_future(anext(self.iterator, END))
            self._second_item.add_done_callback(_ignore_exception)
        await asyncio.wait([self._second_item])
        item = self._second_item.result()
        return item if item is not END and self._claim_second_item(attempt_number) else END

    def stop(self) -> None:
        """Stop waiting for an item."""
        if self._second_item is not None:
            self._second_item.cancel()


def _ignore_exception(future: Future[Any]) -> None:
    """Retrieve the exception of a future. Otherwise asyncio would log it if no attempt awaits the item."""
    if not future.cancelled():
        future.exception()


def _run_without_waiting(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Return the result of a coroutine if it does not have to wait; None otherwise."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value
    coroutine.close()
    return None


async def iterate_async(items: AsyncIterable[Any] | Iterable[Any]) -> AsyncIterator[Any]:
    """Iterate over an async iterable, or over a plain one."""
    if isinstance(items, AsyncIterable):
        async for item in items:
            yield item
    else:
        for item in items:
            yield item


class AsyncStream(StreamBase["AsyncConnection", AsyncRequestItems], Generic[_R_co]):
    """The results of a streaming method, as they arrive: `Stream` for asyncio.

    An async iterator and an async context manager. The call starts when the first result is requested.
    It is canceled by `cancel()`, by leaving the `async with` block early, or if the stream is dropped. Tasks
    may share a stream: each result goes to one of them.
    """

    _loop: AbstractEventLoop | None = None
    _read_lock: Lock | None = None
    _pause_end: Event | None = None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> _R_co:
        """Return the next result; raise StopAsyncIteration after the last.

        Raises:
            ClarigenError: The call failed (see the errors of the generated class).
            Exception: Anything that the caller's own iterator of inputs raises.
        """
        import asyncio

        if self._read_lock is None:
            self._read_lock = asyncio.Lock()
        async with self._read_lock:
            return await self._next()

    async def _next(self) -> _R_co:
        if self._is_done:
            raise StopAsyncIteration
        try:
            action = next(self._flow)
            while not isinstance(action, Deliver):
                try:
                    reply = await self._perform(action)
                except GrpcFailure as failure:
                    if self._is_done:
                        raise
                    action = self._flow.throw(failure)
                else:
                    action = self._flow.send(reply)
            result: _R_co = action.result
            return result
        except StopIteration as end:
            self._finish(end.value)
            raise StopAsyncIteration from None
        except GrpcFailure:  # another task has canceled the stream
            self.cancel()
            raise StopAsyncIteration from None
        except BaseException:
            self.cancel()
            raise

    async def _perform(self, action: Any) -> Any:
        """Perform an action, and return its result; raise `GrpcFailure` if it failed."""
        items = self._items
        if isinstance(action, Receive):
            call, timer = self._get_call(), self._timer
            assert timer is not None
            timer.wait_start = time.monotonic()
            try:
                if items is None:
                    reply = await self._connection.receive(call, call.read(), END, timer)
                else:
                    reply = await self._receive(call, items, timer)
                timer.has_reply = True
                return reply
            finally:
                timer.wait_start = 0.0
        if isinstance(action, Open):
            import asyncio

            self._loop = asyncio.get_running_loop()
            return self._start_attempt(await self._connection.connect(action, self._has_ended))
        if isinstance(action, PullFirst):
            assert items is not None
            return await anext(items.iterator, END)
        if isinstance(action, Reclaim):
            assert items is not None
            return items.reclaim()
        if isinstance(action, Sleep):
            return await self._sleep(action)
        return await self._connection.perform(action)

    async def _sleep(self, action: Sleep) -> None:
        """Sleep, until the stream is canceled at most."""
        import asyncio

        self._pause_end = asyncio.Event()
        await self._connection.pause(action, self._pause_end)
        self._pause_end = None
        if self._is_done:
            raise GrpcFailure("CANCELLED", "the stream has been canceled")

    def cancel(self) -> None:
        super().cancel()
        if self._pause_end is not None:
            self._pause_end.set()

    async def _receive(self, call: Any, items: AsyncRequestItems, timer: ReadTimer) -> Any:
        try:
            return await self._connection.receive(call, items.read(END), END, timer)
        except GrpcFailure as reported_failure:
            failure = await items.find_server_failure(reported_failure)
            if failure is None:
                return END
            raise failure from None
        finally:
            # The call was canceled because of this error, so it replaces the failure.
            if items.error is not None:
                raise items.error

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.cancel()

    def __del__(self) -> None:
        # grpc.aio does not cancel a call that is dropped. The loop may run in another thread, or be closed.
        call, loop = getattr(self, "_call", None), self._loop
        if call is None or loop is None:
            return
        with suppress(RuntimeError):  # the loop was closed after the check
            if loop.is_closed():
                call.cancel()
            else:
                loop.call_soon_threadsafe(
                    _cancel_dropped_call, self._connection, call, self._items, self._stop_timer
                )


def _cancel_dropped_call(
    connection: AsyncConnection,
    call: Any,
    items: AsyncRequestItems | None,
    stop_timer: Callable[[], object] | None,
) -> None:
    if stop_timer is not None:
        stop_timer()
    connection.cancel(call)
    if items is not None:
        items.stop()
