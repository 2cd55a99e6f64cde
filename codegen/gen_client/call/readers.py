"""What reads the value of a parameter from the command line, and what all readers share."""

from __future__ import annotations

import json
import math
from typing import Any, Final, Protocol

from gen_client import json_text, limits
from gen_client.text import is_visible

LEVELS: Final = limits.LEVELS
"""The levels of nesting of JSON on the command line."""


class Reader(Protocol):
    """Reads the values of one type. What does not fit raises `ValueError` with a phrase: "must be an int, not 'x'"."""

    @property
    def is_list(self) -> bool:
        """Whether the parameter may be given several times, once per item."""
        ...

    def read_text(self, text: str) -> Any:
        """Read the text after `name=`; of a list, also one item, as a list."""
        ...

    def read_content(self, content: bytes) -> Any:
        """Read the content of a file or of standard input."""
        ...

    def read_json(self, value: Any) -> Any:
        """Read a parsed JSON value."""
        ...


def has_type(value: object, *types: type) -> bool:
    """Return whether a value is of one of the types, without narrowing it for type checkers."""
    return isinstance(value, types)


def parse_json(text: str) -> Any:
    """Parse JSON; raise `ValueError` with a phrase if it is none."""
    try:
        return json_text.parse(text, levels=LEVELS)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"must be JSON: {error}") from None


def decode_text(content: bytes) -> str:
    """Decode the content of a text file."""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"must be UTF-8, and is not at byte {error.start}") from None


def format_json(value: Any) -> str:
    """Format a JSON value on one line. Every character can be seen, and the line has the same value."""
    text = json.dumps(_replace_infinite(value), ensure_ascii=False)
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if is_visible(c) else _escape(c) for c in text)


def _escape(character: str) -> str:
    return json.dumps(character)[1:-1]


def _replace_infinite(value: Any) -> Any:
    """Return a value with texts in place of floats that JSON has not: NaN, Infinity, -Infinity."""
    if has_type(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if has_type(value, dict):
        return {str(key): _replace_infinite(item) for key, item in value.items()}
    if has_type(value, list):
        return [_replace_infinite(item) for item in value]
    return value
