"""What the drivers of both twins share: everything but the awaiting.

What lives here: how the flow of a unary call is driven (twice, with one word more the second time), the state
of streams, their items and batches, and how each ends. What they wait for is in `_client_*` for threads and
in `_aio_*` for asyncio. Nothing here touches grpc: its channels and calls are used as they are given.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from ._actions import Failure
from ._response import Usage
from .errors import ConfigError

if TYPE_CHECKING:
    from ._actions import Open
    from ._batch import Work
    from ._call import StreamFlow, UnaryFlow

_R = TypeVar("_R")
_Outcomes_co = TypeVar("_Outcomes_co", covariant=True)


CLOSED: Final = "this client is closed; make another"
"""What a call says over a connection that was closed."""


class Driver(ABC):
    """Drives the flows of unary calls, in the caller's thread."""

    def run(self, flow: UnaryFlow[_R]) -> _R:
        """Drive the flow of a unary call to its end."""
        try:
            action = next(flow)
            while True:
                try:
                    reply = self.do(action)
                except Exception as raised:  # noqa: BLE001 - for the flow to judge
                    action = flow.throw(raised)
                else:
                    action = flow.send(reply)
        except StopIteration as end:
            result: _R = end.value
            return result

    @abstractmethod
    def do(self, action: Any) -> Any:
        """Do what a flow wants: the reply, or `Failure`."""


class AsyncDriver(ABC):
    """Drives the flows of unary calls, in the caller's task."""

    async def run(self, flow: UnaryFlow[_R]) -> _R:
        """Drive the flow of a unary call to its end."""
        try:
            action = next(flow)
            while True:
                try:
                    reply = await self.do(action)
                except Exception as raised:  # noqa: BLE001 - for the flow to judge
                    action = flow.throw(raised)
                else:
                    action = flow.send(reply)
        except StopIteration as end:
            result: _R = end.value
            return result

    @abstractmethod
    async def do(self, action: Any) -> Any:
        """Do what a flow wants: the reply, or `Failure`."""


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
        self._end: Callable[[], None] | None = None
        self._turn = 0
        self._more = False
        self._lock = threading.Lock()

    def hold(self) -> bool:
        """Give the items to the next attempt; False if the one before took more than the first."""
        with self._lock:
            self._turn += not self._more
            return not self._more

    def _takes(self, turn: int) -> bool:
        """Whether the attempt of this turn gets the second item: once it does, there is no other."""
        with self._lock:
            self._more = self._more or turn == self._turn
            return turn == self._turn

    def started(self, call: Any, end: Callable[[], None]) -> None:
        """Take note of the call that takes the items, and of what ends it."""
        self._call = call
        self._end = end
        if self.error is not None:
            end()

    def failed(self, error: Exception) -> None:
        """Keep what the caller's iterator raised, and end the call."""
        self.error = error
        if self._end is not None:
            self._end()

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
        self._give_up()  # an attempt before, which the platform may have answered and not ended
        items = self._items
        if items is None:
            self._call = self._connection.start(attempt, None)
        elif items.error is not None:
            raise items.error
        else:
            call = self._call = self._connection.start(attempt, items.messages(attempt))
            items.started(call, partial(self._connection.end, call))
        if self._done:  # cancelled meanwhile
            self._give_up()

    def _started(self) -> Any:
        """The call; `Failure` if it was cancelled."""
        call = self._call
        if call is None:
            raise Failure("CANCELLED", "the stream has been cancelled")
        return call

    def _give_up(self) -> None:
        call, self._call = self._call, None
        if call is not None:
            self._connection.end(call)

    def _ended(self, usage: Usage) -> None:
        self._usage = usage
        self.cancel()

    def cancel(self) -> None:
        """End the call; there are no further items, for whoever waits for one neither.

        Any thread may, of an asyncio stream any task of its loop. It does nothing once the stream has ended.
        """
        self._done = True
        with suppress(ValueError):  # it runs, for whoever waits: who will see that all is done
            self._flow.close()
        self._give_up()
        if self._items is not None:
            self._items.stop()


class BatchBase(ABC, Generic[_Outcomes_co]):
    """A batch: what it is made of, and that it begins once."""

    def __init__(
        self,
        work: Callable[[bool], Work[Any]],
        connection: Any,
        inputs: Any,
        progress: tuple[str, bool],
    ) -> None:
        self._work = work
        self._connection = connection
        self._inputs = inputs
        self._progress = progress
        self._cancelled = False
        self._run: Any = None

    def outcomes(self, *, isolate: bool = False) -> _Outcomes_co:
        """Each result or, in its place, the error that its input met; none is raised.

        Models fail a request as a whole: then the inputs that went with a bad one have its error.

        Args:
            isolate: Whether to send the inputs of a failed request again in smaller ones, until it
                is clear which fail. The model may run the others twice.

        Raises:
            ConfigError: The batch has begun.
        """
        if self._run is not None:
            raise ConfigError("this batch has begun; make another")
        run: _Outcomes_co = self._begun(isolate=isolate)
        return run

    def _begun(self, *, isolate: bool = False) -> Any:
        """The one run of this batch."""
        if self._run is None:
            self._run = self._outcomes(isolate=isolate)
        return self._run

    def _goes_on(self, work: Work[Any]) -> bool:
        """Whether there is more to do: it is neither finished nor cancelled, by whomever."""
        return not (work.finished or self._cancelled)

    @abstractmethod
    def _outcomes(self, *, isolate: bool) -> _Outcomes_co:
        """Do it."""
