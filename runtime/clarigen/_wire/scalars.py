"""Codecs of scalars: str, bytes, int, float and bool. Other codecs convert their numbers with these functions.

For zero, False and an empty value no field is written: an empty part is sent.
"""

from __future__ import annotations

from operator import index
from typing import TYPE_CHECKING, Any, Final

from .codec import Codec, CodecError, describe, is_array, is_bool, is_instance, type_mismatch
from .large_payloads import LargePayloads, resolve_payload
from .protobuf_writer import (
    Buffers,
    append_len_field,
    encode_float64,
    encode_varint,
    i64_tag,
    len_tag,
    varint_tag,
)

if TYPE_CHECKING:
    from .._proto import Data

_INT64_RANGE: Final = range(-(2**63), 2**63)
_ENCODED_ZERO: Final = encode_float64(0.0)

_INT_TAG, _FLOAT_TAG, _BYTES_TAG = varint_tag(21), i64_tag(22), len_tag(23)
_TRUE_FIELD: Final = varint_tag(24) + b"\x01"
STRING_TAG: Final = len_tag(25)
"""The tag of `string_value`."""


def _encode_str(value: Any, out: Buffers) -> int:
    text = encode_utf8(value)
    return append_len_field(STRING_TAG, text, out) if text else 0


def encode_utf8(value: Any) -> bytes:
    """Encode a string; raise `CodecError` for another type and for a lone surrogate."""
    if not isinstance(value, str):
        raise type_mismatch("a str", value)
    try:
        return str.encode(value)
    except UnicodeEncodeError:
        raise CodecError("must be text that UTF-8 can encode; it has a lone surrogate") from None


def _decode_str(data: Data, _: LargePayloads) -> str:
    return data.string_value or data.text.raw


def _encode_bytes(value: Any, out: Buffers) -> int:
    if not is_instance(value, bytes, bytearray, memoryview):
        raise type_mismatch("bytes", value)
    content = value if isinstance(value, bytes) else bytes(value)
    return append_len_field(_BYTES_TAG, content, out) if content else 0


def _decode_bytes(data: Data, payloads: LargePayloads) -> bytes:
    return bytes(resolve_payload(data.bytes_value, payloads))


def _encode_int(value: Any, out: Buffers) -> int:
    number = value if type(value) is int else to_int(value)
    if number not in _INT64_RANGE:
        raise CodecError("must fit into 64 bits: -2**63 to 2**63 - 1")
    if not number:
        return 0
    buffer = _INT_TAG + encode_varint(number & 2**64 - 1)  # two's complement
    out.append(buffer)
    return len(buffer)


def to_int(value: Any) -> int:
    """Convert an integer of another class, such as numpy's; refuse a bool and an array."""
    if is_bool(value) or is_array(value) or not hasattr(value, "__index__"):
        raise type_mismatch("an int", value)
    return index(value)


def _decode_int(data: Data, _: LargePayloads) -> int:
    return data.int_value


def _encode_float(value: Any, out: Buffers) -> int:
    packed = encode_float64(to_float64(value))
    if packed == _ENCODED_ZERO:  # unlike -0.0, which needs its field
        return 0
    out.append(_FLOAT_TAG + packed)
    return len(_FLOAT_TAG) + 8


def to_float64(value: Any) -> float:
    """Convert a number to a float.

    Raises:
        CodecError: It is a bool, an array or complex, it is out of range, or it is an integer that no
            64-bit float holds exactly. Other numbers, such as a Decimal, are rounded.
    """
    if type(value) is float:
        return value
    if not _is_real(value):
        raise type_mismatch("a float", value)
    try:
        number = float(value)
    except OverflowError:
        raise CodecError(f"must fit into a 64-bit float; {describe(value)} does not") from None
    except (TypeError, ValueError):
        raise type_mismatch("a float", value) from None
    if hasattr(value, "__index__") and index(value) != number:
        raise CodecError(
            f"must be an integer that a 64-bit float holds exactly, not {describe(value)};"
            " beyond 2**53 not all are: send it as a str"
        )
    return number


def _is_real(value: Any) -> bool:
    """Return whether a value is a single real number, and no bool."""
    if isinstance(value, (str, bytes)) or is_bool(value) or not hasattr(value, "__float__"):
        return False
    is_complex = getattr(getattr(value, "dtype", None), "kind", "") == "c"
    return not is_complex and not is_array(value)


def _decode_float(data: Data, _: LargePayloads) -> float:
    return data.float_value


def _encode_bool(value: Any, out: Buffers) -> int:
    if not is_bool(value):
        raise type_mismatch("a bool", value)
    if not value:
        return 0
    out.append(_TRUE_FIELD)
    return len(_TRUE_FIELD)


def _decode_bool(data: Data, _: LargePayloads) -> bool:
    return data.bool_value


STR: Final[Codec[str]] = Codec("a str", _encode_str, _decode_str, kind="STR")
BYTES: Final[Codec[bytes]] = Codec("bytes", _encode_bytes, _decode_bytes, kind="BYTES")
INT: Final[Codec[int]] = Codec("an int", _encode_int, _decode_int, kind="INT")
FLOAT: Final[Codec[float]] = Codec("a float", _encode_float, _decode_float, kind="FLOAT")
BOOL: Final[Codec[bool]] = Codec("a bool", _encode_bool, _decode_bool, kind="BOOL")
