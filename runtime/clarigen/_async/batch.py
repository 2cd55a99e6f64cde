"""The asyncio batch: the twin of `_client_batch`, with a task a request.

What lives here: `AsyncBatch`. What is sent, and whose result is whose, is `_batch`'s for both.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, Generic, Protocol, Self, TypeVar

from .._client.batch import BatchBase
from .._client.progress import progress_bar
from ..errors import ClarigenError
from .stream import iterate_async

if TYPE_CHECKING:
    from asyncio import Lock, Task

    from .._calls.batch import BatchPlan, Chunk
    from .._calls.call import UnaryFlow

_R_co = TypeVar("_R_co", covariant=True)


class Runs(Protocol):
    """What runs the requests: a connection."""

    async def run(self, flow: UnaryFlow[Any]) -> Any:
        """Drive the flow of a unary call to its end."""


class AsyncBatch(BatchBase[AsyncIterator[_R_co | ClarigenError]], Generic[_R_co]):
    """The results of a batch, in the order of its inputs, as they come: the asyncio twin of `Batch`.

    An async iterator, once, and an async context manager.
    """

    _flight: _AsyncRequests | None = None
    _reading: Lock | None = None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> _R_co:
        """The next result; StopAsyncIteration after the last.

        Raises:
            InputError: The input does not fit; it was not sent.
            ClarigenError: The input, or the request it went with, failed (see the errors of the
                generated class).
            Exception: Whatever the caller's own iterator of inputs raised.
        """
        import asyncio

        if self._reading is None:
            self._reading = asyncio.Lock()
        async with self._reading:
            outcome: _R_co | ClarigenError = await anext(self._get_run())
        if isinstance(outcome, ClarigenError):
            await self.cancel()
            raise outcome
        return outcome

    async def collect(self) -> list[_R_co]:
        """All results, as a list."""
        return [result async for result in self]

    async def cancel(self) -> None:
        """End what is in flight; there are no further results, for whoever waits for one neither.

        Any task may.
        """
        self._cancelled = True
        if self._flight is not None and self._get_run().ag_running:  # another task waits in it
            await self._flight.cancel()
        else:
            await self._get_run().aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.cancel()

    async def _iterate(self, *, isolate: bool) -> AsyncIterator[_R_co | ClarigenError]:
        name, shown = self._progress
        work, inputs = self._make_plan(isolate), iterate_async(self._inputs)
        flight = self._flight = _AsyncRequests(work, self._connection)
        with progress_bar(name, self._inputs, shown=shown) as advance:
            try:
                while self._is_unfinished(work):
                    while self._is_unfinished(work) and (wanted := work.next_size()):
                        await flight.take(inputs, wanted)
                    for outcome in work.take_ready():
                        advance()
                        yield outcome
                    await flight.wait()
            finally:
                await flight.cancel()


class _AsyncRequests:
    """The requests in flight."""

    def __init__(self, work: BatchPlan[Any], connection: Runs) -> None:
        self._work = work
        self._connection = connection
        self._tasks: dict[Task[Any], Chunk] = {}

    async def take(self, inputs: AsyncIterator[Any], wanted: int) -> None:
        """Send a request for the next inputs: fewer than wanted where taking them is slow."""
        import asyncio

        taken: list[Any] = []
        hurry = self._work.taking_deadline()
        async for given in inputs:
            taken.append(given)
            if len(taken) == wanted or hurry():
                break
        else:
            self._work.is_exhausted = True
        if taken:
            made = self._work.add_chunk(taken)
            self._tasks[asyncio.ensure_future(self._connection.run(made.flow))] = made

    async def wait(self) -> None:
        """Wait for an answer."""
        import asyncio

        if not self._tasks:
            return
        done, _ = await asyncio.wait(
            self._tasks, timeout=self._work.wait_timeout(), return_when=asyncio.FIRST_COMPLETED
        )
        for task in done:
            made = self._tasks.pop(task, None)
            if made is not None:  # else another task has cancelled all
                self._work.finish_chunk(made, task.result())

    async def cancel(self) -> None:
        """End them all."""
        import asyncio

        tasks = list(self._tasks)
        self._tasks.clear()
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
