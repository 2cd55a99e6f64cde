"""git, asked about the repository around a folder.

A checkout is filled by others, so git does not search for a repository itself: files with the right names would make one
of any folder. The repository is the nearest folder above that has a `.git`, which no branch can contain. git is called
with plumbing commands and a list of arguments, so that no shell, no hook and no network takes part.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

_SETTINGS: Final = {
    "safe.bareRepository": "explicit",
    "core.fsmonitor": "false",
    "core.hooksPath": os.devnull,
}
"""Keeps git from other repositories, from fetching missing objects, and from running programs."""
_ENVIRONMENT: Final = {
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_TERMINAL_PROMPT": "0",
}
"""Keeps git from writing, downloading and asking."""
_OF_A_REPOSITORY: Final = (
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_COMMON_DIR",
    "GIT_INDEX_FILE",
    "GIT_PREFIX",
)
"""Variables that git sets for its hooks."""
_TIMEOUT: Final = 60
"""Seconds that one call of git may take."""


def find_repository(folder: Path) -> Path | None:
    """Return the root of the repository around a folder; None if there is none."""
    folder = Path(os.path.realpath(folder))
    roots = (root for root in (folder, *folder.parents) if (root / ".git").exists())
    return next(roots, None)


def list_places(path: Path) -> list[tuple[Path, str]]:
    """Return the repositories in which a path may be, with the path in each, the most likely first.

    A branch can make any folder a link, also into another repository, such as a submodule. So the first place is that of
    the path as it is written, and only the second is where it leads.
    """
    written = Path(os.path.normpath(path.absolute()))
    real = Path(os.path.realpath(written.parent)) / written.name
    places: list[tuple[Path, str]] = []
    for place in (written, real):
        root: Path | None = None
        for folder in (place, *place.parents):
            if folder.is_symlink() and find_repository(folder.parent) is not None:
                root = None  # what is behind the link may be another repository
            elif root is None and (folder / ".git").exists():
                root = folder
        if root is not None:
            name = place.relative_to(root).as_posix()
            places.append((root, "" if name == "." else name))
    return list(dict.fromkeys(places))


def run_git(root: Path, *arguments: str, stdin: str = "") -> bytes | None:
    """Return the output of a git command in a repository; None if the command fails.

    Args:
        root: The root of the repository.
        arguments: The command.
        stdin: Its standard input.

    Raises:
        OSError: git cannot be run.
        ValueError: An argument has a NUL.
        subprocess.TimeoutExpired: git does not end.
    """
    settings = [word for key, value in _SETTINGS.items() for word in ("-c", f"{key}={value}")]
    process = subprocess.run(
        [_find_git(), "-C", str(root), *settings, *arguments],
        env={
            **_drop_repository(os.environ),
            **_ENVIRONMENT,
            "GIT_CEILING_DIRECTORIES": str(root.parent),
        },
        input=os.fsencode(stdin),
        capture_output=True,
        timeout=_TIMEOUT,
        check=False,
    )
    return process.stdout if process.returncode == 0 else None


def _drop_repository(variables: Mapping[str, str]) -> dict[str, str]:
    """Return variables without those with which a hook of another repository would name that one."""
    return {name: value for name, value in variables.items() if name not in _OF_A_REPOSITORY}


def _find_git() -> str:
    """Return the path of git. On Windows a program in the working folder would come first."""
    git = shutil.which("git")
    if git is None or (sys.platform == "win32" and Path(git).absolute().parent == Path.cwd()):
        raise FileNotFoundError("git")
    return git


@functools.lru_cache(maxsize=8)
def list_tracked_bytecode(root: Path) -> frozenset[str]:
    """Return the `.pyc` files that a repository tracks, relative to its root; none if git cannot say."""
    try:
        output = run_git(root, "ls-files", "-z", "--", "*.pyc")
    except (OSError, ValueError, subprocess.TimeoutExpired):
        output = None
    return frozenset(os.fsdecode(output or b"").split("\0")) - {""}
