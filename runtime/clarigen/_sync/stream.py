"""The synchronous stream: runs the flow of a streaming call result by result, in the caller's thread.

What is sent, what a reply means and when a stream ends is decided in `_calls`.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from .._calls.actions import END, Deliver, GrpcFailure, Open, PullFirst, Receive, Reclaim, Sleep
from .._client.stream import RequestItemsBase, StreamBase

if TYPE_CHECKING:
    from .._calls.call import StreamFlow
    from .._transport.connection import Connection
    from .._transport.read_timer import ReadTimer
else:
    StreamFlow = Connection = ReadTimer = Any

_R_co = TypeVar("_R_co", covariant=True)
_GeneratorT = TypeVar("_GeneratorT", bound=Generator[Any, Any, Any])


class SharedGenerator(Generic[_GeneratorT]):
    """A generator that several threads share: one at a time runs it, and any may close it.

    Python raises ValueError if a generator is run or closed while another thread is running it. In a `with` block,
    the generator belongs to this thread alone. If another thread calls `close` in the meantime, the generator is
    closed at the end of the block.
    """

    def __init__(self, generator: _GeneratorT) -> None:
        self._generator = generator
        # Reentrant, because a callback of the generator may close it.
        self._lock = threading.RLock()
        self._is_closed = False

    def __enter__(self) -> _GeneratorT:
        self._lock.acquire()
        return self._generator

    def __exit__(self, *_: object) -> None:
        self._lock.release()
        if self._is_closed:
            self._try_to_close()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Any:
        with self as generator:
            return next(generator)

    def close(self) -> bool:
        """Close the generator. Return False if it is running, and is closed later for that reason."""
        self._is_closed = True
        return self._try_to_close()

    def _try_to_close(self) -> bool:
        if not self._lock.acquire(blocking=False):
            return False
        try:
            self._generator.close()
        except ValueError:  # this thread is running it
            return False
        finally:
            self._lock.release()
        return True


class RequestItems(RequestItemsBase):
    """The items that the caller sends, read by grpc's thread."""

    iterator: Iterator[Any]

    def __init__(self, iterator: Iterator[Any]) -> None:
        super().__init__(iterator)
        self._read_lock = threading.Lock()
        # The second item. Empty until it is read, then the item, and END once an attempt has taken it.
        self._second_item: list[Any] = []

    def iterate_messages(self, attempt: Open, timer: ReadTimer) -> Iterator[bytes]:
        """Return the messages that an attempt sends."""
        return self._encode_messages(attempt, self._attempt_number, timer)

    def _encode_messages(
        self, attempt: Open, attempt_number: int, timer: ReadTimer
    ) -> Iterator[bytes]:
        assert attempt.encode_item is not None
        yield attempt.request
        try:
            item = self._take_second_item(attempt_number)
            while item is not END:
                timer.last_input = time.monotonic()
                yield attempt.encode_item(item)
                item = next(self.iterator, END)
        except Exception as error:  # noqa: BLE001 - from the caller's iterator, for the caller
            self.fail(error)

    def _take_second_item(self, attempt_number: int) -> Any:
        """Return the second item; END if there is none, or if it belongs to a later attempt."""
        with self._read_lock:
            if attempt_number == self._attempt_number and not self._second_item:
                self._second_item.append(next(self.iterator, END))
            if (
                self._second_item
                and self._second_item[0] is not END
                and self._claim_second_item(attempt_number)
            ):
                item = self._second_item[0]
                self._second_item[0] = END
                return item
            return END


class Stream(StreamBase["Connection", RequestItems], Generic[_R_co]):
    """The results of a streaming method, as they arrive.

    An iterator and a context manager. The call starts when the first result is requested. It is
    canceled by `cancel()`, by leaving the `with` block early, or if the stream is dropped. Threads may share a
    stream: each result goes to one of them.

        with model.caption(image) as pieces:
            for piece in pieces:
                print(piece.text, end="")
    """

    def __init__(
        self, flow: StreamFlow, connection: Connection, items: RequestItems | None, method: str
    ) -> None:
        super().__init__(flow, connection, items, method)
        self._shared_flow = SharedGenerator(flow)
        self._pause_end: threading.Event | None = None

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> _R_co:
        """Return the next result; raise StopIteration after the last.

        Raises:
            ClarigenError: The call failed (see the errors of the generated class).
            Exception: Anything that the caller's own iterator of inputs raises.
        """
        with self._shared_flow as flow:
            return self._next(flow)

    def _next(self, flow: StreamFlow) -> _R_co:
        if self._is_done:
            raise StopIteration
        try:
            action = next(flow)
            while not isinstance(action, Deliver):
                try:
                    reply = self._perform(action)
                except GrpcFailure as failure:
                    if self._is_done:
                        raise
                    action = flow.throw(failure)
                else:
                    action = flow.send(reply)
            result: _R_co = action.result
            return result
        except StopIteration as end:
            self._finish(end.value)
            raise StopIteration from None
        except GrpcFailure:  # another thread has canceled the stream
            self.cancel()
            raise StopIteration from None
        except BaseException:
            self.cancel()
            raise

    def cancel(self) -> None:
        super().cancel()
        pause_end = self._pause_end
        if pause_end is not None:
            pause_end.set()

    def _close_flow(self) -> None:
        self._shared_flow.close()

    def _perform(self, action: Any) -> Any:
        """Perform an action, and return its result; raise `GrpcFailure` if it failed."""
        items = self._items
        if isinstance(action, Receive):
            timer: Any = self._timer
            timer.wait_start = time.monotonic()
            try:
                reply = self._connection.receive(self._get_call(), END, timer)
                timer.has_reply = True
                return reply
            finally:
                timer.wait_start = 0.0
                # The call was canceled because of this error, so it replaces the failure.
                if items is not None and items.error is not None:
                    raise items.error
        if isinstance(action, Open):
            return self._start_attempt(action)
        if isinstance(action, PullFirst):
            assert items is not None
            return next(items.iterator, END)
        if isinstance(action, Reclaim):
            assert items is not None
            return items.reclaim()
        if isinstance(action, Sleep):
            return self._sleep(action)
        return self._connection.perform(action)

    def _sleep(self, action: Sleep) -> None:
        """Sleep, until the stream is canceled at most."""
        pause_end = self._pause_end = threading.Event()
        if not self._is_done:
            action.wait(pause_end)
        self._pause_end = None
        if self._is_done:
            raise GrpcFailure("CANCELLED", "the stream has been canceled")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.cancel()

    def __del__(self) -> None:
        # At the end of the interpreter, `in_flight` has already canceled the call. Canceling it again could hang:
        # a thread of grpc may have stopped while it held the call's lock.
        if not getattr(self, "_is_done", True) and not sys.is_finalizing():
            self.cancel()
