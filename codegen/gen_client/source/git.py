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
_TIMEOUT: Final = 60
"""Seconds that one call of git may take."""


def find_repository(folder: Path) -> Path | None:
    """Return the root of the repository around a folder; None if there is none."""
    folder = Path(os.path.realpath(folder))
    roots = (root for root in (folder, *folder.parents) if (root / ".git").exists())
    return next(roots, None)


def run_git(root: Path, *arguments: str) -> bytes | None:
    """Return the output of a git command in a repository; None if the command fails.

    Raises:
        OSError: git cannot be run.
        ValueError: An argument has a NUL.
        subprocess.TimeoutExpired: git does not end.
    """
    settings = [word for key, value in _SETTINGS.items() for word in ("-c", f"{key}={value}")]
    process = subprocess.run(
        [_find_git(), "-C", str(root), *settings, *arguments],
        env={**os.environ, **_ENVIRONMENT, "GIT_CEILING_DIRECTORIES": str(root.parent)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=_TIMEOUT,
        check=False,
    )
    return process.stdout if process.returncode == 0 else None


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
