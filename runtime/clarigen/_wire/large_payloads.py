"""Protobuf's wire format, read: as far as large payloads need it, of which protobuf would make two copies.

What lives here: where in an answer the bytes of files and arrays stand, and how they are cut out before
protobuf parses the rest. What is cut out leaves a mark in its field, so that protobuf's own rules (which of two
fields holds, what merges) decide about it as about the bytes. An answer that is written in an unusual way, or has
too many fields to be worth it, stays whole. Knows nothing of types: a codec asks for what stands behind a mark.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from .protobuf_writer import Buffers, len_field, len_tag, varint

LargePayloads: TypeAlias = Mapping[bytes, memoryview]
"""The payloads that were cut out of an answer, by their marks."""

NO_PAYLOADS: Final[LargePayloads] = {}

MIN_PAYLOAD_BYTES: Final = 1 << 16
"""Bytes from which on a payload is cut out; below, protobuf's copies are cheaper than to look for it."""

BYTES_PER_FIELD: Final = 1 << 12
"""Bytes of an answer for each field that is looked at, and for `_FEW` more: where they are smaller, protobuf is as fast."""
_FEW: Final = 16
_DEPTH: Final = 100
"""Messages within each other that protobuf takes."""
_MARK: Final = os.urandom(16)
"""What no server can know, and so no payload can be."""

_PAYLOAD: Final[dict[int, Any]] = {}
_FILE: Final = {2: _PAYLOAD}
_DATA: Final[dict[int, Any]] = {}
_DATA.update(
    {
        1: _FILE,  # image
        2: _FILE,  # video
        11: {2: {4: {2: _FILE}}},  # regions: the mask's image
        12: {2: _DATA},  # frames
        14: _FILE,  # audio
        19: {1: _DATA},  # parts
        20: {1: _PAYLOAD},  # ndarray
        23: _PAYLOAD,  # bytes_value
    }
)
PAYLOAD_FIELDS: Final = {2: {6: _DATA}}
"""The fields of `MultiOutputResponse` that lead to payloads, and those within them."""


class _Fallback(Exception):
    """The answer is better left whole."""


def extract_large_payloads(reply: bytes) -> tuple[bytes, LargePayloads]:
    """An answer without its large payloads, and these: payloads of it, not copies.

    Args:
        reply: A `MultiOutputResponse`, serialised. What is no such message is returned as it is.
    """
    if len(reply) < MIN_PAYLOAD_BYTES:
        return reply, NO_PAYLOADS
    reader = _Reader(memoryview(reply))
    out: Buffers = []
    try:
        reader.message(0, len(reply), PAYLOAD_FIELDS, out, _DEPTH)
    except _Fallback:
        return reply, NO_PAYLOADS
    return (b"".join(out), reader.payloads) if reader.payloads else (reply, NO_PAYLOADS)


def resolve_payload(content: bytes, payloads: LargePayloads) -> bytes | memoryview:
    """The payload that a field holds: what was cut out of it, or its content."""
    return payloads.get(content, content) if payloads else content  # a look-up reads all of it


class _Reader:
    """One way through an answer: what it may still look at, and what it has cut out."""

    def __init__(self, reply: memoryview) -> None:
        self._reply = reply
        self._left = _FEW + len(reply) // BYTES_PER_FIELD
        self.payloads: dict[bytes, memoryview] = {}

    def message(
        self, place: int, end: int, fields: dict[int, Any], out: Buffers, depth: int
    ) -> int:
        """Append a message without its payloads; how many bytes it is now."""
        total, kept = 0, place
        while place < end:
            first = place
            tag, place = self._varint(place, 5)
            size = 0
            match tag & 7:
                case 0:
                    _, place = self._varint(place, 10)
                case 1:
                    place += 8
                case 2:
                    size, place = self._varint(place, 5)
                    place += size
                case 5:
                    place += 4
                case _:
                    raise _Fallback
            self._left -= 1
            if place > end or not self._left or not depth:
                raise _Fallback
            inside = fields.get(tag >> 3)
            if size >= MIN_PAYLOAD_BYTES and inside is not None:
                out.append(self._reply[kept:first])
                total += first - kept + self._field(tag, place - size, place, inside, out, depth)
                kept = place
        out.append(self._reply[kept:end])
        return total + end - kept

    def _field(
        self, tag: int, place: int, end: int, inside: dict[int, Any], out: Buffers, depth: int
    ) -> int:
        head = len_tag(tag >> 3)
        if inside is _PAYLOAD:
            mark = _MARK + varint(len(self.payloads))
            self.payloads[mark] = self._reply[place:end]
            out.append(piece := len_field(head, mark))
            return len(piece)
        slot = len(out)
        out.append(b"")
        size = self.message(place, end, inside, out, depth - 1)
        out[slot] = head = head + varint(size)
        return len(head) + size

    def _varint(self, place: int, longest: int) -> tuple[int, int]:
        """A number, and where it ends."""
        number = 0
        for shift, byte in enumerate(self._reply[place : place + longest]):
            number |= (byte & 127) << 7 * shift
            if byte < 128:
                return number, place + shift + 1
        raise _Fallback
