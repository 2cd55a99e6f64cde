"""A model with one method of each kind, and the clients that would be generated for it."""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable, Iterator, Mapping
from typing import Any, Final

from clarigen import AsyncBatch, AsyncClient, AsyncStream, Batch, Client, Stream, wire


class Parrot:
    def say(self, text: str, times: int = 2) -> str:
        return text * times

    def count(self, n: int) -> Iterator[int]:
        yield from range(n)

    def double(self, items: Iterator[int]) -> Iterator[int]:
        for item in items:
            yield 2 * item


class ParrotClient(Client):
    def say(self, text: str, *, times: int = 2) -> str:
        return self._unary(_SAY, text, times)

    def say_batch(
        self,
        inputs: Iterable[Mapping[str, Any]],
        *,
        progress: bool = False,
        total: int | None = None,
    ) -> Batch[str]:
        return self._batch(_SAY, inputs, progress, total)

    def count(self, n: int) -> Stream[int]:
        return self._stream(_COUNT, n)

    def double(self, items: Iterable[int]) -> Stream[int]:
        return self._stream(_DOUBLE, items)


class AsyncParrotClient(AsyncClient):
    async def say(self, text: str, *, times: int = 2) -> str:
        return await self._unary(_SAY, text, times)

    def say_batch(
        self,
        inputs: Iterable[Mapping[str, Any]] | AsyncIterable[Mapping[str, Any]],
        *,
        progress: bool = False,
        total: int | None = None,
    ) -> AsyncBatch[str]:
        return self._batch(_SAY, inputs, progress, total)

    def count(self, n: int) -> AsyncStream[int]:
        return self._stream(_COUNT, n)

    def double(self, items: Iterable[int] | AsyncIterable[int]) -> AsyncStream[int]:
        return self._stream(_DOUBLE, items)


_SAY: Final = wire.unary(
    "say",
    wire.field("text", wire.STR),
    wire.field("times", wire.INT, default=2, ge=1),
    returns=wire.STR,
)
_COUNT: Final = wire.server_stream("count", wire.field("n", wire.INT), returns=wire.INT)
_DOUBLE: Final = wire.bidi_stream(
    "double", wire.field("items", wire.INT, stream=True), returns=wire.INT
)
