"""Recordings and observers: the metadata of calls."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any

import pytest

from clarigen import PredictionError, Response, Usage
from clarigen._calls.actions import END, Deliver, Receive
from clarigen._calls.address import Address, Routing
from clarigen._calls.call import CallContext, call_stream
from clarigen._calls.retry import Policy
from clarigen._proto import MultiOutputResponse, Status
from faults.callers import AsyncCalls, Calls
from faults.platform_standin import PAT, Standin
from faults.scripted import Scripted

HERE = Address(None, "", Routing())


class Counting(Standin):
    """A platform that counts tokens: three for each prompt, one per letter of the result, one of them cached."""

    def outputs(self, request: Any) -> Any:
        response = super().outputs(request)
        response.status.req_id = f"request-{len(self.calls)}"
        for output in response.outputs:
            output.prompt_tokens = 3
            output.completion_tokens = len(output.data.parts[0].data.string_value)
            output.cached_tokens = 1
        return response


@pytest.fixture
def counting(monkeypatch: pytest.MonkeyPatch) -> Any:
    with Counting() as platform:
        monkeypatch.setenv("CLARIFAI_API_BASE", platform.base_url)
        monkeypatch.setenv("CLARIFAI_PAT", PAT)
        yield platform


@pytest.mark.item(40)
def test_recording_has_one_response_per_call(package: Any, counting: Standin) -> None:
    with package.PlatformEcho() as model:
        model.predict("before")
        with model.recording() as seen:
            assert model.predict("ab") == "ab"
            assert model.with_options(timeout=5).predict("abc") == "abc"
        model.predict("after")
    first, second = seen
    assert first.method == "predict"
    assert first.usage == Usage(3, 2, 1)
    assert (first.request_id, second.request_id) == ("request-2", "request-3")
    assert (first.status, first.attempts) == (10000, 1)
    assert 0 < first.elapsed < 30
    assert first.raw.outputs[0].data.parts[0].data.string_value == "ab"
    assert seen.usage == Usage(6, 5, 2)


def test_recordings_nest_and_belong_to_one_client(package: Any, counting: Standin) -> None:
    with (
        package.PlatformEcho() as model,
        package.PlatformEcho() as other,
        model.recording() as outer,
    ):
        model.predict("a")
        other.predict("x")
        with model.recording() as inner:
            model.predict("b")
    assert len(outer) == 2
    assert list(inner) == outer[1:]


def test_recording_covers_only_tasks_of_its_block(package: Any, counting: Standin) -> None:
    async def recorded(model: Any, *prompts: str) -> Usage:
        with model.recording() as seen:
            await asyncio.gather(*(model.predict(prompt) for prompt in prompts))
        assert len(seen) == len(prompts)
        usage: Usage = seen.usage
        return usage

    async def both() -> tuple[Usage, Usage]:
        async with package.AsyncPlatformEcho() as model:
            first, second = recorded(model, "a", "b"), recorded(model, "abc")
            return await asyncio.gather(first, second)

    assert list(asyncio.run(both())) == [Usage(6, 2, 2), Usage(3, 3, 1)]


def test_observer_is_called_for_every_call(package: Any, counting: Standin) -> None:
    observed: list[Response] = []
    other: list[Response] = []
    with package.PlatformEcho(on_response=observed.append) as model:
        model.predict("a")
        model.with_options(on_response=other.append).predict("b")
        model.with_options(timeout=5).predict("c")
    assert [response.raw.outputs[0].data.parts[0].data.string_value for response in observed] == [
        "a",
        "c",
    ]
    assert len(other) == 1


def test_observer_is_not_called_for_failures(package: Any, counting: Standin) -> None:
    counting.failing["PostModelOutputs"] = (10020, "no")
    with package.PlatformEcho() as model, model.recording() as seen, pytest.raises(PredictionError):
        model.predict("a")
    assert seen == []


def test_observer_is_called_at_the_end_of_a_stream() -> None:
    from clarigen import wire

    def message(text: str, tokens: int) -> bytes:
        response = MultiOutputResponse(status=Status(code=10000))
        output = response.outputs.add(completion_tokens=tokens)
        output.data.parts.add(id="return").data.string_value = text
        return response.SerializeToString()

    observed: list[Response] = []
    method = wire.server_stream("generate", returns=wire.STR)
    flow = call_stream(method, [], CallContext(HERE, Policy(None), (observed.append,)))
    next(flow)
    assert isinstance(flow.send(None), Receive)
    for text, tokens in (("a", 0), ("b", 5), ("c", 0)):
        delivered = flow.send(message(text, tokens))
        assert isinstance(delivered, Deliver)
        assert delivered.result == text
        assert observed == []
        assert isinstance(flow.send(None), Receive)
    with pytest.raises(StopIteration) as end:
        flow.send(END)
    assert end.value.value == Usage(0, 5, 0)
    assert [response.usage for response in observed] == [Usage(0, 5, 0)]
    assert observed[0].method == "generate"


# Scope of a recording: the thread of its block, threads with a copy of its context, batches, streams.


def test_recordings_of_threads_are_separate() -> None:
    """Recordings of two threads are separate. A thread without a block of its own belongs to the blocks that are open."""
    gate = threading.Barrier(2)

    def recorded(numbers: range) -> list[int]:
        with model.recording() as seen:
            gate.wait(20)
            for n in numbers:
                model.double(n)
            gate.wait(20)
        return [entry.raw.outputs[0].data.parts[0].data.int_value for entry in seen]

    with (
        Scripted() as server,
        Calls(base_url=server.url, timeout=20) as model,
        ThreadPoolExecutor(2) as pool,
    ):
        assert list(pool.map(recorded, (range(3), range(5, 9)))) == [[0, 2, 4], [10, 12, 14, 16]]
        with model.recording() as seen:
            pool.submit(model.double, 1).result()
            assert len(seen) == 1
            pool.submit(copy_context().run, model.double, 1).result()
            assert len(seen) == 2
        pool.submit(model.double, 1).result()
        assert len(seen) == 2


def test_recording_may_end_in_another_context() -> None:
    """As in a generator that a web framework starts and ends in two threads, each with a context of its own."""

    def dependency(model: Calls) -> Iterator[list[Response]]:
        with model.recording() as seen:
            yield seen

    with (
        Scripted() as server,
        Calls(base_url=server.url, timeout=20) as model,
        ThreadPoolExecutor(1) as pool,
    ):
        generator: Any = dependency(model)
        seen = pool.submit(lambda: copy_context().run(generator.__next__)).result()
        assert model.double(1) == 2
        assert pool.submit(lambda: copy_context().run(lambda: list(generator))).result() == []
        assert model.double(1) == 2
        assert len(seen) == 1


def test_recording_covers_streams_and_requests_of_batches() -> None:
    """A stream is recorded where it was started, when it ends; a stream that was left early is not."""
    whole = ["double"] * 4 + ["count", "add"]

    async def twin(url: str) -> None:
        async with AsyncCalls(base_url=url, timeout=20) as client:
            model = client.with_options(batch_size=5, concurrency=2)
            with model.recording() as seen:
                await model.double_batch({"n": n} for n in range(20)).collect()
                stream = model.count(3)
                assert [item async for item in stream] == [0, 1, 2]
                assert [item async for item in model.add([1, 2])] == [2, 4]
                async with model.count(9) as left:
                    await anext(left)
                late = model.count(2)
            assert [entry.method for entry in seen] == whole
            assert stream.usage == Usage()
            assert [item async for item in late] == [0, 1]
            assert [entry.method for entry in seen] == [*whole, "count"]

    with Scripted() as server:
        with Calls(base_url=server.url, timeout=20) as client:
            model = client.with_options(batch_size=5, concurrency=2)
            with model.recording() as seen:
                model.double_batch({"n": n} for n in range(20)).collect()
                stream = model.count(3)
                assert list(stream) == [0, 1, 2]
                assert list(model.add([1, 2])) == [2, 4]
                with model.count(9) as left:
                    next(left)
                late = model.count(2)
            assert [entry.method for entry in seen] == whole
            assert stream.usage == Usage()
            assert list(late) == [0, 1]
            assert [entry.method for entry in seen] == [*whole, "count"]
        asyncio.run(twin(server.url))
