"""The line of a key in a TOML text, found with the parser itself.

A TOML text that is cut after a complete statement is still TOML, and a later statement never removes a value. So if
every number of lines is extended to the end of a statement, the smallest number whose lines have the key is the line
where its statement begins, and this module needs no grammar of TOML. It is slow, so it is used only for error messages.
"""

from __future__ import annotations

import tomllib
from bisect import bisect_left
from typing import Any

from gen_client.json_text import is_array, is_object

KeyPath = tuple[str | int, ...]
"""The path of a value: keys of tables, and positions in arrays."""


def find_line(text: str, path: KeyPath) -> int:
    """Return the line (from 1) where the statement that sets a value begins; 0 if there is none.

    Args:
        text: A TOML text.
        path: The path of the value.
    """
    lines = text.split("\n")

    def has_value(count: int) -> bool:
        """Return whether the first lines, up to the end of a statement, set the value."""
        while (content := _parse_lines(lines[:count])) is None:
            count += 1
        return _has_path(content, path)

    if not has_value(len(lines)):
        return 0
    return bisect_left(range(len(lines) + 1), True, key=has_value)


def _parse_lines(lines: list[str]) -> dict[str, Any] | None:
    try:
        return tomllib.loads("\n".join(lines))
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
