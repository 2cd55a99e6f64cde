"""Work files: the files and folders that hold new content until it takes its place.

They stand next to their destination, where a pull request or another user of the machine may have put something under
the same name. So a file is always new and has a random name, and a folder counts only if it is the current user's and
nobody else may write into it. No symbolic link is followed. This module knows nothing of packages.
"""

from __future__ import annotations

import os
import secrets
import shutil
import stat
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

_CREATE_NEW: Final = (
    os.O_WRONLY
    | os.O_CREAT
    | os.O_EXCL
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_CLOEXEC", 0)
)


def replace_file(path: Path, content: bytes) -> None:
    """Replace a file in one step, and keep its permissions.

    Raises:
        OSError: The file is a symbolic link or no regular file, or cannot be written.
    """
    mode = _get_file_mode(path)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(temporary, _CREATE_NEW, 0o666)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            if mode is not None:
                temporary.chmod(mode)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def create_file(path: Path, content: bytes) -> None:
    """Create a file in one step; whatever is at the path stays.

    Raises:
        FileExistsError: There is something at the path.
        OSError: The file cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        _write_new_file(temporary, content)
        try:
            os.link(temporary, path)
        except FileExistsError:
            raise
        except OSError:  # a file system without links
            _write_new_file(path, content)
    finally:
        temporary.unlink(missing_ok=True)


def _write_new_file(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, _CREATE_NEW, 0o666), "wb") as file:
        file.write(content)


def _get_file_mode(path: Path) -> int | None:
    """Return the permissions of a regular file; None if there is nothing at the path.

    Raises:
        OSError: There is something else.
    """
    try:
        status = path.lstat()
    except FileNotFoundError:
        return None
    if stat.S_ISLNK(status.st_mode):
        raise OSError(None, "it is a symbolic link, which is not followed")
    if not stat.S_ISREG(status.st_mode):
        raise OSError(None, "it is not a regular file")
    return stat.S_IMODE(status.st_mode)


@contextmanager
def work_folder(work: Path) -> Generator[Path]:
    """Provide an empty folder that only this run uses, and remove it afterwards.

    Files that a killed run of the same user left in it are removed first.

    Raises:
        OSError: There is a folder of another user, one that others may write into, or no folder.
    """
    while True:
        with suppress(FileExistsError):
            work.mkdir(mode=0o700)
        try:
            handle = _lock_folder(work)
        except FileNotFoundError:  # The run that used the folder has just removed it.
            continue
        if handle is None or _is_same_folder(handle, work):
            break
        os.close(handle)  # The run that we waited for has removed this folder: make a new one.
    try:
        for leftover in work.iterdir():
            _remove(leftover)
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)
        if handle is not None:
            os.close(handle)


def _lock_folder(work: Path) -> int | None:
    """Wait until no other run has the folder locked, and lock it; the system unlocks it when a process dies.

    Returns:
        The file descriptor that holds the lock; None on Windows, which has no such lock.

    Raises:
        OSError: The folder is not the current user's own, or is a link.
    """
    if sys.platform == "win32":
        if work.is_symlink() or work.resolve() != work.parent.resolve() / work.name:
            raise OSError(None, "is a link, which is not followed", str(work))
        return None
    import fcntl  # It does not exist on Windows.

    handle = os.open(work, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        status = os.fstat(handle)
        if status.st_uid != os.geteuid() or status.st_mode & 0o022:
            raise OSError(None, "is not a folder that only you can write into", str(work))
        os.fchmod(handle, 0o700)  # Whoever can open a folder can lock it.
        fcntl.flock(handle, fcntl.LOCK_EX)
    except BaseException:
        os.close(handle)
        raise
    return handle


def _is_same_folder(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.lstat())
    except FileNotFoundError:
        return False


def _remove(entry: Path) -> None:
    if entry.is_dir() and not entry.is_symlink():
        shutil.rmtree(entry)
    else:
        entry.unlink()
