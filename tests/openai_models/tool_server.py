"""An MCP server with one tool, for agentic models: `python tool_server.py FD`, with the environment of MCP models.

The file descriptor is that of a listening socket, so that clients can connect before the server has started.
"""

import socket
import sys

import uvicorn
from fastmcp import FastMCP

server = FastMCP("weather")


@server.tool
def get_weather(city: str) -> str:
    """Tell the weather."""
    return f"sunny in {city}"


if __name__ == "__main__":
    listener = socket.socket(fileno=int(sys.argv[1]))
    config = uvicorn.Config(server.http_app(), log_level="error")
    uvicorn.Server(config).run(sockets=[listener])
