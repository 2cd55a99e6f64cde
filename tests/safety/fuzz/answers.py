"""Coverage-guided: bytes as the answer of a model. We read what the official messages say, or raise `DecodeError`.

Run it as `documents` is. An answer that the official protobuf reads has to be read here too, and to mean the same
after it has been written again by the official classes, and whether its payloads are cut out or not: from four bytes on here.
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from typing import Any

import atheris

with atheris.instrument_imports(include=["clarigen"]):
    from clarigen import errors, wire
    from clarigen._calls import call
    from clarigen._calls.address import Address, Routing
    from clarigen._calls.retry import Policy
    from clarigen._wire import large_payloads
    from clarigen._wire.codec import Codec
    from clarigen._wire.method import Method

from clarifai_grpc.grpc.api import service_pb2


@dataclass(frozen=True, slots=True)
class Pair:
    """A record."""

    name: str
    box: Any


CODECS: tuple[Codec[Any], ...] = (
    wire.STR,
    wire.BYTES,
    wire.INT,
    wire.FLOAT,
    wire.BOOL,
    wire.TEXT,
    wire.IMAGE,
    wire.AUDIO,
    wire.VIDEO,
    wire.CONCEPT,
    wire.REGION,
    wire.FRAME,
    wire.NDARRAY,
    wire.JSON,
    wire.list_of(wire.STR),
    wire.list_of(wire.REGION),
    wire.list_of(wire.list_of(wire.INT)),
    wire.tuple_of(wire.STR, wire.FLOAT),
    wire.record(Pair, wire.field("name", wire.STR), wire.field("box", wire.REGION)),
)
CUT = call.CallContext(Address(None, "", Routing()), Policy(1.0))
WHOLE = CUT._replace(observers=(print,))
"""Who listens gets the platform's message as it came."""
vars(large_payloads).update(MIN_PAYLOAD_BYTES=4, BYTES_PER_FIELD=1)  # final for everybody else

METHODS: list[Method[Any]] = [wire.unary("predict", returns=codec) for codec in CODECS]
PLAIN = {
    0: "string_value",
    1: "bytes_value",
    2: "int_value",
    3: "float_value",
    4: "bool_value",
}
"""The methods whose result the official message shows as it is."""


def one(data: bytes) -> None:
    """Read an answer with each codec, before and after the official classes wrote it."""
    try:
        official = service_pb2.MultiOutputResponse.FromString(data)
    except Exception:  # noqa: BLE001  protobuf's own class
        for method in METHODS:
            assert _shown(_read(method, data, CUT)) == _shown(_read(method, data, WHOLE))
        return
    again = official.SerializeToString(deterministic=True)
    for index, method in enumerate(METHODS):
        mine = _read(method, data, CUT)
        assert _shown(mine) == _shown(_read(method, data, WHOLE)), method.returns.label
        assert not (
            mine and isinstance(mine[0], errors.DecodeError) and "not a message" in str(mine[0])
        )
        theirs = _read(method, again, WHOLE)
        assert _shown(mine) == _shown(theirs), (method.returns.label, mine, theirs)
        if index in PLAIN and official.outputs and mine and not isinstance(mine[0], Exception):
            assert _shown([_plain(output, PLAIN[index]) for output in official.outputs]) == _shown(
                mine
            )


def _plain(output: Any, slot: str) -> object:
    data = next((part.data for part in output.data.parts if part.id == "return"), output.data)
    value: object = getattr(data, slot)
    return data.text.raw if slot == "string_value" and not value else value


def _read(method: Method[Any], data: bytes, context: call.Context) -> list[Any]:
    """What our code makes of an answer: the results, or the one error that it may raise."""
    try:
        response, payloads = call.parse_reply(method, data, context)
    except errors.DecodeError as error:
        return [error]
    results: list[Any] = []
    for output in response.outputs:
        try:
            results.append(method.decode_result(output.data, payloads))
        except errors.DecodeError as error:
            return [error]
    return results


def _shown(value: Any) -> str:
    """A value in a form that compares: arrays by their bytes, objects whatever their order, NaN like any other."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key!r}: {_shown(value[key])}' for key in sorted(value))}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_shown, value))}]"
    if isinstance(value, Exception):
        return type(value).__name__
    if isinstance(value, float) and math.isnan(value):
        return "nan"
    if hasattr(value, "tobytes"):
        return f"{value.dtype}{value.shape}{value.tobytes()!r}"
    return repr(value)


if __name__ == "__main__":
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()
