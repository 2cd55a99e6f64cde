"""The codec of JSON: objects and arrays, each in two representations.

Models run on two generations of servers, and a signature does not tell which. The older reads JSON
text, the newer protobuf's Struct, and each ignores the other. So an argument is sent as both, and a
result is read from either. In a Struct numbers are doubles, and the order of keys is lost. The
fields of Struct are written without protobuf, which no codec imports.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from .codec import (
    Codec,
    CodecError,
    describe,
    is_array,
    is_bool,
    is_instance,
    to_codec_error,
    type_mismatch,
)
from .protobuf_writer import (
    Buffers,
    append_len_field,
    encode_float64,
    encode_len_field,
    i64_tag,
    len_tag,
    varint_tag,
)
from .scalars import STRING_TAG, encode_utf8, to_float64

if TYPE_CHECKING:
    from google.protobuf.struct_pb2 import Struct, Value

    from .._proto import Data
    from .json_types import JsonType
    from .large_payloads import LargePayloads

_ARRAY_KEY: Final = "_list"
"""The key of a Struct that holds an array: a Struct itself is always an object."""

_MAX_LEVELS: Final = 88
"""The maximum number of nested messages that represent JSON. protobuf reads 100; the other 12 are left
for the messages around JSON. An object takes three (Struct, entry, Value), an array two (ListValue,
Value)."""

_MAX_METADATA_LEVELS: Final = 72
"""The same for the metadata of a region in a frame, which has more messages around it."""

# Tags of `struct_value`, and of the fields of Struct, its map entries, ListValue and Value. `_NULL` and
# `_BOOLS` are whole fields: tag and value.
_STRUCT_TAG: Final = len_tag(26)
_METADATA_TAG: Final = len_tag(5)
_ENTRY = _KEY = _ITEM = len_tag(1)
_VALUE: Final = len_tag(2)
_NULL_FIELD: Final = varint_tag(1) + b"\0"
_NUMBER, _STRING = i64_tag(2), len_tag(3)
_BOOL_FIELDS: Final = (varint_tag(4) + b"\0", varint_tag(4) + b"\1")
_OBJECT, _ARRAY = len_tag(5), len_tag(6)


def _encode_json(value: Any, out: Buffers) -> int:
    if is_instance(value, Mapping):
        if set(value) == {_ARRAY_KEY}:
            raise CodecError(
                f"must not have {_ARRAY_KEY!r} as its only key: servers would read it as an array"
            )
        struct = _encode_struct(value, _MAX_LEVELS)
    elif _is_json_array(value):
        struct = _encode_entry(_ARRAY_KEY, _encode_value(value, _MAX_LEVELS - 2))
    else:
        raise type_mismatch("a JSON object or array (a mapping or a sequence)", value)
    import json  # here, not at the top: benchmark "import of a generated package"

    text = json.dumps(value, default=_to_builtin, separators=(",", ":"))
    return append_len_field(STRING_TAG, text.encode(), out) + append_len_field(
        _STRUCT_TAG, struct, out
    )


def encode_metadata(value: Any) -> bytes:
    """Encode a JSON object as the field `metadata` of a `Data`."""
    if not is_instance(value, Mapping):
        raise type_mismatch("a JSON object (a mapping)", value)
    return encode_len_field(_METADATA_TAG, _encode_struct(value, _MAX_METADATA_LEVELS))


def encode_name_metadata(name: str) -> bytes:
    """Encode the metadata of a `Data`, which names the method: `{"_method_name": name}`."""
    return encode_metadata({"_method_name": name})


def _is_json_array(value: Any) -> bool:
    return is_instance(value, Sequence) and not is_instance(value, str, bytes, bytearray)


def _to_builtin(value: Any) -> Any:
    """Convert a mapping, sequence, number or bool that the json module does not know."""
    if is_instance(value, Mapping):
        return dict(value)
    if is_bool(value):
        return bool(value)
    return list(value) if _is_json_array(value) else float(value)


def _encode_struct(value: Mapping[Any, Any], levels: int) -> bytes:
    """Encode the fields of a Struct; `levels` is the maximum depth of messages, this one included."""
    entries: list[bytes] = []
    for key, item in value.items():
        if not isinstance(key, str):
            raise CodecError(f"must have strings as keys, not {describe(key)}")
        try:  # faster than `call_at`: benchmark "JSON of 1,000 keys, encoded"
            entries.append(_encode_entry(key, _encode_value(item, levels - 3)))
        except Exception as error:  # noqa: BLE001 - see `to_codec_error`
            raise to_codec_error(error).prepend_step(f"[{str.__repr__(key)}]") from None
    return b"".join(entries)


def encode_struct_entry(key: str, value: Any) -> bytes:
    """Encode an entry of a Struct: a key with a JSON value."""
    return _encode_entry(key, _encode_value(value, _MAX_LEVELS))


def _encode_entry(key: str, value: bytes) -> bytes:
    entry = encode_len_field(_KEY, encode_utf8(key)) + encode_len_field(_VALUE, value)
    return encode_len_field(_ENTRY, entry)


def _encode_value(value: Any, levels: int) -> bytes:
    if levels < 0:
        raise CodecError("is nested too deeply for the wire (about 30 objects or 45 arrays)")
    if value is None:
        return _NULL_FIELD
    if isinstance(value, bool):
        return _BOOL_FIELDS[value]
    if isinstance(value, str):
        return encode_len_field(_STRING, encode_utf8(value))
    if is_instance(value, Mapping):
        return encode_len_field(_OBJECT, _encode_struct(value, levels))
    if _is_json_array(value):
        return encode_len_field(_ARRAY, _encode_list(value, levels))
    if is_array(value):
        raise CodecError(f"must be a JSON value, not {describe(value)}; use its method tolist()")
    if hasattr(value, "__float__"):
        if not isinstance(value, (int, float)) and is_bool(value):
            return _BOOL_FIELDS[bool(value)]
        return _NUMBER + encode_float64(_to_finite(value))
    raise type_mismatch("a JSON value", value)


def _encode_list(value: Sequence[Any], levels: int) -> bytes:
    """Encode the fields of a ListValue; `levels` is the maximum depth of messages, this one included."""
    items: list[bytes] = []
    try:  # one `try` per array, not per item: benchmark "JSON of 1,000 keys, encoded"
        for item in value:
            items.append(encode_len_field(_ITEM, _encode_value(item, levels - 2)))
    except Exception as error:  # noqa: BLE001 - see `to_codec_error`
        raise to_codec_error(error).prepend_step(f"[{len(items)}]") from None
    return b"".join(items)


def _to_finite(value: Any) -> float:
    try:
        number = to_float64(value)
    except CodecError as error:
        error.problem = error.problem.replace("must be a float,", "must be a JSON value,")
        raise
    if not math.isfinite(number):
        raise CodecError(f"must be a finite number; JSON has no {number}")
    return number


def _decode_json(data: Data, _: LargePayloads) -> Any:
    if data.HasField("struct_value"):
        fields = data.struct_value.fields
        if len(fields) == 1 and _ARRAY_KEY in fields:
            return decode_value(fields[_ARRAY_KEY])
        return decode_struct(data.struct_value)
    if not data.string_value:
        raise CodecError("is missing; JSON was expected")
    import json

    try:
        return json.loads(data.string_value)
    except (ValueError, RecursionError) as error:
        raise CodecError(f"is not JSON: {error}") from None


def decode_struct(struct: Struct) -> dict[str, Any]:
    """Return the JSON object of a protobuf `Struct`."""
    return {key: decode_value(value) for key, value in struct.fields.items()}


def decode_value(value: Value) -> Any:
    """Return the JSON value of a protobuf `Value`."""
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        return decode_struct(value.struct_value)
    if kind == "list_value":
        return [decode_value(item) for item in value.list_value.values]
    return None if kind is None or kind == "null_value" else getattr(value, kind)


JSON: Final[Codec[Any]] = Codec(
    "a JSON object or array", _encode_json, _decode_json, kind="JSON_DATA"
)


def json_as(text: str) -> Codec[Any]:
    """Return the codec that converts between JSON and a Python type.

    Args:
        text: The type expression, such as `list[app.types:ChatMessage]`; see `type_expression`.

    Raises:
        ConfigError: It names a type that does not exist or that JSON cannot represent.
    """

    @cache
    def load() -> JsonType:
        from .json_types import load_json_type

        return load_json_type(text)

    if (
        ":" in text
    ):  # now, so that a mistake in the configuration is found when the package is imported
        load()

    def encode(value: Any, out: Buffers) -> int:
        try:
            content = load().to_json(value)
        except RecursionError:
            raise CodecError("is nested too deeply, or contains itself") from None
        return JSON.encode(content, out)

    def decode(data: Data, payloads: LargePayloads) -> Any:
        try:
            return load().from_json(JSON.decode(data, payloads))
        except RecursionError:
            raise CodecError("is nested too deeply for its type") from None

    return Codec(JSON.label, encode, decode, kind=JSON.kind, parts=(text,))
