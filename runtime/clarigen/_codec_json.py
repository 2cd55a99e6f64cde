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

from ._codec import Codec, Misfit, described, is_a, number64, utf8, wanted

if TYPE_CHECKING:
    from google.protobuf.struct_pb2 import Struct, Value

    from ._proto import Data

_LIST: Final = "_list"
"""The key under which an array travels: a Struct is always an object."""

_LEVELS: Final = 88
"""How many levels of messages are left for JSON: protobuf reads 100, and the request takes some."""


def _encode(value: Any, data: Data) -> None:
    if is_a(value, Mapping):
        if set(value) == {_LIST}:
            raise Misfit(
                f"must not have {_LIST!r} as its only key: servers would take it for an array"
            )
        _fill_struct(value, data.struct_value, _LEVELS)
    elif _is_array(value):
        _fill_value(value, data.struct_value.fields[_LIST], _LEVELS - 2)
    else:
        raise wanted("a JSON object or array (a mapping or a sequence)", value)
    data.string_value = json.dumps(value, default=_plain, separators=(",", ":"))
    data.struct_value.SetInParent()


def _is_array(value: Any) -> bool:
    return is_a(value, Sequence) and not is_a(value, str, bytes, bytearray)


def _plain(value: Any) -> Any:
    """Mappings, sequences and numbers of other classes, as the json module knows them."""
    if is_a(value, Mapping):
        return dict(value)
    return list(value) if _is_array(value) else float(value)


def _fill_struct(value: Mapping[Any, Any], struct: Struct, levels: int) -> None:
    for key, item in value.items():
        if not isinstance(key, str):
            raise Misfit(f"must have strings as keys, not {described(key)}")
        try:
            _fill_value(item, struct.fields[utf8(key)], levels - 3)
        except Misfit as misfit:
            raise misfit.under(f"[{key!r}]") from None


def _fill_value(value: Any, message: Value, levels: int) -> None:
    if levels < 0:
        raise Misfit("is nested too deeply for the wire (some 30 objects or 45 arrays)")
    if value is None:
        message.null_value = 0  # type: ignore[assignment]
    elif isinstance(value, bool):
        message.bool_value = value
    elif isinstance(value, str):
        message.string_value = utf8(value)
    elif is_a(value, Mapping):
        message.struct_value.SetInParent()
        _fill_struct(value, message.struct_value, levels)
    elif _is_array(value):
        message.list_value.SetInParent()
        add = message.list_value.values.add
        for index, item in enumerate(value):
            try:
                _fill_value(item, add(), levels - 2)
            except Misfit as misfit:
                raise misfit.under(f"[{index}]") from None
    elif hasattr(value, "__float__"):
        message.number_value = _finite(value)
    else:
        raise wanted("a JSON value", value)


def _finite(value: Any) -> float:
    number = number64(value)
    if not math.isfinite(number):
        raise Misfit(f"must be a finite number; JSON has no {number}")
    return number


def _decode(data: Data) -> Any:
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
