"""Differences between the tools of a lock and of a deployed MCP model: those that `gen-client diff` calls breaking."""

from __future__ import annotations

import json
from typing import Any

import pytest

from clarigen._drift.tools import compare_tools
from schema_changes import ARGUMENTS, EQUAL, INTEGER, RESULTS, STRING, diff_tools, make_tool
from support import ROOT

HARD = ROOT / "tests" / "server" / "mcp_models" / "hard" / "1" / "tools.json"


def compare(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """Return what breaks callers of a tool, as `breaking location message`."""
    return [
        f"{change.impact.value} {change.location} {change.format_message(str)}"
        for changes in compare_tools([old], [new]).values()
        for change in changes
    ]


def test_equal_tools_have_no_differences() -> None:
    tools = json.loads(HARD.read_text(encoding="utf-8"))["tools"]
    again = json.loads(HARD.read_text(encoding="utf-8"))["tools"]
    assert not any(compare_tools(tools, again).values())


@pytest.mark.parametrize(("old", "new"), EQUAL)
def test_schemas_of_the_same_type_are_equal(old: Any, new: Any) -> None:
    tools = [make_tool({"x": schema}, returns=schema) for schema in (old, new)]
    for tool in tools:
        tool["inputSchema"]["$defs"] = tool["outputSchema"]["$defs"] = {"S": STRING}
    assert compare(*tools) == []


@pytest.mark.parametrize(("old", "new", "change"), ARGUMENTS)
def test_arguments(old: Any, new: Any, change: str) -> None:
    """What `gen-client diff` calls breaking, in its words unless they are about a class or its keys."""
    differences = compare(make_tool({"x": old}, "x"), make_tool({"x": new}, "x"))
    is_inside = change.startswith("breaking t.x.")
    expected = "breaking t.x does not take all values that it took" if is_inside else change
    assert differences == ([expected] if change.startswith("breaking") else [])


@pytest.mark.parametrize(("old", "new", "change"), RESULTS)
def test_results(old: Any, new: Any, change: str) -> None:
    differences = compare(make_tool(returns=old), make_tool(returns=new))
    # A list with fewer kinds of items breaks only callers who add to it.
    is_breaking = change.startswith("breaking") and "list[" not in change
    assert len(differences) == is_breaking
    for difference in differences:
        assert (
            difference.startswith(change)
            or difference == "breaking t.return may be another value now"
        )


def test_tools_and_parameters_that_come_and_go() -> None:
    old = make_tool({"a": STRING, "b": STRING, "c": STRING}, "a")
    new = make_tool({"a": STRING, "b": STRING, "d": STRING, "e": INTEGER}, "a", "b", "e")
    changes = compare_tools([old], [new])["t"]
    assert [change.describe() for change in changes] == [
        "t.b: is required now",
        "t.c: was removed",
        "t.e: is new and required: `int`",
    ]
    lost, other = {**make_tool(), "name": "u\n"}, {**old, "name": "v"}
    renamed = compare_tools([lost, old], [other])
    assert [change.describe() for changes in renamed.values() for change in changes] == [
        "u_: was removed",
        "t: is called `v` now",
    ]


@pytest.mark.parametrize(
    ("old", "new", "change"),
    [
        (STRING, {**STRING, "default": "a"}, ["breaking t.x does not take None any more"]),
        (STRING, {"type": ["string", "null"]}, []),
        ({"type": ["string", "null"]}, STRING, None),
        ({**STRING, "default": "a"}, {**STRING, "default": "b"}, []),
        ({**STRING, "default": "a"}, STRING, []),
        (
            {**STRING, "default": 3},
            {**STRING, "default": "a"},
            ["breaking t.x does not take None any more"],
        ),
    ],
)
def test_what_leaves_an_argument_out(old: Any, new: Any, change: list[str] | None) -> None:
    """A default that changes breaks nobody: `gen-client diff` and a client that verifies agree."""
    tools = make_tool({"x": old}), make_tool({"x": new})
    breaking = [line for line in diff_tools(*tools) if line.startswith("breaking")]
    assert compare(*tools) == breaking
    assert change is None or breaking == change


def test_order_of_what_is_passed_by_position() -> None:
    tools = make_tool({"a": STRING, "b": STRING}, "a", "b"), make_tool(
        {"b": STRING, "a": STRING}, "a", "b"
    )
    assert (
        compare(*tools)
        == ["breaking t by position it takes b, a now, in this order"]
        == diff_tools(*tools)
    )


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
    assert len(compare(old, new)) <= 2


@pytest.mark.parametrize("schema", [None, [], "x", {"properties": []}, {"$ref": 3}, {"enum": 1}])
def test_schemas_that_are_none(schema: Any) -> None:
    tool = {"name": "t", "inputSchema": schema, "outputSchema": schema}
    assert compare(tool, dict(tool)) == []
