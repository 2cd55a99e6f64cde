"""An MCP server that lists the tools of `tools.json` as they stand there, and answers what it gets.

A tool with an `outputSchema` answers its entry of `answers.json`; each tool also answers its arguments as text.
"""

import json
from pathlib import Path
from typing import Any

from clarifai.runners.models.mcp_class import MCPModelClass
from mcp.server.fastmcp import FastMCP
from mcp.types import CallToolResult, ListToolsResult, TextContent, Tool

FOLDER = Path(__file__).parent
TOOLS = json.loads((FOLDER / "tools.json").read_text(encoding="utf-8"))
ANSWERS = json.loads((FOLDER / "answers.json").read_text(encoding="utf-8"))


class Echo(FastMCP):
    """A server whose tools are not made from functions, so that nothing changes their schemas."""

    async def list_tools(self) -> list[Tool]:
        return ListToolsResult.model_validate(TOOLS).tools

    async def call_tool(self, name: str, arguments: dict[str, Any]) -> CallToolResult:
        text = TextContent(type="text", text=json.dumps(arguments, sort_keys=True))
        return CallToolResult(content=[text], structuredContent=ANSWERS.get(name))


class Hard(MCPModelClass):
    def get_server(self) -> FastMCP:
        return Echo("hard")
