"""The gate on clients of OpenAI-compatible models: their bases and the keyword of their transports."""

from __future__ import annotations

import pytest

from gen_client.gate import check
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
