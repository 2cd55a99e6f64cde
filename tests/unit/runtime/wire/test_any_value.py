"""Any value for any parameter of the corpus gives a request or an InputError, and numbers arrive as they are."""

from __future__ import annotations

import importlib
import json
import sys
import warnings
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarigen import Concept, Frame, InputError, Region, Text, wire
from clarigen._proto import PostModelOutputsRequest
from clarigen._wire.inline import InlineUnary
from clarigen._wire.large_payloads import NO_PAYLOADS
from clarigen._wire.tool import Tool
from gen_client import cli
from hostile_values import Held, hostile_objects, values
from support import CORPUS, ROOT

KITCHEN_SINK = sorted((CORPUS / "kitchen_sink").glob("*.json"))


@pytest.fixture(scope="module", autouse=True)
def packages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Make every package of the corpus importable."""
    folder = tmp_path_factory.mktemp("kitchen")
    paths = [str(ROOT / "generated"), str(folder)]
    sys.path[:0] = paths
    PARAMETERS[:] = [pair for name in _generate(folder) for pair in _parameters(name)]
    yield
    for path in paths:
        sys.path.remove(path)


PARAMETERS: list[tuple[str, wire.Unary[Any]]] = []
RECORDS: list[type[Any]] = []


def _generate(folder: Any) -> list[str]:
    names = [path.name for path in (ROOT / "generated").iterdir() if path.is_dir()]
    for path in KITCHEN_SINK:
        name = "sink_" + path.stem.replace("-", "_")
        if cli.main(["--signatures", str(path), "--out", str(folder), "--name", name]) == 0:
            names.append(name)
    return sorted(names)


def _parameters(package: str) -> Iterator[tuple[str, wire.Unary[Any]]]:
    module = importlib.import_module(f"{package}.client")
    for value in vars(module).values():
        if is_dataclass(value) and isinstance(value, type) and value.__module__ == module.__name__:
            RECORDS.append(value)
        if isinstance(value, wire.Unary | wire.Streaming):
            for parameter in value.fields:
                yield f"{package}.{value.name}.{parameter.name}", method_of(value, parameter)


def method_of(method: Any, parameter: wire.Field) -> wire.Unary[Any]:
    """Return a method of the same kind with only this parameter."""
    if isinstance(method, Tool):
        return wire.tool("method", parameter, returns=str)
    if isinstance(method, InlineUnary):
        return wire.inline_unary("method", parameter, returns=method.returns)
    return wire.unary("method", parameter._replace(is_stream=False), returns=wire.STR)


@st.composite
def records(draw: st.DrawFn) -> Any:
    """Records of the corpus with any values in them."""
    cls = draw(st.deferred(lambda: st.sampled_from(RECORDS)))
    return cls(**{field.name: draw(values()) for field in fields(cls)})


any_value = values() | records() | st.lists(records(), max_size=2)


def encode(method: wire.Unary[Any], *values: Any) -> tuple[bytes, InputError | None]:
    """Return the request for some arguments, or the error that they raise."""
    try:
        if method.find_batch_inputs(values) is not None:
            return b"", None
        return b"".join(method.encode_request(values)), None
    except InputError as error:
        return b"", error


KINDS = {"plain": (wire.Unary,), "tool": (Tool,), "inline": (InlineUnary,)}


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_any_value_gives_a_request_or_an_input_error(kind: str, data: st.DataObject) -> None:
    name, method = data.draw(
        st.sampled_from([pair for pair in PARAMETERS if type(pair[1]) in KINDS[kind]])
    )
    (parameter,), value = method.fields, data.draw(any_value.map(Held)).value
    with warnings.catch_warnings():
        warnings.simplefilter("error", np.exceptions.ComplexWarning)
        warnings.simplefilter("ignore", UserWarning)
        request, error = encode(method, value)
    if error is None:
        sent = PostModelOutputsRequest.FromString(request)
        if kind == "tool" and request:
            (part,) = sent.inputs[0].data.parts
            json.loads(part.data.string_value)["params"]["arguments"]
    else:
        assert error.parameter.startswith(parameter.name), name
        assert str(error).startswith(f"method: `{parameter.name}"), name


@given(held=(values() | hostile_objects()).map(Held))
def test_any_input_of_a_batch_is_bound_or_refused(held: Held) -> None:
    method = wire.unary("method", wire.field("a", wire.INT), returns=wire.STR)
    try:
        bound = method.bind(held.value)
    except InputError:
        return
    assert len(bound) == 1


@given(held=(values() | hostile_objects()).map(Held))
def test_any_stream_is_iterable_or_refused(held: Held) -> None:
    method = wire.bidi_stream("method", wire.field("a", wire.INT, stream=True), returns=wire.STR)
    for asynchronous in (True, False):
        try:
            stream = method.find_stream_argument([held.value], asynchronous=asynchronous)
        except InputError:
            continue
        assert iter(stream) is stream


def sent_value(codec: wire.Codec[Any], value: Any) -> Any:
    """Return what a server reads for a value."""
    method = wire.unary("method", wire.field("x", codec), returns=wire.STR)
    request = PostModelOutputsRequest.FromString(b"".join(method.encode_request([value])))
    return codec.decode(request.inputs[0].data.parts[0].data, NO_PAYLOADS)


integers = st.integers(-(2**70), 2**70) | st.integers(2**53 - 3, 2**53 + 3)


@given(number=integers)
@pytest.mark.parametrize(
    "shape", [lambda n: {"id": n}, lambda n: [[n]], lambda n: {"a": [{"b": n}]}]
)
def test_no_integer_in_json_becomes_another(shape: Any, number: int) -> None:
    if float(number) == number:
        assert sent_value(wire.JSON, shape(number)) == shape(number)
    else:
        with pytest.raises(InputError, match="send it as a str"):
            sent_value(wire.JSON, shape(number))


@given(number=integers)
@pytest.mark.parametrize("codec", [wire.INT, wire.FLOAT])
def test_no_integer_argument_becomes_another(codec: wire.Codec[Any], number: int) -> None:
    try:
        received = sent_value(codec, number)
    except InputError:
        assert number not in range(-(2**63), 2**63) or float(number) != number
    else:
        assert received == number


ONE = np.array([5])
HALF = np.array([0.5])


@pytest.mark.parametrize(
    ("codec", "value", "path", "problem"),
    [
        (wire.INT, ONE, "x", "must be an int, not ndarray"),
        (wire.FLOAT, HALF, "x", "must be a float, not ndarray"),
        (wire.FLOAT, np.complex64(1 + 2j), "x", "must be a float, not complex64"),
        (wire.FLOAT, 1 + 2j, "x", "must be a float, not complex (1+2j)"),
        (wire.FLOAT, 2**53 + 1, "x", "must be an integer that a 64-bit float holds exactly"),
        (wire.FLOAT, np.int64(2**53 + 1), "x", "holds exactly, not int64"),
        (wire.list_of(wire.INT), [1, ONE], "x[1]", "must be an int, not ndarray"),
        (wire.JSON, [{"a": np.complex64(1)}], "x[0]['a']", "must be a JSON value, not complex64"),
        (wire.JSON, [{"a": np.arange(3)}], "x[0]['a']", "not ndarray; use its method tolist()"),
        (wire.JSON, {"id": 1234567890123456789}, "x['id']", "send it as a str"),
        (wire.JSON, {"id": np.int64(2**53 + 1)}, "x['id']", "send it as a str"),
        (
            wire.JSON,
            [10**5000],
            "x[0]",
            "must fit into a 64-bit float; int of many digits does not",
        ),
        (wire.FRAME, Frame(index=ONE), "x.index", "must be an int, not ndarray"),  # type: ignore[arg-type]
        (wire.FRAME, Frame(index=True), "x.index", "must be an int, not bool True"),
        (wire.REGION, Region(box=(0, 0, 1, HALF)), "x.box", "must be a float, not ndarray"),  # type: ignore[arg-type]
        (wire.CONCEPT, Concept("a", value=1j), "x.value", "not complex 1j"),  # type: ignore[arg-type]
        (wire.TEXT, Text(3), "x.text", "must be a str, not int 3"),  # type: ignore[arg-type]
    ],
)
def test_the_error_names_the_place(
    codec: wire.Codec[Any], value: Any, path: str, problem: str
) -> None:
    with pytest.raises(InputError) as caught:
        sent_value(codec, value)
    assert caught.value.parameter == path
    assert problem in str(caught.value)


@pytest.mark.parametrize("number", [np.int64(3), np.uint8(3), np.array(3), True + 2])
def test_scalars_of_numpy_are_numbers(number: Any) -> None:
    assert sent_value(wire.INT, number) == 3
    assert sent_value(wire.JSON, [number]) == [3.0]
    assert sent_value(wire.FRAME, Frame(index=number)).index == 3
