"""The folder of a run: what it is a run of, and the parts that are done.

A part is written under another name, flushed to the disk, and renamed: after a crash it is there as a whole or not at
all. Its name says which rows it holds, so that the same command goes on with the others. One run at a time has the folder.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import sys
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, NamedTuple

from gen_client.call.readers import has_type
from gen_client.diagnostics import Refusal
from gen_client.exit_codes import USAGE
from gen_client.text import quote

_MANIFEST: Final = "_run.json"
"""Readers of folders of Parquet files pass over names that begin with an underscore or a dot."""
_PART: Final = re.compile(r"part-([0-9]{12})-([0-9]{12})(\.[a-z]+)")
_WORK_FILE: Final = re.compile(r"\.(?:part-[0-9]{12}-[0-9]{12}\.[a-z]+|_run\.json)\.[0-9a-f]{16}")
_GO_ON: Final = "the same command goes on"


class Part(NamedTuple):
    """Rows that are done.

    Attributes:
        first: The number of the first row.
        last: That of the last row.
        path: The file.
    """

    first: int
    last: int
    path: Path


class Folder:
    """The folder of a run, locked.

    Args:
        path: The folder.
        suffix: The suffix of its parts.
    """

    def __init__(self, path: Path, suffix: str) -> None:
        self._path = path
        self._suffix = suffix

    def list_parts(self) -> list[Part]:
        """Return the parts in the order of their rows.

        Raises:
            Refusal: Exit 2: two parts have the same rows.
        """
        parts: list[Part] = []
        for entry in self._path.iterdir():
            match = _PART.fullmatch(entry.name)
            if match and match[3] == self._suffix:
                parts.append(Part(int(match[1]), int(match[2]), entry))
        parts.sort()
        for part, following in pairwise(parts):
            if following.first <= part.last:
                raise Refusal(
                    f"{quote(part.path.name)} and {quote(following.path.name)} have the same rows",
                    exit_code=USAGE,
                    remedy="remove one of them",
                )
        return parts

    def find_gaps(self, count: int) -> Iterator[tuple[int, int]]:
        """Yield the first and the last row of what is not done.

        Args:
            count: The number of all rows.
        """
        start = 0
        for part in self.list_parts():
            if start < part.first:
                yield start, part.first - 1
            start = part.last + 1
        if start < count:
            yield start, count - 1

    def write_part(self, first: int, last: int, content: bytes) -> Part:
        """Write a part, or replace it.

        Raises:
            Refusal: Exit 2: it cannot be written. What was there is still there.
        """
        path = self._path / f"part-{first:012d}-{last:012d}{self._suffix}"
        _write_durably(path, content)
        return Part(first, last, path)


@contextmanager
def open_folder(path: Path, suffix: str, manifest: Mapping[str, Any]) -> Generator[Folder]:
    """Create the folder of a run, or take it up again, while no other run has it.

    Args:
        path: The folder.
        suffix: The suffix of parts.
        manifest: What the run is; every value is JSON.

    Raises:
        Refusal: Exit 2: the folder is that of another run or has other files, another run has it now, or it cannot be
            created.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        handle = _lock(path)
    except OSError as error:
        raise _refuse_write(path, error) from None
    try:
        entries = [entry for entry in path.iterdir() if not _WORK_FILE.fullmatch(entry.name)]
        known = read_manifest(path)
        if known is None and entries:
            raise Refusal(
                f"{quote(str(path), 200)} holds other files, and no run",
                exit_code=USAGE,
                remedy="choose an empty --out, or one that does not exist",
            )
        if known is None:
            content = json.dumps(manifest, indent=2, sort_keys=True) + "\n"
            _write_durably(path / _MANIFEST, content.encode())
        else:
            check_manifest(path, known, manifest)
        for entry in path.iterdir():
            if _WORK_FILE.fullmatch(entry.name):  # of a run that was killed
                entry.unlink(missing_ok=True)
        yield Folder(path, suffix)
    finally:
        if handle is not None:
            os.close(handle)


def read_manifest(path: Path) -> Mapping[str, Any] | None:
    """Return what the run of a folder is; None if the folder has no run.

    Raises:
        Refusal: Exit 2: that cannot be read.
    """
    try:
        content: Any = json.loads((path / _MANIFEST).read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError):
        content = None
    if not has_type(content, dict):
        raise Refusal(
            f"{quote(str(path / _MANIFEST), 200)} is not that of a run",
            exit_code=USAGE,
            remedy="choose another --out",
        )
    manifest: Mapping[str, Any] = content
    return manifest


def check_manifest(path: Path, known: Mapping[str, Any], manifest: Mapping[str, Any]) -> None:
    """Raise `Refusal` if the folder is that of another run. The paths of input files may differ."""
    for key in manifest:
        if key != "paths" and known.get(key) != manifest[key]:
            raise Refusal(
                f"{quote(str(path), 200)} is the folder of another run: `{key}` in its {_MANIFEST} is another",
                exit_code=USAGE,
                remedy="repeat the command of that run, or choose another --out",
            )


def _lock(path: Path) -> int | None:
    """Lock a folder until its descriptor is closed; the system does that when a process dies.

    Returns:
        The descriptor; None on Windows, which has no such lock.
    """
    if sys.platform == "win32":
        return None
    import fcntl  # It does not exist on Windows.

    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise Refusal(f"another run writes into {quote(str(path), 200)}", exit_code=USAGE) from None
    except BaseException:
        os.close(handle)
        raise
    return handle


def _write_durably(path: Path, content: bytes) -> None:
    """Write a file that is on the disk as a whole, or not at all.

    Raises:
        Refusal: Exit 2: it cannot be written.
    """
    work = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with work.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        work.replace(path)
        _sync_folder(path.parent)
    except BaseException as error:
        with suppress(OSError):
            work.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise _refuse_write(path, error) from None
        raise


def _sync_folder(path: Path) -> None:
    """Flush the names in a folder to the disk, where the system can do that."""
    if sys.platform == "win32":
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _refuse_write(path: Path, error: OSError) -> Refusal:
    return Refusal(
        f"{quote(str(path), 200)} cannot be written: {error.strerror}",
        exit_code=USAGE,
        remedy=f"nothing that was written is lost; when it can be written, {_GO_ON}",
    )
