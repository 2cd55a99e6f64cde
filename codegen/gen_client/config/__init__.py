"""The configuration: `[tool.gen-client]` in a pyproject.toml.

    load_settings(folder)  =  require_config(folder) ─▶ ConfigFile ─▶ read_settings ─▶ Settings

`find` looks for the file; `keys` checks every key, and names the line of what is wrong. A configuration is untrusted
text (a pull request can change it), so its paths stay inside the repository, and its names and addresses are checked.
"""

from gen_client.config.find import (
    NAME_A_MODEL,
    ConfigFile,
    find_config_file,
    parse_config,
    require_config,
    working_folder,
)
from gen_client.config.keys import load_settings, read_settings
from gen_client.config.settings import ModelEntry, Settings

__all__ = [
    "NAME_A_MODEL",
    "ConfigFile",
    "ModelEntry",
    "Settings",
    "find_config_file",
    "load_settings",
    "parse_config",
    "read_settings",
    "require_config",
    "working_folder",
]
