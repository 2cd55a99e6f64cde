"""The client of the library `openai` where no model answers, or one answers what it should not."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Iterator
from typing import Any

import openai
import pytest

from clarigen import UnavailableError
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
