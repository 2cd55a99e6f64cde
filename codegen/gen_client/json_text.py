"""JSON from strangers: parsed strictly, with a bound on nesting that holds before the parser runs.

What lives here: `parse`, and what tells parsed values apart. Duplicate keys, numbers beyond a double and deep nesting are refused as
`ValueError`; `NaN`, `Infinity` and `-Infinity` are read, as Python writes them. Knows no other module.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeGuard

JsonValue = dict[str, Any] | list[Any] | str | int | float | bool | None
"""What `parse` returns; what is in it is of the same types."""

_CONSTANTS: Final = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_TOKENS: Final = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)
"""Strings, closed or not, and brackets. It never tries a character twice."""


def parse(text: str, *, levels: int) -> JsonValue:
    """The value that a JSON text holds.

    Args:
        text: The text.
        levels: How deep arrays and objects may be nested.

    Raises:
        ValueError: It is not such a text; the message says why, in words without the text.
    """
    depth = 0
    for token in _TOKENS.finditer(text):
        bracket = text[token.start()]
        if bracket in "[{":
            depth += 1
            if depth > levels:
                raise ValueError(f"it is nested more than {levels} levels deep")
        elif bracket in "]}":
            depth -= 1
    try:
        value: JsonValue = json.loads(
            text,
            object_pairs_hook=_unique_members,
            parse_float=_finite_float,
            parse_constant=_CONSTANTS.__getitem__,
        )
    except json.JSONDecodeError as error:
        raise ValueError(f"line {error.lineno}, column {error.colno}: {error.msg}") from None
    return value


def is_object(value: object) -> TypeGuard[Mapping[object, object]]:
    """Whether a parsed value is an object."""
    return isinstance(value, Mapping)


def is_array(value: object) -> TypeGuard[Sequence[object]]:
    """Whether a parsed value is an array."""
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes, bytearray))


def is_encodable(text: str) -> bool:
    """Whether a text can be sent: lone surrogates cannot."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _unique_members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("an object has the same key twice")
    return members


def _finite_float(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise ValueError("a number is too large")
    return value


def compute_digest(value: object) -> str:
    """The sha256 (hex) of a value in its canonical form: JSON of sorted keys, ASCII, no spaces.

    A value that JSON cannot hold has that of no text.
    """
    try:
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError):
        text = ""
    return hashlib.sha256(text.encode("ascii")).hexdigest()
