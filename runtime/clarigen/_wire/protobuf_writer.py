"""A writer of protobuf's wire format: tags, lengths and fields.

A message is written as a list of buffers. They are joined when the request is complete, and large
content is copied only then. The head of a message (tag and length) precedes its content, so a
placeholder is appended first and replaced when the length is known. The fields of each message are
declared by the codecs, not here.
"""

from __future__ import annotations

from collections.abc import Callable
from struct import Struct
from typing import Any, Final, TypeAlias

Buffers: TypeAlias = "list[bytes | memoryview]"
"""The bytes of a message in several pieces, in order."""

Encoder: TypeAlias = Callable[[Any, Buffers], int]
"""A function that appends the fields of a value to buffers and returns their size in bytes."""

_ONE_BYTE: Final = tuple(bytes([number]) for number in range(128))
_INFINITY: Final = float("inf")
_pack_float: Final = Struct("<f").pack
_pack_double: Final = Struct("<d").pack


def encode_varint(number: int) -> bytes:
    """Encode an integer, 0 or more, as a varint: seven bits per byte, the lowest first."""
    if number < 128:
        return _ONE_BYTE[number]
    groups = bytearray()
    while number > 127:
        groups.append(number & 127 | 128)
        number >>= 7
    groups.append(number)
    return bytes(groups)


def varint_tag(number: int) -> bytes:
    """Return the tag of a field with wire type VARINT: an integer or a bool."""
    return encode_varint(number << 3)


def i64_tag(number: int) -> bytes:
    """Return the tag of a field with wire type I64: a double."""
    return encode_varint(number << 3 | 1)


def len_tag(number: int) -> bytes:
    """Return the tag of a field with wire type LEN: a message, a string or bytes."""
    return encode_varint(number << 3 | 2)


def i32_tag(number: int) -> bytes:
    """Return the tag of a field with wire type I32: a float."""
    return encode_varint(number << 3 | 5)


def encode_float64(number: float) -> bytes:
    """Encode a number as a double."""
    return _pack_double(number)


def encode_float32(number: float) -> bytes:
    """Encode a number as a float, rounded; out of range it becomes infinity."""
    try:
        return _pack_float(number)
    except OverflowError:
        return _pack_float(_INFINITY if number > 0 else -_INFINITY)


def encode_len_field(tag: bytes, content: bytes) -> bytes:
    """Encode a field with wire type LEN."""
    return tag + encode_varint(len(content)) + content


def append_len_field(tag: bytes, content: bytes | memoryview, out: Buffers) -> int:
    """Append a field with wire type LEN without copying its content; return its size in bytes."""
    head = tag + encode_varint(len(content))
    out += (head, content)
    return len(head) + len(content)


def small_message_encoder(number: int, encode: Callable[[Any], bytes]) -> Encoder:
    """Return the encoder of a field that holds a message small enough to be copied.

    Args:
        number: The number of the field.
        encode: Returns the fields of the message as bytes.
    """
    tag = len_tag(number)

    def encode_field(value: Any, out: Buffers) -> int:
        content = encode(value)
        buffer = tag + encode_varint(len(content)) + content
        out.append(buffer)
        return len(buffer)

    return encode_field


def message_encoder(number: int, encode: Encoder) -> Encoder:
    """Return the encoder of a field that holds a message of any size.

    Args:
        number: The number of the field.
        encode: Appends the fields of the message.
    """
    tag = len_tag(number)

    def encode_field(value: Any, out: Buffers) -> int:
        position = len(out)
        out.append(b"")  # placeholder for the head
        size = encode(value, out)
        head = out[position] = tag + encode_varint(size)
        return len(head) + size

    return encode_field
