"""The synchronous batch: keeps several requests in flight, from the caller's thread.

grpc's threads only put each finished call into a queue. Everything else, the caller's iterator and callbacks
included, runs in the thread that asks for a result. What is sent, and which result belongs to which input, is
decided in `_calls`.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Generator, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from .._calls.actions import GrpcFailure, Sleep
from .._client.batch import BatchBase
from ..errors import ClarigenError
from .stream import SharedGenerator

if TYPE_CHECKING:
    from .._calls.actions import Send
    from .._calls.batch import BatchPlan, Chunk
    from .._transport.connection import Connection
else:
    Send = Chunk = Connection = Any
    BatchPlan = list

_R_co = TypeVar("_R_co", covariant=True)


class Batch(BatchBase["Connection", Iterator[_R_co | ClarigenError]], Generic[_R_co]):
    """The results of a batch, in input order, as they arrive.

    An iterator that can be consumed once, and a context manager. Inputs are read as they are needed, and
    several requests are in flight. Leaving the `with` block early cancels them.

        for regions in model.detect_batch({"image": Image.from_file(path)} for path in paths):
            print(regions)

    The inputs may be any iterable. With `progress=True`, the batch shows a progress bar (requires `rich`).

    If an input failed, its error is raised in place of its result, and the batch ends. `outcomes()` yields the
    error instead, and continues.
    Threads may share a batch: each result goes to one of them.
    """

    _requests: _Requests | None = None

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> _R_co:
        """Return the next result; raise StopIteration after the last.

        Raises:
            InputError: The input does not fit; it was not sent.
            ClarigenError: The input, or the request that it was part of, failed (see the errors of the
                generated class).
            Exception: Anything that the caller's own iterator of inputs raises.
        """
        outcome: _R_co | ClarigenError = next(self._get_iterator())
        if isinstance(outcome, ClarigenError):
            self.cancel()
            raise self._add_hint(outcome)
        return outcome

    def collect(self) -> list[_R_co]:
        """Return all results as a list."""
        return list(self)

    def cancel(self) -> None:
        """Cancel all requests in flight and stop iteration. Thread-safe."""
        self._is_canceled = True
        if not self._get_iterator().close() and self._requests is not None:
            self._requests.wake()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.cancel()

    def _iterate(self, *, isolate: bool) -> Iterator[_R_co | ClarigenError]:
        return SharedGenerator(self._generate_outcomes(isolate=isolate))

    def _generate_outcomes(self, *, isolate: bool) -> Generator[_R_co | ClarigenError, None, None]:
        plan, inputs = self._make_plan(isolate), iter(self._inputs)
        requests = self._requests = _Requests(plan, self._connection)
        with self._show_progress() as advance:
            try:
                while self._is_running(plan):
                    while self._is_running(plan) and (size := plan.next_size()):
                        requests.send(inputs, size)
                        requests.collect_finished()
                        if plan.has_ready:  # before the next input, which may be slow
                            break
                    for outcome in plan.take_ready():
                        advance()
                        yield outcome
                    if not plan.next_size():
                        requests.wait()
            finally:
                requests.cancel()


class _Requests:
    """The requests in flight, and those that wait for a retry."""

    def __init__(self, plan: BatchPlan[Any], connection: Connection) -> None:
        self._plan = plan
        self._connection = connection
        self._finished_calls: deque[tuple[Chunk, Any]] = deque()
        self._wakeups = threading.Semaphore(0)
        self._calls: dict[Chunk, Any] = {}
        self._ends: dict[Chunk, float] = {}
        self._retry_times: dict[Chunk, float] = {}
        self._called: deque[Chunk] = deque()
        self._unconnected: dict[Chunk, tuple[Send, Any]] = {}

    def send(self, inputs: Iterator[Any], size: int) -> None:
        """Send a request with the next inputs: `size` of them, or fewer if reading them is slow."""
        chunk_inputs: list[Any] = []
        is_overdue = self._plan.start_input_timer()
        for item in inputs:
            chunk_inputs.append(item)
            if len(chunk_inputs) == size or is_overdue():
                break
        else:
            self._plan.is_exhausted = True
        if chunk_inputs:
            self._resume_flow(self._plan.add_chunk(chunk_inputs), None, None)

    def wait(self) -> None:
        """Resume a request whose retry is due, or else wait for a call to finish and resume its request.

        The wait ends early if a retry becomes due, after the plan's `wait_timeout`, or if `wake` is called.
        """
        while self._called:
            chunk = self._called.popleft()
            if chunk in self._retry_times:
                self._retry_times[chunk] = 0.0
        now = time.monotonic()
        due = next(
            (chunk for chunk, due_time in self._retry_times.items() if due_time <= now), None
        )
        if due is not None:
            del self._retry_times[due]
            unconnected = self._unconnected.pop(due, None)
            if unconnected is None:
                self._resume_flow(due, None, None)
            else:
                self._send_attempt(due, *unconnected)
            return
        if not self._calls and not self._retry_times:
            return
        overdue = next((chunk for chunk, end in self._ends.items() if end <= now), None)
        if overdue is not None:
            self._give_up(overdue)
            return
        ends = (*self._retry_times.values(), *self._ends.values())
        timeouts = [end - now for end in ends]
        timeout = self._plan.wait_timeout()
        if timeout is not None:
            timeouts.append(timeout)
        if (
            not self._wakeups.acquire(timeout=min(timeouts, default=None))
            or not self._finished_calls
        ):
            return
        self._resume_finished()

    def collect_finished(self) -> None:
        """Resume the requests whose calls have finished, without waiting."""
        while self._finished_calls and self._wakeups.acquire(blocking=False):
            self._resume_finished()

    def _resume_finished(self) -> None:
        chunk, call = self._finished_calls.popleft()
        if self._calls.get(chunk) is call:  # not given up
            self._forget(chunk)
            self._resume_flow(chunk, *self._connection.collect_reply(call))

    def _give_up(self, chunk: Chunk) -> None:
        """Resume the flow of a chunk whose call gRPC should have ended."""
        call = self._forget(chunk)
        self._resume_flow(chunk, None, self._connection.abandon(call))

    def _forget(self, chunk: Chunk) -> Any:
        """Remove the call of a chunk, and return it."""
        self._ends.pop(chunk, None)
        return self._calls.pop(chunk)

    def _wake_chunk(self, chunk: Chunk) -> None:
        """Resume the flow of a chunk that waits for its turn now. May be called in any thread."""
        self._called.append(chunk)
        self._wakeups.release()

    def wake(self) -> None:
        """Wake the thread in `wait`."""
        self._wakeups.release()

    def _resume_flow(self, chunk: Chunk, reply: Any, failure: GrpcFailure | None) -> None:
        """Resume the flow of a chunk with a reply or a failure, and start its next action."""
        try:
            action = chunk.flow.send(reply) if failure is None else chunk.flow.throw(failure)
        except StopIteration as end:
            self._plan.finish_chunk(chunk, end.value)
            return
        if isinstance(action, Sleep):
            self._retry_times[chunk] = time.monotonic() + action.seconds
            if action.ticket is not None:
                action.ticket.on_call(partial(self._wake_chunk, chunk))
            return
        self._send_attempt(chunk, action, self._connection.begin_wait(action))

    def _send_attempt(self, chunk: Chunk, attempt: Send, wait: Any) -> None:
        """Start an attempt if there is a connection; otherwise try again after a pause.

        Args:
            chunk: The chunk.
            attempt: The attempt.
            wait: Its wait for a connection, from `begin_wait`.
        """
        try:
            call = self._connection.start_unary(attempt, wait)
        except GrpcFailure as unsent:
            self._resume_flow(chunk, None, unsent)
            return
        if call is None:
            self._unconnected[chunk] = attempt, wait
            self._retry_times[chunk] = time.monotonic() + wait.pause
        else:
            self._start(chunk, call, wait)

    def _start(self, chunk: Chunk, call: Any, wait: Any) -> None:
        """Record the call of a chunk."""
        self._calls[chunk] = call
        if wait is not None and wait.latest_end is not None:
            self._ends[chunk] = wait.latest_end

        def on_done(_: object) -> None:
            self._finished_calls.append((chunk, call))
            self._wakeups.release()

        call.add_done_callback(on_done)

    def cancel(self) -> None:
        """Cancel all requests."""
        self._retry_times.clear()
        self._ends.clear()
        for call in self._calls.values():
            call.cancel()
        self._calls.clear()
