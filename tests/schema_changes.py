"""Changes of schemas of MCP tools, and what they mean for callers: for `diff`, and for clients with `verify=True`."""

from __future__ import annotations

from typing import Any, Final

from gen_client.diagnostics import Report
from gen_client.diff.tools import compare_tools
from gen_client.escape import Code
from gen_client.interface.read import read_model
from gen_client.plan.mcp.named import NamedTool
from gen_client.plan.named import name_interface
from gen_client.source import Document
from gen_client.source.mcp_offer import transport_signatures


def make_tool(
    arguments: dict[str, Any] | None = None,
    *required: str,
    returns: object = None,
    **keys: object,
) -> dict[str, Any]:
    """Return a tool `t` with some parameters and, under `result`, a result."""
    schema = {"type": "object", "properties": arguments or {}, "required": list(required)}
    tool: dict[str, Any] = {"name": "t", "inputSchema": schema, **keys}
    if returns is not None:
        tool["outputSchema"] = {
            "type": "object",
            "properties": {"result": returns},
            "required": ["result"],
            "x-fastmcp-wrap-result": True,
        }
    return tool


def name_tools(*tools: dict[str, Any]) -> list[NamedTool]:
    """Return tools with their names, as the generator reads them."""
    document = Document(None, "", transport_signatures(), mcp={"tools": list(tools)})
    model = read_model(document, Report())
    return name_interface(model, Code("package"), Report()).tools


def diff_tools(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """Return the changes of a tool that `gen-client diff` reports, as `impact location message`."""
    return [
        f"{change.impact.value} {change.location} {change.format_message(str)}"
        for change in compare_tools(name_tools(old), name_tools(new))
    ]


STRING, INTEGER, NUMBER = {"type": "string"}, {"type": "integer"}, {"type": "number"}
NULLABLE = {"anyOf": [STRING, {"type": "null"}]}


def point(*required: str, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required)}


EQUAL: Final[list[tuple[Any, Any]]] = [
    (NULLABLE, {"type": ["string", "null"]}),
    (NULLABLE, {"type": "string", "nullable": True}),
    ({"const": "a"}, {"enum": ["a"]}),
    (STRING, {"anyOf": [STRING]}),
    (STRING, {"$ref": "#/$defs/S"}),
    ({"enum": ["a", "b"]}, {"enum": ["b", "a"]}),
]
"""Schemas of the same type, for arguments and for results."""

ARGUMENTS: Final[list[tuple[Any, Any, str]]] = [
    (STRING, INTEGER, "breaking t.x takes int now, not str"),
    (INTEGER, NUMBER, "compatible t.x takes float now, not int"),
    (NUMBER, INTEGER, "breaking t.x takes int now, not float"),
    (STRING, NULLABLE, "compatible t.x takes str | None now, not str"),
    (NULLABLE, STRING, "breaking t.x takes str now, not str | None"),
    ({"enum": ["a", "b"]}, {"enum": ["a"]}, 'breaking t.x does not take "b" any more'),
    ({"enum": ["a"]}, {"enum": ["a", "b"]}, 'compatible t.x takes "b" as well'),
    ({"enum": ["a"]}, STRING, 'compatible t.x takes str now, not Literal["a"]'),
    (STRING, {}, "compatible t.x takes JSONValue now, not str"),
    (
        {**STRING, "description": "a"},
        {**STRING, "description": "a longer one"},
        "documentation",
    ),
    ({**INTEGER, "minimum": 1}, {**INTEGER, "minimum": 5}, "documentation"),
    ({**STRING, "default": "a"}, {**STRING, "default": "b"}, "compatible t.x left out"),
    (point(a=STRING), point(b=STRING), "breaking t.x.a was removed"),
    (point(a=STRING), point("a", a=STRING), "breaking t.x.a is required now"),
    (point("a", a=STRING), point(a=STRING), "compatible t.x.a can be left out now"),
    (point(a=STRING), point("b", a=STRING, b=INTEGER), "breaking t.x.b is new: int"),
    (point(a=STRING), point(a=STRING, b=INTEGER), "compatible t.x.b is new: int"),
    (
        {"type": "array", "items": point(a=STRING)},
        {"type": "array", "items": point(a=INTEGER)},
        "breaking t.x.a takes int now, not str",
    ),
    (
        {"type": "array", "items": STRING},
        {"type": "array", "items": NULLABLE},
        "compatible t.x takes SequenceNotStr[str | None] now, not SequenceNotStr[str]",
    ),
]
"""The old and the new schema of an argument, and the start of the change."""

RESULTS: Final[list[tuple[Any, Any, str]]] = [
    (STRING, INTEGER, "breaking t.return is int now, not str"),
    (NUMBER, INTEGER, "compatible t.return is int now, not float"),
    (INTEGER, NUMBER, "breaking t.return is float now, not int"),
    (NULLABLE, STRING, "compatible t.return is str now, not str | None"),
    (STRING, NULLABLE, "breaking t.return is str | None now, not str"),
    ({"enum": ["a"]}, {"enum": ["a", "b"]}, 'breaking t.return is Literal["a", "b"] now'),
    ({"enum": ["a", "b"]}, {"enum": ["a"]}, 'compatible t.return is Literal["a"] now'),
    (STRING, None, "breaking t.return is ToolResult now, not str"),
    (None, STRING, "breaking t.return is str now, not ToolResult"),
    (point(a=STRING), point(a=STRING, b=STRING), "compatible t.return.b is new: str"),
    (point(a=STRING, b=STRING), point(a=STRING), "breaking t.return.b was removed"),
    (point("a", a=STRING), point(a=STRING), "breaking t.return.a may be missing now"),
    (point(a=STRING), point("a", a=STRING), "compatible t.return.a is always there now"),
    (
        {"type": "array", "items": NUMBER},
        {"type": "array", "items": INTEGER},
        "breaking t.return is list[int] now, not list[float]",
    ),
]
"""The old and the new schema of a result, and the start of the change."""
