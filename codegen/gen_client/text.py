"""Escapes and quotes for printing text that other people or programs wrote.

A message repeats such text only through these functions. Each returns one printable line in which every character can
be seen, and that neither a terminal nor a CI runner obeys. Text for generated files has its own filters, in `escape`.
"""

from __future__ import annotations

import unicodedata
from typing import Final

from gen_client.characters import HIDDEN_CHARACTER
from gen_client.identifiers import is_identifier
from gen_client.readers import escape_runner_commands

QUOTE_LIMIT: Final = 80
"""Characters of a quoted text that a message repeats, if its caller sets no other limit."""


def quote(text: str, limit: int = QUOTE_LIMIT) -> str:
    """Return the text in single quotes, as one printable line.

    Characters that are not printable (controls, separators, bidirectional and zero-width marks, surrogates, unassigned
    code points) or invisible, and a combining mark at the start become escapes. A text longer than the limit is cut and ends in `…`.

    Args:
        text: Any text.
        limit: Maximum number of characters to repeat.
    """
    cut = text[:limit]
    body = "".join(map(_escape_quoted, cut))
    if cut and unicodedata.combining(cut[0]):
        body = _escape_character(cut[0]) + "".join(map(_escape_quoted, cut[1:]))
    body = escape_runner_commands(body)
    return f"'{body}'" if len(text) <= limit else f"'{body}'…"


def quote_unless_identifier(name: str) -> str:
    """Return the name unchanged if it is a short identifier, else quoted."""
    return name if is_identifier(name) and len(name) <= QUOTE_LIMIT else quote(name)


def escape_unprintable(text: str, limit: int | None = None) -> str:
    """Return the text with escapes for all characters that are not printable or invisible, without quotes.

    Args:
        text: Any text, such as a sentence of another program.
        limit: Maximum number of characters to repeat; a longer text is cut and ends in `…`. None for no limit.
    """
    cut = text[:limit]
    if not (cut.isascii() and cut.isprintable()):
        cut = "".join(c if is_visible(c) else _escape_character(c) for c in cut)
    escaped = escape_runner_commands(cut)
    return escaped if limit is None or len(text) <= limit else f"{escaped}…"


def format_count(number: int, noun: str) -> str:
    """Return a number with its noun: `1 method`, `2 methods`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _escape_quoted(character: str) -> str:
    if character in "\\'":
        return "\\" + character
    return character if is_visible(character) else _escape_character(character)


def is_visible(character: str) -> bool:
    """Return whether a character can be printed and seen."""
    return character.isprintable() and HIDDEN_CHARACTER.match(character) is None


def _escape_character(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")
