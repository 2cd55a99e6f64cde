"""Which configuration holds: the nearest one from the working folder up to the root of its repository.

What lives here: the search. Outside of a repository only the working folder itself is looked at: what lies
above it may be anybody's.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from gen_client.diagnostics import USAGE, Refusal, printable, shown
from gen_client.json_text import is_object

FILE: Final = "pyproject.toml"
TOOL: Final = "gen-client"
SIZE: Final = 4 << 20
"""Bytes that a configuration may have."""
MISSING: Final = (
    "give --url or --signatures, or list the models in pyproject.toml: gen-client init URL"
)


@dataclass(frozen=True, slots=True)
class Place:
    """A file that has, or may get, a configuration.

    Attributes:
        file: The file.
        root: The folder that no path in it may leave: the repository's, or else its own.
        text: The file's text.
        content: The section's values, as they were parsed.
    """

    file: Path
    root: Path
    text: str
    content: Any


def here() -> Path:
    """The working folder.

    Raises:
        Refusal: Exit 2: it is not there any more.
    """
    try:
        return Path.cwd()
    except OSError:
        raise Refusal("the working folder is not there any more", exit_code=USAGE) from None


def find(folder: Path) -> Place:
    """The nearest file with a `[tool.gen-client]`.

    Raises:
        Refusal: Exit 2: there is none, or it cannot be read.
    """
    folders, root = _folders(folder)
    for above in folders:
        place = _place(above / FILE, root or above)
        if place is not None and place.content is not None:
            return place
    raise Refusal(
        "there is nothing to do: no model is named, and no [tool.gen-client] was found",
        exit_code=USAGE,
        remedy=MISSING,
    )


def working(folder: Path) -> Place:
    """The file that a new configuration belongs in: one that has a section, the nearest one, or a new one.

    Raises:
        Refusal: Exit 2: it cannot be read.
    """
    folders, root = _folders(folder)
    nearest: Place | None = None
    for above in folders:
        place = _place(above / FILE, root or above)
        if place is not None and place.content is not None:
            return place
        nearest = nearest or place
    home = root or folder
    return nearest or Place(home / FILE, home, "", None)


def _folders(folder: Path) -> tuple[list[Path], Path | None]:
    """The folders to look at, from the nearest, and the root of the repository; None outside of one."""
    above = [folder, *folder.parents]
    for index, one in enumerate(above):
        if (one / ".git").exists():
            return above[: index + 1], one
    return [folder], None


def _place(file: Path, root: Path) -> Place | None:
    """The file with its section, if it is there."""
    try:
        with file.open("rb") as opened:
            content = opened.read(SIZE + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise _refusal(file, f"cannot be read: {error.strerror or 'it is no file'}") from None
    if len(content) > SIZE:
        raise _refusal(file, f"is larger than {SIZE >> 20} MB")
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise _refusal(file, f"is no TOML: it is not UTF-8 at byte {error.start}") from None
    return parsed(file, root, text)


def parsed(file: Path, root: Path, text: str) -> Place:
    """A file with this text.

    Raises:
        Refusal: Exit 2: it is no TOML.
    """
    try:
        tool = tomllib.loads(text).get("tool")
    except (ValueError, RecursionError) as error:
        raise _refusal(file, f"is no TOML: {printable(str(error), 200)}") from None
    return Place(file, root, text, tool.get(TOOL) if is_object(tool) else None)


def _refusal(file: Path, what: str) -> Refusal:
    return Refusal(what, exit_code=USAGE, where=shown(str(file), 400))
