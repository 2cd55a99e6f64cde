"""The synchronous stream: drives a flow of `_call` item by item, in the caller's thread.

What lives here: `Stream`, and `Items`, the caller's side of a bidirectional one. What is sent, what an
answer means and when a stream ends is `_call`'s.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from ._response import Usage

if TYPE_CHECKING:
    from ._actions import Open
    from ._call import StreamFlow
    from ._client_connection import Connection

_R_co = TypeVar("_R_co", covariant=True)


class Items:
    """The caller's side of a bidirectional stream: its items, and what went wrong with them.

    grpc takes the messages from a thread of its own, where an exception would be lost: it is kept,
    and the call is cancelled.
    """

    __slots__ = ("_call", "error", "iterator")

    def __init__(self, iterator: Iterator[Any]) -> None:
        self.iterator = iterator
        self.error: Exception | None = None
        self._call: Any = None

    def started(self, call: Any) -> None:
        self._call = call
        if self.error is not None:
            call.cancel()

    def messages(self, attempt: Open) -> Iterator[bytes]:
        assert attempt.follow is not None
        yield attempt.request
        try:
            for item in self.iterator:
                yield attempt.follow(item)
        except Exception as error:  # noqa: BLE001 - the caller's own, for the caller
            self.error = error
            if self._call is not None:
                self._call.cancel()


class Stream(Generic[_R_co]):
    """The results of a streaming method, as they come.

    An iterator and a context manager. The call starts when the first item is asked for. Leaving the
    `with` block early, `cancel()`, or dropping the stream ends the call.

        with model.caption(image) as pieces:
            for piece in pieces:
                print(piece.text, end="")
    """

    def __init__(
        self, flow: StreamFlow, connection: Connection, items: Iterator[Any] | None
    ) -> None:
        self._flow = flow
        self._connection = connection
        self._items = Items(items) if items is not None else None
        self._call: Any = None
        self._done = False
        self._usage: Usage | None = None

    @property
    def usage(self) -> Usage | None:
        """The tokens that the call took, once the stream has ended; None before, or if it failed."""
        return self._usage

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> _R_co:
        """The next result; StopIteration after the last.

        Raises:
            ClarigenError: The call failed (see the errors of the generated class).
            Exception: Whatever the caller's own iterator of inputs raised.
        """
        from . import _actions

        if self._done:
            raise StopIteration
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
                    messages = self._items.messages(action) if self._items else None
                    self._call = self._connection.start(action, messages)
                    if self._items is not None:
                        self._items.started(self._call)
                elif isinstance(action, _actions.Pull):
                    assert self._items is not None
                    reply = next(self._items.iterator, _actions.END)
                elif isinstance(action, _actions.Receive):
                    reply, failure = self._receive(_actions.END)
                else:
                    reply, failure = self._connection.do(action)
        except StopIteration as end:
            self._usage = end.value
            self.cancel()
            raise StopIteration from None
        except BaseException:
            self.cancel()
            raise

    def _receive(self, end: Any) -> tuple[Any, Exception | None]:
        import grpc

        from ._status import failure_of

        reply, failure = end, None
        try:
            reply = next(self._call, end)
        except grpc.RpcError as error:
            failure = failure_of(error)
        if self._items is not None and self._items.error is not None:
            raise self._items.error
        return reply, failure

    def cancel(self) -> None:
        """End the call; there are no further items. Does nothing once the stream has ended."""
        self._done = True
        self._flow.close()
        call, self._call = self._call, None
        if call is not None:
            call.cancel()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.cancel()

    def __del__(self) -> None:
        if not getattr(self, "_done", True):
            self.cancel()
