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

from .codec import STRING, Codec, Misfit, described, is_a, is_bool, number64, utf8, wanted
from .protobuf_writer import Pieces, append, double, float64, long, sized, whole

if TYPE_CHECKING:
    from google.protobuf.struct_pb2 import Value

    from .._proto import Data
    from .large_payloads import Views

_LIST: Final = "_list"
"""The key under which an array travels: a Struct is always an object."""

_LEVELS: Final = 88
"""How many levels of messages are left for JSON: protobuf reads 100, and the request takes some."""


_STRUCT: Final = long(26)
_ENTRY = _KEY = _ITEM = long(1)
_VALUE: Final = long(2)
_NULL: Final = whole(1) + b"\0"
_NUMBER, _STRING = double(2), long(3)
_BOOLS: Final = (whole(4) + b"\0", whole(4) + b"\1")
_OBJECT, _ARRAY = long(5), long(6)


def _encode(value: Any, out: Pieces) -> int:
    if is_a(value, Mapping):
        if set(value) == {_LIST}:
            raise Misfit(
                f"must not have {_LIST!r} as its only key: servers would take it for an array"
            )
        struct = _struct(value, _LEVELS)
    elif _is_array(value):
        struct = _entry(_LIST, _value(value, _LEVELS - 2))
    else:
        raise wanted("a JSON object or array (a mapping or a sequence)", value)
    text = json.dumps(value, default=_plain, separators=(",", ":"))
    return append(STRING, text.encode(), out) + append(_STRUCT, struct, out)


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
            raise Misfit(f"must have strings as keys, not {described(key)}")
        try:
            entries.append(_entry(key, _value(item, levels - 3)))
        except Misfit as misfit:
            raise misfit.under(f"[{key!r}]") from None
    return b"".join(entries)


def _entry(key: str, value: bytes) -> bytes:
    return sized(_ENTRY, sized(_KEY, utf8(key)) + sized(_VALUE, value))


def _value(value: Any, levels: int) -> bytes:
    if levels < 0:
        raise Misfit("is nested too deeply for the wire (some 30 objects or 45 arrays)")
    if value is None:
        return _NULL
    if isinstance(value, bool):
        return _BOOLS[value]
    if isinstance(value, str):
        return sized(_STRING, utf8(value))
    if is_a(value, Mapping):
        return sized(_OBJECT, _struct(value, levels))
    if _is_array(value):
        return sized(_ARRAY, _list(value, levels))
    if hasattr(value, "__float__"):
        if not isinstance(value, (int, float)) and is_bool(value):
            return _BOOLS[bool(value)]
        return _NUMBER + float64(_finite(value))
    raise wanted("a JSON value", value)


def _list(value: Sequence[Any], levels: int) -> bytes:
    items: list[bytes] = []
    for index, item in enumerate(value):
        try:
            items.append(sized(_ITEM, _value(item, levels - 2)))
        except Misfit as misfit:
            raise misfit.under(f"[{index}]") from None
    return b"".join(items)


def _finite(value: Any) -> float:
    number = number64(value)
    if not math.isfinite(number):
        raise Misfit(f"must be a finite number; JSON has no {number}")
    return number


def _decode(data: Data, _: Views) -> Any:
    if data.HasField("struct_value"):
        fields = data.struct_value.fields
        if len(fields) == 1 and _LIST in fields:
            return _read_value(fields[_LIST])
        return {key: _read_value(value) for key, value in fields.items()}
    if not data.string_value:
        raise Misfit("is missing; JSON was expected")
    try:
        return json.loads(data.string_value)
    except (ValueError, RecursionError) as error:
        raise Misfit(f"is not JSON: {error}") from None


def _read_value(message: Value) -> Any:
    kind = message.WhichOneof("kind")
    if kind == "struct_value":
        return {key: _read_value(item) for key, item in message.struct_value.fields.items()}
    if kind == "list_value":
        return [_read_value(item) for item in message.list_value.values]
    return None if kind is None or kind == "null_value" else getattr(message, kind)


JSON: Final[Codec[Any]] = Codec("a JSON object or array", _encode, _decode)
