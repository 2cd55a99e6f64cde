"""Known defects of the official SDK that no other test covers; `unit/test_conformance.py` lists all of them."""

from __future__ import annotations

import asyncio
import copy
import gc
import inspect
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from clarigen import ConfigError, PredictionError, UnavailableError
from clarigen._client.base import get_policy
from clarigen._transport.channel_pool import POOL, Lease
from clarigen._transport.endpoint import Target
from faults.callers import AsyncCalls, Calls
from faults.scripted import Answer, Platform, Refuse, Scripted, Step
from server.conftest import Served


@pytest.mark.defect("awaited methods return a coroutine")
@pytest.mark.defect("the return type depends on a running loop")
def test_call_returns_the_annotated_type_with_and_without_a_loop(served: Served) -> None:
    async def inside() -> None:
        with served.client() as model:
            assert model.echo_str("x") == "x"
            assert list(model.count(2)) == ["0", "1"]
            assert model.echo_int_batch([{"x": 1}]).collect() == [1]
        async with served.async_client() as twin:
            assert await twin.echo_str("x") == "x"
            assert [item async for item in twin.count(2)] == ["0", "1"]
            assert await twin.echo_int_batch([{"x": 1}]).collect() == [1]

    assert inspect.iscoroutinefunction(served.package.AsyncEverything.echo_str)
    assert not inspect.iscoroutinefunction(served.package.Everything.echo_str)
    with served.client() as model:
        assert model.echo_str("x") == "x"
    asyncio.run(inside())


@pytest.mark.defect("async errors are retried for 10 s and misreported")
def test_async_error_is_raised_at_once_with_its_class(served: Served) -> None:
    async def fail() -> None:
        async with served.async_client() as model:
            with pytest.raises(PredictionError, match="of the model") as caught:
                await model.fail("of the model")
            assert caught.value.attempts == 1

    started = time.monotonic()
    asyncio.run(fail())
    assert time.monotonic() - started < 5


@pytest.mark.defect("no deadline anywhere")
def test_call_has_a_deadline_by_default() -> None:
    for client in (Calls, AsyncCalls):
        instance = client(base_url="grpc://127.0.0.1:1")
        assert get_policy(instance).timeout == 600


@pytest.mark.defect("the caller's dict is changed")
def test_arguments_are_not_modified(served: Served) -> None:
    package = served.package.client
    document: dict[str, Any] = {"a": [1.0, {"b": None}], "c": {}}
    inputs = [{"x": {"k": [1.0]}}, {"x": {}}]
    record = package.RecordX(name="n", inner=package.RecordXInner(x=0.5, kinds=["k"]), pictures=[])
    before = copy.deepcopy((document, inputs, record))
    with served.client() as model:
        model.echo_json(document)
        model.echo_json_batch(inputs).collect()
        model.record(record)
    assert (document, inputs, record) == before


@pytest.mark.defect("a lone list of dicts taken for a batch")
def test_list_of_objects_is_one_argument(served: Served) -> None:
    with served.client() as model:
        assert model.echo_json_list([{"x": 1.0}, {}]) == [{"x": 1.0}, {}]
        assert model.objects([{"x": 1.0}, {}]) == [{"x": 1.0}, {}]


@pytest.mark.defect("one failed first call poisons the client")
@pytest.mark.parametrize("step", [Refuse("UNAUTHENTICATED"), Platform(11008), Platform(21200)])
def test_failed_first_call_does_not_affect_the_next(step: Step) -> None:
    async def twin(url: str) -> int:
        async with AsyncCalls(base_url=url, timeout=20) as model:
            with pytest.raises(Exception, match="as scripted"):
                await model.double(1)
            return await model.double(2)

    def script(send: int) -> Step:
        return Answer() if send % 2 else step

    with Scripted(script) as server:
        with Calls(base_url=server.url, timeout=20) as model:
            with pytest.raises(Exception, match="as scripted"):
                model.double(1)
            assert model.double(2) == 4
        assert asyncio.run(twin(server.url)) == 4


@pytest.mark.defect("one failed first call poisons the client")
def test_client_may_exist_before_its_server() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
        model = Calls(base_url=f"grpc://127.0.0.1:{port}", timeout=20, max_retries=0)
        with pytest.raises(UnavailableError):
            model.double(1)
    with Scripted(port=port), model.with_options(max_retries=9) as patient:
        assert patient.double(2) == 4
    model.close()


@pytest.mark.defect("first use from many threads races")
def test_concurrent_clients_share_one_connection() -> None:
    """The threads share a channel, and each gets its own results of unary and streaming calls."""
    gate, results = threading.Barrier(16), dict[int, Any]()

    def use(n: int) -> None:
        gate.wait(20)
        with Calls(base_url=server.url, timeout=20) as model:
            results[n] = (model.double(n), list(model.count(n)), list(model.add(range(n))))
            channels.add(id(Lease(Target.parse(server.url)).channel))

    channels: set[int] = set()
    with Scripted() as server, Calls(base_url=server.url):
        threads = [threading.Thread(target=use, args=(n,)) for n in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        channels.add(id(Lease(Target.parse(server.url)).channel))
    assert results == {n: (2 * n, list(range(n)), [2 * i for i in range(n)]) for n in range(16)}
    assert len(channels) == 1


@pytest.mark.defect("no close")
def test_last_client_closes_the_channel() -> None:
    """The last client of a server closes the channel; a closed client raises when it is used."""

    def items() -> Iterator[int]:
        yield 1

    async def twin(url: str) -> None:
        model = AsyncCalls(base_url=url, timeout=20)
        assert await model.double(1) == 2
        await model.close()
        for call in (model.double(1), anext(model.add(items()))):
            with pytest.raises(ConfigError, match="closed"):
                await call

    gc.collect()
    before = set(POOL.channels)
    with Scripted() as server:
        first, second = Calls(base_url=server.url), Calls(base_url=server.url)
        first.close()
        assert second.double(1) == 2
        second.close()
        for call in (lambda: second.double(1), lambda: list(second.count(1))):
            with pytest.raises(ConfigError, match="closed"):
                call()
        asyncio.run(twin(server.url))
        assert set(POOL.channels) <= before
