"""The codec of JSON: an object or an array, in two spellings at once.

What lives here: JSON to and from protobuf's Struct. Models run on two generations of servers, and a
signature does not say which: the older reads JSON text, the newer a Struct, and each ignores the
other. So an argument carries both, and a result is read from either. Numbers are 64-bit floats on
the way, keys keep no order.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from .codec import (
    STRING_TAG,
    Codec,
    CodecError,
    describe,
    encode_utf8,
    is_a,
    is_bool,
    to_float64,
    type_mismatch,
)
from .protobuf_writer import (
    Buffers,
    append_len_field,
    float64,
    i64_tag,
    len_field,
    len_tag,
    varint_tag,
)

if TYPE_CHECKING:
    from google.protobuf.struct_pb2 import Value

    from .._proto import Data
    from .large_payloads import LargePayloads

_LIST: Final = "_list"
"""The key under which an array travels: a Struct is always an object."""

_LEVELS: Final = 88
"""How many levels of messages are left for JSON: protobuf reads 100, and the request takes some."""


_STRUCT: Final = len_tag(26)
_ENTRY = _KEY = _ITEM = len_tag(1)
_VALUE: Final = len_tag(2)
_NULL: Final = varint_tag(1) + b"\0"
_NUMBER, _STRING = i64_tag(2), len_tag(3)
_BOOLS: Final = (varint_tag(4) + b"\0", varint_tag(4) + b"\1")
_OBJECT, _ARRAY = len_tag(5), len_tag(6)


def _encode(value: Any, out: Buffers) -> int:
    if is_a(value, Mapping):
        if set(value) == {_LIST}:
            raise CodecError(
                f"must not have {_LIST!r} as its only key: servers would take it for an array"
            )
        struct = _struct(value, _LEVELS)
    elif _is_array(value):
        struct = _entry(_LIST, _value(value, _LEVELS - 2))
    else:
        raise type_mismatch("a JSON object or array (a mapping or a sequence)", value)
    text = json.dumps(value, default=_plain, separators=(",", ":"))
    return append_len_field(STRING_TAG, text.encode(), out) + append_len_field(_STRUCT, struct, out)


def _is_array(value: Any) -> bool:
    return is_a(value, Sequence) and not is_a(value, str, bytes, bytearray)


def _plain(value: Any) -> Any:
    """Mappings, sequences, numbers and bools of other classes, as the json module knows them."""
    if is_a(value, Mapping):
        return dict(value)
    if is_bool(value):
        return bool(value)
    return list(value) if _is_array(value) else float(value)


def _struct(value: Mapping[Any, Any], levels: int) -> bytes:
    entries: list[bytes] = []
    for key, item in value.items():
        if not isinstance(key, str):
            raise CodecError(f"must have strings as keys, not {describe(key)}")
        try:
            entries.append(_entry(key, _value(item, levels - 3)))
        except CodecError as misfit:
            raise misfit.at(f"[{key!r}]") from None
    return b"".join(entries)


def _entry(key: str, value: bytes) -> bytes:
    return len_field(_ENTRY, len_field(_KEY, encode_utf8(key)) + len_field(_VALUE, value))


def _value(value: Any, levels: int) -> bytes:
    if levels < 0:
        raise CodecError("is nested too deeply for the wire (some 30 objects or 45 arrays)")
    if value is None:
        return _NULL
    if isinstance(value, bool):
        return _BOOLS[value]
    if isinstance(value, str):
        return len_field(_STRING, encode_utf8(value))
    if is_a(value, Mapping):
        return len_field(_OBJECT, _struct(value, levels))
    if _is_array(value):
        return len_field(_ARRAY, _list(value, levels))
    if hasattr(value, "__float__"):
        if not isinstance(value, (int, float)) and is_bool(value):
            return _BOOLS[bool(value)]
        return _NUMBER + float64(_finite(value))
    raise type_mismatch("a JSON value", value)


def _list(value: Sequence[Any], levels: int) -> bytes:
    items: list[bytes] = []
    for index, item in enumerate(value):
        try:
            items.append(len_field(_ITEM, _value(item, levels - 2)))
        except CodecError as misfit:
            raise misfit.at(f"[{index}]") from None
    return b"".join(items)


def _finite(value: Any) -> float:
    number = to_float64(value)
    if not math.isfinite(number):
        raise CodecError(f"must be a finite number; JSON has no {number}")
    return number


def _decode(data: Data, _: LargePayloads) -> Any:
    if data.HasField("struct_value"):
        fields = data.struct_value.fields
        if len(fields) == 1 and _LIST in fields:
            return _read_value(fields[_LIST])
        return {key: _read_value(value) for key, value in fields.items()}
    if not data.string_value:
        raise CodecError("is missing; JSON was expected")
    try:
        return json.loads(data.string_value)
    except (ValueError, RecursionError) as error:
        raise CodecError(f"is not JSON: {error}") from None


def _read_value(message: Value) -> Any:
    kind = message.WhichOneof("kind")
    if kind == "struct_value":
        return {key: _read_value(item) for key, item in message.struct_value.fields.items()}
    if kind == "list_value":
        return [_read_value(item) for item in message.list_value.values]
    return None if kind is None or kind == "null_value" else getattr(message, kind)


JSON: Final[Codec[Any]] = Codec("a JSON object or array", _encode, _decode)
