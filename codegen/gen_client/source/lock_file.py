"""The lock of a generated package as a place: what stands for its model where there is no network.

What lives here: `LockFile`, and whether a lock is one of the model that is meant.
"""

from __future__ import annotations

from pathlib import Path

from gen_client.diagnostics import Refusal, Report
from gen_client.exit_codes import DIFFERENT
from gen_client.source.address import ModelAddress
from gen_client.source.document import Document
from gen_client.source.file import SignatureFile
from gen_client.text import quote


class LockFile:
    """The lock of a package."""

    def __init__(self, path: Path, address: ModelAddress | None, report: Report) -> None:
        """Name a lock; it is read by `fetch`.

        Args:
            path: Where it is.
            address: The model that it must be of, and its version if one is meant; None for any.
            report: Where warnings go.
        """
        self._path = path
        self._address = address
        self._report = report

    def fetch(self) -> Document:
        """Read it.

        Raises:
            Refusal: Exit 1: it is not there, or of another model or version. Otherwise as of a file.
        """
        if not self._path.is_file():
            raise self._refusal("there is no lock")
        document = SignatureFile(str(self._path), self._report).fetch()
        meant = self._address
        if meant is None:
            return document
        if document.reference != meant.reference:
            raise self._refusal("the lock is of another model")
        if meant.version_id and document.version_id != meant.version_id:
            raise self._refusal(f"the lock is not of version {quote(meant.version_id)}")
        return document

    def _refusal(self, what: str) -> Refusal:
        return Refusal(
            what,
            exit_code=DIFFERENT,
            location=quote(str(self._path), 400),
            remedy="run the command without --offline",
        )
