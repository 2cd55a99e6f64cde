"""The paths of a configuration: all inside the repository, and not hidden; packages not within each other.

These are rules only: nothing is created or written.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

_PACKAGE_FOLDERS: Final = ("site-packages", "dist-packages", "__pypackages__", "__pycache__")
_ENVIRONMENT_MARKS: Final = ("pyvenv.cfg", "conda-meta")
"""What the root of a virtual environment has, and that of conda's."""


def resolve_folder(root: Path, folder: Path, text: str) -> Path:
    """Return the folder that a path of a configuration names.

    Args:
        root: The folder that the path must not leave, symbolic links followed.
        folder: The folder of the configuration.
        text: The path, relative to that folder.

    Returns:
        The folder, relative to the working folder if it is inside.

    Raises:
        ValueError: The path is not allowed; the message says why.
    """
    full = resolve_file(root, folder, text)
    for candidate, top in _pair_roots(Path.cwd() / full, root):
        if _is_in_environment(candidate, top):
            raise ValueError("leads into an environment of Python")
    return full


def resolve_file(root: Path, folder: Path, text: str) -> Path:
    """Return the file or folder that a path of a configuration names, to read it.

    The arguments, the result and the error are those of `resolve_folder`.
    """
    if not text.isprintable() or "\\" in text:
        raise ValueError("has a character that is not allowed in a path; separate folders by /")
    path = Path(text)
    if path.is_absolute() or path.drive or text.startswith("~"):
        raise ValueError("is not relative to its file")
    full = Path(os.path.normpath(folder / path))
    for candidate, top in _pair_roots(full, root):
        if not candidate.is_relative_to(top):
            raise ValueError("leaves the repository")
        if any(part.startswith(".") for part in candidate.relative_to(top).parts):
            raise ValueError("leads into a hidden folder")
    working_folder = Path.cwd()
    return full.relative_to(working_folder) if full.is_relative_to(working_folder) else full


def _pair_roots(path: Path, root: Path) -> Iterator[tuple[Path, Path]]:
    """Yield a path and the root that it must not leave: as written, and with symbolic links followed."""
    yield path, root
    yield _follow_links(path), _follow_links(root)


def _is_in_environment(folder: Path, root: Path) -> bool:
    """Return whether a folder of the repository belongs to an environment, whose packages any Python may import."""
    while folder.is_relative_to(root) and folder != folder.parent:
        if folder.name.lower() in _PACKAGE_FOLDERS:
            return True
        if any((folder / mark).exists() for mark in _ENVIRONMENT_MARKS):
            return True
        folder = folder.parent
    return False


def find_overlap(packages: Sequence[Path]) -> tuple[int, int] | None:
    """Return the first two packages of which one contains the other, or is the same.

    Paths are compared as on a file system that ignores case and the normalization of Unicode.

    Returns:
        The positions of the later and the earlier package; None if no packages overlap.
    """
    packages_by_parts: dict[tuple[str, ...], int] = {}
    contained: dict[tuple[str, ...], int] = {}
    for index, package in enumerate(packages):
        parts = tuple(
            unicodedata.normalize("NFKC", part).casefold() for part in _follow_links(package).parts
        )
        prefixes = [parts[:length] for length in range(1, len(parts) + 1)]
        for prefix in prefixes:
            if prefix in packages_by_parts:
                return index, packages_by_parts[prefix]
        if parts in contained:
            return index, contained[parts]
        packages_by_parts[parts] = index
        for prefix in prefixes:
            contained.setdefault(prefix, index)
    return None


def _follow_links(path: Path) -> Path:
    """Return the path without symbolic links; a link to nothing stays, and fails when it is used."""
    return Path(os.path.realpath(path))
