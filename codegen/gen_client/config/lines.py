"""On which line of a TOML text a key stands: asked of the parser itself.

What lives here: `line_of`. A text that is cut after a line is TOML whenever the line ends a statement, and what
is once said is not unsaid: so the first cut that has the key shows where its statement begins. No grammar of
TOML is written here, and this is only done for a message.
"""

from __future__ import annotations

import tomllib
from bisect import bisect_left
from typing import Any

from gen_client.json_text import is_array, is_object

KeyPath = tuple[str | int, ...]
"""Where a value is: keys of tables, and positions in arrays."""


def find_line(text: str, path: KeyPath) -> int:
    """The number of the line, from 1, on which the statement begins that gives `path` its value; 0 if none does."""
    lines = text.split("\n")

    def has(count: int) -> bool:
        """Whether the first `count` lines have it, and those that complete their last statement."""
        while (parsed := _parse_lines(lines[:count])) is None:
            count += 1
        return _has_path(parsed, path)

    return bisect_left(range(len(lines) + 1), True, key=has) if has(len(lines)) else 0


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
