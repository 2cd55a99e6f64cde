"""What an MCP model offers, from files and answers: the forms, what is kept, the order, and the limits."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from gen_client import limits, source
from gen_client.diagnostics import Refusal, Report
from gen_client.source import Document
from gen_client.source.mcp_offer import build_offer

SCHEMA = {"type": "object", "properties": {"q": {"type": "string"}}, "_meta": "a property's own"}
TOOLS: list[dict[str, Any]] = [
    {"name": "search", "description": "Find.", "inputSchema": SCHEMA, "icons": [], "_meta": {}},
    {"name": "add", "title": None, "inputSchema": SCHEMA, "annotations": {"readOnlyHint": True}},
]
KEPT = [
    {"name": "add", "inputSchema": SCHEMA, "annotations": {"readOnlyHint": True}},
    {"name": "search", "description": "Find.", "inputSchema": SCHEMA},
]


def read_file(path: Path) -> Document:
    return source.SignatureFile(str(path), Report()).fetch()


@pytest.mark.parametrize("suffix", [".json", ".yaml"])
@pytest.mark.parametrize("wrapped", [False, True], ids=["bare", "in an envelope"])
def test_file_with_the_answer_to_tools_list(tmp_path: Path, suffix: str, wrapped: bool) -> None:
    content: dict[str, Any] = {"tools": TOOLS}
    if wrapped:
        content = {"jsonrpc": "2.0", "id": 1, "result": content}
    path = tmp_path / f"tools{suffix}"
    text = json.dumps(content)
    path.write_text(yaml.safe_dump(json.loads(text)) if suffix == ".yaml" else text)
    document = read_file(path)
    assert document.reference is None
    assert [signature["name"] for signature in document.signatures] == ["mcp_transport"]
    assert document.mcp == {"tools": KEPT}


def test_method_called_tools_is_no_answer_to_tools_list(tmp_path: Path) -> None:
    path = tmp_path / "signatures.json"
    path.write_text(json.dumps({"tools": {"method_type": "UNARY_UNARY"}}))
    document = read_file(path)
    assert document.mcp is None
    assert [signature["name"] for signature in document.signatures] == ["tools"]


def test_entries_keep_what_clients_need_in_a_constant_order() -> None:
    resource = {"name": "b", "uri": "x://b", "size": 3}
    offer = {
        "resourceTemplates": [{"uriTemplate": "x://{id}", "name": "t", "icons": []}],
        "resources": [resource, {"name": "a", "uri": "x://a"}],
        "prompts": [{"name": "p", "arguments": [{"name": "q", "required": True}]}],
        "tools": TOOLS,
        "instructions": "Use them.",
        "serverInfo": {"name": "s", "version": "2"},
    }
    built = build_offer(offer)
    assert built == {
        "tools": KEPT,
        "prompts": offer["prompts"],
        "resources": [{"name": "a", "uri": "x://a"}, {"name": "b", "uri": "x://b"}],
        "resourceTemplates": [{"uriTemplate": "x://{id}", "name": "t"}],
        "instructions": "Use them.",
    }
    assert build_offer(built) == built


def nest(levels: int) -> object:
    value: object = "x"
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("offer", "message"),
    [
        ({"tools": [{"description": "x" * limits.SIZE}]}, "larger than 4 MB"),
        ({"tools": [{"inputSchema": nest(limits.LEVELS)}]}, "nested more than 100 levels"),
    ],
    ids=["size", "levels"],
)
def test_limits(offer: dict[str, object], message: str) -> None:
    with pytest.raises(Refusal, match=message) as caught:
        build_offer(offer)
    assert caught.value.diagnostic.exit_code == 4


@pytest.mark.parametrize("tools", [{}, "x", ["x"], [None]])
def test_list_of_something_else(tools: object) -> None:
    with pytest.raises(ValueError, match="`tools` is not an array of objects"):
        build_offer({"tools": tools})


@pytest.mark.parametrize("mcp", [[], "x", {"tools": [1]}])
def test_lock_with_something_else(tmp_path: Path, mcp: object) -> None:
    path = tmp_path / "signatures.json"
    path.write_text(json.dumps({"method_signatures": [], "mcp": mcp}))
    with pytest.raises(Refusal, match="holds no signatures") as caught:
        read_file(path)
    assert caught.value.diagnostic.exit_code == 4
