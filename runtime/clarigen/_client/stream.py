"""What the synchronous and the async stream share: their state, the items that the caller sends, and their end.

How to wait is up to the subclasses. This module does not import grpc: the connection returns grpc's calls.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from .._calls.actions import GrpcFailure
from .._calls.response import Usage
from .._types import InstanceSchema

if TYPE_CHECKING:
    from .._calls.actions import Open
    from .._calls.call import StreamFlow
    from .._transport.connection import AnyConnection
    from .._transport.read_timer import ReadTimer
else:
    Open = StreamFlow = AnyConnection = ReadTimer = Any

_ConnectionT = TypeVar("_ConnectionT", bound="AnyConnection")
_ItemsT = TypeVar("_ItemsT", bound="RequestItemsBase")


class RequestItemsBase(ABC):
    """The items that the caller sends in a bidirectional call: the inputs of a streaming method.

    grpc reads the messages in a thread or task of its own, where an exception of the caller's iterator would be
    lost. So the exception is kept, and the call is canceled.

    The flow keeps the first item, as part of the request, and every attempt sends it. Later items are not kept. So
    the call cannot be retried after an attempt has taken the second item. If an attempt fails while it still waits
    for the second item, that item belongs to the next attempt. Only one attempt at a time reads the caller's
    iterator, so no item is lost.

    Attributes:
        iterator: The caller's iterator of the items.
        error: The exception that the iterator raised; None if it raised none.
    """

    def __init__(self, iterator: Any) -> None:
        self.iterator = iterator
        self.error: Exception | None = None
        self._call: Any = None
        self._cancel: Callable[[], None] | None = None
        self._attempt_number = 0
        self._is_second_item_taken = False
        self._lock = threading.Lock()

    def reclaim(self) -> bool:
        """Leave the items to the next attempt. Return False if the current one has taken the second item."""
        with self._lock:
            if self._is_second_item_taken:
                return False
            self._attempt_number += 1
            return True

    def _claim_second_item(self, attempt_number: int) -> bool:
        """Claim the second item for an attempt. Return False if another attempt has begun since."""
        with self._lock:
            if attempt_number != self._attempt_number:
                return False
            self._is_second_item_taken = True
            return True

    def attach(self, call: Any, cancel: Callable[[], None]) -> None:
        """Set the call that sends the items.

        Args:
            call: The call.
            cancel: Cancels the call.
        """
        self._call = call
        self._cancel = cancel
        if self.error is not None:
            cancel()

    def fail(self, error: Exception) -> None:
        """Keep the exception that the caller's iterator raised, and cancel the call."""
        self.error = error
        if self._cancel is not None:
            self._cancel()

    @abstractmethod
    def iterate_messages(self, attempt: Open, timer: ReadTimer) -> Any:
        """Return the messages that an attempt sends: an iterator, or an async iterator.

        Args:
            attempt: The attempt.
            timer: Notes when the caller's iterator gave an item.
        """

    def stop(self) -> None:  # noqa: B027 - not abstract: only asyncio has something to stop
        """Stop waiting for an item."""


class StreamBase(InstanceSchema, Generic[_ConnectionT, _ItemsT]):
    """A streaming call: its flow, and grpc's call for the current attempt."""

    def __init__(
        self, flow: StreamFlow, connection: _ConnectionT, items: _ItemsT | None, method: str
    ) -> None:
        self._method = method
        self._flow = flow
        self._connection = connection
        self._items = items
        self._call: Any = None
        self._timer: ReadTimer | None = None
        self._stop_timer: Callable[[], object] | None = None
        self._is_done = False
        self._usage: Usage | None = None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._method}{', ended' if self._is_done else ''}>"

    @property
    def usage(self) -> Usage | None:
        """The token counts of the call; None until the stream has ended, or if it failed."""
        return self._usage

    def _start_attempt(self, attempt: Open) -> None:
        self._cancel_call()  # the platform may have refused the previous attempt without ending it
        items, connection = self._items, self._connection
        timer = self._timer = connection.make_timer(attempt)
        if items is None:
            call = self._call = connection.start_stream(attempt, None, self._has_ended)
        elif items.error is not None:
            raise items.error
        else:
            messages = items.iterate_messages(attempt, timer)
            call = self._call = connection.start_stream(attempt, messages, self._has_ended)
            items.attach(call, partial(connection.cancel, call))
        self._stop_timer = connection.start_timer(timer, call)
        if self._is_done:  # canceled in the meantime
            self._cancel_call()

    def _has_ended(self) -> bool:
        return self._is_done

    def _get_call(self) -> Any:
        """Return grpc's call for the current attempt.

        Raises:
            GrpcFailure: The stream has been canceled.
        """
        call = self._call
        if call is None:
            raise GrpcFailure("CANCELLED", "the stream has been canceled")
        return call

    def _cancel_call(self) -> None:
        stop_timer, self._stop_timer = self._stop_timer, None
        if stop_timer is not None:
            stop_timer()
        call, self._call = self._call, None
        if call is not None:
            self._connection.cancel(call)
            if self._timer is not None and self._timer.inner_call is not None:
                self._connection.cancel(self._timer.inner_call)

    def _finish(self, usage: Usage) -> None:
        self._usage = usage
        self.cancel()

    def cancel(self) -> None:
        """Cancel the call. Iteration stops, including in threads that are waiting for a result.

        Thread-safe; an async stream may be canceled from any task on its event loop. No effect after the
        stream has ended.
        """
        self._is_done = True
        self._close_flow()
        self._cancel_call()
        if self._items is not None:
            self._items.stop()

    def _close_flow(self) -> None:
        with suppress(ValueError):  # an observer cancels the stream while the flow runs
            self._flow.close()
