"""What is known of earlier runs, in the user's cache folder, so that a run with nothing to do does nothing.

An entry says what the files of a package are, as digests, for one input and one generator: both are in its name,
as a digest of everything that counts. What is there is always read and compared: a cache can save the making of
a package, and can say nothing about a file that was not made by these very sources. What cannot be read, has
another form or is somebody else's is no entry. Never lies in the repository, where others could write it.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from gen_client.diagnostics import Diagnostic, Severity
from gen_client.source.document import Document
from gen_client.templates import find_templates

LIBRARIES: Final = ("black", "jinja2", "libcst")
"""What makes the files beside our own sources."""
MAX_ENTRY_BYTES: Final = 1 << 20
"""Bytes that an entry may have."""
RETENTION_DAYS: Final = 60
"""How long an entry is kept that nobody asks for."""


_DAY: Final = 86_400


@dataclass(frozen=True, slots=True)
class CacheEntry:
    """What a package is.

    Attributes:
        client: The name of its class.
        files: The sha256 of each file, in their order.
        warnings: What is said when it is made.
    """

    client: str
    files: dict[str, str]
    warnings: tuple[Diagnostic, ...]


class Cache:
    """The entries in a folder.

    Args:
        folder: The folder; None for no cache.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._usable = folder is not None and _ours(folder)

    def get(self, key: str) -> CacheEntry | None:
        """The entry of that name, if there is one."""
        if self._folder is None or not self._usable:
            return None
        file = self._folder / f"{key}.json"
        try:
            with file.open("rb") as opened:
                entry = _entry(json.loads(opened.read(MAX_ENTRY_BYTES + 1)))
            if time.time() - file.stat().st_mtime > _DAY:
                os.utime(file)
        except (OSError, ValueError, LookupError, TypeError, RecursionError):
            return None
        return entry

    def put(self, key: str, entry: CacheEntry) -> None:
        """Keep an entry; where that cannot be, it is not kept."""
        if self._folder is None:
            return
        content = {
            "client": entry.client,
            "files": entry.files,
            "warnings": [[its.message, its.location, its.remedy] for its in entry.warnings],
        }
        work = self._folder / f".{key}.{os.getpid()}"
        try:
            if not self._usable:
                self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._usable = _ours(self._folder)
                if not self._usable:
                    return
            work.write_text(json.dumps(content), encoding="ascii")
            work.replace(self._folder / f"{key}.json")
        except OSError:
            return

    def remove_stale_entries(self) -> None:
        """Remove what nobody has asked for in a long time; done once a day."""
        if self._folder is None or not self._usable:
            return
        now, stamp = time.time(), self._folder / ".cleared"
        try:
            if stamp.exists() and now - stamp.stat().st_mtime < _DAY:
                return
            stamp.touch()
            for file in self._folder.iterdir():
                if now - file.stat().st_mtime > RETENTION_DAYS * _DAY:
                    file.unlink()
        except OSError:  # another run does the same
            return


def default_cache_dir() -> Path:
    """The folder of the entries: the user's own, as the system has it."""
    from platformdirs import user_cache_path

    return user_cache_path("clarigen", appauthor=False) / "packages"


def compute_key(document: Document, name: str) -> str:
    """The name of the entry for the package of that name that is made of a document."""
    own = [document.client_options, document.json_types]
    content = [name, document.reference, document.version_id, document.signatures, *own]
    return hash_bytes(f"{_generator()} {json.dumps(content, sort_keys=True)}".encode())


def hash_files(files: Mapping[str, str]) -> dict[str, str]:
    """The sha256 of each file."""
    return {file: hash_bytes(text.encode()) for file, text in files.items()}


def hash_bytes(content: bytes) -> str:
    """The sha256 of a file's bytes, in hex."""
    return hashlib.sha256(content).hexdigest()


@cache
def _generator() -> str:
    """The sha256 of what makes packages: our sources and templates, and the versions of what they use."""
    whole = hashlib.sha256(repr(sys.version_info[:2]).encode())
    for library in LIBRARIES:
        whole.update(f"{library} {metadata.version(library)}\n".encode())
    here = Path(__file__).parent
    for file in sorted([*here.rglob("*.py"), *find_templates().glob("*.jinja")]):
        whole.update(f"{file.name} {hash_bytes(file.read_bytes())}\n".encode())
    return whole.hexdigest()


def _entry(content: Any) -> CacheEntry:
    """The entry that was parsed.

    Raises:
        ValueError: It is none; LookupError and TypeError mean the same.
    """
    files, warnings = content["files"], content["warnings"]
    texts = [
        content["client"],
        *files,
        *files.values(),
        *(text for its in warnings for text in its),
    ]
    if not all(isinstance(text, str) for text in texts):
        raise ValueError("not an entry")
    return CacheEntry(
        content["client"],
        dict(files),
        tuple(Diagnostic(Severity.WARNING, *(its[:3])) for its in warnings),
    )


def _ours(folder: Path) -> bool:
    """Whether the folder is there, and only its owner, who is our user, can write into it."""
    try:
        its = folder.lstat()
    except OSError:
        return False
    if sys.platform == "win32":
        return True
    return its.st_uid == os.getuid() and not its.st_mode & 0o022 and not folder.is_symlink()
