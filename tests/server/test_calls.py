"""The same calls on the official model server and on `clarigen.testing.serve`, sync and async."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from clarifai_grpc.grpc.api import resources_pb2
from google.protobuf.struct_pb2 import Struct

from clarigen import (
    AsyncStream,
    Box,
    Client,
    Concept,
    Embedding,
    Frame,
    Image,
    Point,
    PredictionError,
    Region,
    SignatureMismatchError,
    Stream,
    Text,
    Usage,
    Video,
    wire,
)
from clarigen._drift.check import may_be_drift
from clarigen.examples import AUDIO, IMAGE
from clarigen.testing import serve
from server.conftest import Served

# The numbers fit 32-bit floats exactly. All have ids, because the SDK generates missing ones.
CAT = Concept("cat", value=0.5)
DOG = Concept("dog", value=0.25, id="d1")
REGION = Region(
    box=Box(0.0, 0.25, 0.5, 1.0),
    point=Point(0.5, 0.25, 0.125),
    mask=IMAGE,
    concepts=[CAT, DOG],
    text="words",
    value=0.75,
    id="r1",
    track_id="t1",
)
METADATA = Struct()
METADATA["speed"] = 3.5
FULL_REGION = Region.from_raw(
    resources_pb2.Region(
        id="r3",
        region_info=resources_pb2.RegionInfo(
            polygon=resources_pb2.Polygon(points=[resources_pb2.Point(row=0.5, col=0.25)]),
            keypoint_locations=[
                resources_pb2.Point(
                    row=0.5, col=0.25, visibility=resources_pb2.Point.Visibility.VISIBLE
                )
            ],
            span=resources_pb2.Span(char_start=1, char_end=4, raw_text="Ada"),
        ),
        data=resources_pb2.Data(
            metadata=METADATA,
            embeddings=[resources_pb2.Embedding(vector=[0.25, 0.5], num_dimensions=2)],
        ),
    )
)
"""What trackers and readers of text put into a region; the span has no attribute."""
SIZED_IMAGE = Image.from_raw(
    resources_pb2.Image(base64=IMAGE.bytes, image_info=resources_pb2.ImageInfo(width=64))
)
FRAME = Frame(image=IMAGE, regions=[REGION, Region(id="r2")], time=1.5, index=7)
FULL_FRAME = Frame(
    image=SIZED_IMAGE,
    regions=[FULL_REGION],
    concepts=[CAT],
    text="caption",
    metadata={"homography": [[1.0, 0.0], [0.0, 1.0]]},
    embeddings=[Embedding((0.5,), 1)],
    id="f1",
)
VIDEO = Video(bytes=b"not really a video")
LARGE = Image(bytes=bytes(range(256)) * 1000)
"""Cut out of the answer before protobuf reads it."""

ECHOES: list[tuple[str, list[Any]]] = [
    ("echo_str", ["", "x", "ünï ☃\n\0", "null", "5"]),
    ("echo_bytes", [b"", b"\x00\xff", LARGE.bytes]),
    ("echo_int", [0, 1, -1, 2**63 - 1, -(2**63)]),
    ("echo_float", [0.0, -0.5, 0.1, 1e300, float("inf")]),
    ("echo_bool", [True, False]),
    ("echo_json", [{}, {"a": [1.5, {"b": None}], "c": {}, "d": "", "e": True}]),
    ("echo_json_list", [[], [1.0, "a", [], {}]]),
    ("echo_text", [Text("x"), Text("ü\n"), Text("")]),
    ("echo_image", [IMAGE, LARGE, SIZED_IMAGE]),
    ("echo_audio", [AUDIO]),
    ("echo_video", [VIDEO]),
    ("echo_concept", [CAT, DOG, Concept("")]),
    ("echo_region", [REGION, Region(id="only"), Region(id="b", box=Box(0, 0, 0, 0))]),
    (
        "echo_frame",
        [FRAME, FULL_FRAME, Frame(), Frame(image=LARGE, regions=[Region(id="r", mask=LARGE)])],
    ),
    ("strings", [[], [""], ["a", "b", ""]]),
    ("ints", [[], [0], [1, 0, -1]]),
    ("texts", [[], [Text("a"), Text("b")]]),
    ("images", [[], [IMAGE], [IMAGE, Image(bytes=b"x")], [LARGE, IMAGE, LARGE]]),
    ("concepts", [[], [CAT], [CAT, DOG]]),
    ("regions", [[], [REGION], [REGION, FULL_REGION]]),
    ("frames", [[], [FULL_FRAME], [FRAME, Frame(index=1), FULL_FRAME]]),
    ("matrix", [[], [[]], [[1, 2], [], [0]]]),
    ("concepts_each", [[], [[]], [[CAT], [], [CAT, DOG]]]),
    ("objects", [[], [{}, {"a": 1.0}]]),
    ("pairs", [[], [("a", 0.0), ("", -1.5)]]),
]


@pytest.mark.item(29, 32)
@pytest.mark.defect("concepts change type with their count")
@pytest.mark.parametrize(
    ("method", "value"),
    [
        pytest.param(name, value, id=f"{name}-{i}")
        for name, vs in ECHOES
        for i, value in enumerate(vs)
    ],
)
def test_value_survives_a_round_trip(served: Served, method: str, value: Any) -> None:
    with served.client() as model:
        assert getattr(model, method)(value) == value


@pytest.mark.item(36)
@pytest.mark.parametrize("url", ["http://127.0.0.1:1/x.png"])
def test_image_url_stays_a_url(own: Served, url: str) -> None:
    with own.client() as model:
        assert model.echo_image(Image.from_url(url)).url == url


ARRAYS = [
    np.arange(6, dtype="float16").reshape(2, 3),
    np.array([1 + 2j], dtype="complex64"),
    np.array([[1, 2]], dtype=">i4"),
    np.array(3.5),
    np.arange(4).reshape(2, 2).T,
    np.arange(100_000.0).reshape(10, -1),
]


@pytest.mark.item(35)
@pytest.mark.parametrize("array", ARRAYS, ids=lambda array: str(array.dtype))
def test_array_survives_a_round_trip(served: Served, array: Any) -> None:
    with served.client() as model:
        back = model.echo_ndarray(array)
    assert (back.dtype, back.shape) == (array.dtype, array.shape)
    assert (back == array).all()


def test_record_survives_a_round_trip(served: Served) -> None:
    package = served.package.client
    inner = package.RecordXInner(x=0.5, kinds=["a", ""])
    outer = package.RecordX(name="", inner=inner, pictures=[IMAGE])
    with served.client() as model:
        assert model.record(outer) == package.RecordResult(
            name="",
            inner=package.RecordInner(x=0.5, kinds=["a", ""]),
            pictures=[IMAGE],
        )
        records = [package.RecordsX(x=0.0, kinds=[]), package.RecordsX(x=1.0, kinds=["b"])]
        assert [(r.x, r.kinds) for r in model.records(records)] == [(0.0, []), (1.0, ["b"])]
        assert model.pair((1, "a")) == ("a", 1)


DEFAULTS = "('hi', '', None, 5, 0.75, True, ['x', 'y'], {'k': [1.0, None]}, (1, 'z'), None, '5', None, False)"

CALLS: list[tuple[str, Callable[[Any], Any], Any]] = [
    ("all defaults", lambda m: m.defaults(), DEFAULTS),
    (
        "zeros in place of defaults",
        lambda m: m.defaults("", d=0, e=0.0, f=False, g=[], h={}, i=(0, ""), k="", m=[], n=False),
        "('', '', None, 0, 0.0, False, [], {}, (0, ''), None, '', [], False)",
    ),
    ("first float left out", lambda m: m.first_float(), "(0.7, 'd')"),
    ("first float left out, another given", lambda m: m.first_float(y="z"), "(0.7, 'z')"),
    ("first float zero", lambda m: m.first_float(0.0), "(0.0, 'd')"),
    ("first list left out", lambda m: m.first_list(), "(['a'], 'd')"),
    ("first list left out, another given", lambda m: m.first_list(y="z"), "(['a'], 'z')"),
    ("first list empty", lambda m: m.first_list([], y="z"), "([], 'z')"),
    ("first list of none", lambda m: m.first_empty_list(y="z"), "([], 'z')"),
    ("first tuple left out", lambda m: m.first_tuple(y="z"), "((1, 'a'), 'z')"),
    ("first tuple without default", lambda m: m.first_tuple_none(y="z"), "(None, 'z')"),
    ("first record without default", lambda m: m.first_record_none(y="z"), "(None, 'z')"),
    ("first image without default", lambda m: m.first_image_none(y="z"), "(None, 'z')"),
    ("zero str", lambda m: m.zero_str(), ""),
    ("zero bytes", lambda m: m.zero_bytes(), b""),
    ("zero int", lambda m: m.zero_int(), 0),
    ("zero float", lambda m: m.zero_float(), 0.0),
    ("zero bool", lambda m: m.zero_bool(), False),
    ("zero list", lambda m: m.zero_list(), []),
    ("nothing to send", lambda m: m.nothing(), 3),
    ("a zero to send", lambda m: m.nothing(0), 0),
    ("names of builtins", lambda m: m.list("t", input=2), "('t', 2)"),
    ("choices left out", lambda m: m.chosen(), "fast 2"),
    ("choices given", lambda m: m.chosen("exact", level=9), "exact 9"),
    ("required after optional", lambda m: m.late(second="s"), "(1, 's')"),
    ("none is left out", lambda m: m.defaults(c=None, j=None), DEFAULTS),
    ("a str where a text is meant", lambda m: m.echo_text("plain"), Text("plain")),
    ("an int where a float is meant", lambda m: m.echo_float(2), 2.0),
]


@pytest.mark.item(27, 28)
@pytest.mark.defect("zero results become `{}`")
@pytest.mark.parametrize(("call", "expected"), [pytest.param(c, e, id=i) for i, c, e in CALLS])
def test_unary_calls(served: Served, call: Callable[[Any], Any], expected: Any) -> None:
    with served.client() as model:
        result = call(model)
    assert result == expected
    assert type(result) is type(expected)


def test_async_unary_calls(served: Served) -> None:
    async def calls() -> list[Any]:
        async with served.async_client() as model:
            return await asyncio.gather(*(call(model) for _, call, _ in CALLS))

    assert asyncio.run(calls()) == [expected for _, _, expected in CALLS]


# Streams.

STREAMS: list[tuple[str, Callable[[Any], Any], list[Any]]] = [
    ("items", lambda m: m.count(3), ["0", "1", "2"]),
    ("none", lambda m: m.count(0), []),
    ("images", lambda m: m.pictures(IMAGE, times=3), [IMAGE] * 3),
    ("both ways", lambda m: m.double(range(5)), [0, 2, 4, 6, 8]),
    ("both ways with an option", lambda m: m.double([1, 0], factor=-1), [-1, 0]),
    ("both ways without an item", lambda m: m.double([]), []),
    ("the stream behind an argument", lambda m: m.prefixed("p", iter(["a", ""])), ["pa", "p"]),
    ("images in", lambda m: m.sizes([IMAGE, Image(bytes=b"xyz")]), [len(IMAGE.bytes), 3]),
    ("many", lambda m: m.double(range(500), factor=1), list(range(500))),
]


@pytest.mark.item(43, 45)
@pytest.mark.defect("a list for an iterator parameter fails with a gRPC error")
@pytest.mark.defect("results of zero chunks raise")
@pytest.mark.parametrize(("call", "expected"), [pytest.param(c, e, id=i) for i, c, e in STREAMS])
def test_streams(served: Served, call: Callable[[Any], Any], expected: list[Any]) -> None:
    with served.client() as model:
        stream = call(model)
        assert isinstance(stream, Stream)
        before = stream.usage
        assert list(stream) == expected
        assert (before, stream.usage) == (None, Usage())
        assert list(stream) == []


@pytest.mark.defect("async bidirectional is broken")
@pytest.mark.parametrize(("call", "expected"), [pytest.param(c, e, id=i) for i, c, e in STREAMS])
def test_async_streams(served: Served, call: Callable[[Any], Any], expected: list[Any]) -> None:
    async def items() -> list[Any]:
        async with served.async_client() as model:
            stream = call(model)
            assert isinstance(stream, AsyncStream)
            delivered = [item async for item in stream]
            assert stream.usage == Usage()
            return delivered

    assert asyncio.run(items()) == expected


def test_stream_of_records(served: Served) -> None:
    reading = served.package.client.ReadingsItems
    with served.client() as model:
        items = (reading(x=float(i), kinds=["k"] * i) for i in range(3))
        assert list(model.readings(items)) == [["0.0"], ["k", "1.0"], ["k", "k", "2.0"]]


def test_async_stream_accepts_an_async_iterable(served: Served) -> None:
    async def numbers() -> Any:
        for number in range(3):
            await asyncio.sleep(0)
            yield number

    async def items() -> list[int]:
        async with served.async_client() as model:
            return [item async for item in model.double(numbers())]

    assert asyncio.run(items()) == [0, 2, 4]


# Readiness and verification.


@pytest.mark.item(14)
def test_wait_for_a_runner_asks_for_its_methods(served: Served) -> None:
    """A runner knows no models and no versions, and says so."""

    async def waiting() -> None:
        async with served.async_client() as model:
            await model.wait_until_ready(20)

    with served.client() as model, model.recording() as seen:
        model.wait_until_ready(timeout=20)
    asyncio.run(waiting())
    assert seen == []


def test_package_of_a_runner_is_verified(served: Served, own: Served) -> None:
    """Both servers match the package that was generated from either; another model does not."""
    for package in (served.package, own.package):
        with package.Everything(base_url=served.url, verify=True, timeout=20) as model:
            assert model.echo_str("x") == "x"
    with serve(AnotherModel()) as server:
        client = served.package.Everything(base_url=server.url, verify=True, timeout=20)
        with client as model:
            with pytest.raises(SignatureMismatchError) as changed:
                model.echo_str("x")
            with pytest.raises(SignatureMismatchError) as removed:
                model.echo_bytes(b"x")
    assert changed.value.differences == ("echo_str.x: takes `int` now, not `str`",)
    assert removed.value.differences == ("echo_bytes: was removed",)


@pytest.mark.parametrize("call", ["count", "double"])
def test_stream_is_verified_before_its_first_item(served: Served, call: str) -> None:
    """Server streams and bidirectional streams, sync and async."""

    def started(model: Any) -> Any:
        return model.count(3) if call == "count" else model.double(iter([0, 1, 2]))

    async def items(url: str) -> list[int]:
        async with served.package.AsyncEverything(base_url=url, verify=True, timeout=20) as model:
            return [item async for item in started(model)]

    with served.package.Everything(base_url=served.url, verify=True, timeout=20) as model:
        assert list(started(model)) == asyncio.run(items(served.url))
    with serve(AnotherModel()) as server:
        client = served.package.Everything(base_url=server.url, verify=True, timeout=20)
        with client as model, pytest.raises(SignatureMismatchError):
            next(started(model))
        with pytest.raises(SignatureMismatchError):
            asyncio.run(items(server.url))


class AnotherModel:
    """A model that has one method of this name and none of the others."""

    def echo_str(self, x: int) -> str:
        return str(x)


@pytest.mark.parametrize("method", ["no_such_method", "echo_str"])
def test_errors_of_a_changed_model_suggest_drift(served: Served, method: str) -> None:
    """The phrases that mark an error of arguments are those of the server."""

    class Old(Client):
        def call(self) -> str:
            return self._unary(wire.unary(method, returns=wire.STR))

    with Old(base_url=served.url, timeout=20) as model, pytest.raises(PredictionError) as caught:
        model.call()
    assert may_be_drift(caught.value), caught.value.details
    with served.client() as model, pytest.raises(PredictionError) as caught:
        model.fail("out of memory")
    assert not may_be_drift(caught.value)


# Failures of the model.


@pytest.mark.defect("bare `Exception` with the server's stack trace")
def test_failed_model_raises_with_the_reason(served: Served) -> None:
    with served.client() as model, pytest.raises(PredictionError) as caught:
        model.fail("no such thing: \x1b[31m")
    error = caught.value
    assert (error.code, error.name) == (10020, "FAILURE")
    assert error.details == "no such thing: \x1b[31m"
    assert str(error).startswith("fail: 10020 FAILURE: ")
    assert "Traceback" not in str(error)
    assert any("no such thing" in line for line in error.stack_trace)
    assert error.elapsed > 0


@pytest.mark.item(43)
@pytest.mark.parametrize("count", [0, 2])
def test_failed_stream_delivers_its_items_first(served: Served, count: int) -> None:
    got: list[int] = []
    with served.client() as model, pytest.raises(PredictionError, match="midway"):
        got.extend(model.fail_midway(count))
    assert got == list(range(count))


def test_failed_async_stream_delivers_its_items_first(served: Served) -> None:
    got: list[int] = []

    async def items() -> None:
        async with served.async_client() as model:
            async for item in model.fail_midway(2):
                got.append(item)

    with pytest.raises(PredictionError, match="midway"):
        asyncio.run(items())
    assert got == [0, 1]


class OwnError(Exception):
    """An error of a caller's iterator."""


@pytest.mark.item(46)
def test_error_of_the_callers_iterator_propagates(served: Served) -> None:
    def items() -> Any:
        yield 1
        raise OwnError

    with served.client() as model, pytest.raises(OwnError):
        list(model.double(items()))


def test_both_servers_have_the_same_interface(official: Served, own: Served) -> None:
    for name in ("__init__.py", "client.py", "examples.py", "signatures.json"):
        assert (official.folder / name).read_text() == (own.folder / name).read_text()
