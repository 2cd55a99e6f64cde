"""Streams whose interceptors give the answers, as an iterator of their own, in place of grpc's call.

grpc allows that to interceptors of streams; OpenTelemetry's do it. Such a call has no `cancel`.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, Final

import grpc
import grpc.aio
import pytest
from opentelemetry.instrumentation import grpc as _untyped

from faults.callers import EVERY, TWINS, Asked, AsyncCalls, Calls
from faults.scripted import Answer, Garble, Hang, Platform, Refuse, Scripted, Step

otel: Any = _untyped


class Plain(grpc.UnaryStreamClientInterceptor, grpc.StreamStreamClientInterceptor):
    """Gives a generator of the answers."""

    def intercept_unary_stream(
        self, continuation: Any, client_call_details: Any, request: Any
    ) -> Any:
        return self._answers(continuation(client_call_details, request))

    def intercept_stream_stream(
        self, continuation: Any, client_call_details: Any, request_iterator: Any
    ) -> Any:
        return self._answers(continuation(client_call_details, request_iterator))

    def _answers(self, call: Any) -> Iterator[bytes]:
        yield from call


class OneOfItsOwn(Plain):
    """Gives an iterator that is neither a generator nor a call."""

    def _answers(self, call: Any) -> Iterator[bytes]:
        return map(bytes, call)


class _Twin:
    async def _intercepted(self, continuation: Any, details: Any, given: Any) -> Any:
        return self._answers(await continuation(details, given))

    async def _answers(self, call: Any) -> AsyncIterator[bytes]:
        async for answer in call:
            yield answer


class AsyncUnaryPlain(_Twin, grpc.aio.UnaryStreamClientInterceptor):
    """The twin, of streams of answers."""

    async def intercept_unary_stream(
        self, continuation: Any, client_call_details: Any, request: Any
    ) -> Any:
        return await self._intercepted(continuation, client_call_details, request)


class AsyncStreamPlain(_Twin, grpc.aio.StreamStreamClientInterceptor):
    """The twin, of streams both ways."""

    async def intercept_stream_stream(
        self, continuation: Any, client_call_details: Any, request_iterator: Any
    ) -> Any:
        return await self._intercepted(continuation, client_call_details, request_iterator)


INTERCEPTORS: Final[dict[str, list[list[Any]]]] = {
    "sync": [[Plain()], [OneOfItsOwn()], [Plain(), OneOfItsOwn()]],
    "async": [[AsyncUnaryPlain(), AsyncStreamPlain()]],
}

SCRIPTS: Final[dict[str, Callable[[int], Step]]] = {
    "answers": lambda _: Answer(),
    "refuses once": lambda sends: Refuse("RESOURCE_EXHAUSTED") if sends == 1 else Answer(),
    "refuses within": lambda _: Refuse("UNAVAILABLE", after=1),
    "fails": lambda _: Platform(21311, after=1),
    "is no message": lambda _: Garble(after=1),
    "hangs": lambda _: Hang(after=1),
}


@pytest.mark.parametrize(("kind", "twin"), EVERY)
@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_all_is_as_without_them(kind: str, twin: str, script: Callable[[int], Step]) -> None:
    seen = []
    for interceptors in [[], *INTERCEPTORS[twin]]:
        with Scripted(script) as server:
            asked = Asked(kind, twin, server.url, interceptors=interceptors, timeout=1)
            seen.append((asked.outcome, server.sends))
            assert server.idle()
    assert seen == seen[:1] * len(seen)


def _left(model: Calls, how: str) -> None:
    stream = model.count(9)
    assert next(stream) == 0
    if how == "cancelled":
        stream.cancel()
    elif how == "block":
        with stream:
            pass


async def _left_async(model: AsyncCalls, how: str) -> None:
    stream = model.count(9)
    assert await anext(stream) == 0
    if how == "cancelled":
        stream.cancel()
    elif how == "block":
        async with stream:
            pass


@pytest.mark.parametrize("how", ["cancelled", "block", "dropped"])
@pytest.mark.parametrize("twin", TWINS)
def test_leaving_one_early_ends_it(twin: str, how: str) -> None:
    async def run(interceptors: list[Any], url: str) -> None:
        async with AsyncCalls(base_url=url, interceptors=interceptors) as model:
            await _left_async(model, how)

    with Scripted(lambda _: Hang(after=1)) as server:
        for interceptors in INTERCEPTORS[twin]:
            if twin == "async":
                asyncio.run(run(interceptors, server.url))
                continue
            with Calls(base_url=server.url, interceptors=interceptors) as model:
                _left(model, how)
        assert server.idle()


def test_another_threads_cancellation_is_heard_by_the_deadline() -> None:
    """A generator cannot be closed while it waits: grpc gives no other way to its call."""
    with (
        Scripted(lambda _: Hang(after=1)) as server,
        Calls(base_url=server.url, interceptors=[Plain()], timeout=1) as model,
    ):
        stream = model.count(9)
        assert next(stream) == 0
        canceller = threading.Timer(0.2, stream.cancel)
        canceller.start()
        assert list(stream) == []
        canceller.join()
        assert server.idle()


@pytest.mark.parametrize("interceptors", INTERCEPTORS["sync"])
def test_what_a_callers_iterator_raises_is_raised(interceptors: list[Any]) -> None:
    def items() -> Iterator[int]:
        yield 1
        raise LookupError("the caller's own")

    with (
        Scripted() as server,
        Calls(base_url=server.url, interceptors=interceptors) as model,
    ):
        with pytest.raises(LookupError, match="the caller's own"):
            list(model.add(items()))
        assert server.idle()


def test_opentelemetry_instruments_streams_unchanged() -> None:
    instrumentor = otel.GrpcInstrumentorClient()
    instrumentor.instrument()
    try:
        with Scripted() as server, Calls(base_url=server.url) as model:
            assert list(model.count(3)) == [0, 1, 2]
            assert list(model.add([1, 2, 3])) == [2, 4, 6]
            for how in ("cancelled", "block", "dropped"):
                _left(model, how)
            assert server.idle()
    finally:
        instrumentor.uninstrument()
