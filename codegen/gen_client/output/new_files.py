"""New files in a folder of the user's: either all are written or none, and nothing that exists is replaced.

A file that is there already with the same bytes counts as written. This module knows nothing of models.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from gen_client.diagnostics import Refusal
from gen_client.exit_codes import USAGE
from gen_client.output.work_files import create_file, work_folder
from gen_client.text import quote


def create_files(folder: Path, files: Mapping[str, str], hiding: Iterable[str] = ()) -> list[Path]:
    """Write files into a folder, which may exist, and return the paths that are new.

    Args:
        folder: The folder.
        files: The text of each file, by its path in the folder, with `/`.
        hiding: Paths in the folder that nothing may have, because other programs would read that in place of the files.

    Raises:
        Refusal: Exit 2: something else is at one of the paths, or cannot be written.
    """
    try:
        missing = _find_missing(folder, files, hiding)
        if not missing:
            return []
        if os.path.lexists(folder):
            _add_files(folder, {name: files[name] for name in missing})
        else:
            folder.parent.mkdir(parents=True, exist_ok=True)
            with work_folder(folder.with_name(f".{folder.name}.gen-client")) as work:
                _add_files(work / "new", files)
                (work / "new").rename(folder)
    except OSError as error:
        raise _refuse(
            folder, f"cannot be written: {error.strerror or type(error).__name__}"
        ) from error
    return [folder / name for name in missing]


def _find_missing(folder: Path, files: Mapping[str, str], hiding: Iterable[str]) -> list[str]:
    """Return the files that are not there, if nothing else is at their paths."""
    _check_folder(folder)
    for name in files:
        for parent in reversed((folder / name).relative_to(folder).parents):
            _check_folder(folder / parent)
    for name in hiding:
        if os.path.lexists(folder / name):
            raise _refuse(folder / name, "would be read in place of what is written")
    return [name for name, text in files.items() if not _has_content(folder / name, text.encode())]


def _check_folder(folder: Path) -> None:
    try:
        mode = folder.lstat().st_mode
    except FileNotFoundError:
        return
    if stat.S_ISLNK(mode):
        raise _refuse(folder, "is a symbolic link, which is not followed")
    if not stat.S_ISDIR(mode):
        raise _refuse(folder, "is a file, and a folder is needed there")


def _has_content(path: Path, content: bytes) -> bool:
    """Return whether a file is there with this content; refuse anything else that is there."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return False
    if (
        not stat.S_ISREG(mode)
        or path.stat().st_size != len(content)
        or path.read_bytes() != content
    ):
        raise _refuse(path, "is there already, and is not replaced")
    return True


def _add_files(folder: Path, files: Mapping[str, str]) -> None:
    """Write files that are not there; if one fails, remove those that were written."""
    made: list[Path] = []
    try:
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            create_file(folder / name, text.encode())
            made.append(folder / name)
    except BaseException:
        for path in made:
            with suppress(OSError):
                path.unlink()
        raise


def _refuse(path: Path, message: str) -> Refusal:
    return Refusal(
        message,
        location=quote(str(path), limit=400),
        remedy="choose another folder, or move it away; nothing was written",
        exit_code=USAGE,
    )
