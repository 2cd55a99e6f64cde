"""Escapes and quotes for printing text that other people or programs wrote.

A message repeats such text only through these functions. Each returns one printable line that cannot control a
terminal. This module imports nothing, so that every module can use it. Text for generated files has its own filters, in
`escape`.
"""

from __future__ import annotations

import unicodedata
from typing import Final

QUOTE_LIMIT: Final = 80
"""Characters of a quoted text that a message repeats, if its caller sets no other limit."""


def quote(text: str, limit: int = QUOTE_LIMIT) -> str:
    """Return the text in single quotes, as one printable line.

    Characters that are not printable (controls, separators, bidirectional and zero-width marks, surrogates, unassigned
    code points) and a combining mark at the start become escapes. A text longer than the limit is cut and ends in `…`.

    Args:
        text: Any text.
        limit: Maximum number of characters to repeat.
    """
    cut = text[:limit]
    body = "".join(map(_escape_quoted, cut))
    if cut and unicodedata.combining(cut[0]):
        body = _escape_character(cut[0]) + "".join(map(_escape_quoted, cut[1:]))
    return f"'{body}'" if len(text) <= limit else f"'{body}'…"


def quote_unless_identifier(name: str) -> str:
    """Return the name unchanged if it is a short identifier, else quoted."""
    return name if name.isidentifier() and len(name) <= QUOTE_LIMIT else quote(name)


def escape_unprintable(text: str, limit: int | None = None) -> str:
    """Return the text with escapes for all characters that are not printable, without quotes.

    Args:
        text: Any text, such as a sentence of another program.
        limit: Maximum number of characters to repeat; a longer text is cut and ends in `…`. None for no limit.
    """
    escaped = "".join(c if c.isprintable() else _escape_character(c) for c in text[:limit])
    return escaped if limit is None or len(text) <= limit else f"{escaped}…"


def _escape_quoted(character: str) -> str:
    if character in "\\'":
        return "\\" + character
    return character if character.isprintable() else _escape_character(character)


def _escape_character(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")
