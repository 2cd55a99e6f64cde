"""The search for the configuration: from the working folder up to the root of its repository.

Outside of a repository only the working folder is searched, since the folders above it may belong to other users.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from gen_client.diagnostics import Refusal
from gen_client.exit_codes import USAGE
from gen_client.json_text import is_object
from gen_client.text import escape_unprintable, quote

FILE_NAME: Final = "pyproject.toml"
TOOLS: Final = ("gen-client", "clarigen")
"""The names that the configuration's table may have: that of the command, and that of the distribution."""
MAX_SIZE: Final = 4 << 20
"""Maximum size of a configuration file, in bytes."""
NAME_A_MODEL: Final = (
    "name one: gen-client SOURCE; or list models in pyproject.toml: gen-client init SOURCE"
)


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """A file that has a configuration, or can get one.

    Attributes:
        path: The path of the file.
        root: The folder that no path in the file may leave: its repository, or else its own folder.
        text: The text of the file.
        section: The parsed `[tool.gen-client]`, of any type; None if there is none.
        tool: The name of that table: `gen-client` or `clarigen`.
    """

    path: Path
    root: Path
    text: str
    section: Any
    tool: str = TOOLS[0]


def working_folder() -> Path:
    """Return the working folder.

    Raises:
        Refusal: Exit 2: it was deleted.
    """
    try:
        return Path.cwd()
    except OSError:
        raise Refusal(
            "the working folder does not exist any more",
            exit_code=USAGE,
            remedy="change to another folder: cd DIR",
        ) from None


def require_config(folder: Path) -> ConfigFile:
    """Return the nearest file with a `[tool.gen-client]`.

    Args:
        folder: The folder where the search starts.

    Raises:
        Refusal: Exit 2: there is none, or it cannot be read.
    """
    file = find_config_file(folder)
    if file.section is None:
        raise Refusal(
            "there is nothing to do: no model is named, and no [tool.gen-client] was found",
            exit_code=USAGE,
            remedy=NAME_A_MODEL,
        )
    return file


def find_config_file(folder: Path) -> ConfigFile:
    """Return the file that has the configuration or should get it: with a section, else the nearest, else a new one.

    Args:
        folder: The folder where the search starts.

    Raises:
        Refusal: Exit 2: a file cannot be read.
    """
    folders, root = _list_folders(folder)
    nearest: ConfigFile | None = None
    for candidate in folders:
        file = _read_config(candidate / FILE_NAME, root or candidate)
        if file is not None and file.section is not None:
            return file
        nearest = nearest or file
    home = root or folder
    return nearest or ConfigFile(home / FILE_NAME, home, "", None)


def parse_config(path: Path, root: Path, text: str) -> ConfigFile:
    """Parse the text of a configuration file.

    Args:
        path: The path of the file.
        root: The folder that no path in the file may leave.
        text: The text.

    Raises:
        Refusal: Exit 2: the text is not TOML, or has the configuration twice.
    """
    try:
        tool = tomllib.loads(text).get("tool")
    except (ValueError, RecursionError) as error:
        raise _refuse_file(path, f"is not TOML: {escape_unprintable(str(error), 200)}") from None
    sections = {name: tool[name] for name in TOOLS if name in tool} if is_object(tool) else {}
    if len(sections) > 1:
        raise _refuse_file(path, "has [tool.gen-client] and [tool.clarigen]", "keep one of them")
    for name, section in sections.items():
        return ConfigFile(path, root, text, section, name)
    return ConfigFile(path, root, text, None)


def _list_folders(folder: Path) -> tuple[list[Path], Path | None]:
    """Return the folders to search, nearest first, and the root of the repository, if there is one."""
    folders = [folder, *folder.parents]
    for index, candidate in enumerate(folders):
        if (candidate / ".git").exists():
            return folders[: index + 1], candidate
    return [folder], None


def _read_config(path: Path, root: Path) -> ConfigFile | None:
    """Read and parse a file; return None if it does not exist."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_SIZE + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise _refuse_file(
            path, f"cannot be read: {error.strerror or 'it is not a file'}"
        ) from None
    if len(content) > MAX_SIZE:
        raise _refuse_file(path, f"is larger than {MAX_SIZE >> 20} MB")
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise _refuse_file(path, f"is not TOML: it is not UTF-8 at byte {error.start}") from None
    return parse_config(path, root, text)


def _refuse_file(path: Path, message: str, remedy: str = "") -> Refusal:
    return Refusal(message, exit_code=USAGE, location=quote(str(path), 400), remedy=remedy)
