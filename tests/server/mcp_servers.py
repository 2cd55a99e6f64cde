"""The official model server with MCP models. It needs libraries that ours do not go with, so it has `.venv/mcp`.

lab        twelve tools, two resources, a resource template and a prompt
hard       thirty tools with schemas of every form
bridged    an MCP server on stdio behind the official bridge
doomed     a server that stops when it is asked for its tools
faulty     a server that lists its tools wrongly, as a call of its tool says
mixed      a tool, and methods of the model's own
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from server.official_server import run_official_server
from support import ROOT

MODELS: Final = Path(__file__).parent / "mcp_models"
_BIN: Final = ROOT / ".venv" / "mcp" / "bin"


@contextmanager
def run_mcp_model(name: str | Path) -> Iterator[str]:
    """Serve an MCP model for the block; yield its base URL.

    Args:
        name: The name of the folder of one of ours, or the path of another.
    """
    if sys.version_info >= (3, 13):
        pytest.skip("the official SDK supports no Python after 3.12")
    if not (_BIN / "python").exists():
        pytest.fail("`.venv/mcp` is missing, the environment of MCP models: run `make setup`")
    # The bridge finds its `python` in the path.
    path = os.pathsep.join([str(_BIN), os.environ.get("PATH", "")])
    with run_official_server(MODELS / name, _BIN / "python", {"PATH": path}) as url:
        yield url
