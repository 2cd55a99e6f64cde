"""`gen-client` asks MCP models on the official server for what they offer; broken servers get a clear refusal."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from clarigen import ModelRef
from gen_client import cli, source
from gen_client.diagnostics import Refusal
from gen_client.source import Document
from server.mcp_servers import MODELS
from server.mcp_transport import Transport

pytestmark = pytest.mark.official_server

Url = Callable[[str], str]


def fetch(url: str) -> Document:
    return source.resolve_url(url, source.Access()).fetch()


def offer_of(url: str) -> dict[str, object]:
    """Return what a model offers, by its document."""
    document = fetch(url)
    assert document.mcp is not None
    return dict(document.mcp)


def test_everything_that_a_model_offers(mcp_url: Url) -> None:
    document = fetch(mcp_url("lab"))
    assert [signature["name"] for signature in document.signatures] == ["mcp_transport"]
    offer = document.mcp
    assert offer is not None
    tools = offer["tools"]
    assert isinstance(tools, list)
    names = [tool["name"] for tool in tools]
    assert names == sorted(names)
    assert len(names) == 12
    assert {key for tool in tools for key in tool} == {
        *("name", "title", "description", "inputSchema", "outputSchema", "annotations"),
    }
    assert offer["prompts"] == [
        {
            "name": "review",
            "description": "Ask for a review of code.",
            "arguments": [
                {"name": "code", "required": True},
                {"name": "language", "required": False},
            ],
        }
    ]
    assert offer["resources"] == [
        {
            "uri": "config://app",
            "name": "config",
            "description": "Settings of the laboratory.",
            "mimeType": "application/json",
        },
        {
            "uri": "pictures://logo",
            "name": "logo",
            "description": "The sign on the door.",
            "mimeType": "image/png",
        },
    ]
    assert offer["resourceTemplates"] == [
        {
            "uriTemplate": "users://{user_id}/profile",
            "name": "profile",
            "description": "The profile of a user.",
            "mimeType": "text/plain",
        }
    ]
    assert offer["instructions"] == "Tools of a laboratory."


@pytest.mark.item(57)
def test_schemas_are_kept_as_they_are(mcp_url: Url) -> None:
    listed = json.loads((MODELS / "hard" / "1" / "tools.json").read_text(encoding="utf-8"))
    tools = sorted(listed["tools"], key=lambda tool: str(tool["name"]))
    assert offer_of(mcp_url("hard"))["tools"] == tools


def test_bridged_model_and_model_with_methods(mcp_url: Url) -> None:
    tools = offer_of(mcp_url("bridged"))["tools"]
    assert isinstance(tools, list)
    assert [tool["name"] for tool in tools] == ["draw_note", "read_note", "stop", "write_note"]
    document = fetch(mcp_url("mixed"))
    assert document.mcp is not None
    names = sorted(str(signature["name"]) for signature in document.signatures)
    assert names == ["generate", "mcp_transport", "predict"]


def test_user_is_told_that_the_model_runs(
    mcp_url: Url, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A model of the platform may be billed; one on this machine is not."""
    runner = ["--url", mcp_url("mixed"), "--name", "mixed", "--out", str(tmp_path)]
    assert cli.main(runner) == 0
    assert "billed" not in capsys.readouterr().err
    platform = ["--url", "acme/lab/models/tools", "--api-base", mcp_url("mixed")]
    assert cli.main([*platform, "--out", str(tmp_path)]) == 0
    notice = "gen-client: 'tools' is asked for its tools: it runs for this, so it may have to start"
    assert notice in capsys.readouterr().err
    assert cli.main([*platform, "--out", str(tmp_path), "--quiet"]) == 0
    assert capsys.readouterr().err == ""


def test_offline_does_not_ask(mcp_url: Url, tmp_path: Path) -> None:
    url, out = ["--url", "acme/lab/models/tools"], ["--out", str(tmp_path)]
    assert cli.main([*url, *out, "--api-base", mcp_url("mixed")]) == 0
    nowhere = ["--api-base", "grpc://127.0.0.1:9"]
    assert cli.main([*url, *out, *nowhere, "--check", "--offline"]) == 0
    assert cli.main([*url, *out, *nowhere, "--offline"]) == 0


FAULTS = {
    "raise": "the catalogue is locked",
    "pages": "tools/list: the MCP server has more than 100 pages",
    "size": "tools/list: the answers of the MCP server are larger than 4 MB",
    "depth": "nested more than 100 levels deep",
}


@pytest.mark.item(64)
@pytest.mark.parametrize("fault", FAULTS)
def test_list_that_cannot_be_used(
    fault: str, mcp_url: Url, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = mcp_url("faulty")
    with Transport(base_url=url, timeout=30) as client:
        client.call("fail_next", how=fault)
    assert cli.main(["--url", url, "--name", "faulty", "--out", str(tmp_path)]) == 4
    error = capsys.readouterr().err
    assert FAULTS[fault] in error
    assert "Traceback" not in error
    assert list(tmp_path.iterdir()) == []


def test_server_that_stopped(mcp_url: Url) -> None:
    """The first request finds the server alive; the next ones find out why it does not answer."""
    url = mcp_url("doomed")
    for _ in range(2):
        with pytest.raises(Refusal, match="the model's MCP server has stopped; redeploy") as caught:
            fetch(url)
        assert caught.value.diagnostic.exit_code == 4


def test_version_is_asked(mcp_url: Url) -> None:
    """The version that has the signatures is the one that lists the tools."""
    access = source.Access(api_base=mcp_url("mixed"))
    document = source.resolve_url("acme/lab/models/tools/versions/v1", access).fetch()
    assert (document.reference, document.version_id) == (ModelRef("acme", "lab", "tools"), "v1")
    assert document.mcp is not None
