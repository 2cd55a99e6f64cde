"""OpenAI-compatible models on the official model server, in the environment of MCP models, `.venv/mcp`.

plain      a model of the official base class, over the real library `openai`
agentic    the same with tools of MCP servers, and a typed method
"""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from server.official_server import run_official_server
from support import ROOT

FOLDER: Final = Path(__file__).parent
PYTHON: Final = ROOT / ".venv" / "mcp" / "bin" / "python"


@contextmanager
def run_openai_model(name: str, backend_url: str) -> Iterator[str]:
    """Serve one of our models for the block; yield its base URL.

    Args:
        name: The name of its folder.
        backend_url: The base URL of the server behind the model.
    """
    _require_environment()
    model = FOLDER / "official" / name
    # An agentic model sends its deployment's PAT to MCP servers, and cannot connect to them without one.
    env = {"BACKEND_URL": backend_url, "CLARIFAI_PAT": "of-the-deployment"}
    with run_official_server(model, PYTHON, env) as url:
        yield url


@contextmanager
def run_tool_server() -> Iterator[str]:
    """Serve the tool of `tool_server` for the block; yield the URL of the MCP server."""
    _require_environment()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port, descriptor = listener.getsockname()[1], listener.fileno()
        command = [str(PYTHON), str(FOLDER / "tool_server.py"), str(descriptor)]
        server = subprocess.Popen(command, pass_fds=[descriptor], stdout=subprocess.DEVNULL)
    try:
        yield f"http://127.0.0.1:{port}/mcp"
    finally:
        server.terminate()
        server.wait()


def _require_environment() -> None:
    if sys.version_info >= (3, 13):
        pytest.skip("the official SDK supports no Python after 3.12")
    if not PYTHON.exists():
        pytest.fail("`.venv/mcp` is missing, the environment of MCP models: run `make setup`")
