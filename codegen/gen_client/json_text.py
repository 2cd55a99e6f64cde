"""Untrusted JSON, parsed strictly.

`parse` bounds the nesting before the parser runs. Duplicate keys, numbers that no double can hold and deep nesting
raise `ValueError`; `NaN`, `Infinity` and `-Infinity` are accepted, since Python writes them. This module imports no
other of the generator.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeGuard

JsonValue = dict[str, Any] | list[Any] | str | int | float | bool | None
"""A parsed value; the values inside have the same types."""

_CONSTANTS: Final = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_TOKENS: Final = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)
"""Strings, closed or not, and brackets. The pattern never backtracks."""


def parse(text: str, *, levels: int) -> JsonValue:
    """Parse a JSON text.

    Args:
        text: The text.
        levels: Maximum levels of arrays and objects within each other.

    Raises:
        ValueError: The text is not such JSON; the message says why, and does not repeat the text.
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
    """Return whether a parsed value is an object."""
    return isinstance(value, Mapping)


def is_array(value: object) -> TypeGuard[Sequence[object]]:
    """Return whether a parsed value is an array."""
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes, bytearray))


def is_encodable(text: str) -> bool:
    """Return whether a text can be sent: one with lone surrogates cannot."""
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
    """Return the sha256 (hex) of a value's canonical JSON: sorted keys, ASCII, no spaces.

    A value that JSON cannot represent has the digest of the empty text.
    """
    try:
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError):
        text = ""
    return hashlib.sha256(text.encode("ascii")).hexdigest()
