"""What calls of one process do to one another, since they share the connection to a server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from typing import Final

import grpc
import pytest

from faults.callers import TWINS, AsyncCalls, Calls
from faults.scripted import Answer, Hang, Scripted, Step

MINOR: Final = int(grpc.__version__.split(".")[1])

STREAMS: Final = 3
"""How many calls the server allows per connection."""


@pytest.mark.skipif(MINOR < 84, reason="gRPC opens further connections since 1.84")
@pytest.mark.parametrize("twin", TWINS)
def test_a_call_finds_a_connection_while_streams_take_all_of_the_first(twin: str) -> None:
    def script(send: int) -> Step:
        return Hang(after=1) if send < 2 * STREAMS else Answer()

    def call(url: str) -> list[int]:
        with ExitStack() as stack:
            model = stack.enter_context(Calls(base_url=url, timeout=20))
            streams = [stack.enter_context(model.count(5)) for _ in range(2 * STREAMS)]
            first_results = [next(stream) for stream in streams]
            return [*first_results, model.double(7)]

    async def call_async(url: str) -> list[int]:
        async with AsyncCalls(base_url=url, timeout=20) as model:
            streams = [model.count(5) for _ in range(2 * STREAMS)]
            first_results = [await anext(stream) for stream in streams]
            result = await model.double(7)
            for stream in streams:
                stream.cancel()
            return [*first_results, result]

    with Scripted(script, streams=STREAMS) as server:
        results = call(server.url) if twin == "sync" else asyncio.run(call_async(server.url))
    assert results == [0] * (2 * STREAMS) + [14]


@pytest.mark.parametrize("twin", TWINS)
def test_streams_that_nobody_reads_take_little_memory(twin: str) -> None:
    """The server must wait before it can send more, however fast the network is."""

    def open_streams(url: str, wait: Callable[[], float]) -> float:
        with ExitStack() as stack:
            model = stack.enter_context(Calls(base_url=url, timeout=20))
            streams = [stack.enter_context(model.count(999)) for _ in range(10)]
            assert [next(stream) for stream in streams] == [0] * 10
            return wait()

    async def open_async_streams(url: str, wait: Callable[[], float]) -> float:
        async with AsyncCalls(base_url=url, timeout=20) as model:
            streams = [model.count(999) for _ in range(10)]
            assert [await anext(stream) for stream in streams] == [0] * 10
            size = await asyncio.to_thread(wait)
            for stream in streams:
                stream.cancel()
            return size

    with Scripted(lambda _: Answer(pad=100_000)) as server:

        def wait() -> float:
            server.wait_until_blocked()
            return server.results * 100_000 / 10

        size = (
            open_streams(server.url, wait)
            if twin == "sync"
            else asyncio.run(open_async_streams(server.url, wait))
        )
    assert 1 << 20 < size < 3 << 20
