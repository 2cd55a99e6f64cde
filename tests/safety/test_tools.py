"""A payload in any text of what an MCP server lists gives the same code as a harmless text, or exit 4."""

from __future__ import annotations

import copy
import json
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from clarigen import ModelRef
from clarigen.testing import serve
from gen_client import limits, pipeline
from gen_client.diagnostics import Refusal, Report
from gen_client.interface.mcp.read import read_toolset
from gen_client.source import Document
from safety.payloads import HARMLESS, PAYLOADS
from safety.trees import shape
from support import ROOT, SOURCES, run

Step = tuple[str, ...]

_OBJECT: dict[str, Any] = {
    "type": "object",
    "description": "Some words.",
    "properties": {
        "key": {"type": "string", "description": "Some words.", "default": "word"},
        "odd key": {"enum": ["word", "other"], "default": "word", "format": "date"},
        "tag": {"const": "word"},
    },
    "required": ["tag"],
}
DOCUMENT: dict[str, Any] = {
    "instructions": "Some words.",
    "tools": [
        {
            "name": "search",
            "title": "Some words.",
            "description": "Some words.\n\nArgs:\n    text: Some words.",
            "inputSchema": {
                "type": "object",
                "properties": {
                    "text": {"type": "string", "default": "word", "description": "Some words."},
                    "choice": {"enum": ["word"], "pattern": "word", "default": "word"},
                    "inner": _OBJECT,
                    "either": {
                        "anyOf": [
                            {"type": "object", "properties": {"tag": {"const": "word"}}},
                            {"$ref": "#/$defs/Node"},
                        ]
                    },
                    "listed": {"type": "array", "items": {"type": "string"}, "default": ["word"]},
                },
                "required": ["inner"],
                "$defs": {
                    "Node": {"properties": {"next": {"$ref": "#/$defs/Node"}}, "type": "object"}
                },
            },
            "outputSchema": copy.deepcopy(_OBJECT),
            "annotations": {"title": "Some words.", "readOnlyHint": True},
        }
    ],
    "prompts": [
        {
            "name": "review",
            "title": "Some words.",
            "description": "Some words.",
            "arguments": [{"name": "code", "description": "Some words.", "required": True}],
        }
    ],
    "resources": [
        {
            "uri": "config://app",
            "name": "config",
            "title": "Some words.",
            "description": "Some words.",
            "mimeType": "text/plain",
        }
    ],
    "resourceTemplates": [
        {
            "uriTemplate": "users://{id}",
            "name": "users",
            "title": "Some words.",
            "description": "Some words.",
            "mimeType": "text/plain",
        }
    ],
}
FIXED = frozenset(
    [
        *("instructions", "tools", "prompts", "resources", "resourceTemplates", "inputSchema"),
        *("outputSchema", "annotations", "properties", "required", "$defs", "arguments", "items"),
    ]
)
"""The keys that hold something else; every other key of the document gets payloads too."""


def leaves(value: Any, above: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the path of each text in the document, and of each key that is a name; the latter end in `KEY`."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key not in FIXED:
                yield (*above, key, "KEY")
            yield from leaves(item, (*above, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from leaves(item, (*above, index))
    elif isinstance(value, str):
        yield above


LEAVES = list(leaves(DOCUMENT))


def planted(path: tuple[str | int, ...], text: str) -> dict[str, Any]:
    """Return the document with a text at a leaf."""
    document = copy.deepcopy(DOCUMENT)
    *above, last = path[:-1] if path[-1] == "KEY" else path
    holder: Any = document
    for step in above:
        holder = holder[step]
    if path[-1] == "KEY":
        renamed = {text if key == last else key: item for key, item in holder.items()}
        holder.clear()
        holder.update(renamed)
    else:
        holder[last] = text
    return document


def made(document: dict[str, Any]) -> str | None:
    """Return the shape of the package of a document; None if it is refused with exit 4."""
    try:
        source = Document(ModelRef("acme", "tools", "lab"), "", (), mcp=document)
        return shape(pipeline.build_package(source, "pkg", Report(), formatter=str).files)
    except Refusal as refusal:
        _check(refusal)
        return None


def _check(refusal: Refusal) -> None:
    """Check for exit 4 and a printable message that does not come from the gate."""
    said = str(refusal)
    assert refusal.diagnostic.exit_code == 4, said
    assert said.replace("\n", "").isprintable(), said
    assert "a bug" not in said, said


@cache
def harmless(path: tuple[str | int, ...]) -> frozenset[str | None]:
    """Return the shapes of the packages with harmless texts at a leaf."""
    words = (
        *HARMLESS,
        "two words",
        "other",
        "date",
        "search",
        "mro",
        "_",
        "string",
        "9",
        "Text",
        "_Unary",
        "n" * 300,  # too long for the name of a tool
    )
    return frozenset(made(planted(path, word)) for word in words)


@pytest.mark.parametrize("group", range(4))
def test_text_changes_no_code(group: int) -> None:
    payloads, plain = list(PAYLOADS.values()), made(DOCUMENT)
    checked = 0
    for index, path in enumerate(LEAVES):
        if index % 4 != group:
            continue
        for payload in payloads[index % 16 :: 16]:
            found = made(planted(path, payload))
            is_same = found is None or found == plain
            assert is_same or found in harmless(path), (path, payload[:80])
            checked += 1
    assert checked > 80


def test_leaves_are_all_texts_and_names() -> None:
    texts = json.dumps(DOCUMENT)
    assert len(LEAVES) > 80
    assert ("tools", 0, "inputSchema", "properties", "inner", "properties", "key", "KEY") in LEAVES
    assert ("prompts", 0, "arguments", 0, "description") in LEAVES
    assert texts.count("Some words.") <= len(LEAVES)


# Limits: what a few bytes can demand.


def tool(schema: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"tools": [{"name": "t", "inputSchema": schema, **more}]}


def nested(levels: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(levels):
        schema = {"type": "array", "items": schema}
    return {"type": "object", "properties": {"a": schema}}


def doubled(levels: int, keyword: str) -> dict[str, Any]:
    """Return a schema whose references stand for two to the power of `levels` schemas."""
    definitions: dict[str, Any] = {"D0": {"type": "object", "properties": {"x": {}}}}
    for level in range(levels):
        reference = {"$ref": f"#/$defs/D{level}"}
        if keyword == "allOf":
            both: dict[str, Any] = {"allOf": [reference, {**reference, "minProperties": 1}]}
        elif keyword == "properties":
            inner = {"allOf": [reference, {"type": "object"}]}
            both = {"type": "object", "properties": {"a": inner, "b": inner}}
        else:
            arrays = [{"type": "array", "items": reference}] * 2
            both = {"anyOf": [arrays[0], {"type": "object", "additionalProperties": reference}]}
        definitions[f"D{level + 1}"] = both
    return {
        "type": "object",
        "properties": {"a": {"$ref": f"#/$defs/D{levels}"}},
        "$defs": definitions,
    }


BOMBS = {
    "levels": (nested(limits.NESTING + 1), "levels deep"),
    "properties": (
        {"properties": {f"p{n}": {} for n in range(limits.PARAMETERS + 1)}},
        "properties; the limit is",
    ),
    "keys": (
        {
            "properties": {
                "a": {
                    "type": "object",
                    "properties": {f"p{n}": {} for n in range(limits.PROPERTIES + 1)},
                }
            }
        },
        "properties; the limit is",
    ),
    "merged": (doubled(30, "allOf"), "stands for more than"),
    "copied": (doubled(30, "properties"), "more than"),
    "unions": (doubled(30, "anyOf"), "more than"),
    "no object": ({"type": "string"}, "not an object"),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_tool_beyond_the_limits_is_left_out(bomb: str) -> None:
    schema, reason = BOMBS[bomb]
    report = Report()
    toolset = read_toolset(tool(schema), report)
    assert toolset.tools == ()
    (warning,) = report.warnings
    assert warning.location == "tool 't'"
    assert reason in warning.message
    assert warning.message.endswith("the tool is left out")


def test_too_many_tools_are_refused() -> None:
    tools = [{"name": f"t{n}", "inputSchema": {}} for n in range(limits.TOOLS + 1)]
    with pytest.raises(Refusal, match="the limit is"):
        read_toolset({"tools": tools}, Report())


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ({"tools": [{"inputSchema": {}}]}, "it has no name"),
        ({"tools": [{"name": "a"}, {"name": "a"}]}, "two of this name"),
        ({"tools": 3}, "expected an array"),
        ({"tools": [3]}, "expected an object"),
        ({"tools": [{"name": "a", "inputSchema": []}]}, "expected an object"),
        ({"tools": [{"name": "a", "description": 3}]}, "expected text"),
        ({"tools": [{"name": "a", "inputSchema": {"x": float("nan")}}]}, "it is not JSON"),
        ({"tools": [{"name": "\ud800"}]}, "it is not JSON"),
        ({"instructions": "x" * 5_000_000}, "larger than"),
    ],
)
def test_a_malformed_document_is_refused(document: dict[str, Any], reason: str) -> None:
    with pytest.raises(Refusal, match=reason) as caught:
        read_toolset(document, Report())
    assert caught.value.diagnostic.exit_code == 4


def test_no_payload_runs_when_a_package_is_used(tmp_path: Path) -> None:
    """All payloads at once, one tool each, with black; the package is imported and its types are resolved."""
    tools: list[dict[str, Any]] = []
    for index, payload in enumerate(PAYLOADS.values()):
        if len(payload) > 1_000 or "\ud800" in payload:
            continue
        document = json.loads(json.dumps(DOCUMENT).replace("word", f"word{index}"))
        own = document["tools"][0]
        own |= {"name": f"{payload} {index}", "description": payload, "title": payload}
        properties = own["inputSchema"]["properties"]
        properties["inner"]["properties"][payload] = {"const": payload, "description": payload}
        properties[payload] = {"enum": [payload], "default": payload, "description": payload}
        own["outputSchema"]["properties"][payload] = {"type": "string", "default": payload}
        tools.append(own)
    source = Document(ModelRef("acme", "tools", "lab"), "", (), mcp={"tools": tools})
    package = pipeline.build_package(source, "pkg", Report())
    (tmp_path / "pkg").mkdir()
    for name, text in package.files.items():
        (tmp_path / "pkg" / name).write_text(text, "utf-8")
    code = """
import pkg, pkg.examples, typing
types = [t for name in pkg.__all__ if typing.is_typeddict(t := getattr(pkg, name))]
assert len(types) > 200
for type_ in types:
    typing.get_type_hints(type_)
"""
    done = run(sys.executable, "-c", code, cwd=tmp_path, env={"PYTHONPATH": SOURCES})
    assert done.returncode == 0, done.stderr
    assert {path.name for path in tmp_path.rglob("*")} <= {*package.files, "pkg", "__pycache__"} | {
        path.name for path in (tmp_path / "pkg" / "__pycache__").glob("*")
    }


# The transport for the library `mcp`

MCP_PYTHON = ROOT / ".venv" / "mcp" / "bin" / "python"
BRIDGE_PROGRAM = """
import asyncio, sys
import mcp
from clarigen import AsyncMCPModel

async def main(url):
    async with AsyncMCPModel(base_url=url, timeout=20) as model, model.mcp() as streams:
        async with mcp.ClientSession(*streams) as session:
            for _ in range(6):
                try:
                    await session.send_ping()
                except mcp.McpError as error:
                    print(error)
                else:
                    print("pong")

asyncio.run(main(sys.argv[1]))
"""


@pytest.mark.skipif(
    not MCP_PYTHON.exists(), reason="the library mcp is in an environment of its own"
)
def test_an_answer_that_is_no_message_ends_one_request() -> None:
    """Else one hostile model would end the sessions of all others in the same task group."""
    answers = iter(
        [
            '{"jsonrpc": "2.0", "result": 5}',
            '{"jsonrpc": "2.0"}',
            '{"jsonrpc": "2.0", "error": {"code": "x"}}',
            '{"jsonrpc": "2.0", "error": {"code": 5, "message": "no \\\\u001b[2J"}}',
            "[]",
            "{}",
        ]
    )

    class Model:
        def mcp_transport(self, msg: str) -> str:
            return next(answers)

    with serve(Model()) as server:
        done = run(MCP_PYTHON, "-c", BRIDGE_PROGRAM, server.url, env={"PYTHONPATH": SOURCES})
    lines = done.stdout.splitlines()
    assert len(lines) == 6, done.stderr
    assert [("not a message of the Model Context" in line) for line in lines[:3]] == [True] * 3
    assert "must be a JSON object" in lines[4]
    assert lines[5] == "pong"
