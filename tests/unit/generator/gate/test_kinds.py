"""The gate on clients of OpenAI-compatible models: their bases and the keyword of their transports."""

from __future__ import annotations

import pytest

from clarigen import AsyncMCPModel, MCPModel
from gen_client.gate import check
from gen_client.gate.class_heads import MCP_ATTRIBUTES
from gen_client.gate.statements import BASE_ATTRIBUTES
from gen_client.naming import reserved
from support import ROOT
from unit.generator.gate.gated import refused

PAGE = '''"""Typed client."""

from typing import Final

from clarigen import AsyncClient, AsyncOpenAIModel, Client, ModelRef, OpenAIModel

_MODEL: Final = ModelRef("acme", "chat", "large")


class Large(OpenAIModel, Client, model=_MODEL, openai_parameters=("msg", "req")):
    """Chats."""


class AsyncLarge(AsyncOpenAIModel, AsyncClient, model=_MODEL, openai_parameters=("msg", "req")):
    """The asyncio version of `Large`."""
'''


def test_a_client_without_methods_is_accepted() -> None:
    check.check_code(PAGE, "client")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Large(OpenAIModel, Client", "Large(AsyncOpenAIModel, Client"),
        ("Large(OpenAIModel, Client", "Large(OpenAIModel, OpenAIModel, Client"),
        ("Large(OpenAIModel, Client", "Large(ModelRef, Client"),
        ("Large(OpenAIModel, Client", "Large(evil(), Client"),
        ("Large(OpenAIModel, Client", "Large(*OpenAIModel, Client"),
        ("Large(OpenAIModel, Client", "Large(OpenAIModel"),
        ("Large(OpenAIModel, Client", "Large(Client, OpenAIModel"),
        ("AsyncLarge(AsyncOpenAIModel,", "AsyncLarge(OpenAIModel,"),
        ('openai_parameters=("msg", "req")', 'openai_parameters=["msg", "req"]'),
        ('openai_parameters=("msg", "req")', 'openai_parameters=("msg",)'),
        ('openai_parameters=("msg", "req")', 'openai_parameters=("msg", "req", "more")'),
        ('openai_parameters=("msg", "req")', 'openai_parameters=("msg", evil())'),
        ('openai_parameters=("msg", "req")', 'openai_parameters=("msg", b"req")'),
        ('openai_parameters=("msg", "req")', 'openai_parameters=("msg", f"{evil()}")'),
        ('openai_parameters=("msg", "req")', "openai_parameters=evil()"),
        ('openai_parameters=("msg", "req")', 'mcp_parameters=("msg", "req")'),
    ],
)
def test_changed_base_or_keyword_is_refused(old: str, new: str) -> None:
    assert old in PAGE
    refused(PAGE.replace(old, new, 1))


EXAMPLES = '''"""One runnable example per method."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from clarigen.examples import main

from .client import AsyncLarge, Large


def chat() -> None:
    """Chat."""
    with Large() as model:
        completions = model.openai().chat.completions
        answer = completions.create(
            model=model.name, messages=[{"role": "user", "content": "Hello"}]
        )
        print(answer.choices[0].message.content)


async def chat_stream_async() -> None:
    """Chat."""
    async with AsyncLarge() as model:
        completions = model.openai().chat.completions
        stream = await completions.create(
            model=model.name, messages=[{"role": "user", "content": "Hello"}], stream=True
        )
        async for chunk in stream:
            for choice in chunk.choices:
                print(choice.delta.content or "", end="", flush=True)


if __name__ == "__main__":
    main(chat, chat_stream_async)
'''


def test_examples_of_chats_are_accepted() -> None:
    check.check_code(EXAMPLES, "examples")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("completions = model.openai()", "completions = model.evil()"),
        ("completions = model.openai()", "completions = evil().openai()"),
        ("model=model.name", "model=evil()"),
        ('"Hello"', "evil()"),
        ('"Hello"', '"Another text"'),
        ("stream=True", "stream=True, extra=evil()"),
        ("await completions", "completions"),
        ("async for chunk", "for chunk"),
        ("answer.choices[0]", "answer.choices[evil()]"),
        ("print(answer", "evil(answer"),
        ("        print(answer", "        evil()\n        print(answer"),
        ("        answer = ", "        answer = evil() or "),
        ("        completions = model.openai().chat.completions\n        answer", "        answer"),
        ("with Large()", "with evil()"),
        ("with Large()", "with Large(evil())"),
        ("def chat() -> None", "def chat(x=evil()) -> None"),
    ],
)
def test_a_changed_chat_is_refused(old: str, new: str) -> None:
    assert old in EXAMPLES
    refused(EXAMPLES.replace(old, new, 1), "examples")


TOOLS = (ROOT / "generated" / "lab_tools" / "client.py").read_text("utf-8")


@pytest.mark.parametrize("name", sorted(MCP_ATTRIBUTES))
def test_no_tool_replaces_an_attribute_of_mcp_models(name: str) -> None:
    check.check_code(TOOLS, "client")
    assert "attribute of MCP models" in refused(
        TOOLS.replace("    def add(", f"    def {name}(", 1)
    )
    refused(TOOLS.replace("async def add(", f"async def {name}(", 1))


def test_the_attributes_of_mcp_models_are_known() -> None:
    public = {name for base in (MCPModel, AsyncMCPModel) for name in dir(base) if name[0] != "_"}
    assert public - BASE_ATTRIBUTES == MCP_ATTRIBUTES == reserved.MCP_ATTRIBUTES
