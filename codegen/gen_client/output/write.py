"""A package's folder, written as a whole or not at all.

A crash at any moment leaves either the old package or the new one. The new package is assembled in a work folder next
to its destination (`.NAME.gen-client`), with links to the files that stay, and then the two folders are exchanged in
one step. A killed run leaves only its work folder, which the next run removes. If there is no old package, a rename is
enough. If the system cannot exchange folders (Windows, some overlay file systems, a mount point), each file is
replaced by itself, the lock last, so that the next run completes an interrupted one.

Files that gen-client did not write are never deleted: a folder that holds any is refused, and with `force` they are
kept. This module knows nothing of models or of Python's syntax.
"""

from __future__ import annotations

import codecs
import json
import os
import shutil
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from gen_client.diagnostics import Refusal
from gen_client.exit_codes import USAGE
from gen_client.layout import FIRST_LINE, LOCK_FILE, TYPED_MARKER
from gen_client.output.bytecode import CACHE_FOLDER, find_foreign_bytecode
from gen_client.output.renameat import exchange_folders
from gen_client.output.work_files import work_folder
from gen_client.text import quote


def write_package(
    out: Path, name: str, files: Mapping[str, str], *, force: bool = False
) -> list[Path]:
    """Write a package and return the paths that changed, in order. A file that stays equal is not touched.

    Args:
        out: The folder that gets the package.
        name: The package's name.
        files: The text of each file, by file name.
        force: Whether the folder may hold other files, which are kept.

    Raises:
        Refusal: Exit 2: the destination is not a folder of ours, is a symbolic link, or cannot be written.
    """
    destination = out / name
    try:
        _check_destination(destination, files, force=force)
        if not _find_changed_files(destination, files):
            return []
        out.mkdir(parents=True, exist_ok=True)
        with work_folder(out / f".{name}.gen-client") as work:
            # Another run may have exchanged the folder while this one compared or waited.
            changed = _find_changed_files(destination, files)
            if changed:
                fresh = work / name
                _assemble_folder(fresh, destination, files, changed)
                _replace_folder(fresh, destination, changed)
    except OSError as error:
        raise _refuse_path(
            destination, f"cannot be written: {_describe_error(error)}", "choose another --out"
        ) from error
    return [destination / file for file in changed]


def _find_changed_files(destination: Path, files: Mapping[str, str]) -> list[str]:
    """Return the names of the files whose bytes in the destination differ, in order."""
    return [
        file for file in files if _read_regular_file(destination / file) != files[file].encode()
    ]


def read_package(folder: Path, files: Mapping[str, str]) -> dict[str, bytes | None]:
    """Read the files of a package, and list the entries of its folder that gen-client did not write.

    Args:
        folder: The package's folder.
        files: The names of the files, as keys.

    Returns:
        The bytes of each of `files`, or None if there is no such regular file; None for every foreign entry.

    Raises:
        Refusal: Exit 2: the folder cannot be read.
    """
    try:
        contents = {file: _read_regular_file(folder / file) for file in files}
        entries = sorted(folder.iterdir()) if folder.is_dir() else []
        bytecode = find_foreign_bytecode(folder)
    except OSError as error:
        raise _refuse_path(
            folder, f"cannot be read: {_describe_error(error)}", "check its permissions"
        ) from error
    foreign = (entry for entry in entries if entry.name not in files and not _is_ours(entry, files))
    names = [*(entry.name for entry in foreign), *bytecode]
    return contents | dict.fromkeys(names)


def can_replace(folder: Path, files: Mapping[str, str]) -> bool:
    """Return whether `write_package` writes into this folder without `force`."""
    try:
        _check_destination(folder, files, force=False)
    except Refusal:
        return False
    return True


def _refuse_path(path: Path, message: str, remedy: str) -> Refusal:
    return Refusal(message, exit_code=USAGE, location=quote(str(path), limit=400), remedy=remedy)


def _describe_error(error: OSError) -> str:
    file = f" ({quote(str(error.filename))})" if error.filename else ""
    return f"{error.strerror or type(error).__name__}{file}"


# What the destination holds


def _check_destination(destination: Path, files: Mapping[str, str], *, force: bool) -> None:
    """Raise `Refusal` if the destination is not a folder, or holds what gen-client did not write."""
    try:
        mode = destination.lstat().st_mode
    except FileNotFoundError:
        return
    if stat.S_ISLNK(mode):
        raise _refuse_path(
            destination,
            "is a symbolic link, which is not followed",
            "remove it, or choose another --name",
        )
    if not stat.S_ISDIR(mode):
        raise _refuse_path(
            destination,
            "is a file, and a folder is needed there",
            "remove it, or choose another --name",
        )
    for entry in sorted(destination.iterdir()):
        if entry.name in files and entry.is_dir() and not entry.is_symlink():
            raise _refuse_path(entry, "is a folder, and a file is needed there", "remove it")
        if not force and not _is_ours(entry, files):
            raise _refuse_path(
                entry,
                "was not written by gen-client",
                "choose another --name, move the file, or give --force (which replaces only generated files)",
            )
    if not force and (bytecode := find_foreign_bytecode(destination)):
        raise _refuse_path(
            destination / bytecode[0], "would run in place of the package's source", "remove it"
        )


def _is_ours(entry: Path, files: Mapping[str, str]) -> bool:
    """Return whether gen-client wrote this entry, or it is a hidden file or a cache, which does not matter."""
    if entry.name.startswith(".") or entry.name == CACHE_FOLDER:
        return True
    if entry.name not in files or entry.is_symlink():
        return False
    content = _read_regular_file(entry)
    if content is None:
        return False
    if entry.name == TYPED_MARKER:
        return content == b""
    if entry.name == LOCK_FILE:
        return _is_lock(content)
    # An editor may have added a byte order mark, and a checkout carriage returns.
    first_line = content.removeprefix(codecs.BOM_UTF8).split(b"\n", 1)[0].rstrip(b"\r")
    return first_line == FIRST_LINE.encode()


def _is_lock(content: bytes) -> bool:
    try:
        value: object = json.loads(content)
    except (ValueError, RecursionError):
        return False
    return (
        isinstance(value, dict)
        and {"format", "method_signatures"} <= cast("dict[str, object]", value).keys()
    )


def _read_regular_file(file: Path) -> bytes | None:
    """Return the bytes of a regular file; None for anything else, such as a link."""
    try:
        if not stat.S_ISREG(file.lstat().st_mode):
            return None
        return file.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None


# The new folder


def _assemble_folder(
    fresh: Path, destination: Path, files: Mapping[str, str], changed: list[str]
) -> None:
    """Make the whole new folder: write the changed files, and link everything else that the old one holds."""
    fresh.mkdir()
    for file in changed:
        (fresh / file).write_bytes(files[file].encode())
    if not destination.is_dir():
        return
    shutil.copymode(destination, fresh)
    for entry in destination.iterdir():
        if entry.name in changed or entry.name == CACHE_FOLDER:
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.copytree(entry, fresh / entry.name, symlinks=True, copy_function=_link_or_copy)
        else:
            _link_or_copy(entry, fresh / entry.name)


def _link_or_copy(source: str | Path, target: str | Path) -> None:
    """Give a file a second name, which keeps its times; copy it if the file system has no links."""
    try:
        os.link(source, target, follow_symlinks=False)
    except (OSError, NotImplementedError):
        shutil.copy2(source, target, follow_symlinks=False)


def _replace_folder(fresh: Path, destination: Path, changed: list[str]) -> None:
    """Replace the old folder by the new one, or replace the changed files one by one, the lock last."""
    if not destination.is_dir():
        fresh.rename(destination)
    elif not exchange_folders(fresh, destination):
        for file in sorted(changed, key=lambda file: file == LOCK_FILE):
            (fresh / file).replace(destination / file)
