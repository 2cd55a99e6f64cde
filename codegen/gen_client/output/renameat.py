"""The exchange of two folders in one step, if the system can: `renameat2` on Linux, `renamex_np` on macOS.

Python has no function for it, so this calls the C library. This module knows nothing of packages.
"""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path
from typing import Final

_AT_FDCWD: Final = -100
_RENAME_EXCHANGE: Final = 2  # linux/fs.h
_RENAME_SWAP: Final = 2  # sys/stdio.h of macOS


def exchange_folders(first: Path, second: Path) -> bool:
    """Exchange two existing paths, so that nobody sees either of them missing.

    Returns:
        False, with nothing changed, if the system or the file system cannot do it.
    """
    old, new = os.fsencode(first), os.fsencode(second)
    try:
        library = ctypes.CDLL(None)
        if sys.platform == "darwin":
            return int(library.renamex_np(old, new, _RENAME_SWAP)) == 0
        return int(library.renameat2(_AT_FDCWD, old, _AT_FDCWD, new, _RENAME_EXCHANGE)) == 0
    except (AttributeError, OSError, TypeError):  # No such function; no such library (Windows).
        return False
