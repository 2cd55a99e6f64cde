"""Protobuf's wire format, written: a message as pieces that are joined once.

What lives here: tags, lengths and the forms of fields, as far as requests need them. Which field holds what
is for the codecs. A message's length stands before its content, so its place is kept, and filled when the
content is there. Long bytes are pieces as they are: the join of the whole request is their only copy.
"""

from __future__ import annotations

from collections.abc import Callable
from struct import Struct
from typing import Any, Final, TypeAlias

Buffers: TypeAlias = "list[bytes | memoryview]"

Encoder: TypeAlias = Callable[[Any, Buffers], int]
"""Append a value's fields to the pieces; how many bytes they are."""

_ONE_BYTE: Final = tuple(bytes([number]) for number in range(128))
_INFINITY: Final = float("inf")
_float: Final = Struct("<f").pack
_double: Final = Struct("<d").pack


def varint(number: int) -> bytes:
    """A number from 0 on: seven bits a byte, the lowest first."""
    if number < 128:
        return _ONE_BYTE[number]
    groups = bytearray()
    while number > 127:
        groups.append(number & 127 | 128)
        number >>= 7
    groups.append(number)
    return bytes(groups)


def varint_tag(field: int) -> bytes:
    """The tag of a field that holds a whole number or a bool."""
    return varint(field << 3)


def i64_tag(field: int) -> bytes:
    """The tag of a field that holds a float of 64 bits."""
    return varint(field << 3 | 1)


def len_tag(field: int) -> bytes:
    """The tag of a field that holds a message, text or bytes."""
    return varint(field << 3 | 2)


def i32_tag(field: int) -> bytes:
    """The tag of a field that holds a float of 32 bits."""
    return varint(field << 3 | 5)


def float64(number: float) -> bytes:
    """A float of 64 bits."""
    return _double(number)


def float32(number: float) -> bytes:
    """A float of 32 bits: the nearest, or infinity for one that is beyond."""
    try:
        return _float(number)
    except OverflowError:
        return _float(_INFINITY if number > 0 else -_INFINITY)


def len_field(tag: bytes, content: bytes) -> bytes:
    """A field with a message, text or bytes, also if that is empty."""
    return tag + varint(len(content)) + content


def append_len_field(tag: bytes, content: bytes | memoryview, out: Buffers) -> int:
    """Append a field with a message, text or bytes, without a copy of that."""
    head = tag + varint(len(content))
    out += (head, content)
    return len(head) + len(content)


def small_message(field: int, content: Callable[[Any], bytes]) -> Encoder:
    """What appends a field with a message that is short enough to be made at once."""
    tag = len_tag(field)

    def put(value: Any, out: Buffers) -> int:
        piece = content(value)
        piece = tag + varint(len(piece)) + piece
        out.append(piece)
        return len(piece)

    return put


def message(field: int, write: Encoder) -> Encoder:
    """What appends a field with a message, whose own fields `write` appends."""
    tag = len_tag(field)

    def put(value: Any, out: Buffers) -> int:
        place = len(out)
        out.append(b"")
        size = write(value, out)
        head = out[place] = tag + varint(size)
        return len(head) + size

    return put
