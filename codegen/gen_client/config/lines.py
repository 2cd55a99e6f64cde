"""The line of a key in a TOML text, found with the parser itself.

A TOML text that is cut after a complete statement is still TOML, and a later statement never removes a value. So if
every number of lines is extended to the end of a statement, the smallest number whose lines have the key is the line
where its statement begins, and this module needs no grammar of TOML. It is slow, so it is used only for error messages,
and gives up on a file that would take long.
"""

from __future__ import annotations

import tomllib
from bisect import bisect_left
from typing import Any, Final

from gen_client.json_text import is_array, is_object

MAX_PARSED: Final = 300_000
"""Characters that are parsed to find a line: less than a second, and enough for a file of 20 kB."""

KeyPath = tuple[str | int, ...]
"""The path of a value: keys of tables, and positions in arrays."""


def find_line(text: str, path: KeyPath) -> int:
    """Return the line (from 1) where the statement that sets a value begins; 0 if there is none or it takes long.

    Args:
        text: A TOML text.
        path: The path of the value.
    """
    lines = text.split("\n")
    budget = _Budget(MAX_PARSED)

    def has_value(count: int) -> bool:
        """Return whether the first lines, up to the end of a statement, set the value."""
        while (content := budget.parse_lines(lines[:count])) is None:
            count += 1
        return _has_path(content, path)

    try:
        if not has_value(len(lines)):
            return 0
        return bisect_left(range(len(lines) + 1), True, key=has_value)
    except _BudgetExceeded:
        return 0


class _BudgetExceeded(Exception):
    """So many characters were parsed that the search is given up."""


class _Budget:
    """Parses TOML until a number of characters has been parsed."""

    def __init__(self, characters: int) -> None:
        self._characters = characters

    def parse_lines(self, lines: list[str]) -> dict[str, Any] | None:
        """Return the content of some lines; None if they are not TOML."""
        text = "\n".join(lines)
        self._characters -= len(text)
        if self._characters < 0:
            raise _BudgetExceeded
        try:
            return tomllib.loads(text)
        except tomllib.TOMLDecodeError:
            return None


def _has_path(value: object, path: KeyPath) -> bool:
    for key in path:
        if is_array(value):
            value = dict(enumerate(value))
        if not is_object(value) or key not in value:
            return False
        value = value[key]
    return True
