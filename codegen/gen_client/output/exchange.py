"""Exchanges two folders in one step, where the system can: `renameat2` on Linux, `renamex_np` on macOS.

Python has no name for it, so this asks the C library. Knows nothing of packages.
"""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2  # linux/fs.h
_RENAME_SWAP = 2  # sys/stdio.h of macOS


def exchange(one: Path, other: Path) -> bool:
    """Let the two existing paths change places, so that nobody sees either of them missing.

    Returns False, with nothing changed, where the system or the file system cannot.
    """
    first, second = os.fsencode(one), os.fsencode(other)
    try:
        library = ctypes.CDLL(None)
        if sys.platform == "darwin":
            return int(library.renamex_np(first, second, _RENAME_SWAP)) == 0
        answer = library.renameat2(_AT_FDCWD, first, _AT_FDCWD, second, _RENAME_EXCHANGE)
        return int(answer) == 0
    except (AttributeError, OSError, TypeError):  # no such function; no such library (Windows)
        return False
