"""The lock of a generated package as a source: its model's signatures without a network.

A lock is accepted only if it belongs to the model that was asked for.
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
        """Name a lock; `fetch` reads it.

        Args:
            path: The path of the lock.
            address: The model that the lock must belong to, and its version if one is named; None for any.
            report: Collects warnings.
        """
        self._path = path
        self._address = address
        self._report = report

    def fetch(self) -> Document:
        """Read the lock.

        Raises:
            Refusal: Exit 1: the lock is missing, or belongs to another model or version. Exit 2 or 4: see
                `SignatureFile.fetch`.
        """
        if not self._path.is_file():
            raise self._refuse_lock("there is no lock")
        document = SignatureFile(str(self._path), self._report).fetch()
        expected = self._address
        if expected is None:
            return document
        if document.reference != expected.reference:
            raise self._refuse_lock("the lock is of another model")
        if expected.version_id and document.version_id != expected.version_id:
            raise self._refuse_lock(f"the lock is not of version {quote(expected.version_id)}")
        return document

    def _refuse_lock(self, message: str) -> Refusal:
        return Refusal(
            message,
            exit_code=DIFFERENT,
            location=quote(str(self._path), 400),
            remedy="run the command without --offline",
        )
