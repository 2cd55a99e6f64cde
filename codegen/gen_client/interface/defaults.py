"""The meaning of a default's text, and of the text of a choice.

The platform keeps a default as text. Its spelling depends on the type and on the version of the SDK that wrote it, and
nothing says which. A text that does not fit its type is no error: then only the model's own code knows the default.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable
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

_MAX_LEVELS: Final = 24
"""Levels of nesting in a default; the wire allows some thirty."""
_INT64: Final = range(-(2**63), 2**63)
_MAX_EXACT: Final = 2**53
"""The largest integer that JSON on the wire keeps exact: there, numbers are doubles."""
_BOOLS: Final = {"true": True, "True": True, "false": False, "False": False}
_BYTES: Final = re.compile(
    r"""b'(?:[ -&(-\[\]-~]|\\[\\'tnr]|\\x[0-9a-f]{2})*+'|b"(?:[ !#-\[\]-~]|\\[\\tnr]|\\x[0-9a-f]{2})*+\""""
)
"""Exactly what `repr` returns for bytes."""
_READABLE: Final = frozenset(
    {TypeKind.STR, TypeKind.BYTES, TypeKind.INT, TypeKind.FLOAT, TypeKind.BOOL, TypeKind.JSON_DATA}
)


def read_default(type: DataType, required: bool, text: str) -> Default:
    """Return the meaning of an omitted argument.

    Args:
        type: The parameter's type.
        required: Whether the signature marks the parameter as required. If so, the text is ignored.
        text: The signature's text for the default.
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
    """Return whether SDKs write defaults of a type as values, as they do not for media and NumPy arrays."""
    parts = (*type.items, *(member.type for member in type.members))
    return all(map(is_readable, parts)) if parts else type.kind in _READABLE


def parse_scalar(kind: TypeKind, text: str) -> Scalar:
    """Parse the text of a scalar value.

    Args:
        kind: STR, BYTES, INT, FLOAT or BOOL.
        text: The text; for STR, the value itself.

    Raises:
        ValueError: The text is not a value of the type, or the type is not a scalar.
    """
    if kind is TypeKind.STR:
        return text
    if kind is TypeKind.BYTES and _BYTES.fullmatch(text):
        value: bytes = ast.literal_eval(text)
        return value
    if kind is TypeKind.BOOL and text in _BOOLS:
        return _BOOLS[text]
    if kind is TypeKind.INT:
        return _to_int(json_text.parse(text, levels=0))
    if kind is TypeKind.FLOAT:
        return _to_float(json_text.parse(text, levels=0))
    raise ValueError(f"not a {kind.value}")


def _read_string(text: str) -> Default:
    """Return the default of a STR: the text itself, except in two spellings of older SDKs."""
    if text == "null":
        return NullDefault()
    if not text:
        return ServerDefault("")  # SDK 11.3 wrote nothing for None, later ones nothing for ""
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
    return _to_type(type, json_text.parse(text, levels=_MAX_LEVELS))


def _to_type(type: DataType, value: JsonValue) -> object:
    """Convert a JSON value to a value of a type.

    Raises:
        ValueError: The value has another type, or defaults of the type are not written as JSON.
    """
    if type.kind in _SCALAR_CONVERTERS:
        return _SCALAR_CONVERTERS[type.kind](value)
    if type.kind in _CONTAINER_CONVERTERS:
        return _CONTAINER_CONVERTERS[type.kind](type, value)
    raise ValueError(f"not a {type.kind.value}")


def _to_int(value: JsonValue) -> int:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value not in _INT64:
        raise ValueError("not an INT")
    return value


def _to_float(value: JsonValue) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError("not a FLOAT")
    try:
        return float(value)
    except OverflowError:
        raise ValueError("not a FLOAT") from None


def _to_bool(value: JsonValue) -> bool:
    if not isinstance(value, bool):
        raise ValueError("not a BOOL")
    return value


def _to_str(value: JsonValue) -> str:
    if not isinstance(value, str) or not is_encodable(value):
        raise ValueError("not a STR")
    return value


def _to_list(type: DataType, value: JsonValue) -> list[object]:
    if not isinstance(value, list):
        raise ValueError("not a LIST")
    return [_to_type(type.items[0], item) for item in value]


def _to_tuple(type: DataType, value: JsonValue) -> tuple[object, ...]:
    if not isinstance(value, list) or len(value) != len(type.items):
        raise ValueError("not such a TUPLE")
    return tuple(map(_to_type, type.items, value))


def _to_named_fields(type: DataType, value: JsonValue) -> dict[str, object]:
    if not isinstance(value, dict) or set(value) != {member.name for member in type.members}:
        raise ValueError("not such NAMED_FIELDS")
    return {member.name: _to_type(member.type, value[member.name]) for member in type.members}


def _to_json(value: JsonValue) -> JsonValue:
    # Servers read an object whose only key is `_list` as an array, so it would not arrive as an object.
    is_container = isinstance(value, list) or (isinstance(value, dict) and set(value) != {"_list"})
    if not is_container or not _survives_the_wire(value):
        raise ValueError("not such JSON_DATA")
    return value


def _survives_the_wire(value: JsonValue) -> bool:
    """Return whether a JSON value arrives unchanged."""
    if isinstance(value, dict):
        return all(is_encodable(key) and _survives_the_wire(item) for key, item in value.items())
    if isinstance(value, list):
        return all(map(_survives_the_wire, value))
    if isinstance(value, str):
        return is_encodable(value)
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or abs(value) <= _MAX_EXACT


_SCALAR_CONVERTERS: Final[dict[TypeKind, Callable[[JsonValue], object]]] = {
    TypeKind.STR: _to_str,
    TypeKind.INT: _to_int,
    TypeKind.FLOAT: _to_float,
    TypeKind.BOOL: _to_bool,
    TypeKind.JSON_DATA: _to_json,
}
_CONTAINER_CONVERTERS: Final[dict[TypeKind, Callable[[DataType, JsonValue], object]]] = {
    TypeKind.LIST: _to_list,
    TypeKind.TUPLE: _to_tuple,
    TypeKind.NAMED_FIELDS: _to_named_fields,
}
"""Converters from JSON, by type. Defaults of other types are not written as JSON."""
