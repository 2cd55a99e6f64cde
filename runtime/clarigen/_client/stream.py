"""What the streams of both twins share: their state, the items of a bidirectional call, and how they end.

Each twin waits in its own way. This module does not import grpc: it uses calls as the connection returns them.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from .._calls.actions import Failure
from .._calls.response import Usage

if TYPE_CHECKING:
    from .._calls.actions import Open
    from .._calls.call import StreamFlow
    from .._transport.connection import AnyConnection

_ConnectionT = TypeVar("_ConnectionT", bound="AnyConnection")
_ItemsT = TypeVar("_ItemsT", bound="ItemsBase")


class ItemsBase(ABC):
    """The items that the caller sends in a bidirectional call, and the error that they raised.

    grpc reads the messages in a thread or task of its own, where an exception would be lost. So the exception
    is kept, and the call is canceled.

    A retry sends the first item again: the flow keeps it, as part of the request. The second item is not kept.
    But grpc may still be waiting for it when the attempt fails; then it belongs to the next attempt. So only one
    attempt at a time reads the caller's iterator, and no item is lost.

    Attributes:
        iterator: The caller's items.
        error: The exception that the caller's iterator raised.
    """

    def __init__(self, iterator: Any) -> None:
        self.iterator = iterator
        self.error: Exception | None = None
        self._call: Any = None
        self._cancel: Callable[[], None] | None = None
        self._attempt = 0
        self._is_second_sent = False
        self._lock = threading.Lock()

    def reclaim(self) -> bool:
        """Give the items to the next attempt. Return False if this one has sent more than the first item."""
        with self._lock:
            self._attempt += not self._is_second_sent
            return not self._is_second_sent

    def _claim_second(self, attempt: int) -> bool:
        """Claim the second item for an attempt. Return False if it is no longer the current one."""
        with self._lock:
            is_current = attempt == self._attempt
            self._is_second_sent = self._is_second_sent or is_current
            return is_current

    def attach(self, call: Any, cancel: Callable[[], None]) -> None:
        """Set the call that sends the items.

        Args:
            call: The call.
            cancel: Cancels it.
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
    def messages(self, attempt: Open) -> Any:
        """Return the messages that an attempt sends: an iterator, or an async iterator."""

    def stop(self) -> None:  # noqa: B027 - not abstract: only asyncio has something to stop
        """Stop waiting for an item."""


class StreamBase(Generic[_ConnectionT, _ItemsT]):
    """A streaming call: its flow, its current attempt, and how it ends."""

    def __init__(self, flow: StreamFlow, connection: _ConnectionT, items: _ItemsT | None) -> None:
        self._flow = flow
        self._connection = connection
        self._items = items
        self._call: Any = None
        self._done = False
        self._usage: Usage | None = None

    @property
    def usage(self) -> Usage | None:
        """The token counts of the call, once the stream has ended; None before, or if it failed."""
        return self._usage

    def _start(self, attempt: Open) -> None:
        self._cancel_call()  # the platform may have refused the last attempt without ending it
        items = self._items
        if items is None:
            self._call = self._connection.start_stream(attempt, None)
        elif items.error is not None:
            raise items.error
        else:
            call = self._connection.start_stream(attempt, items.messages(attempt))
            self._call = call
            items.attach(call, partial(self._connection.cancel, call))
        if self._done:  # canceled in the meantime
            self._cancel_call()

    def _get_call(self) -> Any:
        """Return the current call.

        Raises:
            Failure: The stream has been canceled.
        """
        call = self._call
        if call is None:
            raise Failure("CANCELLED", "the stream has been canceled")
        return call

    def _cancel_call(self) -> None:
        call, self._call = self._call, None
        if call is not None:
            self._connection.cancel(call)

    def _finish(self, usage: Usage) -> None:
        self._usage = usage
        self.cancel()

    def cancel(self) -> None:
        """Cancel the call. Iteration stops, including in threads that are waiting for an item.

        Thread-safe; an async stream may be canceled from any task on its event loop. No effect after the
        stream has ended.
        """
        self._done = True
        # ValueError: another thread is running the flow; it will see `_done` and close the flow.
        with suppress(ValueError):
            self._flow.close()
        self._cancel_call()
        if self._items is not None:
            self._items.stop()
