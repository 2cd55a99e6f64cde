"""Calls of every kind, sync and async, and what came of them, in a form that can be compared.

What lives here: the clients of `scripted`, and `ask`, which makes one call of a kind with a twin and
tells its outcome. Pauses take no time and each call has a budget of its own unless a test says
otherwise, so that the number of attempts depends on the fault alone.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
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
from clarigen._calls.retry import RetryThrottle

_N = wire.field("n", wire.INT)
DOUBLE: Final = wire.unary("double", _N, returns=wire.INT)
COUNT: Final = wire.server_stream("count", _N, returns=wire.INT)
ADD: Final = wire.bidi_stream("add", wire.field("items", wire.INT, stream=True), returns=wire.INT)

KINDS: Final = ("unary", "stream", "bidi", "batch")
TWINS: Final = ("sync", "async")
EVERY: Final = tuple((kind, twin) for kind in KINDS for twin in TWINS)

WHOLE: Final[Mapping[str, list[int]]] = {
    "unary": [6],
    "stream": [0, 1, 2],
    "bidi": [2, 4, 6],
    "batch": [2, 4, 6, 8],
}
"""What a call of each kind gives if nothing is wrong."""


class Calls(Client):
    """A client of the scripted server."""

    def double(self, n: int) -> int:
        return self._one(DOUBLE, n)

    def count(self, n: int) -> Stream[int]:
        return self._stream(COUNT, n)

    def add(self, items: Iterable[int]) -> Stream[int]:
        return self._stream(ADD, items)

    def double_batch(self, inputs: Iterable[Mapping[str, int]]) -> Batch[int]:
        return self._batch(DOUBLE, inputs, False)


class AsyncCalls(AsyncClient):
    """Its twin."""

    async def double(self, n: int) -> int:
        return await self._one(DOUBLE, n)

    def count(self, n: int) -> AsyncStream[int]:
        return self._stream(COUNT, n)

    def add(self, items: AsyncIterable[int] | Iterable[int]) -> AsyncStream[int]:
        return self._stream(ADD, items)

    def double_batch(self, inputs: Iterable[Mapping[str, int]]) -> AsyncBatch[int]:
        return self._batch(DOUBLE, inputs, False)


@dataclass(frozen=True)
class Outcome:
    """What came of a call.

    Attributes:
        items: What was delivered.
        error: The class of the error that ended it, if one did.
        attempts: How often it was sent, as the error or the response tells; None if neither does.
    """

    items: tuple[int, ...]
    error: str = ""
    attempts: int | None = 1


def done(kind: str, attempts: int = 1) -> Outcome:
    """The outcome of a call that succeeds."""
    return Outcome(tuple(WHOLE[kind]), "", attempts)


def prepared(model: Any, chance: float = 0.0) -> Any:
    """A client whose retries wait as long as `chance` says, and have a budget of their own.

    A batch is one request.
    """
    policy = replace(model._endpoint.policy, random=lambda: chance, throttle=RetryThrottle())
    model._endpoint = model._endpoint._replace(policy=policy)
    model._connect()
    model._batch_limits = (8, 1)
    return model


class Asked:
    """One call, and how it went.

    Attributes:
        outcome: What came of it.
        elapsed: How long it took, in seconds.
        error: The error itself.
    """

    def __init__(
        self,
        kind: str,
        twin: str,
        url: str,
        *,
        chance: float = 0.0,
        seen: Callable[[list[int]], object] = len,
        **options: Any,
    ) -> None:
        """Make the call.

        Args:
            kind: Of `KINDS`.
            twin: Of `TWINS`.
            url: The server.
            chance: How long the pauses are, from 0.0 to 1.0.
            seen: Is told what has come after each item.
            options: The client's.
        """
        self._seen = seen
        self._answered = threading.Event()
        self.items: list[int] = []
        self.error: ClarigenError | None = None
        self._told: list[Response] = []
        options = {"timeout": 20, "max_retries": 2, "on_response": self._told.append, **options}
        run = self._sync if twin == "sync" else self._async
        run(kind, url, chance, options)
        self.outcome = self._outcome(self.error)

    def _outcome(self, error: ClarigenError | None) -> Outcome:
        items = tuple(self.items)
        if error is None:
            return Outcome(items, "", self._told[-1].attempts)
        return Outcome(items, type(error).__name__, getattr(error, "attempts", None))

    def _sync(self, kind: str, url: str, chance: float, options: Any) -> None:
        with Calls(base_url=url, **options) as made:
            model = prepared(made, chance)
            started = time.monotonic()
            try:
                if kind == "unary":
                    self.items.append(model.double(3))
                else:
                    for item in _many(model, kind, self._given()):
                        self._came(item)
            except ClarigenError as error:
                self.error = error
            self.elapsed = time.monotonic() - started
            self._answered.set()

    def _async(self, kind: str, url: str, chance: float, options: Any) -> None:
        async def run() -> None:
            async with AsyncCalls(base_url=url, **options) as made:
                model = prepared(made, chance)
                started = time.monotonic()
                try:
                    if kind == "unary":
                        self.items.append(await model.double(3))
                    else:
                        async for item in _many(model, kind, self._given_async()):
                            self._came(item)
                except ClarigenError as error:
                    self.error = error
                self.elapsed = time.monotonic() - started

        asyncio.run(run())

    def _came(self, item: int) -> None:
        self.items.append(item)
        self._answered.set()
        self._seen(self.items)

    def _given(self) -> Iterator[int]:
        """The items of a stream both ways: after the first, they come when it was answered.

        So whether it may be sent again is no race with grpc, which takes the next item when it likes.
        """
        yield 1
        self._answered.wait(60)
        yield from (2, 3)

    async def _given_async(self) -> AsyncIterator[int]:
        yield 1
        while not self._answered.is_set():
            await asyncio.sleep(0.001)
        yield 2
        yield 3


def _many(model: Any, kind: str, items: Any) -> Any:
    if kind == "stream":
        return model.count(3)
    if kind == "bidi":
        return model.add(items)
    return model.double_batch([{"n": n} for n in (1, 2, 3, 4)])


def ask(kind: str, twin: str, url: str, **options: Any) -> Outcome:
    """Make a call; its outcome."""
    return Asked(kind, twin, url, **options).outcome
