"""Calls: the CPU time of the client's process per small call, one at a time and concurrently.

The floor is grpc alone: it sends bytes that were encoded beforehand, and does not decode the response.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from benchmarks.measure import FLOOR, HAND, OURS, SDK, Cost, Row, alternate
from benchmarks.stage import Stage

_ARGUMENTS: dict[str, Any] = {
    "prompt": "What is the future of AI?",
    "max_tokens": 64,
    "temperature": 0.5,
    "echo": True,
}
_CALLS = 320
"""The number of calls per reading."""


def rows(stage: Stage, *, quick: bool) -> Iterator[Row]:
    """Measure each level of concurrency, sync and async."""
    rounds, levels = (3, (1,)) if quick else (15, (1, 16, 64))
    peers = _sync(stage) if quick else _sync(stage) | _sync_sdk(stage)
    for at_once in levels:
        with ThreadPoolExecutor(at_once) as pool:
            costs = {peer: _threads(call, pool, at_once) for peer, call in peers.items()}
            yield from _build_rows(f"small call, {at_once} at once", alternate(costs, rounds))
    with asyncio.Runner() as runner:
        twins = (
            runner.run(_async(stage)) if quick else runner.run(_async(stage)) | _async_sdk(stage)
        )
        for at_once in levels:
            tasks = {peer: _tasks(call, runner, at_once) for peer, call in twins.items()}
            yield from _build_rows(f"small async call, {at_once} at once", alternate(tasks, rounds))


def _build_rows(name: str, costs: dict[str, list[float]]) -> Iterator[Row]:
    yield Row(f"{name}, CPU", "µs", costs)
    yield Row(f"{name}, CPU above grpc's own", "µs", costs, floor=FLOOR)


def _threads(call: Callable[[], object], pool: ThreadPoolExecutor, at_once: int) -> Cost:
    each = _CALLS // at_once

    def work() -> None:
        for _ in range(each):
            call()

    def cost() -> float:
        start = time.process_time()
        for done in [pool.submit(work) for _ in range(at_once)]:
            done.result()
        return (time.process_time() - start) / (each * at_once)

    return cost


def _tasks(call: Callable[[], Awaitable[object]], runner: asyncio.Runner, at_once: int) -> Cost:
    each = _CALLS // at_once

    async def work() -> None:
        for _ in range(each):
            await call()

    async def reading() -> float:
        start = time.process_time()
        await asyncio.gather(*[work() for _ in range(at_once)])
        return (time.process_time() - start) / (each * at_once)

    return lambda: runner.run(reading())


def _sync(stage: Stage) -> dict[str, Callable[[], object]]:
    from bench import Bench

    from benchmarks.peers import hand

    floor = hand.grpc.insecure_channel(stage.address).unary_unary(hand.PATH + "PostModelOutputs")
    request = hand.predict_request(**_ARGUMENTS).SerializeToString()
    ours, by_hand = Bench(base_url=stage.url), hand.Client(stage.address)
    return {
        FLOOR: lambda: floor(request, **hand.OPTIONS),
        HAND: lambda: by_hand.predict(**_ARGUMENTS),
        OURS: lambda: ours.predict(**_ARGUMENTS),
    }


async def _async(stage: Stage) -> dict[str, Callable[[], Awaitable[object]]]:
    from bench import AsyncBench

    from benchmarks.peers import hand

    channel = hand.grpc.aio.insecure_channel(stage.address)
    floor = channel.unary_unary(hand.PATH + "PostModelOutputs")
    request = hand.predict_request(**_ARGUMENTS).SerializeToString()
    ours, by_hand = AsyncBench(base_url=stage.url), hand.AsyncClient(stage.address)

    async def call_floor() -> object:
        return await floor(request, **hand.OPTIONS)

    return {
        FLOOR: call_floor,
        HAND: lambda: by_hand.predict(**_ARGUMENTS),
        OURS: lambda: ours.predict(**_ARGUMENTS),
    }


def _sync_sdk(stage: Stage) -> dict[str, Callable[[], object]]:
    from benchmarks.peers import official

    model = official.model(stage.address)
    return {SDK: lambda: model.predict(**_ARGUMENTS)}


def _async_sdk(stage: Stage) -> dict[str, Callable[[], Awaitable[object]]]:
    from benchmarks.peers import official

    model = official.model(stage.address)

    async def call() -> object:
        return await (await model.async_predict(**_ARGUMENTS))

    return {SDK: call}
