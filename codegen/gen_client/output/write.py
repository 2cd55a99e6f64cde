"""Puts a finished package in its place: all of it or nothing, and nothing else.

How a crash at any moment leaves the old package or the new one: the whole new package is made in a work folder
beside its destination (`.NAME.gen-client`), unchanged files as links to the old ones, and then the two folders
change places in one step. A killed run leaves only its work folder, which the next run clears away. A first
generation is a plain rename. Where a system cannot exchange folders (Windows, some overlay file systems, a
mount point) each file is replaced by itself, the lock last, so that running the command again always completes it.

What we did not write is never deleted: a folder that holds anything else is refused, and with `force` it is carried over.
Knows files; knows nothing of models or Python syntax. Text comes in finished.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import cast

from gen_client.diagnostics import Refusal
from gen_client.exit_codes import USAGE
from gen_client.layout import FIRST_LINE, LOCK_FILE, TYPED_MARKER
from gen_client.output.exchange import exchange
from gen_client.text import quote


def write_package(
    out: Path, name: str, files: Mapping[str, str], *, force: bool = False
) -> list[Path]:
    """Write `files` (name to text) as the folder `out/name` and return the paths that changed, in order.

    A file whose bytes stay is not touched. Raises `Refusal` (exit 2), with nothing written, when the
    destination is no folder of ours (unless `force`), is a symbolic link, or cannot be written.
    """
    destination = out / name
    try:
        _look(destination, files, force=force)
        if not _changed(destination, files):
            return []
        out.mkdir(parents=True, exist_ok=True)
        with _work_folder(out / f".{name}.gen-client") as work:
            # Another run may have exchanged the folder while this one compared or waited.
            changed = _changed(destination, files)
            if changed:
                fresh = work / name
                _assemble(fresh, destination, files, changed)
                _put(fresh, destination, changed)
    except OSError as error:
        raise _refusal(
            destination, f"cannot be written: {_reason(error)}", "choose another --out"
        ) from error
    return [destination / file for file in changed]


def _changed(destination: Path, files: Mapping[str, str]) -> list[str]:
    """Return the names of the files whose bytes in the destination differ, in order."""
    return [file for file in files if _bytes_of(destination / file) != files[file].encode()]


def read_package(folder: Path, files: Mapping[str, str]) -> dict[str, bytes | None]:
    """What is in the folder of a package: the bytes of each of `files`, None for one that is none, and any other entry.

    Raises:
        Refusal: Exit 2: it cannot be read.
    """
    try:
        there = {file: _bytes_of(folder / file) for file in files}
        entries = sorted(folder.iterdir()) if folder.is_dir() else []
    except OSError as error:
        raise _refusal(folder, f"cannot be read: {_reason(error)}", "check who may") from error
    return there | {
        entry.name: None for entry in entries if entry.name not in files and not _ours(entry, files)
    }


def can_replace(folder: Path, files: Mapping[str, str]) -> bool:
    """Whether `package` writes into this folder without `force`."""
    try:
        _look(folder, files, force=False)
    except Refusal:
        return False
    return True


def _refusal(path: Path, what: str, remedy: str) -> Refusal:
    return Refusal(what, exit_code=USAGE, location=quote(str(path), limit=400), remedy=remedy)


def _reason(error: OSError) -> str:
    where = f" ({quote(str(error.filename))})" if error.filename else ""
    return f"{error.strerror or type(error).__name__}{where}"


# Whose files are these?


def _look(destination: Path, files: Mapping[str, str], *, force: bool) -> None:
    """Refuse a destination that is not a folder, or that holds what we did not write."""
    try:
        mode = destination.lstat().st_mode
    except FileNotFoundError:
        return
    if stat.S_ISLNK(mode):
        raise _refusal(
            destination,
            "is a symbolic link, which is not followed",
            "remove it, or choose another --name",
        )
    if not stat.S_ISDIR(mode):
        raise _refusal(
            destination,
            "is a file, and a folder is needed there",
            "remove it, or choose another --name",
        )
    for entry in sorted(destination.iterdir()):
        if entry.name in files and entry.is_dir() and not entry.is_symlink():
            raise _refusal(entry, "is a folder, and a file is needed there", "remove it")
        if not force and not _ours(entry, files):
            raise _refusal(
                entry,
                "was not written by gen-client",
                "choose another --name, move the file, or give --force (which replaces only generated files)",
            )


def _ours(entry: Path, files: Mapping[str, str]) -> bool:
    """Whether we wrote this, or it is a cache or a hidden file that nobody calls their work."""
    if entry.name.startswith(".") or entry.name == "__pycache__":
        return True
    if entry.name not in files or entry.is_symlink():
        return False
    content = _bytes_of(entry)
    if content is None:
        return False
    if entry.name == TYPED_MARKER:
        return content == b""
    if entry.name == LOCK_FILE:
        return _is_lock(content)
    return content.split(b"\n", 1)[0].rstrip(b"\r") == FIRST_LINE.encode()


def _is_lock(content: bytes) -> bool:
    try:
        value: object = json.loads(content)
    except (ValueError, RecursionError):
        return False
    return (
        isinstance(value, dict)
        and {"format", "method_signatures"} <= cast("dict[str, object]", value).keys()
    )


def _bytes_of(file: Path) -> bytes | None:
    """The bytes of a regular file; None for anything else, a link above all."""
    try:
        if not stat.S_ISREG(file.lstat().st_mode):
            return None
        return file.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None


# Beside the destination, then into its place.


@contextmanager
def _work_folder(work: Path) -> Generator[Path]:
    """An empty folder that only this run uses, gone in the end; what a killed run left in it goes first."""
    while True:
        with suppress(FileExistsError):
            work.mkdir()
        try:
            handle = _claim(work)
        except FileNotFoundError:  # the run that had it has removed it since
            continue
        if handle is None or _same(handle, work):
            break
        os.close(handle)  # the run that we waited for has removed this folder: make a new one
    try:
        for left in work.iterdir():
            _remove(left)
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)
        if handle is not None:
            os.close(handle)


def _claim(work: Path) -> int | None:
    """Wait until no other run holds the folder, and hold it; the system lets go of it when a process dies."""
    if sys.platform == "win32":
        return None
    import fcntl

    handle = os.open(work, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    fcntl.flock(handle, fcntl.LOCK_EX)
    return handle


def _same(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.lstat())
    except FileNotFoundError:
        return False


def _remove(entry: Path) -> None:
    if entry.is_dir() and not entry.is_symlink():
        shutil.rmtree(entry)
    else:
        entry.unlink()


def _assemble(fresh: Path, destination: Path, files: Mapping[str, str], changed: list[str]) -> None:
    """Make the whole new folder: changed files new, unchanged ones and what is not ours as they are."""
    fresh.mkdir()
    for file in changed:
        (fresh / file).write_bytes(files[file].encode())
    if not destination.is_dir():
        return
    shutil.copymode(destination, fresh)
    for entry in destination.iterdir():
        if entry.name in changed or entry.name == "__pycache__":
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.copytree(entry, fresh / entry.name, symlinks=True, copy_function=_link)
        else:
            _link(entry, fresh / entry.name)


def _link(source: str | Path, target: str | Path) -> None:
    """The same file under a second name (its times stay), or a copy where the file system has no links."""
    try:
        os.link(source, target, follow_symlinks=False)
    except (OSError, NotImplementedError):
        shutil.copy2(source, target, follow_symlinks=False)


def _put(fresh: Path, destination: Path, changed: list[str]) -> None:
    if not destination.is_dir():
        fresh.rename(destination)
    elif not exchange(fresh, destination):
        for file in sorted(changed, key=lambda file: file == LOCK_FILE):
            (fresh / file).replace(destination / file)
