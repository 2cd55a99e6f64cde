"""A writer of protobuf's wire format: tags, lengths and fields.

A message is written as a list of buffers, which are joined once, when the request is complete. The
length of a message precedes its content, so its place is reserved and filled in when the content is
there. Large content is never copied before that join. Nothing here knows which message has which
fields: the codecs do.
"""

from __future__ import annotations

from collections.abc import Callable
from struct import Struct
from typing import Any, Final, TypeAlias

Buffers: TypeAlias = "list[bytes | memoryview]"
"""The parts of a message, in order, to be joined."""

Encoder: TypeAlias = Callable[[Any, Buffers], int]
"""Append the fields of a value to the buffers; return their size in bytes."""

_ONE_BYTE: Final = tuple(bytes([number]) for number in range(128))
_INFINITY: Final = float("inf")
_pack_float: Final = Struct("<f").pack
_pack_double: Final = Struct("<d").pack


def varint(number: int) -> bytes:
    """Encode a number of 0 or more as a varint: seven bits per byte, the lowest first."""
    if number < 128:
        return _ONE_BYTE[number]
    groups = bytearray()
    while number > 127:
        groups.append(number & 127 | 128)
        number >>= 7
    groups.append(number)
    return bytes(groups)


def varint_tag(field: int) -> bytes:
    """Return the tag of a field with wire type VARINT: an integer or a bool."""
    return varint(field << 3)


def i64_tag(field: int) -> bytes:
    """Return the tag of a field with wire type I64: a double."""
    return varint(field << 3 | 1)


def len_tag(field: int) -> bytes:
    """Return the tag of a field with wire type LEN: a message, a string or bytes."""
    return varint(field << 3 | 2)


def i32_tag(field: int) -> bytes:
    """Return the tag of a field with wire type I32: a float."""
    return varint(field << 3 | 5)


def float64(number: float) -> bytes:
    """Encode a number as a double."""
    return _pack_double(number)


def float32(number: float) -> bytes:
    """Encode a number as a float: the nearest one, or infinity if it is out of range."""
    try:
        return _pack_float(number)
    except OverflowError:
        return _pack_float(_INFINITY if number > 0 else -_INFINITY)


def len_field(tag: bytes, content: bytes) -> bytes:
    """Encode a length-delimited field."""
    return tag + varint(len(content)) + content


def append_len_field(tag: bytes, content: bytes | memoryview, out: Buffers) -> int:
    """Append a length-delimited field without copying its content; return its size."""
    head = tag + varint(len(content))
    out += (head, content)
    return len(head) + len(content)


def small_message(field: int, encode: Callable[[Any], bytes]) -> Encoder:
    """Return the encoder of a field that holds a message small enough to be copied.

    Args:
        field: The number of the field.
        encode: Returns the fields of the message as bytes.
    """
    tag = len_tag(field)

    def encode_field(value: Any, out: Buffers) -> int:
        content = encode(value)
        buffer = tag + varint(len(content)) + content
        out.append(buffer)
        return len(buffer)

    return encode_field


def message(field: int, encode: Encoder) -> Encoder:
    """Return the encoder of a field that holds a message of any size.

    Args:
        field: The number of the field.
        encode: Appends the fields of the message.
    """
    tag = len_tag(field)

    def encode_field(value: Any, out: Buffers) -> int:
        position = len(out)
        out.append(b"")  # reserved for the head, which needs the size
        size = encode(value, out)
        head = out[position] = tag + varint(size)
        return len(head) + size

    return encode_field
