"""The async batch: keeps several requests in flight, in one task per request.

It corresponds to `_sync/batch.py`. What is sent, and which result belongs to which input, is decided in `_calls`.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from .._client.batch import BatchBase
from ..errors import ClarigenError
from .stream import iterate_async

if TYPE_CHECKING:
    from asyncio import Task

    from .._calls.batch import BatchPlan, Chunk
    from .._transport.connection import AsyncConnection
else:
    Task = Chunk = AsyncConnection = Any
    BatchPlan = list

_R_co = TypeVar("_R_co", covariant=True)


class AsyncBatch(
    BatchBase["AsyncConnection", AsyncIterator[_R_co | ClarigenError]], Generic[_R_co]
):
    """The results of a batch, in input order, as they arrive: `Batch` for asyncio.

    An async iterator that can be consumed once, and an async context manager.
    """

    _requests: _AsyncRequests | None = None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> _R_co:
        """Return the next result; raise StopAsyncIteration after the last.

        Raises:
            InputError: The input does not fit; it was not sent.
            ClarigenError: The input, or the request that it was part of, failed (see the errors of the
                generated class).
            Exception: Anything that the caller's own iterator of inputs raises.
        """
        outcome: _R_co | ClarigenError = await anext(self._get_iterator())
        if isinstance(outcome, ClarigenError):
            await self.cancel()
            raise self._add_hint(outcome)
        return outcome

    async def collect(self) -> list[_R_co]:
        """Return all results as a list."""
        return [result async for result in self]

    async def cancel(self) -> None:
        """Cancel all requests in flight and stop iteration. Any task on the event loop may call it."""
        self._is_canceled = True
        iterator = self._get_iterator()
        if self._requests is not None and iterator.is_running:  # in another task
            await self._requests.cancel()
        else:
            await iterator.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.cancel()

    def _iterate(self, *, isolate: bool) -> AsyncIterator[_R_co | ClarigenError]:
        return _SharedGenerator(self._generate_outcomes(isolate=isolate))

    async def _generate_outcomes(
        self, *, isolate: bool
    ) -> AsyncGenerator[_R_co | ClarigenError, None]:
        plan, inputs = self._make_plan(isolate), iterate_async(self._inputs)
        requests = self._requests = _AsyncRequests(plan, self._connection)
        with self._show_progress() as advance:
            try:
                while self._is_running(plan):
                    while self._is_running(plan) and (size := plan.next_size()):
                        await requests.send(inputs, size)
                        requests.collect_finished()
                        if plan.has_ready:  # before the next input, which may be slow
                            break
                    for outcome in plan.take_ready():
                        advance()
                        yield outcome
                    if not plan.next_size():
                        await requests.wait()
            finally:
                await requests.cancel()


class _SharedGenerator(Generic[_R_co]):
    """An async generator that several tasks share: one at a time runs it."""

    def __init__(self, generator: AsyncGenerator[_R_co, None]) -> None:
        import asyncio

        self._generator = generator
        self._lock = asyncio.Lock()

    @property
    def is_running(self) -> bool:
        """Whether a task is running the generator."""
        return self._lock.locked()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> _R_co:
        async with self._lock:
            return await anext(self._generator)

    async def aclose(self) -> None:
        """Close the generator. It must not be running."""
        await self._generator.aclose()


class _AsyncRequests:
    """The requests in flight."""

    def __init__(self, plan: BatchPlan[Any], connection: AsyncConnection) -> None:
        self._plan = plan
        self._connection = connection
        self._tasks: dict[Task[Any], Chunk] = {}

    async def send(self, inputs: AsyncIterator[Any], size: int) -> None:
        """Send a request with the next inputs: `size` of them, or fewer if reading them is slow."""
        import asyncio

        chunk_inputs: list[Any] = []
        is_overdue = self._plan.start_input_timer()
        async for item in inputs:
            chunk_inputs.append(item)
            if len(chunk_inputs) == size or is_overdue():
                break
        else:
            self._plan.is_exhausted = True
        if chunk_inputs:
            chunk = self._plan.add_chunk(chunk_inputs)
            self._tasks[asyncio.ensure_future(self._connection.run(chunk.flow))] = chunk

    async def wait(self) -> None:
        """Wait until a request finishes, at most for the plan's `wait_timeout`, and finish its chunk."""
        import asyncio

        if not self._tasks:
            return
        done, _ = await asyncio.wait(
            self._tasks, timeout=self._plan.wait_timeout(), return_when=asyncio.FIRST_COMPLETED
        )
        self._finish(done)

    def collect_finished(self) -> None:
        """Finish the chunks of the requests that have ended, without waiting."""
        self._finish([task for task in self._tasks if task.done()])

    def _finish(self, done: Iterable[Task[Any]]) -> None:
        for task in done:
            chunk = self._tasks.pop(task, None)
            if chunk is not None:  # None: another task has canceled all requests
                self._plan.finish_chunk(chunk, task.result())

    async def cancel(self) -> None:
        """Cancel all requests."""
        import asyncio

        tasks = list(self._tasks)
        self._tasks.clear()
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
