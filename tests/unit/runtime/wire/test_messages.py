"""Nothing that a platform's message carries is lost: values from the official client's messages, and back."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from clarifai.runners.utils import data_types
from clarifai_grpc.grpc.api import resources_pb2
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from hypothesis import given
from hypothesis import strategies as st

from clarigen import (
    Audio,
    Concept,
    DecodeError,
    Embedding,
    Frame,
    Image,
    InputError,
    Keypoint,
    Point,
    Region,
    Text,
    Video,
    wire,
)
from clarigen._proto import Data
from clarigen._wire.large_payloads import MIN_PAYLOAD_BYTES, NO_PAYLOADS, extract_large_payloads
from clarigen._wire.protobuf_writer import Buffers

KINDS = (Text, Image, Audio, Video, Concept, Region, Frame)
FLOATS = (0.5, -3.0, 1e-40, 16777216.0)
SCALARS: dict[int, tuple[Any, ...]] = {
    FieldDescriptor.TYPE_BOOL: (True,),
    FieldDescriptor.TYPE_BYTES: (b"\0\xff", bytes(300)),
    FieldDescriptor.TYPE_DOUBLE: (0.1, 1e300),
    FieldDescriptor.TYPE_ENUM: (1, 2),
    FieldDescriptor.TYPE_FLOAT: FLOATS,
    FieldDescriptor.TYPE_INT32: (1, -1, 2**31 - 1),
    FieldDescriptor.TYPE_INT64: (1, -(2**63)),
    FieldDescriptor.TYPE_STRING: ("text", "\0", "\u00e9\U0001f600"),
    FieldDescriptor.TYPE_UINT32: (1, 2**32 - 1),
    FieldDescriptor.TYPE_UINT64: (1, 2**40),
}


def fill(message: Message, chance: Random, depth: int) -> None:
    """Set fields of a message at random, messages inside it to a depth."""
    for field in message.DESCRIPTOR.fields:
        if chance.random() < 0.5:
            continue
        target = getattr(message, field.name)
        if field.message_type is None:
            value = chance.choice(SCALARS[field.type])
            if field.is_repeated:
                target.extend([value, value])
            else:
                setattr(message, field.name, value)
        elif field.message_type.full_name == "google.protobuf.Struct":
            target.update({"a": [None, 1.5, {"b": True}], "": "c"})
        elif field.message_type.GetOptions().map_entry:
            target["key"].format = "PNG"
        elif depth:
            for inner in [target.add(), target.add()] if field.is_repeated else [target]:
                fill(inner, chance, depth - 1)


def draw_message(name: str, seed: Random) -> Any:
    """Return a message of the official package with fields set at random."""
    message = getattr(resources_pb2, name)()
    fill(message, seed, 3)
    prepare(message)
    return message


def prepare(message: Any) -> None:
    """Set what sending a value adds: the id of a concept, the index of a frame. Give files content."""
    match message.DESCRIPTOR.name:
        case "Image" | "Audio" | "Video":
            message.base64 = message.base64 or b"content"
        case "Concept":
            message.id = message.id or "id"
        case "Frame":
            message.frame_info.index = message.frame_info.index or message.frame_info.number or 1
    for inner in inner_messages(message):
        prepare(inner)


def inner_messages(message: Any) -> Iterator[Any]:
    """Yield the platform's messages directly inside a message."""
    for field, value in message.ListFields():
        kind = field.message_type
        if kind is not None and kind.name != "Struct" and not kind.GetOptions().map_entry:
            yield from value if field.is_repeated else [value]


def without_empty(message: Any) -> bytes:
    """Return a message serialized, without the messages inside it that are empty."""
    result = type(message)()
    result.CopyFrom(message)
    _drop_empty(result)
    content: bytes = result.SerializeToString(deterministic=True)
    return content


def _drop_empty(message: Any) -> None:
    for inner in inner_messages(message):
        _drop_empty(inner)
    for field, value in message.ListFields():
        if field.message_type is not None and not field.is_repeated and not value.ByteSize():
            message.ClearField(field.name)


@pytest.mark.parametrize("kind", KINDS)
@given(seed=st.integers(0, 2**64).map(Random))
def test_every_field_survives(kind: Any, seed: Random) -> None:
    sent = draw_message(kind.__name__, seed)
    value = kind.from_raw(sent)
    received = type(sent).FromString(value.raw.SerializeToString())
    assert without_empty(received) == without_empty(sent)
    assert kind.from_raw(value.raw) == value
    assert copy.copy(value) == pickle.loads(pickle.dumps(value)) == value
    hash(value)


CODECS: dict[str, tuple[wire.Codec[Any], type[Any]]] = {
    "concepts": (wire.CONCEPT, Concept),
    "regions": (wire.REGION, Region),
    "frames": (wire.FRAME, Frame),
}


@pytest.mark.parametrize("name", CODECS)
@given(seed=st.integers(0, 2**64).map(Random))
def test_lists_keep_everything_too(name: str, seed: Random) -> None:
    codec, kind = CODECS[name]
    official = resources_pb2.Data()
    for _ in range(3):
        getattr(official, name).append(draw_message(kind.__name__, seed))
    data = Data.FromString(official.SerializeToString())
    values = wire.list_of(codec).decode(data, NO_PAYLOADS)
    buffers: Buffers = []
    wire.list_of(codec).encode(values, buffers)
    received = resources_pb2.Data.FromString(b"".join(buffers))
    for sent, back in zip(getattr(official, name), getattr(received, name), strict=True):
        assert without_empty(back) == without_empty(sent)


def test_a_tracker_gets_what_a_detector_gives() -> None:
    """The official client's objects, as a model of the platform makes them and reads them."""
    theirs = data_types.Region(box=[0.0, 0.25, 0.5, 1.0], track_id="7", id="r1")
    theirs.proto.data.metadata.update({"speed": 3.5, "homography": [[1.0, 0.0], [0.0, 1.0]]})
    theirs.proto.data.embeddings.add(vector=[0.25, 0.5], num_dimensions=2)
    theirs.proto.region_info.polygon.points.add(row=0.5, col=0.25)
    theirs.proto.region_info.keypoint_locations.add(row=0.5, col=0.25, visibility=2)
    theirs.proto.region_info.span.raw_text = "Ada"
    region = Region.from_raw(theirs.proto)
    assert region.metadata == {"speed": 3.5, "homography": [[1.0, 0.0], [0.0, 1.0]]}
    assert region.embeddings == (Embedding((0.25, 0.5), 2),)
    assert region.polygon == (Point(0.25, 0.5),)
    assert region.keypoints == (Keypoint(0.25, 0.5, visibility=2),)
    assert region.raw.region_info.span.raw_text == "Ada"
    again = data_types.Region(resources_pb2.Region.FromString(region.raw.SerializeToString()))
    assert again.proto == theirs.proto


def test_values_made_by_hand_are_the_official_client_s() -> None:
    frame = Frame(
        index=4,
        time=1.5,
        concepts=[Concept("kickoff", value=0.5)],
        text="caption",
        metadata={"warnings": ["w"], "n": 2},
        embeddings=[Embedding([0.5, 0.25])],
        regions=[Region(polygon=[Point(0.25, 0.5), Keypoint(0.5, 0.5, 0.0, 1)])],
    )
    theirs = resources_pb2.Frame.FromString(frame.raw.SerializeToString())
    assert theirs.data.metadata["warnings"] == ["w"]
    assert theirs.data.metadata["n"] == 2
    assert theirs.data.concepts[0].name == "kickoff"
    assert theirs.data.text.raw == "caption"
    assert list(theirs.data.embeddings[0].vector) == [0.5, 0.25]
    assert theirs.data.embeddings[0].num_dimensions == 2
    assert [point.visibility for point in theirs.data.regions[0].region_info.polygon.points] == [
        0,
        1,
    ]
    assert (theirs.frame_info.index, theirs.frame_info.time) == (4, 1500)


def test_attributes_win_over_the_other_fields() -> None:
    official = resources_pb2.Image(base64=b"old")
    official.image_info.width = 640
    image = Image.from_raw(official)
    changed = Image(
        bytes=b"new", extra=image.extra + resources_pb2.Image(base64=b"x").SerializeToString()
    )
    assert changed.raw.base64 == b"new"
    assert changed.raw.image_info.width == 640


def test_large_payloads_are_whole_in_every_field() -> None:
    """Payloads are cut out of responses before they are parsed; none may be lost in `extra`."""
    big = bytes(MIN_PAYLOAD_BYTES)
    frame = resources_pb2.Frame()
    frame.data.image.base64 = big
    frame.data.video.base64 = big
    frame.data.bytes_value = big
    frame.data.ndarray.buffer = big
    frame.data.parts.add().data.image.base64 = big
    region = frame.data.regions.add()
    region.region_info.mask.image.base64 = big
    region.data.image.base64 = big
    response = b"\x12" + _sized(
        b"\x32" + _sized(resources_pb2.Data(frames=[frame]).SerializeToString())
    )
    rest, payloads = extract_large_payloads(response)
    assert payloads
    from clarigen._proto import MultiOutputResponse

    data = MultiOutputResponse.FromString(rest).outputs[0].data
    value = wire.FRAME.decode(data, payloads)
    assert value.image is not None
    assert value.image.bytes == big
    received = resources_pb2.Frame.FromString(value.raw.SerializeToString())
    received.frame_info.Clear()
    frame.frame_info.SetInParent()
    assert received == frame


def _sized(content: bytes) -> bytes:
    from clarigen._wire.protobuf_writer import encode_varint

    return encode_varint(len(content)) + content


@pytest.mark.parametrize(
    ("value", "path"),
    [
        (Region(extra=b"\xff"), "extra"),
        (Region(extra="x"), "extra"),  # type: ignore[arg-type]
        (Region(metadata=3), "metadata"),  # type: ignore[arg-type]
        (Region(metadata={"a": [{1}]}), "metadata['a'][0]"),
        (Region(polygon=[Point(0.5, 0.5), "x"]), "polygon[1]"),  # type: ignore[list-item]
        (Region(polygon=3), "polygon"),  # type: ignore[arg-type]
        (Region(keypoints=[Keypoint(0.5, 0.5, 0.0, "seen")]), "keypoints[0].visibility"),  # type: ignore[arg-type]
        (Region(embeddings=[Embedding("x")]), "embeddings[0].vector"),  # type: ignore[arg-type]
        (Region(embeddings=[Embedding([0.5, "x"])]), "embeddings[0].vector[1]"),  # type: ignore[list-item]
        (Frame(embeddings=[Embedding([0.5], -1)]), "embeddings[0].num_dimensions"),
        (Frame(id=3), "id"),  # type: ignore[arg-type]
        (Frame(regions=[Region(concepts=3)]), "regions[0].concepts"),  # type: ignore[arg-type]
        (Text("a", extra=b"\x08"), "extra"),
        (Image(bytes="x"), "bytes"),  # type: ignore[arg-type]
        (Image(url=3), "url"),  # type: ignore[arg-type]
    ],
)
def test_what_does_not_fit_is_an_input_error_with_its_path(value: Any, path: str) -> None:
    with pytest.raises(InputError) as caught:
        value.raw  # noqa: B018
    assert caught.value.parameter == path


def test_a_message_of_another_kind_is_refused() -> None:
    with pytest.raises(DecodeError, match=r"Region\.from_raw: must be a message Region, not Frame"):
        Region.from_raw(resources_pb2.Frame())
    with pytest.raises(DecodeError, match="not int"):
        Region.from_raw(3)
