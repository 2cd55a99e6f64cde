"""The MCP models of the tests on the official server: what other tests build on, asked over the plain transport."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from clarigen import PredictionError
from server.mcp_servers import MODELS, run_mcp_model
from server.mcp_transport import Transport

pytestmark = pytest.mark.official_server

Ask = Callable[[str], Transport]


@pytest.fixture
def connect(mcp_url: Callable[[str], str]) -> Iterator[Ask]:
    """A function that returns a client of one of the models."""
    with ExitStack() as clients:
        yield lambda name: clients.enter_context(Transport(base_url=mcp_url(name), timeout=30))


def test_lab_has_tools_resources_and_a_prompt(connect: Ask) -> None:
    lab = connect("lab")
    tools = {tool["name"]: tool for tool in lab.ask("tools/list")["tools"]}
    assert len(tools) == 12
    assert tools["area"]["inputSchema"]["required"] == ["shape"]
    assert tools["raw_forms"]["inputSchema"]["definitions"]["Node"]["required"] == ["name"]
    assert [entry["uri"] for entry in lab.ask("resources/list")["resources"]] == [
        "config://app",
        "pictures://logo",
    ]
    templates = lab.ask("resources/templates/list")["resourceTemplates"]
    assert [entry["uriTemplate"] for entry in templates] == ["users://{user_id}/profile"]
    assert [entry["name"] for entry in lab.ask("prompts/list")["prompts"]] == ["review"]


def test_lab_answers_calls(connect: Ask) -> None:
    lab = connect("lab")
    assert lab.call("add", a=2)["structuredContent"] == {"result": 3}
    assert lab.call("picture")["content"][0]["mimeType"] == "image/png"
    assert lab.call("fails") == {
        "content": [{"type": "text", "text": "the disk is full"}],
        "isError": True,
    }


def test_hard_lists_its_schemas_unchanged(connect: Ask) -> None:
    """Thirty schemas of every form arrive as they were written; arguments arrive as they were sent."""
    listed = json.loads((MODELS / "hard" / "1" / "tools.json").read_text(encoding="utf-8"))
    client = connect("hard")
    assert client.ask("tools/list") == listed
    answer = client.call("names", **{"class": "x", "": None})
    assert json.loads(answer["content"][0]["text"]) == {"class": "x", "": None}
    assert client.call("out_wrapped")["structuredContent"] == {"result": [{"x": 1.5}, {"x": 2}]}


def test_bridged_server_answers_failures_as_text(connect: Ask) -> None:
    client = connect("bridged")
    tools = client.ask("tools/list")["tools"]
    assert [tool["name"] for tool in tools] == ["write_note", "read_note", "draw_note", "stop"]
    written = client.call("write_note", title="a", text="b")["structuredContent"]["result"]
    assert json.loads(written) == {"notes": 1, "tags": 0}
    failed = client.call("read_note", title="missing")
    assert failed["isError"] is False
    assert failed["structuredContent"]["result"].startswith("Error executing read_note (")


def test_mixed_has_tools_and_methods(connect: Ask) -> None:
    client = connect("mixed")
    assert client.call("count_words", text="a b")["structuredContent"] == {"result": 2}
    assert client.predict("again") == "again"


def test_doomed_server_stops_when_its_tools_are_listed() -> None:
    with run_mcp_model("doomed") as url, Transport(base_url=url, timeout=30) as client:
        tree = {"name": "root", "children": [{"name": "leaf"}]}
        assert client.call("name_of", tree=tree)["structuredContent"] == {"result": "root"}
        assert client.ask("tools/list")["error"]["message"] == "Connection closed"
        with pytest.raises(PredictionError) as caught:
            client.call("name_of", tree=tree)
        assert "ClosedResourceError" in "".join(caught.value.stack_trace)
