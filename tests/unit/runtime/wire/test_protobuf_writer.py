"""The writer: every value is encoded as the message that protobuf would write."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from clarigen import Audio, Box, Concept, Frame, Image, Point, Region, Text, Video, wire
from clarigen._proto import Data, PostModelOutputsRequest
from clarigen._wire.codec import (
    Codec,
    CodecError,
)
from clarigen._wire.large_payloads import NO_PAYLOADS
from clarigen._wire.protobuf_writer import encode_float32, encode_varint


@dataclass(frozen=True, slots=True)
class Pair:
    left: Any
    right: Any


SLOTS: dict[type, str] = {
    bool: "bool_value",
    int: "int_value",
    float: "float_value",
    str: "string_value",
    bytes: "bytes_value",
}
FILES: dict[type, str] = {Image: "image", Audio: "audio", Video: "video"}


def fill(data: Data, value: Any) -> None:
    """Put a value into a message with protobuf."""
    if type(value) in SLOTS:
        setattr(data, SLOTS[type(value)], value)
    elif type(value) in FILES:
        file = getattr(data, FILES[type(value)])
        file.base64, file.url = value.bytes, value.url
    elif isinstance(value, Text):
        data.text.raw, data.text.url = value.text, value.url
    elif isinstance(value, np.ndarray):
        data.ndarray.buffer, data.ndarray.dtype = value.tobytes(), str(value.dtype)
        data.ndarray.shape.extend(value.shape)
    elif isinstance(value, (Concept, Region, Frame)):
        fill_repeated(data, value)
    else:
        fill_parts(data, value)


def fill_parts(data: Data, value: Any) -> None:
    if isinstance(value, Pair):
        fill(data.parts.add(id="left").data, value.left)
        fill(data.parts.add(id="right").data, value.right)
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            fill(data.parts.add(id=str(index)).data, item)
    else:
        for item in value:
            is_repeated = isinstance(item, (Concept, Region, Frame))
            fill(data if is_repeated else data.parts.add().data, item)


def fill_repeated(data: Data, value: Any) -> None:
    if isinstance(value, Concept):
        data.concepts.add(id=value.id, name=value.name, value=value.value)
    elif isinstance(value, Region):
        fill_region(data, value)
    else:
        fill_frame(data, value)


def fill_region(data: Data, value: Region) -> None:
    message = data.regions.add(id=value.id, track_id=value.track_id, value=value.value)
    info = message.region_info
    if value.box is not None:
        box = info.bounding_box
        box.left_col, box.top_row, box.right_col, box.bottom_row = value.box
        box.SetInParent()
    if value.point is not None:
        info.point.col, info.point.row, info.point.z = value.point
        info.point.SetInParent()
    if value.mask is not None:
        info.mask.image.base64, info.mask.image.url = value.mask.bytes, value.mask.url
    if value.text:
        message.data.text.raw = value.text
    for concept in value.concepts:
        fill(message.data, concept)


def fill_frame(data: Data, value: Frame) -> None:
    message = data.frames.add()
    message.frame_info.index, message.frame_info.time = value.index, round(value.time * 1000)
    if value.image is not None:
        fill(message.data, value.image)
    for region in value.regions:
        fill(message.data, region)


def clear_empty(message: Any) -> Any:
    """Clear the empty messages in a message: present or not, they mean the same."""
    for field, value in message.ListFields():
        if field.message_type is None or field.message_type.GetOptions().map_entry:
            continue
        for child in value if field.is_repeated else [value]:
            clear_empty(child)
        if not field.is_repeated and not value.ByteSize():
            message.ClearField(field.name)
    return message


texts = st.text(st.characters(exclude_categories=["Cs"]))
floats = st.floats(allow_nan=False)
small = st.floats(width=32, allow_nan=False)
files = {"bytes": st.binary(min_size=1), "url": texts}
images = st.builds(Image, **files)
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
frames = st.builds(
    Frame,
    image=st.none() | images,
    regions=st.lists(regions, max_size=2),
    time=st.floats(0, 1e9),
    index=st.integers(0, 2**32 - 1),
)
arrays = st.builds(
    lambda dtype, shape, order: np.arange(np.prod(shape, dtype=int))
    .astype(dtype)
    .reshape(shape, order=order),
    st.sampled_from(["<f4", ">f8", "i1", "<u8", "<c16"]),
    st.lists(st.integers(0, 4), max_size=3),
    st.sampled_from("CF"),
)
jsons: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | floats.filter(np.isfinite) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
SIMPLE: list[tuple[Codec[Any], st.SearchStrategy[Any]]] = [
    (wire.STR, texts),
    (wire.BYTES, st.binary()),
    (wire.INT, st.integers(-(2**63), 2**63 - 1)),
    (wire.FLOAT, floats),
    (wire.BOOL, st.booleans()),
    (wire.TEXT, st.builds(Text, texts, url=texts)),
    (wire.IMAGE, images),
    (wire.AUDIO, st.builds(Audio, **files)),
    (wire.VIDEO, st.builds(Video, **files)),
    (wire.CONCEPT, concepts),
    (wire.REGION, regions),
    (wire.FRAME, frames),
    (wire.NDARRAY, arrays),
]
Typed = tuple[Codec[Any], st.SearchStrategy[Any]]


def compose(inner: st.SearchStrategy[Typed]) -> st.SearchStrategy[Typed]:
    """Return lists, tuples and records of types."""

    def pair(left: Typed, right: Typed) -> Typed:
        members = (wire.field("left", left[0]), wire.field("right", right[0]))
        return wire.record(Pair, *members), st.builds(Pair, left[1], right[1])

    return (
        inner.map(lambda item: (wire.list_of(item[0]), st.lists(item[1], max_size=4)))
        | st.tuples(inner, inner).map(
            lambda two: (wire.tuple_of(two[0][0], two[1][0]), st.tuples(two[0][1], two[1][1]))
        )
        | st.builds(pair, inner, inner)
    )


types = st.recursive(st.sampled_from(SIMPLE), compose, max_leaves=3)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_every_value_is_the_message_that_protobuf_makes(drawn: st.DataObject) -> None:
    codec, values = drawn.draw(types)
    value = drawn.draw(values)
    method = wire.unary("m", wire.field("x", codec), returns=wire.STR)
    request = PostModelOutputsRequest()
    data = request.inputs.add().data
    data.metadata.fields["_method_name"].string_value = "m"
    fill(data.parts.add(id="x").data, value)
    actual = PostModelOutputsRequest.FromString(b"".join(method.encode_request([value])))
    assert decode_first(codec, actual) == decode_first(codec, request)
    assert clear_empty(actual) == clear_empty(request)


def decode_first(codec: Codec[Any], request: PostModelOutputsRequest) -> str:
    """Decode the first argument of a request; return its repr, or why it cannot be decoded."""
    try:
        return repr(codec.decode(request.inputs[0].data.parts[0].data, NO_PAYLOADS))
    except CodecError as error:
        return error.problem


@given(jsons)
@example({"_list": 1, "other": None})
def test_json_is_the_struct_that_protobuf_makes(value: Any) -> None:
    content = {"key": value}
    buffers: list[Any] = []
    wire.JSON.encode(content, buffers)
    expected = Data()
    expected.struct_value.update(content)
    actual = Data.FromString(b"".join(buffers))
    assert actual.struct_value == expected.struct_value


@given(st.integers(0, 2**64 - 1))
def test_numbers_are_varints(number: int) -> None:
    written = encode_varint(number)
    assert Data.FromString(b"\xa8\x01" + written).int_value == number - (
        2**64 if number >= 2**63 else 0
    )
    assert len(written) == max(1, -(-number.bit_length() // 7))


@given(floats)
def test_a_float_out_of_range_is_infinite_as_in_protobuf(number: float) -> None:
    message = Data()
    message.concepts.add(value=number)
    expected = message.concepts[0].SerializeToString()
    assert b"\x1d" + encode_float32(number) == (expected or b"\x1d" + bytes(4))


def test_joined_requests_merge() -> None:
    """So the address can be encoded once and put before each request."""
    method = wire.unary("m", wire.field("x", wire.INT), returns=wire.INT)
    address = PostModelOutputsRequest(model_id="model")
    joined = b"".join(
        (address.SerializeToString(), *method.encode_request([1]), *method.encode_request([2]))
    )
    merged = PostModelOutputsRequest.FromString(joined)
    assert merged.model_id == "model"
    assert [item.data.parts[0].data.int_value for item in merged.inputs] == [1, 2]
