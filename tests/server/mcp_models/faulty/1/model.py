"""An MCP server that lists its tools wrongly, each time as the last call of its tool `fail_next` said."""

from typing import Any

from clarifai.runners.models.mcp_class import MCPModelClass
from mcp.server.fastmcp import FastMCP
from mcp.types import CallToolResult, ListToolsResult, TextContent, Tool

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"how": {"type": "string"}},
    "required": ["how"],
}


def make_tool(description: str = "Choose the next fault.", **schema: Any) -> Tool:
    return Tool(name="fail_next", description=description, inputSchema=SCHEMA | schema)


def nest(levels: int) -> dict[str, Any]:
    """Return a schema of arrays within arrays."""
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(levels):
        schema = {"type": "array", "items": schema}
    return schema


class Faulty(FastMCP):
    """A server with one tool."""

    fault = ""
    pages = 0

    async def list_tools(self) -> ListToolsResult:
        self.pages += 1
        match self.fault:
            case "raise":
                raise RuntimeError("the catalogue is locked")
            case "pages":
                tool = Tool(name=f"page_{self.pages}", inputSchema=SCHEMA)
                return ListToolsResult(tools=[tool], nextCursor=str(self.pages))
            case "size":
                return ListToolsResult(tools=[make_tool("x" * (5 << 20))])
            case "depth":
                return ListToolsResult(tools=[make_tool(properties={"how": nest(150)})])
            case "other":
                how = {"enum": ["", "gone"]}
                return ListToolsResult(tools=[make_tool(properties={"how": how})])
            case "gone":
                return ListToolsResult(tools=[])
        return ListToolsResult(tools=[make_tool()])

    async def call_tool(self, name: str, arguments: dict[str, Any]) -> CallToolResult:
        self.fault, self.pages = arguments["how"], 0
        return CallToolResult(content=[TextContent(type="text", text=f"next: {self.fault}")])


class FaultyModel(MCPModelClass):
    def get_server(self) -> FastMCP:
        return Faulty("faulty")
