"""Text of others, made harmless for messages and logs.

Names, defaults and error details come from a model's author or from a server. What lives here: the rule
that what cannot be printed appears as an escape, so that it neither ends a line nor controls a terminal.
It imports nothing, and is loaded when the first such text is printed or a client is created.
"""

from __future__ import annotations


def escape_unprintable(text: object) -> str:
    """Return text on one line, with each unprintable character as an escape."""
    line = str(text)
    if line.isprintable():
        return line
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in line)


def shorten(text: str, length: int) -> str:
    """Return text of at most `length` characters; `…` replaces the rest."""
    return text if len(text) <= length else f"{text[: length - 1]}…"


def quote(text: str, length: int = 120) -> str:
    """Return text in quotes, escaped and shortened, for a message."""
    return shorten(repr(text) if text.isprintable() else ascii(text), length)
