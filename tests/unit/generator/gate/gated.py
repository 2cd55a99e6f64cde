"""Helpers for the tests of the gate: its pages, and the message of a refusal."""

from __future__ import annotations

import pytest

from gen_client.diagnostics import Refusal
from gen_client.gate import check
from gen_client.layout import FileKind
from unit.generator.page_text import CLIENT, EXAMPLES, INIT

PAGES: dict[FileKind, str] = {"client": CLIENT, "init": INIT, "examples": EXAMPLES}
KINDS = sorted(PAGES)


def refused(text: str, kind: FileKind = "client") -> str:
    """Return the message with which the gate refuses a text."""
    with pytest.raises(Refusal) as caught:
        check.check_code(text, kind)
    diagnostic = caught.value.diagnostic
    assert diagnostic.exit_code == 4
    assert "a bug or an attack" in diagnostic.message
    assert all(character.isprintable() for character in diagnostic.message + diagnostic.location)
    return str(diagnostic)
