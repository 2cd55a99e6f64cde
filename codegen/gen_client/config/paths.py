"""Where packages may go: inside the repository, in plain sight, and not into one another.

What lives here: the rules for the paths of a configuration. Nothing is made or written.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Sequence
from pathlib import Path


def resolve_folder(root: Path, folder: Path, text: str) -> Path:
    """The folder that a path of a configuration means.

    Args:
        root: The folder that it may not leave, links followed.
        folder: The configuration's own folder.
        text: The path, relative to it.

    Returns:
        The path, relative to the working folder where it is below it.

    Raises:
        ValueError: It may not be used; the message says why.
    """
    if not text.isprintable() or "\\" in text:
        raise ValueError("has a character that no path here has; folders are separated by /")
    path = Path(text)
    if path.is_absolute() or path.drive or text.startswith("~"):
        raise ValueError("is not relative to its file")
    full = Path(os.path.normpath(folder / path))
    for real, top in ((full, root), (_follow_links(full), _follow_links(root))):
        if not real.is_relative_to(top):
            raise ValueError("leaves the repository")
        if any(part.startswith(".") for part in real.relative_to(top).parts):
            raise ValueError("leads into a hidden folder")
    here = Path.cwd()
    return full.relative_to(here) if full.is_relative_to(here) else full


def find_overlap(packages: Sequence[Path]) -> tuple[int, int] | None:
    """The first two folders of which one is, or holds, the other: the later one first; None if there are none.

    Folders are compared as file systems do that know neither case nor forms of characters.
    """
    seen: dict[tuple[str, ...], int] = {}
    holding: dict[tuple[str, ...], int] = {}
    for index, package in enumerate(packages):
        parts = tuple(
            unicodedata.normalize("NFKC", part).casefold() for part in _follow_links(package).parts
        )
        above = [parts[:length] for length in range(1, len(parts) + 1)]
        for other in above:
            if other in seen:
                return index, seen[other]
        if parts in holding:
            return index, holding[parts]
        seen[parts] = index
        for other in above:
            holding.setdefault(other, index)
    return None


def _follow_links(path: Path) -> Path:
    """The path without links; a link that leads nowhere stays, and fails when it is used."""
    return Path(os.path.realpath(path))
