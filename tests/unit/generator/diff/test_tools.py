"""Comparing the tools of MCP models: by the types that callers see, not by the text of the schemas."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gen_client.diff.changes import Impact
from gen_client.diff.tools import compare_tools
from schema_changes import (
    ARGUMENTS,
    EQUAL,
    INTEGER,
    NULLABLE,
    RESULTS,
    STRING,
    diff_tools,
    make_tool,
    name_tools,
    point,
)
from support import ROOT

HARD = ROOT / "tests" / "server" / "mcp_models" / "hard" / "1" / "tools.json"


def test_equal_tools_have_no_changes() -> None:
    tools = json.loads(HARD.read_text(encoding="utf-8"))["tools"]
    assert compare_tools(name_tools(*tools), name_tools(*tools)) == []


@pytest.mark.parametrize(
    ("old", "new"),
    EQUAL,
)
def test_schemas_of_the_same_type_are_equal(old: Any, new: Any) -> None:
    for use in ("argument", "result"):
        tools = []
        for schema in (old, new):
            tool = make_tool({"x": schema}) if use == "argument" else make_tool(returns=schema)
            key = "inputSchema" if use == "argument" else "outputSchema"
            tool[key]["$defs"] = {"S": STRING}
            tools.append(tool)
        assert diff_tools(*tools) == []


@pytest.mark.parametrize(
    ("old", "new", "change"),
    ARGUMENTS,
)
def test_arguments(old: Any, new: Any, change: str) -> None:
    required = () if "default" in old else ("x",)
    first, *_ = diff_tools(make_tool({"x": old}, *required), make_tool({"x": new}, *required))
    assert first.startswith(change)


def test_none_that_becomes_null() -> None:
    """Of an optional parameter that is not nullable, None means that it is left out."""
    assert diff_tools(make_tool({"x": STRING}), make_tool({"x": NULLABLE})) == [
        "compatible t.x takes str | None now, not str",
        "compatible t.x None is sent as null now, and does not leave it out any more",
    ]
    assert [
        line.split()[0] for line in diff_tools(make_tool({"x": NULLABLE}), make_tool({"x": STRING}))
    ] == [
        *("breaking", "breaking"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "change"),
    RESULTS,
)
def test_results(old: Any, new: Any, change: str) -> None:
    [described] = diff_tools(make_tool(returns=old), make_tool(returns=new))
    assert described.startswith(change)


def test_parameters_that_come_and_go() -> None:
    old = make_tool({"a": STRING, "b": STRING, "c": STRING}, "a")
    new = make_tool({"a": STRING, "b": STRING, "d": STRING, "e": INTEGER}, "a", "b", "e")
    assert diff_tools(old, new) == [
        "breaking t.b is required now",
        "breaking t.c was removed",
        "compatible t.d is new: str",
        "breaking t.e is new and required: int",
    ]


def test_tools_that_come_and_go() -> None:
    old = name_tools(make_tool({"a": STRING}), {**make_tool({"x": INTEGER}), "name": "old"})
    new = name_tools({**make_tool({"x": INTEGER}), "name": "new"}, {**make_tool(), "name": "u"})
    changes = compare_tools(old, new)
    assert [(change.impact, change.method, change.format_message(str)) for change in changes] == [
        (Impact.BREAKING, "old", "is called new now"),
        (Impact.BREAKING, "t", "was removed"),
        (Impact.COMPATIBLE, "u", "is new"),
    ]


def test_description_and_hints_are_documentation() -> None:
    old = make_tool(description="Do it.", annotations={"readOnlyHint": True})
    new = make_tool(description="Do it, and say how.", annotations={"readOnlyHint": False})
    assert [line.split()[0] for line in diff_tools(old, new)] == ["documentation"] * 2


def test_recursive_types_end() -> None:
    node = {
        **point("name", name=STRING, next={"$ref": "#/$defs/Node"}),
    }
    old, new = make_tool({"x": {"$ref": "#/$defs/Node"}}), make_tool(
        {"x": {"$ref": "#/$defs/Node"}}
    )
    old["inputSchema"]["$defs"] = {"Node": node}
    new["inputSchema"]["$defs"] = {
        "Node": point("name", name=INTEGER, next={"$ref": "#/$defs/Node"})
    }
    assert diff_tools(old, new) == ["breaking t.x.name takes int now, not str"]
    assert diff_tools(old, old) == []
