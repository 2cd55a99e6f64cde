"""Extraction of the large payloads of a response, before protobuf parses the rest.

protobuf would copy the bytes of each file and array twice. Here they become views of the response, and
in the message a marker replaces each. protobuf parses markers like any bytes, so its rules (the last
value of a field wins, messages merge) apply to payloads as well. The codec that decodes a field looks
up the payload by its marker. A response that is encoded in an unusual way, or has too many fields, is
not changed. This module knows which fields hold payloads, not what they mean.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from .protobuf_writer import Buffers, encode_len_field, encode_varint, len_tag

LargePayloads: TypeAlias = Mapping[bytes, memoryview]
"""A mapping from each marker in a response to the payload that it replaces."""

NO_PAYLOADS: Final[LargePayloads] = {}

MIN_PAYLOAD_BYTES: Final = 1 << 19
"""The size of the smallest payload that is extracted. Copying a smaller one is faster than finding it:
benchmarks "image of 64 KiB, decoded" and "image of 1 MiB, decoded"."""

BYTES_PER_FIELD: Final = 1 << 14
"""Scan budget: one field per 16 KiB of response, plus `_EXTRA_FIELDS`. With smaller fields protobuf's
own parser is as fast."""
_EXTRA_FIELDS: Final = 16
_MAX_LEVELS: Final = 100
"""The maximum number of nested messages that protobuf parses."""
_MARKER_PREFIX: Final = os.urandom(16)
"""Random, so that no server can send a payload that is a marker."""

_PAYLOAD: Final[dict[int, Any]] = {}
"""Stands for a payload in the tables below, where a message has a dict of its fields. Compared with `is`."""
_FILE: Final = {2: _PAYLOAD}
_REGION: Final = {2: {4: {2: _FILE}}}  # region_info.mask.image
_DATA: Final[dict[int, Any]] = {}
_DATA.update(
    {
        1: _FILE,  # image
        2: _FILE,  # video
        11: _REGION,  # regions
        12: {2: {1: _FILE, 11: _REGION}},  # frames: data; the rest of it is kept as it is
        14: _FILE,  # audio
        19: {1: _DATA},  # parts: data
        20: {1: _PAYLOAD},  # ndarray: buffer
        23: _PAYLOAD,  # bytes_value
    }
)
PAYLOAD_FIELDS: Final = {2: {6: _DATA}}
"""The fields of `MultiOutputResponse` that lead to payloads. The number of a field is mapped to the
fields inside it, or to `_PAYLOAD`."""


class _Fallback(Exception):
    """The response cannot be scanned: protobuf parses it unchanged."""


def extract_large_payloads(response: bytes) -> tuple[bytes, LargePayloads]:
    """Extract the large payloads of a response.

    Args:
        response: A serialized `MultiOutputResponse`.

    Returns:
        The response with markers in place of its large payloads, and the payloads as views of
        `response`. Bytes that cannot be scanned are returned unchanged; protobuf parses or rejects them.
    """
    if len(response) < MIN_PAYLOAD_BYTES:
        return response, NO_PAYLOADS
    scan = _Scan(response)
    out: Buffers = []
    try:
        scan.copy_message(0, len(response), PAYLOAD_FIELDS, out, _MAX_LEVELS)
    except _Fallback:
        return response, NO_PAYLOADS
    return (b"".join(out), scan.payloads) if scan.payloads else (response, NO_PAYLOADS)


def resolve_payload(content: bytes, payloads: LargePayloads) -> bytes | memoryview:
    """Return the payload of a field: the view if its content is a marker, else the content."""
    # Without payloads no `get`, which would hash all of the content.
    return payloads.get(content, content) if payloads else content


class _Scan:
    """One pass over a response.

    Attributes:
        payloads: A mapping from markers to the payloads that were extracted so far.
    """

    def __init__(self, response: bytes) -> None:
        self._response = response
        self._view = memoryview(response)
        self._budget = _EXTRA_FIELDS + len(response) // BYTES_PER_FIELD
        self.payloads: dict[bytes, memoryview] = {}

    def copy_message(
        self, position: int, end: int, fields: dict[int, Any], out: Buffers, levels: int
    ) -> int:
        """Append a message without its payloads; return its new size.

        Args:
            position: The position of its first byte in the response.
            end: The position after its last byte.
            fields: Its fields that lead to payloads.
            out: Where to append it.
            levels: The maximum depth of messages, this one included.

        Raises:
            _Fallback: It is malformed, or the budget is used up.
        """
        total, copied = 0, position
        while position < end:
            start = position
            tag, position = self._read_varint(position, 5)
            kind, size = tag & 7, 0
            if kind == 2:
                size, position = self._read_varint(position, 5)
                position += size
            elif kind == 0:
                _, position = self._read_varint(position, 10)
            elif kind == 5:
                position += 4
            elif kind == 1:
                position += 8
            else:
                raise _Fallback
            self._budget -= 1
            if position > end or not self._budget or not levels:
                raise _Fallback
            if size >= MIN_PAYLOAD_BYTES and (inner := fields.get(tag >> 3)) is not None:
                out.append(self._view[copied:start])
                total += start - copied
                total += self._copy_field(tag, position - size, position, inner, out, levels)
                copied = position
        out.append(self._view[copied:end])
        return total + end - copied

    def _copy_field(
        self, tag: int, position: int, end: int, inner: dict[int, Any], out: Buffers, levels: int
    ) -> int:
        """Append a payload as a marker, or a message without its payloads; return the field's new size."""
        tag_bytes = len_tag(tag >> 3)
        if inner is _PAYLOAD:
            marker = _MARKER_PREFIX + encode_varint(len(self.payloads))
            self.payloads[marker] = self._view[position:end]
            out.append(field := encode_len_field(tag_bytes, marker))
            return len(field)
        head_index = len(out)
        out.append(b"")  # placeholder for the head
        size = self.copy_message(position, end, inner, out, levels - 1)
        head = out[head_index] = tag_bytes + encode_varint(size)
        return len(head) + size

    def _read_varint(self, position: int, max_length: int) -> tuple[int, int]:
        """Return a varint and the position after it."""
        number = shift = 0
        for byte in self._response[position : position + max_length]:
            number |= (byte & 127) << shift
            shift += 7
            position += 1
            if byte < 128:
                return number, position
        raise _Fallback
