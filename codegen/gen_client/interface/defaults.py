"""What the text of a default means.

What lives here: the reading of `default`, `required` and choices as values of the field's type. The
platform keeps a default as text, and how it is spelled depends on the type and on the age of the SDK
that wrote it; nothing says which. A text that cannot be read for its type is not an error: then only
the model's own code knows the default.
"""

from __future__ import annotations

import ast
import math
import re
from typing import Final

from gen_client import json_text
from gen_client.interface.model import (
    DataType,
    Default,
    Kind,
    Known,
    Null,
    Required,
    Scalar,
    ServerOnly,
)
from gen_client.json_text import Value, encodable

__all__ = ["Default", "Known", "Null", "Required", "ServerOnly", "literal", "read", "scalar"]

_LEVELS: Final = 24
"""How deep a default may be nested; the wire takes some thirty."""
_INT64: Final = range(-(2**63), 2**63)
_EXACT: Final = 2**53
"""Whole numbers up to here survive as JSON: on the wire they are doubles."""
_BOOLS: Final = {"true": True, "True": True, "false": False, "False": False}
_BYTES: Final = re.compile(
    r"""b'(?:[ -&(-\[\]-~]|\\[\\'tnr]|\\x[0-9a-f]{2})*+'|b"(?:[ !#-\[\]-~]|\\[\\tnr]|\\x[0-9a-f]{2})*+\""""
)
"""What `repr` writes for bytes, and nothing else."""
_LITERAL: Final = frozenset({Kind.STR, Kind.BYTES, Kind.INT, Kind.FLOAT, Kind.BOOL, Kind.JSON_DATA})


def read(type: DataType, required: bool, text: str) -> Default:
    """What leaving out a parameter means.

    Args:
        type: Its type.
        required: Whether the signature says that it is required. That wins over any text.
        text: The signature's text of the default.
    """
    if required:
        return Required()
    if type.kind is Kind.STR:
        return _string(text)
    if text in ("", "null"):
        return Null()  # older SDKs wrote nothing for None
    try:
        return Known(_value(type, text))
    except ValueError:
        return ServerOnly(text)


def literal(type: DataType) -> bool:
    """Whether defaults of a type are written so that they can be read: not those of media or arrays."""
    parts = (*type.items, *(member.type for member in type.members))
    return all(map(literal, parts)) if parts else type.kind in _LITERAL


def scalar(kind: Kind, text: str) -> Scalar:
    """The value of a scalar type that a text stands for.

    Args:
        kind: STR, BYTES, INT, FLOAT or BOOL.
        text: The text; of a STR the value itself.

    Raises:
        ValueError: The text is no such value, or the type is another.
    """
    if kind is Kind.STR:
        return text
    if kind is Kind.BYTES and _BYTES.fullmatch(text):
        value: bytes = ast.literal_eval(text)
        return value
    if kind is Kind.BOOL and text in _BOOLS:
        return _BOOLS[text]
    if kind is Kind.INT:
        return _integer(json_text.parse(text, levels=0))
    if kind is Kind.FLOAT:
        return _float(json_text.parse(text, levels=0))
    raise ValueError(f"no {kind.value}")


def _string(text: str) -> Default:
    """The default of a STR: the text itself, but for two older spellings."""
    if text == "null":
        return Null()
    if len(text) > 1 and text[0] == text[-1] == '"':
        try:
            value = json_text.parse(text, levels=0)
        except ValueError:
            return Known(text)
        if isinstance(value, str) and encodable(value):
            return Known(value)
    return Known(text)


def _value(type: DataType, text: str) -> object:
    if type.kind in (Kind.BYTES, Kind.BOOL, Kind.INT, Kind.FLOAT):
        return scalar(type.kind, text)
    return _fit(type, json_text.parse(text, levels=_LEVELS))


def _fit(type: DataType, value: Value) -> object:
    """A JSON value as a value of a type; ValueError if it is none."""
    kind = type.kind
    if kind is Kind.INT:
        return _integer(value)
    if kind is Kind.FLOAT:
        return _float(value)
    if (kind is Kind.STR and isinstance(value, str) and encodable(value)) or (
        kind is Kind.BOOL and isinstance(value, bool)
    ):
        return value
    if isinstance(value, list):
        if kind is Kind.LIST:
            return [_fit(type.items[0], item) for item in value]
        if kind is Kind.TUPLE and len(value) == len(type.items):
            return tuple(map(_fit, type.items, value))
        if kind is Kind.JSON_DATA and _is_json(value):
            return value
    if isinstance(value, dict):
        if kind is Kind.NAMED_FIELDS and set(value) == {member.name for member in type.members}:
            return {member.name: _fit(member.type, value[member.name]) for member in type.members}
        if kind is Kind.JSON_DATA and _is_json(value) and set(value) != {"_list"}:
            return value  # servers take `_list` alone for an array
    raise ValueError(f"no {kind.value}")


def _integer(value: Value) -> int:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value not in _INT64:
        raise ValueError("no INT")
    return value


def _float(value: Value) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError("no FLOAT")
    try:
        return float(value) if isinstance(value, int) else value
    except OverflowError:
        raise ValueError("no FLOAT") from None


def _is_json(value: Value) -> bool:
    """Whether a parsed value keeps its meaning on the wire."""
    if isinstance(value, dict):
        return all(encodable(key) and _is_json(item) for key, item in value.items())
    if isinstance(value, list):
        return all(map(_is_json, value))
    if isinstance(value, str):
        return encodable(value)
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or abs(value) <= _EXACT
