"""Codecs: round trips of values of every type, and the errors of values that do not fit."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarigen import (
    Audio,
    Box,
    Concept,
    Frame,
    Image,
    Point,
    Region,
    Text,
    Video,
    wire,
)
from clarigen._proto import Data
from clarigen._wire.codec import (
    Codec,
    CodecError,
)
from clarigen._wire.large_payloads import NO_PAYLOADS
from clarigen._wire.protobuf_writer import Buffers


def encode_and_parse(codec: Codec[Any], value: Any) -> Data:
    """Encode a value and parse the result."""
    buffers: Buffers = []
    size = codec.encode(value, buffers)
    message = b"".join(buffers)
    assert len(message) == size
    return Data.FromString(message)


def round_trip(codec: Codec[Any], value: Any) -> Any:
    """Encode a value and decode the result."""
    return codec.decode(encode_and_parse(codec, value), NO_PAYLOADS)


def error_of(codec: Codec[Any], value: Any) -> str:
    """Return the path and the problem of a value that cannot be encoded."""
    with pytest.raises(CodecError) as caught:
        codec.encode(value, [])
    return f"{caught.value.path} {caught.value.problem}".strip()


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    class_: int


PERSON = wire.record(
    Person, wire.field("name", wire.STR), wire.field("class", wire.INT, name="class_")
)

texts = st.text(st.characters(exclude_categories=["Cs"]))
small = st.floats(0, 1, width=32)
images = st.builds(Image, bytes=st.binary(min_size=1), url=texts)
concepts = st.builds(Concept, texts, value=small, id=texts)
regions = st.builds(
    Region,
    box=st.none() | st.builds(Box, small, small, small, small),
    point=st.none() | st.builds(Point, small, small, small),
    mask=st.none() | images,
    concepts=st.lists(concepts, max_size=3),
    text=texts,
    value=small,
    id=texts,
    track_id=texts,
)
SCALARS: list[tuple[Codec[Any], st.SearchStrategy[Any]]] = [
    (wire.STR, texts),
    (wire.BYTES, st.binary()),
    (wire.INT, st.integers(-(2**63), 2**63 - 1)),
    (wire.FLOAT, st.floats(allow_nan=False)),
    (wire.BOOL, st.booleans()),
    (wire.TEXT, st.builds(Text, texts, url=texts)),
    (wire.IMAGE, images),
    (wire.AUDIO, st.builds(Audio, bytes=st.binary(min_size=1))),
    (wire.VIDEO, st.builds(Video, bytes=st.binary(min_size=1))),
    (wire.CONCEPT, concepts),
    (wire.REGION, regions),
    (
        wire.FRAME,
        st.builds(
            Frame,
            image=st.none() | images,
            regions=st.lists(regions, max_size=2),
            time=st.integers(0, 10**9).map(lambda ms: ms / 1000),
            index=st.integers(0, 2**32 - 1),
        ),
    ),
    (PERSON, st.builds(Person, texts, st.integers(0, 9))),
]


def _nested(
    inner: st.SearchStrategy[tuple[Codec[Any], st.SearchStrategy[Any]]],
) -> st.SearchStrategy[tuple[Codec[Any], st.SearchStrategy[Any]]]:
    lists = inner.map(lambda pair: (wire.list_of(pair[0]), st.lists(pair[1], max_size=3)))
    tuples = st.lists(inner, min_size=1, max_size=3).map(
        lambda pairs: (wire.tuple_of(*(c for c, _ in pairs)), st.tuples(*(s for _, s in pairs)))
    )
    return lists | tuples


typed_values = st.recursive(st.sampled_from(SCALARS), _nested, max_leaves=4).flatmap(
    lambda pair: pair[1].map(lambda value: (pair[0], value))
)


@given(typed_values)
def test_every_value_survives_a_round_trip(pair: tuple[Codec[Any], Any]) -> None:
    codec, value = pair
    assert round_trip(codec, value) == value


json_values = st.recursive(
    st.none() | st.booleans() | texts | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.item(34)
@given(
    st.lists(json_values) | st.dictionaries(texts.filter(lambda key: key != "_list"), json_values)
)
def test_json_is_decoded_from_either_field(value: Any) -> None:
    data = encode_and_parse(wire.JSON, value)
    assert wire.JSON.decode(data, NO_PAYLOADS) == value
    assert json.loads(data.string_value) == value
    data.ClearField("struct_value")
    if data.string_value:
        assert wire.JSON.decode(data, NO_PAYLOADS) == value


@pytest.mark.item(34)
def test_json_text_of_older_servers_is_decoded() -> None:
    assert wire.JSON.decode(Data(string_value='{"n": 1}'), NO_PAYLOADS) == {"n": 1}
    assert wire.JSON.decode(Data(string_value="null"), NO_PAYLOADS) is None
    with pytest.raises(CodecError, match="is not JSON"):
        wire.JSON.decode(Data(string_value="{"), NO_PAYLOADS)
    with pytest.raises(CodecError, match="is missing"):
        wire.JSON.decode(Data(), NO_PAYLOADS)


@pytest.mark.item(33)
@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("text", "must be a JSON object or array"),
        (3, "must be a JSON object or array"),
        (None, "not None"),
        ({1: 2}, "strings as keys, not int 1"),
        ({"a": [1, math.nan]}, "['a'][1] must be a finite number"),
        ([{"b": {1, 2}}], "[0]['b'] must be a JSON value, not set"),
        ({"_list": [1]}, "'_list' as its only key"),
        ({"a": 10**400}, "['a'] must fit into a 64-bit float"),
        ({"a": b"x"}, "['a'] must be a JSON value, not bytes"),
        ({"a": "\ud800"}, "lone surrogate"),
    ],
)
def test_a_value_that_is_not_json_is_refused_with_its_path(value: Any, message: str) -> None:
    assert message in error_of(wire.JSON, value)


def test_json_that_is_nested_too_deeply_is_refused() -> None:
    value: list[Any] = []
    value.append(value)  # contains itself
    assert "nested too deeply" in error_of(wire.JSON, value)


@pytest.mark.parametrize(
    ("codec", "value", "message"),
    [
        (wire.STR, 3, "must be a str, not int 3"),
        (wire.STR, None, "must be a str, not None"),
        (wire.STR, b"x", "must be a str, not bytes b'x'"),
        (wire.STR, "\udc00", "lone surrogate"),
        (wire.BYTES, "x", "must be bytes, not str 'x'"),
        (wire.INT, True, "must be an int, not bool True"),
        (wire.INT, 1.0, "must be an int, not float 1.0"),
        (wire.INT, 2**63, "must fit into 64 bits"),
        (wire.INT, -(2**63) - 1, "must fit into 64 bits"),
        (wire.FLOAT, True, "must be a float, not bool True"),
        (wire.FLOAT, np.bool_(True), "must be a float, not bool"),
        (wire.INT, np.bool_(True), "must be an int, not bool"),
        (wire.BOOL, np.array([True]), "must be a bool, not ndarray"),
        (wire.BOOL, np.float32(1), "must be a bool, not float32"),
        (wire.FLOAT, "1", "must be a float, not str '1'"),
        (wire.FLOAT, 10**400, "must fit into a 64-bit float"),
        (wire.BOOL, 1, "must be a bool, not int 1"),
        (wire.TEXT, 3, "must be a Text or a str"),
        (wire.IMAGE, b"x", "use Image(bytes=…)"),
        (wire.IMAGE, "https://x/y.png", "use Image.from_url(…)"),
        (wire.IMAGE, "y.png", "use Image.from_file(…)"),
        (wire.IMAGE, np.zeros((2, 2)), "use Image.from_numpy(…)"),
        (wire.IMAGE, Image(), "this one is empty"),
        (wire.AUDIO, Image(bytes=b"x"), "must be an Audio, not Image"),
        (wire.VIDEO, None, "must be a Video, not None"),
        (wire.CONCEPT, "dog", "must be a Concept, not str 'dog'"),
        (wire.CONCEPT, Concept("dog", value="high"), ".value must be a float"),  # type: ignore[arg-type]
        (wire.REGION, Region(box=(0, 1)), ".box must be a Box of 4 numbers"),  # type: ignore[arg-type]
        (wire.FRAME, Frame(time=-1.0), ".time must be seconds from 0"),
        (wire.FRAME, Frame(index=-1), ".index must be an int from 0"),
        (wire.FRAME, Frame(regions=[Region(concepts=["x"])]), ".regions[0].concepts[0] must be a Concept"),  # type: ignore[list-item]
        (wire.list_of(wire.STR), "abc", "must be a list, not a lone str 'abc'"),
        (wire.list_of(wire.INT), b"abc", "must be a list, not a lone bytes b'abc'"),
        (wire.list_of(wire.INT), [1, "2"], "[1] must be an int, not str '2'"),
        (wire.list_of(wire.IMAGE), [None], "[0] must be an Image, not None"),
        (wire.list_of(wire.STR), {"a"}, "must be a list, not set"),
        (wire.list_of(wire.REGION), Region(), "must be a list, not Region"),
        (wire.tuple_of(wire.INT, wire.STR), (1,), "must be a tuple of 2, not of 1"),
        (wire.tuple_of(wire.INT, wire.STR), (1, 2), "[1] must be a str, not int 2"),
        (wire.tuple_of(wire.INT), "1", "must be a tuple of 1, not str '1'"),
        (PERSON, {"name": "x"}, "must be a Person, not dict"),
        (PERSON, Person("x", None), ".class_ must be an int, not None"),  # type: ignore[arg-type]
        (wire.list_of(PERSON), [Person("x", 1), Person(2, 1)], "[1].name must be a str"),  # type: ignore[arg-type]
        (wire.NDARRAY, "x", "must be an array of numbers, not str 'x'"),
        (wire.NDARRAY, np.array([True]), "servers refuse those"),
        (wire.NDARRAY, [[1], [1, 2]], "must be an array"),
        (wire.NDARRAY, None, "must be an array of numbers, not None"),
    ],
)
def test_a_value_of_another_type_is_refused(codec: Codec[Any], value: Any, message: str) -> None:
    assert message in error_of(codec, value)


def test_a_record_that_lacks_a_field_is_refused() -> None:
    person: Any = object.__new__(Person)
    assert error_of(PERSON, person) == "has no `name`"


@pytest.mark.parametrize("value", [True, False])
def test_numpy_bools_are_bools_and_not_numbers(value: bool) -> None:
    assert round_trip(wire.BOOL, np.bool_(value)) is value
    back = round_trip(wire.JSON, {"a": np.bool_(value), "b": [np.bool_(value), np.float32(value)]})
    document = {"a": value, "b": [value, float(value)]}
    assert json.dumps(back, sort_keys=True) == json.dumps(
        document
    )  # maps of protobuf have no order


@pytest.mark.item(35)
@pytest.mark.parametrize(
    "array",
    [
        np.arange(6, dtype="float16").reshape(2, 3),
        np.array([1 + 2j], dtype="complex64"),
        np.array([[1, 2]], dtype=">i4"),
        np.array(3.5),
        np.arange(12).reshape(3, 4).T,
        np.empty((0, 3), dtype="uint8"),
        np.array([2**64 - 1], dtype="uint64"),
    ],
    ids=str,
)
def test_arrays_keep_dtype_and_shape(array: Any) -> None:
    back = round_trip(wire.NDARRAY, array)
    assert back.dtype == array.dtype
    assert back.shape == array.shape
    assert (back == array).all()


@pytest.mark.parametrize(
    ("dtype", "shape"),
    [("O", [1]), ("float32", [7]), ("no such type", [1]), ("U2", [1]), ("i4,O", [1]), ("2i4", [1])]
    + [(text, [1]) for text in ("b!\x00&,f4", "(1", "(9,)f4", "f4,", ",loat32", "f" * 99, "")],
)
def test_a_malformed_array_is_refused(dtype: str, shape: list[int]) -> None:
    data = Data()
    data.ndarray.buffer = b"\0" * 8
    data.ndarray.dtype = dtype
    data.ndarray.shape.extend(shape)
    with pytest.raises(CodecError, match="is not an array"):
        wire.NDARRAY.decode(data, NO_PAYLOADS)


@pytest.mark.item(32)
def test_lists_of_concepts_use_a_repeated_field_and_others_use_parts() -> None:
    data = encode_and_parse(wire.list_of(wire.CONCEPT), [Concept("a"), Concept("b")])
    assert len(data.concepts) == 2
    assert not data.parts
    data = encode_and_parse(wire.list_of(wire.list_of(wire.CONCEPT)), [[Concept("a")], []])
    assert [len(part.data.concepts) for part in data.parts] == [1, 0]


def test_parts_of_tuples_are_numbered_and_parts_of_records_are_named() -> None:
    data = encode_and_parse(wire.tuple_of(wire.INT, wire.STR), (1, "x"))
    assert [part.id for part in data.parts] == ["0", "1"]
    data = encode_and_parse(PERSON, Person("x", 1))
    assert [part.id for part in data.parts] == ["name", "class"]


@pytest.mark.parametrize(
    "codec", [wire.IMAGE, wire.CONCEPT, wire.TEXT, wire.NDARRAY, wire.tuple_of(wire.INT), PERSON]
)
def test_a_missing_value_is_an_error_not_none(codec: Codec[Any]) -> None:
    with pytest.raises(CodecError):
        codec.decode(Data(), NO_PAYLOADS)


def test_two_concepts_are_not_a_single_concept() -> None:
    data = Data()
    data.concepts.add(name="a")
    data.concepts.add(name="b")
    with pytest.raises(CodecError, match="has 2 concepts"):
        wire.CONCEPT.decode(data, NO_PAYLOADS)


@pytest.mark.item(36)
def test_a_url_inside_a_list_warns_and_a_whole_argument_does_not(
    recwarn: pytest.WarningsRecorder,
) -> None:
    wire.IMAGE.encode(Image.from_url("https://x/y.png"), [])
    assert not recwarn.list
    with pytest.warns(UserWarning, match="has only a URL"):
        wire.list_of(wire.IMAGE).encode([Image.from_url("https://x/y.png")], [])
