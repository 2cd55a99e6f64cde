"""Protobuf's wire format, written: a message as pieces that are joined once.

What lives here: tags, lengths and the forms of fields, as far as requests need them. Which field holds what
is for the codecs. A message's length stands before its content, so its place is kept, and filled when the
content is there. Long bytes are pieces as they are: the join of the whole request is their only copy.
"""

from __future__ import annotations

from collections.abc import Callable
from struct import Struct
from typing import Any, Final, TypeAlias

Pieces: TypeAlias = "list[bytes | memoryview]"

Write: TypeAlias = Callable[[Any, Pieces], int]
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


def whole(field: int) -> bytes:
    """The tag of a field that holds a whole number or a bool."""
    return varint(field << 3)


def double(field: int) -> bytes:
    """The tag of a field that holds a float of 64 bits."""
    return varint(field << 3 | 1)


def long(field: int) -> bytes:
    """The tag of a field that holds a message, text or bytes."""
    return varint(field << 3 | 2)


def single(field: int) -> bytes:
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


def sized(tag: bytes, content: bytes) -> bytes:
    """A field with a message, text or bytes, also if that is empty."""
    return tag + varint(len(content)) + content


def append(tag: bytes, content: bytes | memoryview, out: Pieces) -> int:
    """Append a field with a message, text or bytes, without a copy of that."""
    head = tag + varint(len(content))
    out += (head, content)
    return len(head) + len(content)


def flat(field: int, content: Callable[[Any], bytes]) -> Write:
    """What appends a field with a message that is short enough to be made at once."""
    tag = long(field)

    def put(value: Any, out: Pieces) -> int:
        piece = content(value)
        piece = tag + varint(len(piece)) + piece
        out.append(piece)
        return len(piece)

    return put


def nested(field: int, write: Write) -> Write:
    """What appends a field with a message, whose own fields `write` appends."""
    tag = long(field)

    def put(value: Any, out: Pieces) -> int:
        place = len(out)
        out.append(b"")
        size = write(value, out)
        head = out[place] = tag + varint(size)
        return len(head) + size

    return put
