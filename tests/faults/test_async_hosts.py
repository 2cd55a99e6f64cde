"""Async clients under other libraries than asyncio alone: trio, anyio."""

from __future__ import annotations

import asyncio

import anyio
import pytest

from clarigen import ConfigError
from faults.callers import AsyncCalls
from faults.scripted import Hang, Scripted


def test_an_async_client_without_asyncio_says_so() -> None:
    """As under trio."""
    model = AsyncCalls(base_url="grpc://127.0.0.1:1", timeout=20)
    coroutine = model.double(1)
    with pytest.raises(ConfigError, match=r"needs asyncio; with trio, .*trio\.to_thread\.run_sync"):
        coroutine.send(None)


def test_an_anyio_scope_swallows_its_own_cancellation() -> None:
    """grpc.aio alone lets a bare CancelledError out of the scope."""

    async def run(url: str) -> bool:
        async with AsyncCalls(base_url=url, timeout=20) as model:
            with anyio.move_on_after(0.3) as scope:
                await model.double(1)
            return bool(scope.cancelled_caught)

    with Scripted(lambda _: Hang()) as server:
        assert asyncio.run(run(server.url))
        assert server.wait_until_idle()
