"""A signature file as a source: JSON or YAML, from a path or standard input.

A file is untrusted text (a pull request can change it), so its size and nesting are bounded before a parser runs, and
YAML may have neither aliases nor tags.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Final

from gen_client import json_text, limits
from gen_client.diagnostics import Refusal, Report
from gen_client.exit_codes import UNUSABLE, USAGE
from gen_client.json_text import JsonValue
from gen_client.source import signature_forms
from gen_client.source.document import Document
from gen_client.text import escape_unprintable, quote

STDIN: Final = "-"
_YAML_SUFFIXES: Final = (".yaml", ".yml")


class SignatureFile:
    """A file with signatures, in one of the forms of `signature_forms`."""

    def __init__(self, path: str, report: Report) -> None:
        """Name a file; `fetch` reads it.

        Args:
            path: The path; `-` for standard input.
            report: Collects warnings.
        """
        self._path = path
        self._report = report
        self._name = "standard input" if path == STDIN else quote(path, 200)

    def fetch(self) -> Document:
        """Read the file.

        Raises:
            Refusal: Exit 2: the file cannot be read. Exit 4: it has no signatures.
        """
        try:
            if self._path == STDIN:
                content = sys.stdin.buffer.read(limits.SIZE + 1)
            else:
                with Path(self._path).open("rb") as file:
                    content = file.read(limits.SIZE + 1)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "it is not a path"
            raise Refusal(f"{self._name} cannot be read: {reason}", exit_code=USAGE) from None
        document = parse_document(content, self._name, Path(self._path).suffix, self._report)
        return document if self._path == STDIN else replace(document, path=self._path)


def parse_document(content: bytes, name: str, suffix: str, report: Report) -> Document:
    """Parse the bytes of a signature file.

    Args:
        content: The bytes. Of a file that is too large, `limits.SIZE + 1` of them are enough.
        name: The name of the file in messages.
        suffix: The suffix of its path, with the dot.
        report: Collects warnings.

    Raises:
        Refusal: Exit 4: the file has no signatures.
    """
    try:
        if len(content) > limits.SIZE:
            raise ValueError(f"it is larger than {limits.SIZE >> 20} MB")
        return signature_forms.read_document(_parse_text(_decode(content), suffix), report)
    except ValueError as error:
        raise Refusal(
            f"{name} holds no signatures: {escape_unprintable(str(error), 200)}",
            remedy="expected JSON or YAML: a signatures.json, an array of signatures, or tools of an MCP server",
            exit_code=UNUSABLE,
        ) from None


def _parse_text(text: str, suffix: str) -> JsonValue:
    """Parse a text as YAML if its suffix or first character says so, else as JSON."""
    if suffix.lower() in _YAML_SUFFIXES or text.lstrip()[:1] not in ("{", "["):
        from gen_client.source import yaml_text

        return yaml_text.parse(text)
    return json_text.parse(text, levels=limits.LEVELS)


def _decode(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"it is not UTF-8 at byte {error.start}") from None
