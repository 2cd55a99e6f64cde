"""SOURCE, the one way to name a model: an address, or something on this machine.

A text is a path if it exists, looks like one, or is in a folder that exists; else it is an address. So a package may
have the path `src/app/models/eye`, which is also the short form of an address. The option `--url` takes addresses only.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from gen_client.diagnostics import Refusal, Report, suggest
from gen_client.exit_codes import USAGE
from gen_client.layout import LOCK_FILE
from gen_client.source.address import Address, LocalAddress, parse_address
from gen_client.source.document import Source
from gen_client.source.file import STDIN, SignatureFile
from gen_client.source.model_folder import ModelFolder, find_model_folder
from gen_client.text import quote

EXPECTED: Final = (
    "expected USER/APP/models/MODEL, its address, a runner (grpc://127.0.0.1:8000), a package, a lock,"
    " a signature file, a model's folder, or - for standard input"
)
_FILE_SUFFIXES: Final = (".json", ".yaml", ".yml", ".py")
_PATH_STARTS: Final = (".", "/", "~", "\\")


def parse_source(text: str) -> Address:
    """Parse a SOURCE. Only whether a path exists is asked; nothing is read.

    Raises:
        Refusal: Exit 2: it is neither a path nor an address.
    """
    if text == STDIN or is_path(text):
        return LocalAddress(text)
    try:
        return parse_address(text)
    except Refusal as refusal:
        if any(mark in text for mark in (":", "@", "/")) or not text.strip():
            raise
        # A lone word is a file or a folder that does not exist.
        raise Refusal(
            f"there is no {quote(text, 200)}, and it is not the address of a model",
            exit_code=USAGE,
            remedy=suggest(text, _list_folder(Path()), fallback=EXPECTED, cutoff=0.75),
        ) from refusal


def is_path(text: str) -> bool:
    """Return whether a text names a file or a folder, not an address on the platform or a runner."""
    if "://" in text or not text.strip():
        return False
    path = Path(text)
    if _exists(path) or text.startswith(_PATH_STARTS):
        return True
    if "@" in text:  # A message repeats a path, and an address may hold a password.
        return False
    return path.suffix.lower() in _FILE_SUFFIXES or (path.parent != Path() and _exists(path.parent))


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def find_lock(path: str) -> str:
    """Return the path of the lock in a package's folder; any other path unchanged."""
    is_package = path != STDIN and _exists(Path(path, LOCK_FILE))
    return str(Path(path, LOCK_FILE)) if is_package else path


def open_local(path: str, report: Report) -> Source:
    """Return the source at a path. Nothing is read yet, except that a folder is looked at.

    Args:
        path: The path; `-` for standard input.
        report: Collects warnings.

    Raises:
        Refusal: Exit 2: there is nothing at the path, or a folder that holds neither a package nor a model.
    """
    if path == STDIN:
        return SignatureFile(path, report)
    folder = find_model_folder(path)
    if folder is not None:
        return ModelFolder(folder, report)
    file = Path(find_lock(path))
    if not _exists(file):
        raise Refusal(
            f"{quote(path, 200)} cannot be read: there is no such file or folder",
            exit_code=USAGE,
            remedy=suggest(file.name, _list_folder(file.parent), fallback=EXPECTED, cutoff=0.75),
        )
    if file.is_dir():
        raise Refusal(
            f"{quote(path, 200)} cannot be read: it is a folder, but neither a package nor a model",
            exit_code=USAGE,
            remedy=f"a generated package has {LOCK_FILE}, and a model's folder has 1/model.py",
        )
    return SignatureFile(str(file), report)


def _list_folder(folder: Path) -> list[str]:
    """Return the names in a folder that messages may suggest; none if it cannot be listed."""
    try:
        return sorted(entry.name for entry in folder.iterdir())[:1_000]
    except (OSError, ValueError):
        return []
