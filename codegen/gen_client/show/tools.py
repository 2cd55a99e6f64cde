"""Tools of MCP models for people and for language models: signatures, programs to copy, and schemas.

A tool's schema is the server's own; only its properties have the names of the parameters in Python, so that the
arguments of a tool call can be passed by keyword.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gen_client.escape import Code, format_code, join_code
from gen_client.interface.mcp.toolset import Toolset
from gen_client.json_text import is_array, is_object
from gen_client.plan import usage
from gen_client.plan.mcp import build, samples
from gen_client.plan.mcp.named import NamedTool
from gen_client.show.json_schema import DIALECT, Schema
from gen_client.show.snippets import CallStyle


def format_signature(tool: NamedTool) -> str:
    """Return the first line of a tool's method: `def NAME(P1: T1, *, P2: T2 = D2) -> R:`."""
    method = build.build_method(tool, frozenset())
    parameters = [Code("self")]
    for parameter in (*method.positional, *method.keywords):
        if parameter is next(iter(method.keywords), None):
            parameters.append(Code("*"))
        annotation = join_code(" | ", filter(None, (parameter.annotation, parameter.default_type)))
        text = format_code("{}: {}", parameter.name, annotation)
        parameters.append(
            format_code("{} = {}", text, parameter.default) if parameter.default else text
        )
    return f"def {method.name}({', '.join(parameters)}) -> {method.returns}:"


def format_call(tool: NamedTool, style: CallStyle) -> list[str]:
    """Return the lines that call a tool of `model`, in one of `call_styles(tool)`."""
    if style is CallStyle.BATCH:
        pairs = samples.sample_pairs(tool, has_placeholder=False)
        items = ", ".join(f'"{name}": {value}' for name, value in pairs)
        return [
            f"for result in model.{tool.names.batch}([{{{items}}}]):",
            "    print(result)",
        ]
    await_ = "await " if style is CallStyle.ASYNC else ""
    arguments = samples.sample_arguments(tool, has_placeholder=False)
    return usage.format_call(f"print({await_}model.{tool.name}(", arguments, "))")


def describe_tool(tool: NamedTool, toolset: Toolset) -> Schema:
    """Return a tool for a language model: its name, its description, the schemas of its input and output.

    Args:
        tool: The tool.
        toolset: What its model offers, with the server's own schemas.
    """
    tools: Any = toolset.document.get("tools", ())
    raw = next(entry for entry in tools if entry["name"] == tool.own.name)
    output = raw.get("outputSchema", {})
    if tool.own.is_wrapped:
        output = {key: output[key] for key in ("$defs", "definitions") if key in output} | {
            **output["properties"]["result"]
        }
    return {
        "name": str(tool.name),
        "description": "\n".join(tool.description),
        "input_schema": {"$schema": DIALECT, **_rename(tool, raw.get("inputSchema", {}))},
        "output_schema": {"$schema": DIALECT, **output},
    }


def _rename(tool: NamedTool, schema: Mapping[str, Any]) -> Schema:
    """Return the schema of a tool's arguments with the names of its parameters in Python."""
    python_names = {own.own.name: str(own.name) for own in tool.parameters}
    properties, required = schema.get("properties"), schema.get("required")
    result: Schema = dict(schema)
    if is_object(properties):
        result["properties"] = {
            python_names.get(str(key), str(key)): inner for key, inner in properties.items()
        }
    if is_array(required):
        result["required"] = [python_names.get(str(key), str(key)) for key in required]
    return result
