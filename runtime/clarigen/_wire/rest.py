"""What a platform's message contains in addition to the attributes of a plain value.

`split_rest` takes the rarer attributes (metadata, a polygon, embeddings …) out of a message. All that is
left is serialized as `extra`: fields without an attribute, and fields that are newer than this release.
Loaded when the first message has more than the fields of its `Plain` message.
"""

from __future__ import annotations

from typing import Any, Final

from .. import _proto
from .._data import Embedding, Keypoint, Point
from .json import decode_struct

_PLAIN: Final[dict[str, Any]] = {
    "Text": _proto.PlainText,
    "Image": _proto.PlainFile,
    "Audio": _proto.PlainFile,
    "Video": _proto.PlainFile,
    "Concept": _proto.PlainConcept,
    "Region": _proto.PlainRegion,
    "Frame": _proto.PlainFrame,
}
_VALUES: Final = frozenset({"Image", "Concept", "Region"})
"""The messages inside others that become values of their own, with an `extra` of their own."""


def split_rest(message: Any) -> dict[str, Any]:
    """Return the attributes that the `Plain` message of a value does not have, including `extra`.

    The concepts of a frame are returned as messages.
    """
    rest = type(message)()
    rest.CopyFrom(message)
    name = rest.DESCRIPTOR.name
    _clear_plain(rest, _PLAIN[name].DESCRIPTOR)
    attributes: dict[str, Any] = {}
    if name == "Region":
        _take_shapes(rest.region_info, attributes)
        _take_data(rest.data, attributes)
        _clear_empty(rest, "region_info", "data")
    elif name == "Frame":
        _take_frame_data(rest.data, attributes)
        _clear_empty(rest, "data")
    extra = rest.SerializeToString()
    return attributes | {"extra": extra} if extra else attributes


def check_extra(name: str, extra: bytes) -> str:
    """Return what is wrong with the `extra` of a value; an empty string if nothing is.

    Args:
        name: The name of the message.
        extra: Some of its fields, serialized.
    """
    try:
        getattr(_proto, name).FromString(extra)
    except _proto.ProtobufDecodeError:
        return f"must hold fields of a serialized {name}"
    return ""


def _clear_plain(message: Any, plain: Any) -> None:
    """Clear the fields of a message that its `Plain` message has, except for other fields inside them."""
    for field in plain.fields:
        own = message.DESCRIPTOR.fields_by_name[field.name]
        if own.message_type is None or own.is_repeated or own.message_type.name in _VALUES:
            message.ClearField(field.name)
        elif message.HasField(field.name):
            _clear_plain(getattr(message, field.name), field.message_type)
            _clear_empty(message, field.name)


def _clear_empty(message: Any, *names: str) -> None:
    """Clear the fields whose message is empty."""
    for name in names:
        if not getattr(message, name).ByteSize():
            message.ClearField(name)


def _take_shapes(info: Any, attributes: dict[str, Any]) -> None:
    """Move the polygon and the keypoints of a `RegionInfo` to `attributes`."""
    if info.polygon.points:
        attributes["polygon"] = [
            _decode_keypoint(point) if point.visibility else Point(point.col, point.row, point.z)
            for point in info.polygon.points
        ]
        info.polygon.ClearField("points")
        _clear_empty(info, "polygon")
    if info.keypoint_locations:
        attributes["keypoints"] = [_decode_keypoint(point) for point in info.keypoint_locations]
        info.ClearField("keypoint_locations")


def _decode_keypoint(point: Any) -> Keypoint:
    return Keypoint(point.col, point.row, point.z, point.visibility)


def _take_frame_data(data: Any, attributes: dict[str, Any]) -> None:
    """Move the concepts and the text of a frame, and what regions have too, to `attributes`."""
    if data.concepts:
        attributes["concepts"] = list(data.concepts)
        data.ClearField("concepts")
    if data.text.raw:
        attributes["text"] = data.text.raw
        data.text.ClearField("raw")
        _clear_empty(data, "text")
    _take_data(data, attributes)


def _take_data(data: Any, attributes: dict[str, Any]) -> None:
    """Move the metadata and the embeddings of a `Data` to `attributes`."""
    if data.metadata.fields:
        attributes["metadata"] = decode_struct(data.metadata)
        data.ClearField("metadata")
    if data.embeddings:
        attributes["embeddings"] = [
            Embedding(tuple(embedding.vector), embedding.num_dimensions)
            for embedding in data.embeddings
        ]
        data.ClearField("embeddings")
