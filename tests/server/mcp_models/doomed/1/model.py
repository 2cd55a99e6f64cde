"""An MCP server that stops at the first `tools/list`: FastMCP 2.14 cannot inline the schema of a recursive model."""

from __future__ import annotations

from clarifai.runners.models.mcp_class import MCPModelClass
from fastmcp import FastMCP
from pydantic import BaseModel

server = FastMCP("doomed")


class Node(BaseModel):
    name: str
    children: list[Node] = []


@server.tool
def name_of(tree: Node) -> str:
    """Return the name of a tree."""
    return tree.name


class Doomed(MCPModelClass):
    def get_server(self) -> FastMCP:
        return server
