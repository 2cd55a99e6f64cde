"""Which texts are Python identifiers: the same answer on every supported Python.

`str.isidentifier` and the normal forms of `unicodedata` follow the Unicode version of the running Python. This module
asks a frozen table (`identifier_table`), so that the same signatures give the same package, which every supported
Python can import. Characters that nobody sees are in no identifier.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from bisect import bisect_right

_RUN = re.compile(r"([.+-])([0-9a-z]+)")


def is_identifier(text: str) -> bool:
    """Return whether a text is an identifier in the form in which Python compares it."""
    if text.isascii():
        return text.isidentifier()
    return (
        bool(text)
        and _kind(text[0]) == "+"
        and all(_kind(character) != "." for character in text)
        and unicodedata.is_normalized("NFKC", text)
    )


def is_word(text: str) -> bool:
    """Return whether a text has only characters that an identifier may have, in any order."""
    return all(_kind(character) != "." for character in text)


def normalize(text: str) -> str:
    """Return a text in the form in which Python compares names (NFKC).

    Characters that Unicode got later than the oldest supported Python stay as they are: their form depends on the
    running Python, and they are in no identifier.
    """
    if text.isascii() or not all(map(_has_stable_form, text)):
        return text
    return unicodedata.normalize("NFKC", text)


def uppercase(text: str) -> str:
    """Return a text in upper case; characters whose upper case is in no identifier stay as they are."""
    return "".join(map(_uppercase_character, text))


def _uppercase_character(character: str) -> str:
    upper = character.upper()
    return upper if all(_kind(part) != "." for part in upper) else character


def _has_stable_form(character: str) -> bool:
    # Python keeps the tables of Unicode 3.2: what was assigned then has the same form in every later version.
    return _kind(character) != "." or unicodedata.ucd_3_2_0.category(character) != "Cn"


def _kind(character: str) -> str:
    """Return `+` if an identifier may start with a character, `-` if it may have it later, else `.`."""
    starts, kinds = _decode_table()
    return kinds[bisect_right(starts, ord(character)) - 1]


@functools.cache
def _decode_table() -> tuple[list[int], str]:
    """Return the first code point of each run of the table, and its kind."""
    from gen_client.identifier_table import RUNS

    starts: list[int] = []
    kinds: list[str] = []
    position = 0
    for run in _RUN.finditer(RUNS):
        starts.append(position)
        kinds.append(run[1])
        position += int(run[2], 36)
    starts.append(position)
    return starts, "".join([*kinds, "."])
