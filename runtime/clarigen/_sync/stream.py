"""The synchronous stream: drives a flow of `_call` item by item, in the caller's thread.

What lives here: `Stream`, and `Items`, the caller's side of a bidirectional one. What is sent, what an
answer means and when a stream ends is `_call`'s.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from .._calls.actions import END, Deliver, Failure, Open, Pull, Receive, Reclaim
from .._client.stream import ItemsBase, StreamBase

if TYPE_CHECKING:
    from .._calls.call import StreamFlow
    from .connection import Connection

_R_co = TypeVar("_R_co", covariant=True)


class Items(ItemsBase):
    """The items of a caller, for grpc's thread."""

    iterator: Iterator[Any]

    def __init__(self, iterator: Iterator[Any]) -> None:
        super().__init__(iterator)
        self._reading = threading.Lock()
        self._read: list[Any] = []

    def messages(self, attempt: Open) -> Iterator[bytes]:
        """What is sent in an attempt, one after another."""
        return self._messages(attempt, self._attempt)

    def _messages(self, attempt: Open, turn: int) -> Iterator[bytes]:
        assert attempt.encode_item is not None
        yield attempt.request
        try:
            item = self._second(turn)
            while item is not END:
                yield attempt.encode_item(item)
                item = next(self.iterator, END)
        except Exception as error:  # noqa: BLE001 - the caller's own, for the caller
            self.fail(error)

    def _second(self, turn: int) -> Any:
        """The second item; END if there is none, or if it is for a later attempt."""
        with self._reading:
            if turn == self._attempt and not self._read:
                self._read.append(next(self.iterator, END))
            if self._read and self._read[0] is not END and self._claim_second(turn):
                item = self._read[0]
                self._read[0] = END
                return item
            return END


class Stream(StreamBase, Generic[_R_co]):
    """The results of a streaming method, as they come.

    An iterator and a context manager. The call starts when the first item is asked for. Leaving the
    `with` block early, `cancel()`, or dropping the stream ends the call. Threads may share it: each
    item goes to one of them.

        with model.caption(image) as pieces:
            for piece in pieces:
                print(piece.text, end="")
    """

    _connection: Connection
    _items: Items | None

    def __init__(self, flow: StreamFlow, connection: Connection, items: Items | None) -> None:
        super().__init__(flow, connection, items)
        self._reading = threading.RLock()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> _R_co:
        """The next result; StopIteration after the last.

        Raises:
            ClarigenError: The call failed (see the errors of the generated class).
            Exception: Whatever the caller's own iterator of inputs raised.
        """
        with self._reading:
            return self._next()

    def _next(self) -> _R_co:
        if self._done:
            raise StopIteration
        try:
            action = next(self._flow)
            while not isinstance(action, Deliver):
                try:
                    reply = self._do(action)
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
            raise StopIteration from None
        except Failure:  # another thread has cancelled
            self.cancel()
            raise StopIteration from None
        except BaseException:
            self.cancel()
            raise

    def _do(self, action: Any) -> Any:
        """What the flow wants; the reply, or `Failure`."""
        items = self._items
        if isinstance(action, Receive):
            try:
                return self._connection.receive(self._active_call(), END)
            finally:
                if items is not None and items.error is not None:
                    raise items.error
        if isinstance(action, Open):
            return self._start(action)
        if isinstance(action, Pull):
            assert items is not None
            return next(items.iterator, END)
        if isinstance(action, Reclaim):
            assert items is not None
            return items.reclaim()
        return self._connection.do(action)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.cancel()

    def __del__(self) -> None:
        # As the interpreter ends, grpc's thread may have stopped with the call's lock, and the call was ended before.
        if not getattr(self, "_done", True) and not sys.is_finalizing():
            self.cancel()
