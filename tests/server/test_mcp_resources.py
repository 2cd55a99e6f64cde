"""Resources and prompts of an MCP model on the official server, sync and async."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator

import pytest

from clarigen import (
    AsyncMCPModel,
    ConfigError,
    InputError,
    MCPModel,
    ModelError,
    PredictionError,
    Prompt,
    PromptArgument,
    PromptMessage,
    PromptResult,
    Resource,
    ResourceContent,
)
from generated.lab_tools import AsyncLabTools, LabTools
from server.mcp_servers import run_mcp_model
from server.mcp_transport import Transport

pytestmark = pytest.mark.official_server


def test_the_http_endpoint_is_a_constant() -> None:
    url = "https://api.clarifai.com/v2/ext/mcp/v1/users/example-user/apps/example-app/models/lab-tools"
    assert LabTools.mcp_http == AsyncLabTools.mcp_http == url
    assert MCPModel.mcp_http == ""


CONFIG = ResourceContent("config://app", "application/json", '{"debug":false}')
LOGO = ResourceContent("pictures://logo", "image/png", bytes=b"\x89PNG\r\n\x1a\n\0\0")
RESOURCES = [
    Resource(CONFIG.uri, "config", "", "Settings of the laboratory.", "application/json"),
    Resource(LOGO.uri, "logo", "", "The sign on the door.", "image/png"),
    Resource(
        "users://{user_id}/profile",
        *("profile", "", "The profile of a user.", "text/plain"),
        is_template=True,
    ),
]
PROMPT = Prompt(
    "review",
    "",
    "Ask for a review of code.",
    (PromptArgument("code", "", True), PromptArgument("language")),
)


@pytest.fixture
def model(mcp_url: Callable[[str], str]) -> Iterator[MCPModel]:
    with MCPModel(base_url=mcp_url("lab"), timeout=30) as client:
        yield client


def test_resources(model: MCPModel) -> None:
    assert model.resources() == RESOURCES
    assert model.read_resource("config://app") == [CONFIG]
    assert model.read_resource("pictures://logo") == [LOGO]
    assert model.read_resource("users://7/profile")[0].text == "profile of 7"


def test_prompts(model: MCPModel) -> None:
    assert model.prompts() == [PROMPT]
    result = model.prompt("review", code="x = 1", language="Rust")
    message = PromptMessage("user", {"type": "text", "text": "Review this Rust: x = 1"})
    assert result == PromptResult([message], "Ask for a review of code.")
    assert result.text == "Review this Rust: x = 1"


def test_unknown_resource_and_prompt(model: MCPModel) -> None:
    with pytest.raises(ModelError, match=r"read_resource: .* Unknown resource: 'nope://x'"):
        model.read_resource("nope://x")
    with pytest.raises(ModelError, match=r"prompt: .* Unknown prompt: nope"):
        model.prompt("nope")


def test_values_that_do_not_fit_are_not_sent(model: MCPModel) -> None:
    wrong: dict[str, str] = {"code": 3}  # type: ignore[dict-item]
    with model.recording() as responses:
        with pytest.raises(InputError, match="read_resource: `uri` must be a str, not int 7"):
            model.read_resource(7)  # type: ignore[arg-type]
        with pytest.raises(InputError, match="prompt: `code` must be a str, not int 3; arguments"):
            model.prompt("review", **wrong)
    assert responses == []


def test_recordings_name_the_methods(model: MCPModel) -> None:
    with model.recording() as responses:
        model.resources()
        model.read_resource("config://app")
        model.prompt("review", code="")
    assert [response.method for response in responses] == [
        *("resources", "resources", "read_resource", "prompt"),
    ]


def test_async_client(mcp_url: Callable[[str], str]) -> None:
    async def run() -> None:
        async with AsyncMCPModel(base_url=mcp_url("lab"), timeout=30) as model:
            assert await model.resources() == RESOURCES
            assert await model.read_resource("config://app") == [CONFIG]
            assert await model.prompts() == [PROMPT]
            assert (await model.prompt("review", code="x")).text == "Review this python: x"
            with pytest.raises(ModelError, match="Unknown prompt"):
                await model.prompt("nope")

    asyncio.run(run())


def test_model_without_resources(mcp_url: Callable[[str], str]) -> None:
    with MCPModel(base_url=mcp_url("bridged"), timeout=30) as model:
        assert model.resources() == []
        assert model.prompts() == []


def test_server_that_stopped() -> None:
    with run_mcp_model("doomed") as url, Transport(base_url=url, timeout=30) as client:
        client.ask("tools/list")
        with (
            MCPModel(base_url=url, timeout=30) as model,
            pytest.raises(PredictionError, match="MCP server has stopped; redeploy the model"),
        ):
            model.read_resource("config://app")


@pytest.mark.parametrize("client_class", [MCPModel, AsyncMCPModel])
def test_library_that_is_missing(
    client_class: type[MCPModel | AsyncMCPModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "mcp", None)
    with pytest.raises(ConfigError, match=r"pip install 'clarigen\[mcp\]'"):
        client_class(base_url="grpc://127.0.0.1:1").mcp()
