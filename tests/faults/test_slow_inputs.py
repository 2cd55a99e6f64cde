"""Batches whose inputs come slowly: a result is handed out before the batch asks for many more inputs."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterator
from typing import Final

import pytest

from faults.callers import TWINS, AsyncCalls, Calls
from faults.scripted import Scripted

INPUTS: Final = 20
PAUSE: Final = 0.1


@pytest.mark.parametrize("twin", TWINS)
def test_results_do_not_wait_for_all_inputs(twin: str) -> None:
    handed_out = threading.Event()
    taken: list[int] = []

    def inputs() -> Iterator[dict[str, int]]:
        for n in range(INPUTS):
            if handed_out.is_set():
                return
            taken.append(n)
            yield {"n": n}
            time.sleep(PAUSE)  # a slow source

    async def inputs_async() -> AsyncIterator[dict[str, int]]:
        for n in range(INPUTS):
            if handed_out.is_set():
                return
            taken.append(n)
            yield {"n": n}
            await asyncio.sleep(PAUSE)  # a slow source

    async def run(url: str) -> list[int]:
        results = []
        async with AsyncCalls(base_url=url, timeout=20) as model:
            async for result in model.double_batch(inputs_async()):  # type: ignore[arg-type]
                handed_out.set()
                results.append(result)
        return results

    def run_sync(url: str) -> list[int]:
        results = []
        with Calls(base_url=url, timeout=20) as model:
            for result in model.double_batch(inputs()):
                handed_out.set()
                results.append(result)
        return results

    with Scripted() as server:
        results = run_sync(server.url) if twin == "sync" else asyncio.run(run(server.url))
    assert results == [2 * n for n in taken]
    assert len(taken) < INPUTS / 2
