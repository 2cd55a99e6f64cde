"""Streams: the CPU time of the client's process per chunk of a long stream."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator

from benchmarks.measure import HAND, OURS, SDK, Cost, Row, alternate
from benchmarks.stage import Stage

_TEXT = "A piece of text"


def rows(stage: Stage, *, quick: bool) -> Iterator[Row]:
    """Measure a stream from the server, sync and async."""
    count, rounds = (500, 3) if quick else (10_000, 7)
    peers = _sync(stage, count) if quick else _sync(stage, count) | _sync_sdk(stage, count)
    costs = {peer: _cost(call, count) for peer, call in peers.items()}
    yield Row(f"stream of {count:,}, CPU per chunk", "µs", alternate(costs, rounds))
    with asyncio.Runner() as runner:
        twins = runner.run(_async(stage, count))
        if not quick:
            twins |= _async_sdk(stage, count)
        costs = {peer: _async_cost(call, count, runner) for peer, call in twins.items()}
        yield Row(f"async stream of {count:,}, CPU per chunk", "µs", alternate(costs, rounds))


def _sync(stage: Stage, count: int) -> dict[str, Callable[[], Iterable[object]]]:
    from bench import Bench

    from benchmarks.peers import hand

    ours, by_hand = Bench(base_url=stage.url), hand.Client(stage.address)
    return {
        HAND: lambda: by_hand.chunks(_TEXT, count),
        OURS: lambda: ours.chunks(_TEXT, count=count),
    }


async def _async(stage: Stage, count: int) -> dict[str, Callable[[], AsyncIterable[object]]]:
    from bench import AsyncBench

    from benchmarks.peers import hand

    ours, by_hand = AsyncBench(base_url=stage.url), hand.AsyncClient(stage.address)
    return {
        HAND: lambda: by_hand.chunks(_TEXT, count),
        OURS: lambda: ours.chunks(_TEXT, count=count),
    }


def _sync_sdk(stage: Stage, count: int) -> dict[str, Callable[[], Iterable[object]]]:
    from benchmarks.peers import official

    model = official.model(stage.address)
    return {SDK: lambda: model.chunks(_TEXT, count)}


def _async_sdk(stage: Stage, count: int) -> dict[str, Callable[[], AsyncIterable[object]]]:
    from benchmarks.peers import official

    model = official.model(stage.address)

    async def call() -> AsyncIterator[object]:
        async for chunk in await model.async_client.chunks(_TEXT, count):
            yield chunk

    return {SDK: call}


def _cost(call: Callable[[], Iterable[object]], count: int) -> Cost:
    def cost() -> float:
        start = time.process_time()
        assert sum(1 for _ in call()) == count
        return (time.process_time() - start) / count

    return cost


def _async_cost(
    call: Callable[[], AsyncIterable[object]], count: int, runner: asyncio.Runner
) -> Cost:
    async def cost() -> float:
        start = time.process_time()
        received = 0
        async for _ in call():
            received += 1
        assert received == count
        return (time.process_time() - start) / count

    return lambda: runner.run(cost())
