"""Differences between the tools of a lock and of a deployed MCP model: those that `gen-client diff` calls breaking."""

from __future__ import annotations

import json
from typing import Any

import pytest

from clarigen._drift.tools import describe_tool_differences
from schema_changes import ARGUMENTS, EQUAL, INTEGER, RESULTS, STRING, make_tool
from support import ROOT

HARD = ROOT / "tests" / "server" / "mcp_models" / "hard" / "1" / "tools.json"


def compare(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    return [line for lines in describe_tool_differences([old], [new]).values() for line in lines]


def test_equal_tools_have_no_differences() -> None:
    tools = json.loads(HARD.read_text(encoding="utf-8"))["tools"]
    again = json.loads(HARD.read_text(encoding="utf-8"))["tools"]
    assert describe_tool_differences(tools, again) == {}


@pytest.mark.parametrize(("old", "new"), EQUAL)
def test_schemas_of_the_same_type_are_equal(old: Any, new: Any) -> None:
    tools = [make_tool({"x": schema}, returns=schema) for schema in (old, new)]
    for tool in tools:
        tool["inputSchema"]["$defs"] = tool["outputSchema"]["$defs"] = {"S": STRING}
    assert compare(*tools) == []


@pytest.mark.parametrize(("old", "new", "change"), ARGUMENTS)
def test_arguments(old: Any, new: Any, change: str) -> None:
    """What breaks callers is a difference, and so is a default, which is not sent."""
    differences = compare(make_tool({"x": old}, "x"), make_tool({"x": new}, "x"))
    assert bool(differences) == change.startswith(("breaking", "compatible t.x left out"))
    assert all(line.startswith("tool 't': parameter 'x'") for line in differences)


@pytest.mark.parametrize(("old", "new", "change"), RESULTS)
def test_results(old: Any, new: Any, change: str) -> None:
    differences = compare(make_tool(returns=old), make_tool(returns=new))
    # A list with fewer kinds of items breaks only callers who add to it.
    is_different = change.startswith("breaking") and "list[" not in change
    assert differences == (["tool 't': it may return other values"] if is_different else [])


def test_tools_and_parameters_that_come_and_go() -> None:
    old = make_tool({"a": STRING, "b": STRING, "c": STRING}, "a")
    new = make_tool({"a": STRING, "b": STRING, "d": STRING, "e": INTEGER}, "a", "b", "e")
    assert compare(old, new) == [
        "tool 't': parameter 'b': it is required now",
        "tool 't': parameter 'c' is gone",
        "tool 't': parameter 'e' is new, and required",
    ]
    other = {**make_tool(), "name": "u\n"}
    assert describe_tool_differences([other, old], [old]) == {"u\n": ("tool 'u\\n' is gone",)}


@pytest.mark.parametrize(
    "definitions",
    [
        {"A": {"$ref": "#/$defs/A"}},
        {"A": {"allOf": [{"$ref": "#/$defs/A"}]}},
        {"A": {"anyOf": [{"$ref": "#/$defs/A"}, STRING]}},
        {
            "A": {"anyOf": [{"$ref": "#/$defs/B"}] * 99},
            "B": {"anyOf": [{"$ref": "#/$defs/C"}] * 99},
            "C": {"anyOf": [STRING] * 99},
        },
        {"A": {"type": "object", "properties": {"next": {"$ref": "#/$defs/A"}}}},
    ],
)
def test_endless_schemas_end(definitions: dict[str, Any]) -> None:
    old = make_tool({"x": {"$ref": "#/$defs/A"}})
    old["inputSchema"]["$defs"] = definitions
    new = json.loads(json.dumps(old))
    assert compare(old, new) == []
    new["inputSchema"]["properties"]["x"] = INTEGER
    assert len(compare(old, new)) <= 1


@pytest.mark.parametrize("schema", [None, [], "x", {"properties": []}, {"$ref": 3}, {"enum": 1}])
def test_schemas_that_are_none(schema: Any) -> None:
    tool = {"name": "t", "inputSchema": schema, "outputSchema": schema}
    assert compare(tool, dict(tool)) == []
