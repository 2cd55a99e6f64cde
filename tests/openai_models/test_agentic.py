"""An agentic model: OpenAI-compatible, with tools of an MCP server, and a typed method of its own."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from clarigen import Usage
from gen_client import cli
from openai_models.backend import Backend
from openai_models.servers import run_openai_model, run_tool_server
from openai_models.test_sync import CHAT_USAGE, say


@pytest.fixture(scope="module")
def agentic_url(backend: Backend) -> Iterator[str]:
    with run_openai_model("agentic", backend.url) as url:
        yield url


@pytest.fixture(scope="module")
def package(agentic_url: str, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The package that `gen-client` generates from the model."""
    out: Path = tmp_path_factory.mktemp("agentic")
    assert cli.main(["--url", agentic_url, "--out", str(out), "--name", "agentic_chat"]) == 0
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(out))
        return importlib.import_module("agentic_chat")


@pytest.fixture
def model(package: Any, agentic_url: str) -> Iterator[Any]:
    with package.AgenticChat(base_url=agentic_url, timeout=60) as client:
        yield client


@pytest.fixture(scope="module")
def tools() -> Iterator[str]:
    with run_tool_server() as url:
        yield url


def test_it_has_its_typed_method_too(package: Any, model: Any) -> None:
    assert model.predict("hi") == "Hello from the model"
    assert model.predict("hi", shout=True) == "HELLO FROM THE MODEL"
    assert model.predict([{"prompt": "hi"}]) == ["Hello from the model"]
    assert not hasattr(model, "openai_transport")
    assert package.__all__ == ["AgenticChat", "AsyncAgenticChat", "PredictInput"]


def test_it_calls_the_tools_of_an_mcp_server(model: Any, tools: str, backend: Backend) -> None:
    with model.recording() as responses:
        chat = model.openai().chat.completions.create(
            model=model.name, messages=say("weather?"), extra_body={"mcp_servers": [tools]}
        )
    assert chat.choices[0].message.content == "the tool says: sunny in Oslo"
    assert backend.last_body["messages"][-1]["role"] == "tool"
    assert responses.usage == CHAT_USAGE, "the counts of the answer"


def test_a_stream_with_tools_shows_each_round(model: Any, tools: str) -> None:
    with model.recording() as responses:
        chunks = list(
            model.openai().chat.completions.create(
                model=model.name,
                messages=say("weather?"),
                extra_body={"mcp_servers": [tools]},
                stream=True,
            )
        )
    choices = [choice for chunk in chunks for choice in chunk.choices]
    text = "".join(choice.delta.content or "" for choice in choices)
    assert text.strip() == "the tool says: sunny in Oslo"
    reasons = [choice.finish_reason for choice in choices if choice.finish_reason]
    assert reasons == ["tool_calls", "stop"]
    assert responses.usage == CHAT_USAGE + CHAT_USAGE


def test_the_counts_of_other_calls_do_not_leak_into_a_recording(model: Any, tools: str) -> None:
    arguments: Any = {"messages": say("weather?"), "extra_body": {"mcp_servers": [tools]}}
    list(model.openai().chat.completions.create(model="-", stream=True, **arguments))
    with model.recording() as responses:
        list(model.openai().chat.completions.create(model="-", messages=say("hi"), stream=True))
        model.openai().responses.create(model="-", input="hi")
    assert [response.usage for response in responses] == [CHAT_USAGE, Usage(5, 4, 0)]


def test_the_helper_for_streams_reads_pieces_with_nulls(model: Any, tools: str) -> None:
    with model.openai().chat.completions.stream(
        model="-", messages=say("weather?"), extra_body={"mcp_servers": [tools]}
    ) as stream:
        assert {event.type for event in stream} >= {"chunk", "content.delta"}
    del tools


def test_a_stream_with_tools_works_with_asyncio(package: Any, agentic_url: str, tools: str) -> None:
    async def chat() -> str:
        async with package.AsyncAgenticChat(base_url=agentic_url, timeout=60) as model:
            stream = await model.openai().chat.completions.create(
                model="-",
                messages=say("weather?"),
                extra_body={"mcp_servers": [tools]},
                stream=True,
            )
            pieces = [choice.delta.content async for c in stream for choice in c.choices]
            return "".join(piece or "" for piece in pieces)

    assert asyncio.run(chat()).strip() == "the tool says: sunny in Oslo"
