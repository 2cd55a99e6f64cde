"""Untrusted text, made safe for messages and logs.

Names, defaults and error details are written by a model's author or by a server. Characters that cannot be
printed appear as escapes, so that the text neither ends a line nor controls a terminal. This module imports
nothing, because it is loaded with the first client.
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
