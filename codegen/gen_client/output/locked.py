"""What the lock of a package says, for those who compare: read again, and not believed.

What lives here: `Locked` and `read`. That a lock is intact means that its digest is that of its signatures, and
no more: whoever edits the one can edit the other.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from gen_client import source
from gen_client.diagnostics import Refusal, Report
from gen_client.json_text import is_object
from gen_client.source import Document


@dataclass(frozen=True, slots=True)
class Lock:
    """A lock.

    Attributes:
        document: What it holds.
        format: The format that it says it has.
        intact: Whether its digest fits.
    """

    document: Document
    format: object
    is_intact: bool


def read_lock(path: Path) -> Lock | None:
    """The lock in a file; None if there is none.

    Raises:
        Refusal: Exit 4: it was written by a newer gen-client.
    """
    report = Report()
    try:
        if not path.is_file():
            return None
        document = source.SignatureFile(str(path), report).fetch()
        content: object = json.loads(path.read_bytes())
    except Refusal as refusal:
        if refusal.diagnostic.location == "format":
            raise
        return None
    except (OSError, ValueError, RecursionError):
        return None
    intact = all(warning.location != "sha256" for warning in report.warnings)
    return Lock(document, content.get("format") if is_object(content) else None, intact)
