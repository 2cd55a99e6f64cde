"""Tools of MCP models for people and for language models: programs to copy, and schemas.

A tool's schema is the server's own; only its properties have the names of the parameters in Python, so that the
arguments of a tool call can be passed by keyword.
"""

from __future__ import annotations

from typing import Any

from clarigen._tooling import Schema, describe_tool_arguments, describe_tool_result
from gen_client.interface.mcp.toolset import Toolset
from gen_client.plan import usage
from gen_client.plan.mcp import samples
from gen_client.plan.mcp.named import NamedTool
from gen_client.show.snippets import CallStyle


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
    names = {parameter.own.name: str(parameter.name) for parameter in tool.parameters}
    return {
        "name": str(tool.name),
        "description": "\n".join(tool.description),
        "input_schema": describe_tool_arguments(raw, names),
        "output_schema": describe_tool_result(raw, is_wrapped=tool.own.is_wrapped),
    }
