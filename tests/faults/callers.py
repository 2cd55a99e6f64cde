"""Calls of every kind, sync and async, with outcomes that can be compared.

`ask` makes one call and returns its outcome. By default the backoff is zero and each client has a retry throttle of
its own, so that the number of attempts depends only on the fault.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from clarigen import (
    AsyncBatch,
    AsyncClient,
    AsyncStream,
    Batch,
    ClarigenError,
    Client,
    Response,
    Stream,
    wire,
)
from clarigen._calls.retry_throttle import RetryThrottle
from clarigen._client.base import get_policy, with_policy

_N = wire.field("n", wire.INT)
DOUBLE: Final = wire.unary("double", _N, returns=wire.INT)
COUNT: Final = wire.server_stream("count", _N, returns=wire.INT)
ADD: Final = wire.bidi_stream("add", wire.field("items", wire.INT, stream=True), returns=wire.INT)

KINDS: Final = ("unary", "stream", "bidi", "batch")
TWINS: Final = ("sync", "async")
KINDS_AND_TWINS: Final = tuple((kind, twin) for kind in KINDS for twin in TWINS)

RESULTS: Final[Mapping[str, list[int]]] = {
    "unary": [6],
    "stream": [0, 1, 2],
    "bidi": [2, 4, 6],
    "batch": [2, 4, 6, 8],
}
"""The results of a successful call of each kind."""


class Calls(Client):
    """A client of the scripted server."""

    def double(self, n: int) -> int:
        return self._unary(DOUBLE, n)

    def count(self, n: int) -> Stream[int]:
        return self._stream(COUNT, n)

    def add(self, items: Iterable[int]) -> Stream[int]:
        return self._stream(ADD, items)

    def double_list(self, inputs: list[Any]) -> Any:
        return self._unary_or_batch(DOUBLE, inputs)

    def double_batch(self, inputs: Iterable[Mapping[str, int]]) -> Batch[int]:
        return self._batch(DOUBLE, inputs, False)


class AsyncCalls(AsyncClient):
    """An async client of the scripted server."""

    async def double(self, n: int) -> int:
        return await self._unary(DOUBLE, n)

    def count(self, n: int) -> AsyncStream[int]:
        return self._stream(COUNT, n)

    def add(self, items: AsyncIterable[int] | Iterable[int]) -> AsyncStream[int]:
        return self._stream(ADD, items)

    async def double_list(self, inputs: list[Any]) -> Any:
        return await self._unary_or_batch(DOUBLE, inputs)

    def double_batch(self, inputs: Iterable[Mapping[str, int]]) -> AsyncBatch[int]:
        return self._batch(DOUBLE, inputs, False)


@dataclass(frozen=True)
class Outcome:
    """The outcome of a call.

    Attributes:
        items: The delivered items.
        error: The class of the error that ended the call; empty if it succeeded.
        attempts: The number of attempts, as the error or the response reports it; None if neither does.
    """

    items: tuple[int, ...]
    error: str = ""
    attempts: int | None = 1


def successful_outcome(kind: str, attempts: int = 1) -> Outcome:
    """Return the outcome of a successful call."""
    return Outcome(tuple(RESULTS[kind]), "", attempts)


def with_test_policy(model: Any, chance: float = 0.0) -> Any:
    """Return a view of a client with a retry throttle of its own, and with batches of a single request.

    Args:
        model: The client.
        chance: The length of each backoff, as a fraction of its maximum, from 0.0 to 1.0.
    """
    policy = get_policy(model).replace(random=lambda: chance, throttle=RetryThrottle())
    return with_policy(model, policy).with_options(batch_size=8, concurrency=1)


class FinishedCall:
    """A finished call.

    Attributes:
        outcome: Its outcome.
        items: The delivered items.
        error: The error, if it failed.
        elapsed: Its duration, in seconds.
    """

    def __init__(
        self,
        kind: str,
        twin: str,
        url: str,
        *,
        chance: float = 0.0,
        on_item: Callable[[list[int]], object] = len,
        **options: Any,
    ) -> None:
        """Make the call.

        Args:
            kind: One of `KINDS`.
            twin: One of `TWINS`.
            url: The server.
            chance: The length of each backoff, as a fraction of its maximum, from 0.0 to 1.0.
            on_item: Callback, invoked with the items delivered so far after each item.
            options: Options of the client.
        """
        self._on_item = on_item
        self._answered = threading.Event()
        self.items: list[int] = []
        self.error: ClarigenError | None = None
        self._responses: list[Response] = []
        options = {
            "timeout": 20,
            "max_retries": 2,
            "on_response": self._responses.append,
            **options,
        }
        run = self._sync if twin == "sync" else self._async
        run(kind, url, chance, options)
        self.outcome = self._outcome(self.error)

    def _outcome(self, error: ClarigenError | None) -> Outcome:
        items = tuple(self.items)
        if error is None:
            return Outcome(items, "", self._responses[-1].attempts)
        return Outcome(items, type(error).__name__, getattr(error, "attempts", None))

    def _sync(self, kind: str, url: str, chance: float, options: Any) -> None:
        with Calls(base_url=url, **options) as client:
            model = with_test_policy(client, chance)
            started = time.monotonic()
            try:
                if kind == "unary":
                    self.items.append(model.double(3))
                else:
                    for item in start_call(model, kind, self._inputs()):
                        self._add_item(item)
            except ClarigenError as error:
                self.error = error
            self.elapsed = time.monotonic() - started
            self._answered.set()

    def _async(self, kind: str, url: str, chance: float, options: Any) -> None:
        async def run() -> None:
            async with AsyncCalls(base_url=url, **options) as client:
                model = with_test_policy(client, chance)
                started = time.monotonic()
                try:
                    if kind == "unary":
                        self.items.append(await model.double(3))
                    else:
                        async for item in start_call(model, kind, self._async_inputs()):
                            self._add_item(item)
                except ClarigenError as error:
                    self.error = error
                self.elapsed = time.monotonic() - started

        asyncio.run(run())

    def _add_item(self, item: int) -> None:
        self.items.append(item)
        self._answered.set()
        self._on_item(self.items)

    def _inputs(self) -> Iterator[int]:
        """Yield the items of a stream of inputs. Those after the first are held back until the first response.

        Otherwise it would be a race whether grpc takes a second item, after which the stream cannot be retried.
        """
        yield 1
        self._answered.wait(60)
        yield from (2, 3)

    async def _async_inputs(self) -> AsyncIterator[int]:
        yield 1
        while not self._answered.is_set():
            await asyncio.sleep(0.001)
        yield 2
        yield 3


def start_call(model: Any, kind: str, items: Any) -> Any:
    if kind == "stream":
        return model.count(3)
    if kind == "bidi":
        return model.add(items)
    return model.double_batch([{"n": n} for n in (1, 2, 3, 4)])


def ask(kind: str, twin: str, url: str, **options: Any) -> Outcome:
    """Make a call and return its outcome."""
    return FinishedCall(kind, twin, url, **options).outcome
