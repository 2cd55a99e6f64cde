"""The synchronous batch: drives the requests of `_batch` over grpc, many in flight, in the caller's thread.

What lives here: `Batch`. grpc's threads put each answer into a queue; everything else, the caller's
iterator and observers included, runs where the results are asked for.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Generic, Protocol, Self, TypeVar

from .._calls.actions import Failure, Send, Sleep
from .._client.batch import BatchBase
from .._client.progress import progress_bar
from ..errors import ClarigenError

if TYPE_CHECKING:
    from .._calls.batch import BatchPlan, Chunk
    from .connection import Connection

_R_co = TypeVar("_R_co", covariant=True)


class Begins(Protocol):
    """What starts the requests: a connection."""

    def start_unary(self, attempt: Send) -> Any:
        """Start an attempt at a unary call; grpc's future of its answer."""

    def collect_reply(self, call: Any) -> tuple[Any, Failure | None]:
        """What came of a call that is done: the reply, or how it failed."""
        ...


class Batch(BatchBase[Iterator[_R_co | ClarigenError]], Generic[_R_co]):
    """The results of a batch, in the order of its inputs, as they come.

    An iterator, once, and a context manager. Inputs are taken as they are needed, many requests are
    in flight, and leaving early ends them.

        for regions in model.detect_batch({"image": Image.from_file(path)} for path in paths):
            print(regions)

    An input that fails raises its error when its turn comes; `outcomes()` goes on. Threads may share
    it: each result goes to one of them.
    """

    _flight: _Requests | None = None

    def __init__(
        self,
        work: Callable[[bool], BatchPlan[Any]],
        connection: Connection,
        inputs: Iterable[Any],
        progress: tuple[str, bool],
    ) -> None:
        super().__init__(work, connection, inputs, progress)
        self._reading = threading.RLock()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> _R_co:
        """The next result; StopIteration after the last.

        Raises:
            InputError: The input does not fit; it was not sent.
            ClarigenError: The input, or the request it went with, failed (see the errors of the
                generated class).
            Exception: Whatever the caller's own iterator of inputs raised.
        """
        with self._reading:
            outcome: _R_co | ClarigenError = next(self._get_run())
        if isinstance(outcome, ClarigenError):
            self.cancel()
            raise outcome
        return outcome

    def collect(self) -> list[_R_co]:
        """All results, as a list."""
        return list(self)

    def cancel(self) -> None:
        """End what is in flight; there are no further results, for whoever waits for one neither.

        Any thread may.
        """
        self._cancelled = True
        try:
            self._get_run().close()
        except ValueError:  # another thread waits in it
            if self._flight is not None:
                self._flight.wake()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.cancel()

    def _iterate(self, *, isolate: bool) -> Iterator[_R_co | ClarigenError]:
        name, shown = self._progress
        work, inputs = self._make_plan(isolate), iter(self._inputs)
        flight = self._flight = _Requests(work, self._connection)
        with progress_bar(name, self._inputs, shown=shown) as advance:
            try:
                while self._is_unfinished(work):
                    while self._is_unfinished(work) and (wanted := work.next_size()):
                        flight.take(inputs, wanted)
                    for outcome in work.take_ready():
                        advance()
                        yield outcome
                    flight.wait()
            finally:
                flight.cancel()


class _Requests:
    """The requests in flight."""

    def __init__(self, work: BatchPlan[Any], connection: Begins) -> None:
        from threading import Semaphore  # loaded with grpc

        self._work = work
        self._connection = connection
        self._answers: deque[tuple[Chunk, Any]] = deque()
        self._arrived = Semaphore(0)
        self._calls: dict[Chunk, Any] = {}
        self._asleep: dict[Chunk, float] = {}

    def take(self, inputs: Iterator[Any], wanted: int) -> None:
        """Send a request for the next inputs: fewer than wanted where taking them is slow."""
        taken: list[Any] = []
        hurry = self._work.taking_deadline()
        for given in inputs:
            taken.append(given)
            if len(taken) == wanted or hurry():
                break
        else:
            self._work.is_exhausted = True
        if taken:
            self._step(self._work.add_chunk(taken), None, None)

    def wait(self) -> None:
        """Wait for one answer, or until a request may be sent again."""
        now = time.monotonic()
        for made in [made for made, until in self._asleep.items() if until <= now]:
            del self._asleep[made]
            self._step(made, None, None)
            return
        if not self._calls and not self._asleep:
            return
        waits = [until - now for until in self._asleep.values()]
        patience = self._work.wait_timeout()
        if patience is not None:
            waits.append(patience)
        if not self._arrived.acquire(timeout=min(waits, default=None)) or not self._answers:
            return
        made, call = self._answers.popleft()
        del self._calls[made]
        self._step(made, *self._connection.collect_reply(call))

    def wake(self) -> None:
        """Let whoever waits go on."""
        self._arrived.release()

    def _step(self, made: Chunk, reply: Any, failure: Failure | None) -> None:
        try:
            action = made.flow.send(reply) if failure is None else made.flow.throw(failure)
        except StopIteration as end:
            self._work.finish_chunk(made, end.value)
            return
        if isinstance(action, Sleep):
            self._asleep[made] = time.monotonic() + action.seconds
            return
        call = self._calls[made] = self._connection.start_unary(action)

        def done(ended: Any) -> None:
            self._answers.append((made, ended))
            self._arrived.release()

        call.add_done_callback(done)

    def cancel(self) -> None:
        """End them all."""
        self._asleep.clear()
        for call in self._calls.values():
            call.cancel()
        self._calls.clear()
