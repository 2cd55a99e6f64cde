"""Random answers: payloads decode alike whether they are cut out or not, and dtypes end in `CodecError` alone."""

from __future__ import annotations

import random
import string
from collections.abc import Iterator
from typing import Any

import numpy

from clarigen import _proto, wire
from clarigen._wire.codec import CodecError
from clarigen._wire.large_payloads import MIN_PAYLOAD_BYTES, extract_large_payloads

CODECS = (
    *(wire.IMAGE, wire.AUDIO, wire.VIDEO, wire.BYTES, wire.NDARRAY, wire.REGION, wire.FRAME),
    *(wire.STR, wire.TEXT, wire.JSON, wire.list_of(wire.IMAGE), wire.list_of(wire.BYTES)),
    *(wire.tuple_of(wire.IMAGE, wire.BYTES), wire.list_of(wire.REGION), wire.list_of(wire.FRAME)),
)
DTYPES = sorted({str(name) for name in numpy.sctypeDict} | set("?bBhHiIlLqQefdgFDGSUVOMm"))


class Writer:
    """Writes protobuf messages, some of them in unusual ways."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng

    def varint(self, number: int) -> bytes:
        """Write a number, now and then with more bytes than it needs."""
        out = bytearray()
        while number > 127:
            out.append(number & 127 | 128)
            number >>= 7
        if self._rng.random() < 0.1:
            return bytes(out) + bytes([number | 128]) + b"\x80" * self._rng.randrange(3) + b"\0"
        return bytes(out) + bytes([number])

    def field(self, number: int, body: bytes) -> bytes:
        """Write a field of bytes."""
        return self.varint(number << 3 | 2) + self.varint(len(body)) + body

    def payload(self) -> bytes:
        """Write bytes around the size from which they are cut out."""
        size = self._rng.choice(
            (10, MIN_PAYLOAD_BYTES - 1, MIN_PAYLOAD_BYTES, 2 * MIN_PAYLOAD_BYTES)
        )
        return bytes([self._rng.randrange(256)]) * size

    def junk(self) -> bytes:
        """Write an unknown field, or no field at all."""
        return self._rng.choice(
            [
                self.field(95, self.payload()),
                self.varint(94 << 3 | 3) + self.varint(94 << 3 | 4),
                *(b"\xff" * 10, b"", b"\0", self.field(25, b"abc"), self.field(25, b"\xff")),
            ]
        )

    def data(self, depth: int = 3) -> bytes:
        """Write a `Data` with fields that hold payloads, some of them twice."""
        rng = self._rng
        file = self.field(2, self.payload()) + rng.choice((b"", self.field(1, b"u"), self.junk()))
        array = self.field(1, self.payload()) + self.field(3, b"uint8")
        fields = [
            *(self.field(number, file) for number in (1, 2, 14)),
            *(self.field(23, self.payload()), self.field(20, array), self.junk()),
            self.field(11, self.field(2, self.field(4, self.field(2, file)))),
        ]
        if depth:
            inner = self.data(depth - 1)
            fields += [self.field(12, self.field(2, inner)), self.field(19, self.field(1, inner))]
        return b"".join(rng.choice(fields) for _ in range(rng.choice((1, 1, 2, 3))))

    def reply(self) -> bytes:
        """Write an answer; now and then with a wrong byte, or cut."""
        rng = self._rng
        reply = self.field(2, self.field(6, self.data())) + rng.choice((b"", b"", self.junk()))
        if rng.random() < 0.2:
            index = rng.randrange(len(reply))
            reply = reply[:index] + bytes([rng.randrange(256)]) + reply[index + rng.randrange(2) :]
        return reply[: rng.randrange(len(reply))] if rng.random() < 0.05 else reply


def decode_all(reply: bytes, payloads: Any) -> list[Any]:
    """Decode every output with every codec; the text of an error stands for it."""
    try:
        message = _proto.MultiOutputResponse.FromString(reply)
    except Exception as error:  # noqa: BLE001  protobuf's own
        return [type(error).__name__]
    results: list[Any] = []
    for output in message.outputs:
        for codec in CODECS:
            try:
                results.append(_comparable(codec.decode(output.data, payloads)))
            except CodecError as error:
                results.append(str(error))
    return results


def _comparable(value: Any) -> Any:
    if isinstance(value, numpy.ndarray):
        return str(value.dtype), value.shape, value.tobytes()
    return list(map(_comparable, value)) if isinstance(value, list | tuple) else value


def run_payloads(rng: random.Random, attempts: Iterator[int]) -> str:
    """Decode answers in both ways until the attempts are used up; return the first fault, or nothing."""
    writer, cut = Writer(rng), 0
    for _ in attempts:
        reply = writer.reply()
        rest, payloads = extract_large_payloads(reply)
        cut += bool(payloads)
        if decode_all(reply, {}) != decode_all(rest, payloads):
            return f"the two ways differ for {reply.hex()}"
    print(f"payloads: {cut} answers with payloads, none differs")
    return ""


def run_dtypes(rng: random.Random, attempts: Iterator[int]) -> str:
    """Decode arrays of any dtype until the attempts are used up; return the first fault, or nothing."""
    kinds: set[str] = set()
    letters = string.ascii_letters + string.digits
    for _ in attempts:
        word = rng.choice((rng.choice(DTYPES), "".join(rng.choices(letters, k=rng.randrange(5)))))
        dtype = (
            rng.choice(("", "<", ">", "=", "|", "<<", "(2,)"))
            + word
            + rng.choice(("", "2", "4", "99"))
        )
        data = _proto.Data()
        data.ndarray.buffer, data.ndarray.dtype = bytes(rng.choice((0, 7, 64))), dtype
        data.ndarray.shape.extend(rng.choices((0, 1, 4, 2**32 - 1), k=rng.choice((0, 1, 2, 70))))
        try:
            kinds.add(wire.NDARRAY.decode(data, {}).dtype.kind)
        except CodecError:
            continue
        except Exception as error:  # noqa: BLE001  what this looks for
            return f"{type(error).__name__} for the dtype {dtype!r}: {error}"
    if not kinds <= set("biufc"):
        return f"arrays of the kinds {sorted(kinds)}"
    print(f"dtypes: kinds {sorted(kinds)}")
    return ""
