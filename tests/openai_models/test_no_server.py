"""The client of the library `openai` where no model answers, or one answers what it should not."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import grpc
import openai
import pytest

from clarigen import UnavailableError
from clarigen._proto import MultiOutputResponse
from clarigen.testing import serve
from generated.gpt_5_1 import AsyncGpt5_1, Gpt5_1
from openai_models.test_sync import say


@pytest.fixture
def closed_url() -> Iterator[str]:
    """The base URL of a port at which nobody listens."""
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        yield f"grpc://127.0.0.1:{reserved.getsockname()[1]}"


@pytest.mark.parametrize("stream", [False, True])
def test_a_server_that_is_down_is_a_connection_error(closed_url: str, *, stream: bool) -> None:
    arguments: Any = {"messages": say("hi"), "stream": stream}
    with (
        Gpt5_1(base_url=closed_url, max_retries=0) as model,
        pytest.raises(openai.APIConnectionError) as e,
    ):
        model.openai().chat.completions.create(model="-", **arguments)
    assert e.value.__cause__ is not None
    assert isinstance(e.value.__cause__.__cause__, UnavailableError)


def test_a_server_that_is_down_is_a_connection_error_with_asyncio(closed_url: str) -> None:
    async def chat() -> None:
        async with AsyncGpt5_1(base_url=closed_url, max_retries=0) as model:
            await model.openai().chat.completions.create(model="-", messages=say("hi"))

    with pytest.raises(openai.APIConnectionError):
        asyncio.run(chat())


class Broken:
    """A model whose transports answer the first message of a chat."""

    def openai_transport(self, msg: str) -> str:
        return str(json.loads(msg)["messages"][0]["content"])

    def openai_stream_transport(self, msg: str) -> Iterator[str]:
        yield from json.loads(msg)["messages"][0]["content"].split("|")


@pytest.fixture(scope="module")
def broken() -> Iterator[Gpt5_1]:
    with serve(Broken()) as server, Gpt5_1(base_url=server.url, max_retries=0) as model:
        yield model


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("answer", ["not JSON", "", "[" * 100_000])
def test_an_answer_that_is_not_json_is_a_server_error(
    broken: Gpt5_1, answer: str, *, stream: bool
) -> None:
    arguments: Any = {"messages": say(answer), "stream": stream}
    with pytest.raises(openai.InternalServerError, match="the model's answer is not JSON"):
        broken.openai().chat.completions.create(model="-", **arguments)


def test_a_pretty_printed_item_is_one_event(broken: Gpt5_1) -> None:
    chunk = {"id": "1", "choices": [{"index": 0, "delta": {"content": "a\n\nb\u2028c"}}]}
    text = json.dumps(chunk, indent=1, ensure_ascii=False)
    stream = broken.openai().chat.completions.create(
        model="-", messages=say(f"{text}|{text}"), stream=True
    )
    assert [piece.choices[0].delta.content for piece in stream] == ["a\n\nb\u2028c"] * 2


def test_a_stream_without_items_is_empty(broken: Gpt5_1) -> None:
    class Silent:
        def openai_transport(self, msg: str) -> str:
            return msg

        def openai_stream_transport(self, msg: str) -> Iterator[str]:
            yield from ()

    with serve(Silent()) as server, Gpt5_1(base_url=server.url) as model:
        chat = model.openai().chat.completions
        assert list(chat.create(model="-", messages=say("hi"), stream=True)) == []


def test_the_platforms_error_in_mid_stream_is_an_api_error(broken: Gpt5_1) -> None:
    chunk = json.dumps({"id": "1", "choices": [{"index": 0, "delta": {"content": "a"}}]})
    failure = json.dumps({"code": 21313, "description": "failed", "details": "out of memory"})
    stream = broken.openai().chat.completions.create(
        model="-", messages=say(f"{chunk}|{failure}"), stream=True
    )
    assert next(stream).choices[0].delta.content == "a"
    with pytest.raises(openai.APIError, match="out of memory"):
        next(stream)


CHUNK: Final = json.dumps({"id": "1", "choices": [{"index": 0, "delta": {"content": "a"}}]})
FAILURE: Final = json.dumps({"code": 21313, "description": "failed", "details": "out of memory"})


class Numbering(grpc.GenericRpcHandler):
    """A platform that gives each request an id, and answers each stream with the same items."""

    def __init__(self, *items: str) -> None:
        self.items = items

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Any:
        del handler_call_details
        return grpc.unary_stream_rpc_method_handler(self.answer)

    def answer(self, request: bytes, context: grpc.ServicerContext) -> Iterator[bytes]:
        del request, context
        for number, item in enumerate(self.items):
            response = MultiOutputResponse()
            response.status.code = 10000
            response.status.req_id = f"request-{number}"
            output = response.outputs.add()
            output.status.code = 10000
            output.data.parts.add(id="return").data.string_value = item
            yield response.SerializeToString()


@pytest.fixture
def numbered(request: pytest.FixtureRequest) -> Iterator[str]:
    """The base URL of a platform that gives each request an id."""
    server = grpc.server(ThreadPoolExecutor(1), [Numbering(*request.param)])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"grpc://127.0.0.1:{port}"
    server.stop(None).wait()


@pytest.mark.parametrize("numbered", [[CHUNK, CHUNK]], indirect=True)
def test_a_stream_has_the_id_of_its_request(numbered: str) -> None:
    arguments: Any = {"model": "-", "messages": say("hi"), "stream": True}

    async def stream() -> Any:
        async with AsyncGpt5_1(base_url=numbered) as model:
            raw = await model.openai().chat.completions.with_raw_response.create(**arguments)
            pieces = [piece async for piece in raw.parse()]
            return raw.headers["x-request-id"], len(pieces)

    assert asyncio.run(stream()) == ("request-0", 2)
    with Gpt5_1(base_url=numbered) as model, model.recording() as responses:
        raw = model.openai().chat.completions.with_raw_response.create(**arguments)
        assert raw.headers["x-request-id"] == "request-0"
        assert len(list(raw.parse())) == 2
    assert [response.request_id for response in responses] == ["request-1"]  # of the last item


@pytest.mark.parametrize("numbered", [[FAILURE]], indirect=True)
def test_a_stream_that_fails_at_once_has_the_id_of_its_request(numbered: str) -> None:
    with Gpt5_1(base_url=numbered) as model, pytest.raises(openai.InternalServerError) as raised:
        model.openai().chat.completions.create(model="-", messages=say("hi"), stream=True)
    assert raised.value.request_id == "request-0"
