"""Tests for the items of docs/protocol.md 10 that no other test covers.

`tests/unit/test_conformance.py` checks that every item has a test.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc
import pytest

from clarigen import ConfigError, ModelRef
from clarigen._calls.actions import Send
from clarigen._proto import PostModelOutputsRequest
from clarigen._tooling import connect
from clarigen.testing import serve
from faults.callers import AsyncCalls, Calls, with_test_policy
from faults.scripted import Answer, Hang, Scripted
from server.conftest import Served

Sent = tuple[str, tuple[bytes, ...]]
"""An RPC's path and the messages that came with it."""


@contextmanager
def wire_tap(target: int) -> Iterator[tuple[str, list[Sent]]]:
    """A server that records every call byte by byte and forwards it to another server."""
    seen: list[Sent] = []
    with grpc.insecure_channel(f"127.0.0.1:{target}") as channel:

        class Tap(grpc.GenericRpcHandler):
            def service(self, handler_call_details: Any) -> Any:
                path = handler_call_details.method

                def handle(requests: Iterator[bytes], _: Any) -> Iterator[bytes]:
                    messages = tuple(requests)
                    seen.append((path, messages))
                    call: Any = channel.stream_stream(path)
                    yield from call(iter(messages))

                return grpc.stream_stream_rpc_method_handler(handle)

        server = grpc.server(ThreadPoolExecutor(4), handlers=[Tap()])
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        yield f"grpc://127.0.0.1:{port}", seen
        server.stop(None).wait()


@pytest.mark.item(3)
def test_paths_of_the_rpcs() -> None:
    """Calls send the paths of calls; other RPCs are sent by name."""
    named = ("GetModel", "GetModelVersion", "ListModelVersions", "GetModelType")
    with Scripted() as server, wire_tap(server.port) as (url, seen):
        with Calls(base_url=url, timeout=20) as model:
            model.double(1)
            list(model.count(1))
            list(model.add([1]))
        with connect(url, timeout=20) as connection:
            for rpc in named:
                with pytest.raises(Exception, match="UNIMPLEMENTED"):
                    connection.perform(Send(rpc, b"", 20))
    calls = ("PostModelOutputs", "GenerateModelOutputs", "StreamModelOutputs")
    assert [path for path, _ in seen] == [f"/clarifai.api.V2/{rpc}" for rpc in (*calls, *named)]


@pytest.mark.item(48)
def test_sync_and_async_clients_send_the_same_bytes(own: Served) -> None:
    """Compare the messages of every kind of call, including a batch."""

    def both(model: Any) -> list[Any]:
        return [
            model.echo_str("ü"),
            model.defaults(d=0),
            model.echo_json({"a": [1, None]}),
            model.count(2),
            model.double([1, 0, 3], factor=3),
            model.echo_int_batch([{"x": n} for n in range(3)]),
        ]

    async def twin(url: str) -> None:
        async with (
            own.package.AsyncEverything(base_url=url, timeout=20) as client,
            client.with_options(batch_size=2, concurrency=1) as model,
        ):
            for call in both(model):
                if hasattr(call, "__aiter__"):
                    assert [item async for item in call]
                else:
                    await call

    port = int(own.url.rpartition(":")[2])
    with wire_tap(port) as (url, seen):
        with (
            own.package.Everything(base_url=url, timeout=20) as client,
            client.with_options(batch_size=2, concurrency=1) as model,
        ):
            for call in both(model):
                assert isinstance(call, (str, dict)) or list(call)
        middle = len(seen)
        asyncio.run(twin(url))
    assert middle == 7
    assert seen[:middle] == seen[middle:]


@pytest.mark.item(11)
@pytest.mark.parametrize(("version", "sent"), [(None, ""), ("v7", "v7")])
def test_version_is_sent_unchanged(version: str | None, sent: str) -> None:
    """The SDK decodes the same version."""
    from clarifai_grpc.grpc.api import service_pb2

    class Addressed(Calls, model=ModelRef("acme", "vision", "echo")):
        pass

    with (
        Scripted() as server,
        wire_tap(server.port) as (url, seen),
        Addressed(base_url=url, version_id=version, timeout=20) as model,
    ):
        model.double(1)
    ((_, (message,)),) = seen
    request = service_pb2.PostModelOutputsRequest.FromString(message)
    assert (request.model_id, request.version_id) == ("echo", sent)
    assert (request.user_app_id.user_id, request.user_app_id.app_id) == ("acme", "vision")


@pytest.mark.item(41)
def test_request_has_at_most_128_inputs() -> None:
    with (
        Scripted() as server,
        wire_tap(server.port) as (url, seen),
        Calls(base_url=url, timeout=20) as model,
    ):
        whole = model.double_batch({"n": n} for n in range(1000)).collect()
        with pytest.raises(ConfigError, match="1 to 128"):
            model.with_options(batch_size=129)
    assert whole == [2 * n for n in range(1000)]
    sizes = [len(PostModelOutputsRequest.FromString(message).inputs) for _, (message,) in seen]
    assert sum(sizes) == 1000
    assert max(sizes) <= 128


@pytest.mark.item(42)
def test_streaming_methods_have_no_batch(own: Served) -> None:
    for client in (own.package.Everything, own.package.AsyncEverything):
        batches = {name for name in dir(client) if name.endswith("_batch") and name[0] != "_"}
        assert {"echo_int_batch", "fail_batch"} <= batches
        assert not batches & {f"{name}_batch" for name in ("count", "pictures", "double", "sizes")}


class ReleasedItems:
    """An iterator that yields an item when the test releases it."""

    def __init__(self) -> None:
        self.gate = threading.Semaphore(0)

    def count(self, n: int) -> Iterator[int]:
        for number in range(n):
            assert self.gate.acquire(timeout=20)
            yield number


@pytest.mark.item(43)
def test_stream_items_are_delivered_as_they_arrive() -> None:
    """The model yields an item only after the previous one was delivered."""
    served = ReleasedItems()

    async def twin(url: str) -> None:
        async with AsyncCalls(base_url=url, timeout=20) as model:
            stream = model.count(3)
            for number in range(3):
                served.gate.release()
                assert await anext(stream) == number
            assert [item async for item in stream] == []

    with serve(served) as server:
        with Calls(base_url=server.url, timeout=20) as model:
            items = model.count(3)
            for number in range(3):
                served.gate.release()
                assert next(items) == number
            assert list(items) == []
        asyncio.run(twin(server.url))


class OwnError(Exception):
    """An error of a caller's iterator."""


@pytest.mark.item(46)
@pytest.mark.defect("an exception in the caller's generator is hidden")
def test_error_of_the_callers_iterator_ends_the_servers_call() -> None:
    """The error propagates unchanged, at the first item or a later one, and the server's call ends."""

    def items(good: int) -> Iterator[int]:
        yield from range(good)
        assert (
            not good or server.wait_until_busy()
        )  # a call that ends at once may never reach the server
        raise OwnError

    async def later_items(good: int) -> AsyncIterator[int]:
        for item in range(good):
            yield item
        assert not good or await asyncio.to_thread(server.wait_until_busy)
        raise OwnError

    async def twin(url: str, good: int) -> None:
        async with AsyncCalls(base_url=url, timeout=20) as model:
            async for _ in model.add(later_items(good)):
                pass

    with Scripted(lambda _: Hang(after=9)) as server:
        for good in (0, 2):
            with Calls(base_url=server.url, timeout=20) as model, pytest.raises(OwnError):
                list(model.add(items(good)))
            assert server.wait_until_idle()
            with pytest.raises(OwnError):
                asyncio.run(twin(server.url, good))
            assert server.wait_until_idle()
    assert len(server.sends) == 2  # without a first item nothing was sent


@pytest.mark.item(47)
@pytest.mark.parametrize("leave", ["with", "cancel", "drop", "close"])
@pytest.mark.parametrize("kind", ["stream", "bidi"])
def test_leaving_a_stream_cancels_the_call(kind: str, leave: str) -> None:
    """However a stream is left, sync or async, the server's call ends."""

    def opened(model: Any) -> Any:
        return model.count(5) if kind == "stream" else model.add(iter([1, 2, 3]))

    async def twin(url: str) -> None:
        async with AsyncCalls(base_url=url, timeout=60) as model:
            stream = opened(model)
            await anext(stream)
            if leave == "with":
                async with stream:
                    pass
            elif leave == "cancel":
                stream.cancel()
            elif leave == "close":
                return
            del stream
            assert await asyncio.to_thread(server.wait_until_idle)

    with Scripted(lambda _: Hang(after=2)) as server:
        with Calls(base_url=server.url, timeout=60) as model:
            stream = opened(model)
            next(stream)
            if leave == "with":
                with stream:
                    pass
            elif leave == "cancel":
                stream.cancel()
            elif leave == "close":
                model.close()
            del stream
            assert server.wait_until_idle()
        asyncio.run(twin(server.url))
        assert server.wait_until_idle()
    assert len(server.sends) == 2


@pytest.mark.item(53)
def test_attempt_carries_its_deadline() -> None:
    """The server sees the remaining time, at the first attempt and at every retry. A stream may have none."""
    left: queue.SimpleQueue[float] = queue.SimpleQueue()

    class Note(grpc.GenericRpcHandler):
        def service(self, handler_call_details: Any) -> Any:
            def handle(_: Any, context: grpc.ServicerContext) -> Iterator[bytes]:
                left.put(context.time_remaining())
                context.set_code(grpc.StatusCode.RESOURCE_EXHAUSTED)
                context.set_details(
                    "Concurrent RPC limit exceeded!"
                )  # as grpc's own servers refuse
                return iter(())

            return grpc.stream_stream_rpc_method_handler(handle)

    server = grpc.server(ThreadPoolExecutor(2), handlers=[Note()])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    url = f"grpc://127.0.0.1:{port}"
    with Calls(base_url=url, timeout=8, stream_timeout=8, max_retries=2) as client:
        model = with_test_policy(client, 0.5)
        with pytest.raises(Exception, match="RESOURCE_EXHAUSTED"):
            model.double(1)
        with pytest.raises(Exception, match="RESOURCE_EXHAUSTED"):
            list(model.add([1]))
    with Calls(base_url=url, max_retries=0) as model:
        with pytest.raises(Exception, match="RESOURCE_EXHAUSTED"):
            model.double(1)
        with pytest.raises(Exception, match="RESOURCE_EXHAUSTED"):
            list(model.count(1))
    server.stop(None).wait()
    *seen, last, stream = [left.get_nowait() for _ in range(left.qsize())]
    assert len(seen) >= 4  # a stream of inputs is retried if no second item was taken
    assert all(0 < seconds <= 8.1 for seconds in seen)  # grpc rounds up
    assert seen[0] > seen[1] > seen[2]
    assert 500 < last <= 610  # by default no call hangs forever
    assert (
        stream > 10**9
    )  # it may last as long as it makes progress: the client measures its silence


@pytest.mark.item(52)
@pytest.mark.defect("bidirectional retry loses the first item")
def test_bidi_stream_sends_every_item_once() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for item in range(50):
            taken.append(item)
            yield item

    with Scripted(lambda _: Answer()) as server, Calls(base_url=server.url, timeout=20) as model:
        assert list(model.add(items())) == [2 * item for item in range(50)]
    assert server.executed == taken == list(range(50))


@pytest.mark.item(9)
@pytest.mark.parametrize("client", [Calls, AsyncCalls])
def test_missing_credential_raises_before_any_call(client: Any) -> None:
    """If the server needs a credential, the client cannot be created without one."""
    with pytest.raises(ConfigError, match="CLARIFAI_PAT"):
        client(base_url="https://platform.example:1")
