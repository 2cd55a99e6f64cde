"""Bytecode in a package's `__pycache__` that Python would run in place of the package's source.

Python writes its own bytecode with the time of the source, and such files do not matter. A file that states a hash
(PEP 552) was made by somebody else: Python trusts the hash in it, or does not look at the source at all. So was a file
that the repository tracks, whose time a branch can foresee.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from gen_client.source.git import find_repository, list_tracked_bytecode

CACHE_FOLDER: Final = "__pycache__"
_FLAGS: Final = slice(4, 8)
"""Where the header of a `.pyc` says whether it states a time (0) or a hash."""


def find_foreign_bytecode(package: Path) -> list[str]:
    """Return the bytecode in a package that others made, relative to its folder.

    Raises:
        OSError: The folder cannot be read.
    """
    folder = package / CACHE_FOLDER
    if not folder.is_dir():
        return []
    files = sorted(entry for entry in folder.iterdir() if entry.name.endswith(".pyc"))
    tracked = _list_tracked(folder) if files else frozenset[str]()
    return [
        f"{CACHE_FOLDER}/{file.name}"
        for file in files
        if folder.is_symlink() or file.name in tracked or not _states_time(file)
    ]


def _states_time(file: Path) -> bool:
    with file.open("rb") as stream:
        return stream.read(8)[_FLAGS] in (bytes(4), b"")


def _list_tracked(folder: Path) -> frozenset[str]:
    """Return the names of the tracked files in a folder."""
    root = find_repository(folder)
    if root is None:
        return frozenset()
    relative = Path(os.path.realpath(folder)).relative_to(root).as_posix()
    prefix = f"{relative}/"
    return frozenset(
        path.removeprefix(prefix) for path in list_tracked_bytecode(root) if path.startswith(prefix)
    )
