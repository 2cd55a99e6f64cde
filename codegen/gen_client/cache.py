"""The cache of earlier runs, in the user's cache folder: a package that is up to date is not built again.

An entry lists the hashes of a package's files. Its key is a hash of everything that determines them: the document, the
name, our own sources and the libraries. The files of a package are always read and compared, so an entry can only
save the work of building them. An entry that cannot be read, or a folder that other users can write into, is ignored.
There is no cache inside a repository or the working folder, where a pull request could have entries.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from gen_client.diagnostics import Diagnostic, Refusal, Severity
from gen_client.output import write
from gen_client.output.work_files import replace_file
from gen_client.source.document import Document
from gen_client.source.git import find_repository
from gen_client.templates import find_template_folder

LIBRARIES: Final = ("black", "jinja2")
"""The libraries whose versions determine the bytes of a package."""
MAX_ENTRY_BYTES: Final = 1 << 20
RETENTION_DAYS: Final = 60
"""Days that an entry is kept after its last use."""
_DAY: Final = 86_400
"""Seconds of a day."""


@dataclass(frozen=True, slots=True)
class CacheEntry:
    """The hashes of a package's files, and what a run reports of it.

    Attributes:
        client: The name of its client class.
        files: The sha256 of each file, by file name.
        warnings: The warnings that building it gave.
    """

    client: str
    files: dict[str, str]
    warnings: tuple[Diagnostic, ...]


class Cache:
    """The entries in a folder.

    Args:
        folder: The folder, which is created when it is needed; None for no cache.
    """

    def __init__(self, folder: Path | None) -> None:
        if folder is not None and _is_in_checkout(folder):
            folder = None
        self._folder = folder
        self._is_usable = folder is not None and _is_private_folder(folder)

    def find_current(self, key: str | None, package: Path) -> CacheEntry | None:
        """Return the entry of a package if the files in its folder are exactly those of the entry.

        Args:
            key: The key of the package; None for a package that is not cached.
            package: The package's folder.
        """
        entry = None if key is None else self.get(key)
        if entry is None:
            return None
        try:
            contents = write.read_package(package, entry.files)
        except Refusal:
            return None
        hashes = {
            file: None if content is None else hash_bytes(content)
            for file, content in contents.items()
        }
        return entry if hashes == entry.files else None

    def get(self, key: str) -> CacheEntry | None:
        """Return the entry of a key, if there is one."""
        if self._folder is None or not self._is_usable:
            return None
        path = self._folder / f"{key}.json"
        try:
            with path.open("rb") as file:
                entry = _parse_entry(json.loads(file.read(MAX_ENTRY_BYTES + 1)))
            if time.time() - path.stat().st_mtime > _DAY:
                os.utime(path)
        except (OSError, ValueError, LookupError, TypeError, RecursionError):
            return None
        return entry

    def put(self, key: str | None, entry: CacheEntry) -> None:
        """Keep an entry, if the folder can be written.

        Args:
            key: The key of the package; None to keep nothing.
            entry: The entry.
        """
        if self._folder is None or key is None:
            return
        content = {
            "client": entry.client,
            "files": entry.files,
            "warnings": [
                [warning.message, warning.location, warning.remedy] for warning in entry.warnings
            ],
        }
        try:
            if not self._is_usable:
                self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._is_usable = _is_private_folder(self._folder)
                if not self._is_usable:
                    return
            replace_file(self._folder / f"{key}.json", json.dumps(content).encode())
        except OSError:
            return

    def remove_stale_entries(self) -> None:
        """Remove the entries that were not used for `RETENTION_DAYS`, at most once a day."""
        if self._folder is None or not self._is_usable:
            return
        now, stamp = time.time(), self._folder / ".cleared"
        try:
            if stamp.exists() and now - stamp.stat().st_mtime < _DAY:
                return
            stamp.touch()
            for path in self._folder.iterdir():
                if now - path.stat().st_mtime > RETENTION_DAYS * _DAY:
                    path.unlink()
        except OSError:  # Another run removes the same entries.
            return


def default_cache_folder() -> Path | None:
    """Return the folder of the entries, in the user's cache folder; None if the user has no home folder."""
    # Imported here: `jobs` needs this module, but no folder.
    from platformdirs import user_cache_path

    try:
        folder = user_cache_path("clarigen", appauthor=False) / "packages"
    except RuntimeError:  # without HOME, for a user id that the system does not know
        return None
    return folder if folder.is_absolute() else None  # older platformdirs return `~` in this case


def compute_key(document: Document, name: str) -> str:
    """Return the key of the package that is built from a document.

    Args:
        document: The signatures and their model.
        name: The package's name.
    """
    content = [
        name,
        document.reference,
        document.version_id,
        document.signatures,
        document.client_options,
        document.json_types,
        document.mcp,
        document.public_transports,
        document.model_type,
    ]
    return hash_bytes(f"{hash_generator()} {json.dumps(content, sort_keys=True)}".encode())


def hash_files(files: Mapping[str, str]) -> dict[str, str]:
    """Return the sha256 of each file's text, by file name."""
    return {file: hash_bytes(text.encode()) for file, text in files.items()}


def hash_bytes(content: bytes) -> str:
    """Return the sha256 of some bytes, in hex."""
    return hashlib.sha256(content).hexdigest()


@functools.cache
def hash_generator() -> str:
    """Return the sha256 of the generator: our sources, our templates and the versions of the libraries."""
    total = hashlib.sha256(repr(sys.version_info[:2]).encode())
    for library in LIBRARIES:
        total.update(f"{library} {metadata.version(library)}\n".encode())
    sources = Path(__file__).parent.rglob("*.py")
    for path in sorted([*sources, *find_template_folder().glob("*.jinja")]):
        total.update(f"{path.name} {hash_bytes(path.read_bytes())}\n".encode())
    return total.hexdigest()


def _parse_entry(content: Any) -> CacheEntry:
    """Return the entry that a file holds.

    Raises:
        ValueError: The file holds something else; LookupError and TypeError mean the same.
    """
    files, warnings = content["files"], content["warnings"]
    texts = [
        content["client"],
        *files,
        *files.values(),
        *(text for warning in warnings for text in warning),
    ]
    if not all(isinstance(text, str) for text in texts):
        raise ValueError("not an entry")
    return CacheEntry(
        content["client"],
        dict(files),
        tuple(Diagnostic(Severity.WARNING, *warning[:3]) for warning in warnings),
    )


def _is_in_checkout(folder: Path) -> bool:
    """Return whether a folder is inside the working folder or any repository, where a branch may have entries."""
    try:
        working_folder = os.path.realpath(os.curdir)
    except FileNotFoundError:  # It was removed; the command reports that.
        return True
    path = Path(os.path.realpath(folder))
    return path.is_relative_to(working_folder) or find_repository(path) is not None


def _is_private_folder(folder: Path) -> bool:
    """Return whether the folder exists, and only the current user can write into it."""
    try:
        status = folder.lstat()
    except OSError:
        return False
    if sys.platform == "win32":
        return True
    is_ours = status.st_uid == os.getuid()
    return is_ours and not status.st_mode & 0o022 and not folder.is_symlink()
