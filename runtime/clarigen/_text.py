"""Untrusted text, made safe for messages and logs.

Names, defaults and error details are written by a model's author or by a server, values by a caller. Characters that
cannot be printed or seen appear as escapes, so that the text neither ends a line nor controls a terminal. Neither does
it hold a command that CI runners obey. This module imports nothing, because it is loaded with the first client.
"""

from __future__ import annotations

_INVISIBLE = frozenset(
    [
        *"\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u3164\uffa0\U00016fe4",
        *map(chr, range(0xFE00, 0xFE10)),
        *map(chr, range(0xE0100, 0xE01F0)),
    ]
)
"""Fillers and variation selectors, which Python calls printable."""

_SECRET_MARKS = "@?#%"
"""Characters of a URL that come before or after a password, a query or an escape."""


def escape_unprintable(text: object) -> str:
    """Return text on one line, with each character that cannot be printed or seen as an escape."""
    line = str(text)
    if not (line.isascii() and line.isprintable()):
        line = "".join(
            c if c.isprintable() and c not in _INVISIBLE else ascii(c)[1:-1] for c in line
        )
    return _escape_runner_commands(line) if "##" in line else line


def _escape_runner_commands(line: str) -> str:
    """Return a line without the commands that CI runners obey anywhere in a line: `##[…]`, `##vso[…]`."""
    import re

    return re.sub(r"##(?=[A-Za-z0-9_-]{0,64}\[)", r"#\\u0023", line)


def shorten(text: str, length: int) -> str:
    """Return text of at most `length` characters; `…` replaces the rest."""
    return text if len(text) <= length else f"{text[: length - 1]}…"


def quote(text: str, length: int = 120) -> str:
    """Return text in quotes, escaped and shortened, for a message."""
    return shorten(escape_unprintable(repr(text[: length + 1])), length)


def show(value: object, length: int = 120) -> str:
    """Return a value as Python writes it, escaped and shortened; its type if Python cannot write it.

    A number of more than 4,300 digits, for example, has no repr.
    """
    try:
        return shorten(escape_unprintable(repr(value)), length)
    except Exception:  # noqa: BLE001  A message must not fail for the value that it is about.
        return f"a value of the type {type(value).__name__}"


def quote_address(text: str, otherwise: str = "the address") -> str:
    """Return an address in quotes; `otherwise` if it may hold a password or a token."""
    return otherwise if may_hold_secret(text) else quote(text)


def may_hold_secret(address: str) -> bool:
    """Return whether an address may hold a password or a token: `USER:PASSWORD@`, a query, a port that is not a number."""
    host = address.split("://", 1)[-1].split("/", 1)[0]
    _, _, port = ("", "", "") if host.startswith("[") else host.partition(":")
    has_mark = any(mark in address for mark in _SECRET_MARKS)
    return has_mark or (bool(port) and not port.isdecimal())
