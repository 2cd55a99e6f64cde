"""Which configuration holds: the nearest one from the working folder up to the root of its repository.

What lives here: the search. Outside of a repository only the working folder itself is looked at: what lies
above it may be anybody's.
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

FILE: Final = "pyproject.toml"
TOOL: Final = "gen-client"
MAX_SIZE: Final = 4 << 20
"""Bytes that a configuration may have."""
NAME_A_MODEL: Final = (
    "give --url or --signatures, or list the models in pyproject.toml: gen-client init URL"
)


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """A file that has, or may get, a configuration.

    Attributes:
        file: The file.
        root: The folder that no path in it may leave: the repository's, or else its own.
        text: The file's text.
        content: The section's values, as they were parsed.
    """

    path: Path
    root: Path
    text: str
    section: Any


def working_folder() -> Path:
    """The working folder.

    Raises:
        Refusal: Exit 2: it is not there any more.
    """
    try:
        return Path.cwd()
    except OSError:
        raise Refusal("the working folder is not there any more", exit_code=USAGE) from None


def find_config(folder: Path) -> ConfigFile:
    """The nearest file with a `[tool.gen-client]`.

    Raises:
        Refusal: Exit 2: there is none, or it cannot be read.
    """
    folders, root = _folders_to_search(folder)
    for above in folders:
        place = _read_config(above / FILE, root or above)
        if place is not None and place.section is not None:
            return place
    raise Refusal(
        "there is nothing to do: no model is named, and no [tool.gen-client] was found",
        exit_code=USAGE,
        remedy=NAME_A_MODEL,
    )


def find_or_new_config(folder: Path) -> ConfigFile:
    """The file that a new configuration belongs in: one that has a section, the nearest one, or a new one.

    Raises:
        Refusal: Exit 2: it cannot be read.
    """
    folders, root = _folders_to_search(folder)
    nearest: ConfigFile | None = None
    for above in folders:
        place = _read_config(above / FILE, root or above)
        if place is not None and place.section is not None:
            return place
        nearest = nearest or place
    home = root or folder
    return nearest or ConfigFile(home / FILE, home, "", None)


def _folders_to_search(folder: Path) -> tuple[list[Path], Path | None]:
    """The folders to look at, from the nearest, and the root of the repository; None outside of one."""
    above = [folder, *folder.parents]
    for index, one in enumerate(above):
        if (one / ".git").exists():
            return above[: index + 1], one
    return [folder], None


def _read_config(file: Path, root: Path) -> ConfigFile | None:
    """The file with its section, if it is there."""
    try:
        with file.open("rb") as opened:
            content = opened.read(MAX_SIZE + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise _refusal(file, f"cannot be read: {error.strerror or 'it is no file'}") from None
    if len(content) > MAX_SIZE:
        raise _refusal(file, f"is larger than {MAX_SIZE >> 20} MB")
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise _refusal(file, f"is no TOML: it is not UTF-8 at byte {error.start}") from None
    return parse_config(file, root, text)


def parse_config(file: Path, root: Path, text: str) -> ConfigFile:
    """A file with this text.

    Raises:
        Refusal: Exit 2: it is no TOML.
    """
    try:
        tool = tomllib.loads(text).get("tool")
    except (ValueError, RecursionError) as error:
        raise _refusal(file, f"is no TOML: {escape_unprintable(str(error), 200)}") from None
    return ConfigFile(file, root, text, tool.get(TOOL) if is_object(tool) else None)


def _refusal(file: Path, what: str) -> Refusal:
    return Refusal(what, exit_code=USAGE, location=quote(str(file), 400))
