"""The configuration: `[tool.gen-client]` of a pyproject.toml, found, read and validated.

    find ─▶ read ─▶ Settings
    which    its keys, each checked, with the line it stands on

What lives here: `load`, the one way in. A configuration is a stranger's text (a pull request can change it):
its paths stay inside the repository, its names and addresses are checked, and nothing in it is obeyed further.
"""

from __future__ import annotations

from pathlib import Path

from gen_client.config.find import (
    NAME_A_MODEL,
    ConfigFile,
    find_config,
    find_or_new_config,
    parse_config,
    working_folder,
)
from gen_client.config.read import read_settings
from gen_client.config.settings import ModelEntry, Settings

__all__ = [
    "NAME_A_MODEL",
    "ConfigFile",
    "ModelEntry",
    "Settings",
    "find_config",
    "find_or_new_config",
    "load_settings",
    "parse_config",
    "read_settings",
    "working_folder",
]


def load_settings(folder: Path) -> Settings:
    """The configuration that holds in a folder.

    Args:
        folder: Where the command runs, as a path that exists.

    Raises:
        Refusal: Exit 2: there is none, or it is wrong. The message names the key and its line.
    """
    return read_settings(find_config(folder))
