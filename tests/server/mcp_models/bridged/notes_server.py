"""A stdio MCP server with notes, written with the official library alone."""

import sys

from mcp.server.fastmcp import FastMCP
from mcp.types import ImageContent

server = FastMCP("notes")
notes: dict[str, str] = {}


@server.tool()
def write_note(title: str, text: str, tags: list[str] | None = None) -> dict[str, int]:
    """Keep a note."""
    notes[title] = text
    return {"notes": len(notes), "tags": len(tags or ())}


@server.tool()
def read_note(title: str) -> str:
    """Return a note; fail if there is none."""
    return notes[title]


@server.tool()
def draw_note(title: str) -> ImageContent:
    """Draw a note."""
    return ImageContent(type="image", data="iVBORw0KGgo=", mimeType="image/png")


@server.tool()
def stop() -> str:
    """End this server."""
    sys.exit(1)


if __name__ == "__main__":
    server.run()
