"""Coverage-guided fuzzing: any bytes, read as the response of a model, become results or a `DecodeError`.

Run it as a module, like `documents`. A response that the official messages can parse must be read here too. It must
give the same results after the official messages have serialized it again, and whether or not its large payloads are
cut out (here, all of four bytes or more).
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
    from clarigen._calls.reply import parse_reply
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
CUT_CONTEXT = call.CallContext(Address(None, "", Routing()), Policy(1.0))
WHOLE_CONTEXT = CUT_CONTEXT._replace(observers=(print,))
"""With an observer, large payloads are not cut out: it gets the whole message."""
vars(large_payloads).update(MIN_PAYLOAD_BYTES=4, BYTES_PER_FIELD=1)  # constants, except here

METHODS: list[Method[Any]] = [wire.unary("predict", returns=codec) for codec in CODECS]
SCALAR_FIELDS = {
    0: "string_value",
    1: "bytes_value",
    2: "int_value",
    3: "float_value",
    4: "bool_value",
}
"""The field of `Data` that holds the result of a method, by the index of the method in `METHODS`."""


def run_once(data: bytes) -> None:
    """Read a response with each codec, before and after the official messages serialize it again."""
    try:
        official = service_pb2.MultiOutputResponse.FromString(data)
    except Exception:  # noqa: BLE001  protobuf's own class
        for method in METHODS:
            text = _format(_read(method, data, CUT_CONTEXT))
            assert text == _format(_read(method, data, WHOLE_CONTEXT))
        return
    serialized_again = official.SerializeToString(deterministic=True)
    for index, method in enumerate(METHODS):
        results = _read(method, data, CUT_CONTEXT)
        text = _format(results)
        assert text == _format(_read(method, data, WHOLE_CONTEXT)), method.returns.label
        error = next((result for result in results if isinstance(result, Exception)), None)
        assert "not a protobuf message" not in str(error)
        assert text == _format(_read(method, serialized_again, WHOLE_CONTEXT)), method.returns.label
        if index in SCALAR_FIELDS and results and error is None:
            field = SCALAR_FIELDS[index]
            assert text == _format([_get_scalar(output, field) for output in official.outputs])


def _get_scalar(output: Any, field: str) -> object:
    """Return the result in an official output."""
    data = next((part.data for part in output.data.parts if part.id == "return"), output.data)
    value: object = getattr(data, field)
    return data.text.raw if field == "string_value" and not value else value


def _read(method: Method[Any], data: bytes, context: call.CallContext) -> list[Any]:
    """Return the results in a response, or the `DecodeError` that reading it raised, alone."""
    try:
        response, payloads = parse_reply(method, data, keep_whole=bool(context.observers))
    except errors.DecodeError as error:
        return [error]
    results: list[Any] = []
    for output in response.outputs:
        try:
            results.append(method.decode_result(output.data, payloads))
        except errors.DecodeError as error:
            return [error]
    return results


def _format(value: Any) -> str:
    """Format a value so that equal values give equal text, also arrays, objects in another order, and NaN."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key!r}: {_format(value[key])}' for key in sorted(value))}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_format, value))}]"
    if isinstance(value, Exception):
        return type(value).__name__
    if isinstance(value, float) and math.isnan(value):
        return "nan"
    if hasattr(value, "tobytes"):
        return f"{value.dtype}{value.shape}{value.tobytes()!r}"
    return repr(value)


if __name__ == "__main__":
    atheris.Setup(sys.argv, run_once)
    atheris.Fuzz()
