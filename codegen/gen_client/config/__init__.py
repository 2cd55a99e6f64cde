"""The configuration: `[tool.gen-client]` of a pyproject.toml, found, read and validated.

    find ─▶ read ─▶ Settings
    which    its keys, each checked, with the line it stands on

What lives here: `load`, the one way in. A configuration is a stranger's text (a pull request can change it):
its paths stay inside the repository, its names and addresses are checked, and nothing in it is obeyed further.
"""

from __future__ import annotations

from pathlib import Path

from gen_client.config.find import MISSING, Place, find, here, parsed, working
from gen_client.config.read import read
from gen_client.config.settings import Entry, Settings

__all__ = [
    "MISSING",
    "Entry",
    "Place",
    "Settings",
    "find",
    "here",
    "load",
    "parsed",
    "read",
    "working",
]


def load(folder: Path) -> Settings:
    """The configuration that holds in a folder.

    Args:
        folder: Where the command runs, as a path that exists.

    Raises:
        Refusal: Exit 2: there is none, or it is wrong. The message names the key and its line.
    """
    return read(find(folder))
