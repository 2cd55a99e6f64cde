"""What the streams of both clients share: their state, the items of a bidirectional one, and how they end.

How they wait is each client's. Nothing here imports grpc: calls are used as the connection returns them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from .._calls.actions import Failure
from .._calls.response import Usage

if TYPE_CHECKING:
    from .._calls.actions import Open
    from .._calls.call import StreamFlow


class ItemsBase:
    """The caller's side of a bidirectional stream: its items, and what went wrong with them.

    grpc takes the messages in a thread or task of its own, where an exception would be lost: it is
    kept, and the call is cancelled.

    The first item is in the request, which the flow keeps. grpc takes the second when it likes, and may
    still wait for it when its attempt has failed: then the item is for the next attempt, which waits
    with it. So the caller's iterator is read once, by one after another, and nothing is lost.

    Attributes:
        iterator: The caller's items.
        error: What the caller's iterator raised.
    """

    def __init__(self, iterator: Any) -> None:
        self.iterator = iterator
        self.error: Exception | None = None
        self._cancel: Callable[[], None] | None = None
        self._attempt = 0
        self._is_second_sent = False
        self._lock = threading.Lock()

    def reclaim(self) -> bool:
        """Give the items to the next attempt; False if the one before took more than the first."""
        with self._lock:
            self._attempt += not self._is_second_sent
            return not self._is_second_sent

    def _claim_second(self, turn: int) -> bool:
        """Whether the attempt of this turn gets the second item: once it does, there is no other."""
        with self._lock:
            self._is_second_sent = self._is_second_sent or turn == self._attempt
            return turn == self._attempt

    def attach(self, call: Any, end: Callable[[], None]) -> None:
        """Take note of the call that takes the items, and of what ends it."""
        self._call = call
        self._cancel = end
        if self.error is not None:
            end()

    def fail(self, error: Exception) -> None:
        """Keep what the caller's iterator raised, and end the call."""
        self.error = error
        if self._cancel is not None:
            self._cancel()

    def stop(self) -> None:
        """Wait for no other item."""


class StreamBase:
    """A stream: its flow, its call, and how it ends."""

    def __init__(self, flow: StreamFlow, connection: Any, items: Any) -> None:
        self._flow = flow
        self._connection = connection
        self._items = items
        self._call: Any = None
        self._done = False
        self._usage: Usage | None = None

    @property
    def usage(self) -> Usage | None:
        """The tokens that the call took, once the stream has ended; None before, or if it failed."""
        return self._usage

    def _start(self, attempt: Open) -> None:
        self._cancel_call()  # an attempt before, which the platform may have answered and not ended
        items = self._items
        if items is None:
            self._call = self._connection.start_stream(attempt, None)
        elif items.error is not None:
            raise items.error
        else:
            call = self._call = self._connection.start_stream(attempt, items.messages(attempt))
            items.attach(call, partial(self._connection.cancel, call))
        if self._done:  # cancelled meanwhile
            self._cancel_call()

    def _active_call(self) -> Any:
        """The call; `Failure` if it was cancelled."""
        call = self._call
        if call is None:
            raise Failure("CANCELLED", "the stream has been cancelled")
        return call

    def _cancel_call(self) -> None:
        call, self._call = self._call, None
        if call is not None:
            self._connection.cancel(call)

    def _finish(self, usage: Usage) -> None:
        self._usage = usage
        self.cancel()

    def cancel(self) -> None:
        """End the call; there are no further items, for whoever waits for one neither.

        Any thread may, of an asyncio stream any task of its loop. It does nothing once the stream has ended.
        """
        self._done = True
        with suppress(ValueError):  # it runs, for whoever waits: who will see that all is done
            self._flow.close()
        self._cancel_call()
        if self._items is not None:
            self._items.stop()
