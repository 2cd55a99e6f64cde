"""Streams whose interceptors return an iterator of responses instead of grpc's call object.

grpc permits it, and OpenTelemetry's interceptors do it. Such an iterator has no `cancel`.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, Final

import grpc
import grpc.aio
import pytest
from opentelemetry.instrumentation import grpc as _untyped

from clarigen import DeadlineExceededError
from faults.callers import KINDS_AND_TWINS, TWINS, AsyncCalls, Calls, FinishedCall
from faults.scripted import Answer, Garble, Hang, Platform, Refuse, Scripted, Step

otel: Any = _untyped


class GeneratorInterceptor(grpc.UnaryStreamClientInterceptor, grpc.StreamStreamClientInterceptor):
    """An interceptor that returns a generator."""

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


class IteratorInterceptor(GeneratorInterceptor):
    """An interceptor that returns an iterator that is neither a generator nor a call."""

    def _answers(self, call: Any) -> Iterator[bytes]:
        return map(bytes, call)


class _Twin:
    async def _intercepted(self, continuation: Any, details: Any, requests: Any) -> Any:
        return self._answers(await continuation(details, requests))

    async def _answers(self, call: Any) -> AsyncIterator[bytes]:
        async for answer in call:
            yield answer


class AsyncServerStreamInterceptor(_Twin, grpc.aio.UnaryStreamClientInterceptor):
    """An async interceptor of server streams that returns a generator."""

    async def intercept_unary_stream(
        self, continuation: Any, client_call_details: Any, request: Any
    ) -> Any:
        return await self._intercepted(continuation, client_call_details, request)


class AsyncBidiInterceptor(_Twin, grpc.aio.StreamStreamClientInterceptor):
    """An async interceptor of bidirectional streams that returns a generator."""

    async def intercept_stream_stream(
        self, continuation: Any, client_call_details: Any, request_iterator: Any
    ) -> Any:
        return await self._intercepted(continuation, client_call_details, request_iterator)


INTERCEPTORS: Final[dict[str, list[list[Any]]]] = {
    "sync": [
        [GeneratorInterceptor()],
        [IteratorInterceptor()],
        [GeneratorInterceptor(), IteratorInterceptor()],
    ],
    "async": [[AsyncServerStreamInterceptor(), AsyncBidiInterceptor()]],
}

SCRIPTS: Final[dict[str, Callable[[int], Step]]] = {
    "answers": lambda _: Answer(),
    "refuses once": lambda sends: Refuse("RESOURCE_EXHAUSTED") if sends == 1 else Answer(),
    "refuses within": lambda _: Refuse("UNAVAILABLE", after=1),
    "fails": lambda _: Platform(21311, after=1),
    "is no message": lambda _: Garble(after=1),
    "hangs": lambda _: Hang(after=1),
}


@pytest.mark.parametrize(("kind", "twin"), KINDS_AND_TWINS)
@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_intercepted_streams_behave_like_others(
    kind: str, twin: str, script: Callable[[int], Step]
) -> None:
    seen = []
    for interceptors in [[], *INTERCEPTORS[twin]]:
        with Scripted(script) as server:
            asked = FinishedCall(kind, twin, server.url, interceptors=interceptors, timeout=1)
            seen.append((asked.outcome, server.sends))
            assert server.wait_until_idle()
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
def test_leaving_an_intercepted_stream_ends_it(twin: str, how: str) -> None:
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
        assert server.wait_until_idle()


def test_cancelling_an_intercepted_stream_takes_effect_at_once() -> None:
    """A generator that waits cannot be closed, so the call that it reads is canceled."""
    with (
        Scripted(lambda _: Hang(after=1)) as server,
        Calls(base_url=server.url, interceptors=[GeneratorInterceptor()]) as model,
    ):
        stream = model.count(9)
        assert next(stream) == 0
        canceller = threading.Timer(0.2, stream.cancel)
        canceller.start()
        start = time.monotonic()
        assert list(stream) == []
        assert time.monotonic() - start < 10
        canceller.join()
        assert server.wait_until_idle()


@pytest.mark.parametrize("interceptors", INTERCEPTORS["sync"])
def test_error_of_the_callers_iterator_propagates_through_interceptors(
    interceptors: list[Any],
) -> None:
    def items() -> Iterator[int]:
        yield 1
        raise LookupError("the caller's own")

    with (
        Scripted() as server,
        Calls(base_url=server.url, interceptors=interceptors) as model,
    ):
        with pytest.raises(LookupError, match="the caller's own"):
            list(model.add(items()))
        assert server.wait_until_idle()


def test_opentelemetry_instruments_streams_unchanged() -> None:
    instrumentor = otel.GrpcInstrumentorClient()
    instrumentor.instrument()
    try:
        with Scripted() as server, Calls(base_url=server.url) as model:
            assert list(model.count(3)) == [0, 1, 2]
            assert list(model.add([1, 2, 3])) == [2, 4, 6]
            for how in ("cancelled", "block", "dropped"):
                _left(model, how)
            assert server.wait_until_idle()
            server.script = lambda _: Hang(after=1)
            with pytest.raises(DeadlineExceededError, match=r"no result within 0.3 seconds"):
                list(model.with_options(idle_timeout=0.3).count(3))
            assert server.wait_until_idle()
    finally:
        instrumentor.uninstrument()
