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
    KnownDefault,
    NoDefault,
    NullDefault,
    Scalar,
    ServerDefault,
    TypeKind,
)
from gen_client.json_text import JsonValue, is_encodable

__all__ = [
    "Default",
    "KnownDefault",
    "NoDefault",
    "NullDefault",
    "ServerDefault",
    "is_readable",
    "parse_scalar",
    "read_default",
]

_MAX_LEVELS: Final = 24
"""How deep a default may be nested; the wire takes some thirty."""
_INT64: Final = range(-(2**63), 2**63)
_MAX_EXACT: Final = 2**53
"""Whole numbers up to here survive as JSON: on the wire they are doubles."""
_BOOLS: Final = {"true": True, "True": True, "false": False, "False": False}
_BYTES: Final = re.compile(
    r"""b'(?:[ -&(-\[\]-~]|\\[\\'tnr]|\\x[0-9a-f]{2})*+'|b"(?:[ !#-\[\]-~]|\\[\\tnr]|\\x[0-9a-f]{2})*+\""""
)
"""What `repr` writes for bytes, and nothing else."""
_READABLE: Final = frozenset(
    {TypeKind.STR, TypeKind.BYTES, TypeKind.INT, TypeKind.FLOAT, TypeKind.BOOL, TypeKind.JSON_DATA}
)


def read_default(type: DataType, required: bool, text: str) -> Default:
    """What leaving out a parameter means.

    Args:
        type: Its type.
        required: Whether the signature says that it is required. That wins over any text.
        text: The signature's text of the default.
    """
    if required:
        return NoDefault()
    if type.kind is TypeKind.STR:
        return _read_string(text)
    if text in ("", "null"):
        return NullDefault()  # older SDKs wrote nothing for None
    try:
        return KnownDefault(_parse_value(type, text))
    except ValueError:
        return ServerDefault(text)


def is_readable(type: DataType) -> bool:
    """Whether defaults of a type are written so that they can be read: not those of media or arrays."""
    parts = (*type.items, *(member.type for member in type.members))
    return all(map(is_readable, parts)) if parts else type.kind in _READABLE


def parse_scalar(kind: TypeKind, text: str) -> Scalar:
    """The value of a scalar type that a text stands for.

    Args:
        kind: STR, BYTES, INT, FLOAT or BOOL.
        text: The text; of a STR the value itself.

    Raises:
        ValueError: The text is no such value, or the type is another.
    """
    if kind is TypeKind.STR:
        return text
    if kind is TypeKind.BYTES and _BYTES.fullmatch(text):
        value: bytes = ast.literal_eval(text)
        return value
    if kind is TypeKind.BOOL and text in _BOOLS:
        return _BOOLS[text]
    if kind is TypeKind.INT:
        return _to_integer(json_text.parse(text, levels=0))
    if kind is TypeKind.FLOAT:
        return _to_float(json_text.parse(text, levels=0))
    raise ValueError(f"no {kind.value}")


def _read_string(text: str) -> Default:
    """The default of a STR: the text itself, but for two older spellings."""
    if text == "null":
        return NullDefault()
    if len(text) > 1 and text[0] == text[-1] == '"':
        try:
            value = json_text.parse(text, levels=0)
        except ValueError:
            return KnownDefault(text)
        if isinstance(value, str) and is_encodable(value):
            return KnownDefault(value)
    return KnownDefault(text)


def _parse_value(type: DataType, text: str) -> object:
    if type.kind in (TypeKind.BYTES, TypeKind.BOOL, TypeKind.INT, TypeKind.FLOAT):
        return parse_scalar(type.kind, text)
    return _fit(type, json_text.parse(text, levels=_MAX_LEVELS))


def _fit(type: DataType, value: JsonValue) -> object:
    """A JSON value as a value of a type; ValueError if it is none."""
    kind = type.kind
    if kind is TypeKind.INT:
        return _to_integer(value)
    if kind is TypeKind.FLOAT:
        return _to_float(value)
    if (kind is TypeKind.STR and isinstance(value, str) and is_encodable(value)) or (
        kind is TypeKind.BOOL and isinstance(value, bool)
    ):
        return value
    if isinstance(value, list):
        if kind is TypeKind.LIST:
            return [_fit(type.items[0], item) for item in value]
        if kind is TypeKind.TUPLE and len(value) == len(type.items):
            return tuple(map(_fit, type.items, value))
        if kind is TypeKind.JSON_DATA and _survives_the_wire(value):
            return value
    if isinstance(value, dict):
        if kind is TypeKind.NAMED_FIELDS and set(value) == {member.name for member in type.members}:
            return {member.name: _fit(member.type, value[member.name]) for member in type.members}
        if kind is TypeKind.JSON_DATA and _survives_the_wire(value) and set(value) != {"_list"}:
            return value  # servers take `_list` alone for an array
    raise ValueError(f"no {kind.value}")


def _to_integer(value: JsonValue) -> int:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value not in _INT64:
        raise ValueError("no INT")
    return value


def _to_float(value: JsonValue) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError("no FLOAT")
    try:
        return float(value) if isinstance(value, int) else value
    except OverflowError:
        raise ValueError("no FLOAT") from None


def _survives_the_wire(value: JsonValue) -> bool:
    """Whether a parsed value keeps its meaning on the wire."""
    if isinstance(value, dict):
        return all(is_encodable(key) and _survives_the_wire(item) for key, item in value.items())
    if isinstance(value, list):
        return all(map(_survives_the_wire, value))
    if isinstance(value, str):
        return is_encodable(value)
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or abs(value) <= _MAX_EXACT
