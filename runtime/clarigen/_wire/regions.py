"""Codecs of concepts, regions and frames.

A list of them is a repeated field of `Data`, and a single value is sent as a list of one. Nearly all
messages are plain: they have only the fields of their `Plain` message, and are decoded on a fast path.
Others are decoded with what `rest` finds in them. Like all codecs they do not import protobuf.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from struct import Struct
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

from .._data import Box, Concept, Frame, Image, Point, Region, Value
from .._dataclass import compile_dataclass
from .codec import (
    Codec,
    CodecError,
    RepeatedField,
    call_at,
    encode_items,
    is_instance,
    is_list,
    to_codec_error,
    type_mismatch,
    with_article,
)
from .json import encode_metadata
from .large_payloads import LargePayloads
from .media import check_extra, decode_file, encode_text, file_encoder, is_plain, split_rest
from .protobuf_writer import (
    Buffers,
    Encoder,
    encode_float32,
    encode_len_field,
    encode_varint,
    i32_tag,
    len_tag,
    message_encoder,
    small_message_encoder,
    varint_tag,
)
from .scalars import encode_utf8, to_float64, to_int

if TYPE_CHECKING:
    from .. import _proto
    from .._proto import Data

_T = TypeVar("_T")

_Decoder: TypeAlias = Callable[[Any, LargePayloads], Any]
"""A function that returns the value of a message."""


def _repeated_field(
    name: str, encode: Encoder, decode_plain: _Decoder, decode_any: _Decoder
) -> RepeatedField:
    def decode(data: Data, payloads: LargePayloads) -> list[Any]:
        _compile_values()
        decode_item = decode_plain if is_plain("PlainData", data) else decode_any
        return [decode_item(message, payloads) for message in getattr(data, name)]

    return RepeatedField(encode, decode)


def single_item_codec(cls: type[_T], name: str, field: RepeatedField) -> Codec[_T]:
    label = with_article(cls.__name__)

    def decode(data: Data, payloads: LargePayloads) -> _T:
        items = field.decode(data, payloads)
        if len(items) != 1:
            raise CodecError(f"has {len(items)} {name}; {label} was expected")
        value: _T = items[0]
        return value

    kind = cls.__name__.upper()
    return Codec(label, field.encode, decode, repeated_field=field, kind=kind)


def _encode_str_field(tag: bytes, value: Any, step: str) -> bytes:
    """Encode a string field; an empty string is omitted."""
    if value == "":
        return b""
    try:  # not `call_at`: "1,000 concepts, encoded"
        return encode_len_field(tag, encode_utf8(value))
    except Exception as error:  # noqa: BLE001 - see `to_codec_error`
        raise to_codec_error(error).prepend_step(step) from None


def encode_float_field(tag: bytes, value: Any, step: str = "") -> bytes:
    """Encode a float field; `step` leads to the value, in messages."""
    number = value if type(value) is float else call_at(step, to_float64, value)
    return tag + encode_float32(number)


def _append_bytes(content: bytes, out: Buffers) -> int:
    out.append(content)
    return len(content)


def _encode_list(value: object, name: str, append: Encoder, out: Buffers) -> int:
    """Append the items of an attribute, each as a field."""
    items: Any = getattr(value, name)
    if not is_instance(items, tuple):
        raise type_mismatch("a list", items).prepend_step(f".{name}")
    return encode_items(append, items, out, f".{name}")


# Concepts.

_ID, _NAME, _CONCEPT_VALUE = len_tag(1), len_tag(2), i32_tag(3)


def _encode_concept_fields(value: Any) -> bytes:
    if not isinstance(value, Concept):
        raise type_mismatch("a Concept", value)
    names = _encode_str_field(_ID, value.id, ".id") + _encode_str_field(_NAME, value.name, ".name")
    fields = names + encode_float_field(_CONCEPT_VALUE, value.value, ".value")
    return check_extra(value) + fields if value.extra else fields


@cache
def _compile_values() -> None:
    """Compile the classes of values that drafts become; no `__init__` does it."""
    compile_dataclass(Concept)
    compile_dataclass(Region)


class _ConceptDraft(Value):
    """A concept that becomes a `Concept` when its attributes are set.

    The `__init__` of a frozen dataclass takes five times as long: benchmark "1,000 concepts, decoded".
    """

    __slots__ = ("extra", "id", "name", "value")

    def __init__(self, name: str, value: float, id: str) -> None:
        self.name = name
        self.value = value
        self.id = id
        self.extra = b""
        self.__class__ = Concept  # type: ignore[assignment]  # it has the same slots


def _decode_plain_concept(concept: _proto.Concept, _: LargePayloads) -> Any:
    if not concept.id:
        return Concept(concept.name, value=concept.value)
    return _ConceptDraft(concept.name, concept.value, concept.id)


def _decode_concept(concept: _proto.Concept, _: LargePayloads) -> Concept:
    return Concept(concept.name, value=concept.value, id=concept.id, **split_rest(concept))


# Regions.

_REGION_VALUE, _TRACK_ID = i32_tag(4), len_tag(5)
_TOP, _LEFT, _BOTTOM, _RIGHT = i32_tag(1), i32_tag(2), i32_tag(3), i32_tag(4)
_pack_box: Final = Struct("<" + "cf" * 4).pack  # tag and value of each edge
_ROW, _COL, _Z, _VISIBILITY = i32_tag(1), i32_tag(2), i32_tag(3), varint_tag(4)
_VECTOR, _NUM_DIMENSIONS = len_tag(1), varint_tag(2)


def _encode_region(value: Any, out: Buffers) -> int:
    if not isinstance(value, Region):
        raise type_mismatch("a Region", value)
    fields = _encode_str_field(_ID, value.id, ".id")
    fields += _encode_str_field(_TRACK_ID, value.track_id, ".track_id")
    fields += encode_float_field(_REGION_VALUE, value.value, ".value")
    size = _append_bytes(check_extra(value) + fields if value.extra else fields, out)
    size += _append_region_info(value, out)
    if value.concepts or value.text or value.metadata or value.embeddings:
        size += _append_region_data(value, out)
    return size


def _encode_region_info(value: Region, out: Buffers) -> int:
    size = 0
    if value.box is not None:
        size += call_at(".box", _append_box, value.box, out)
    if value.mask is not None:
        size += call_at(".mask", _append_mask, value.mask, out)
    if value.point is not None:
        size += call_at(".point", _append_point, value.point, out)
    if value.polygon:
        size += _append_polygon(value, out)
    if value.keypoints:
        size += _encode_list(value, "keypoints", _append_keypoint, out)
    return size


def _encode_polygon(value: Region, out: Buffers) -> int:
    return _encode_list(value, "polygon", _append_polygon_point, out)


def _encode_region_data(value: Region | Frame, out: Buffers) -> int:
    size = _encode_list(value, "concepts", _append_concept, out) if value.concepts else 0
    if value.text:
        size += call_at(".text", _append_text, value.text, out)
    if value.metadata:
        size += _append_bytes(call_at(".metadata", encode_metadata, value.metadata), out)
    if value.embeddings:
        size += _encode_list(value, "embeddings", append_embedding, out)
    return size


def _encode_box_fields(value: Any) -> bytes:
    if not is_instance(value, tuple) or len(value) != 4:
        raise type_mismatch("a Box of 4 numbers", value)
    left, top, right, bottom = value
    if type(left) is type(top) is type(right) is type(bottom) is float:
        try:  # all in one: benchmark "1,000 regions, encoded"
            return _pack_box(_TOP, top, _LEFT, left, _BOTTOM, bottom, _RIGHT, right)
        except OverflowError:
            pass  # below, they become infinite
    left, top, right, bottom = [encode_float32(to_float64(edge)) for edge in value]
    return _TOP + top + _LEFT + left + _BOTTOM + bottom + _RIGHT + right


def _encode_point_fields(value: Any) -> bytes:
    if not is_instance(value, tuple) or len(value) not in (2, 3):
        raise type_mismatch("a Point of 2 or 3 numbers", value)
    x, y, z = [encode_float32(to_float64(part)) for part in (*value, 0.0)[:3]]
    return _ROW + y + _COL + x + _Z + z


def _encode_keypoint_fields(value: Any) -> bytes:
    if not is_instance(value, tuple) or len(value) != 4:
        return _encode_point_fields(value)
    visibility = call_at(".visibility", to_int, value[3])
    if visibility not in range(-(2**31), 2**31):
        raise CodecError("must fit into 32 bits").prepend_step(".visibility")
    return _encode_point_fields(value[:3]) + _VISIBILITY + encode_varint(visibility & 2**64 - 1)


def _encode_embedding_fields(value: Any) -> bytes:
    if not is_instance(value, tuple) or len(value) != 2:
        raise type_mismatch("an Embedding", value)
    vector, length = value
    if not is_list(vector):
        raise type_mismatch("a list of numbers", vector).prepend_step(".vector")
    numbers = [
        encode_float32(call_at(f".vector[{index}]", to_float64, number))
        for index, number in enumerate(vector)
    ]
    length = len(numbers) if length is None else call_at(".num_dimensions", to_int, length)
    if length not in range(2**32):
        raise CodecError("must be from 0 to 2**32 - 1").prepend_step(".num_dimensions")
    packed = encode_len_field(_VECTOR, b"".join(numbers)) if numbers else b""
    return packed + _NUM_DIMENSIONS + encode_varint(length) if length else packed


_encode_image = file_encoder(Image)
_append_image = message_encoder(1, _encode_image)
_append_concept = small_message_encoder(3, _encode_concept_fields)
append_embedding = small_message_encoder(9, _encode_embedding_fields)
_append_text = message_encoder(13, encode_text)
_append_box = small_message_encoder(1, _encode_box_fields)
_append_mask = message_encoder(4, message_encoder(2, _encode_image))
_append_polygon = message_encoder(5, _encode_polygon)
_append_polygon_point = small_message_encoder(1, _encode_keypoint_fields)
_append_point = small_message_encoder(6, _encode_point_fields)
_append_keypoint = small_message_encoder(9, _encode_keypoint_fields)
_append_region_info = message_encoder(2, _encode_region_info)
_append_region_data = message_encoder(3, _encode_region_data)


class _RegionDraft(Value):
    """A region that becomes a `Region` when its attributes are set, like `_ConceptDraft`."""

    __slots__ = (
        *("box", "concepts", "embeddings", "extra", "id", "keypoints", "mask", "metadata"),
        *("point", "polygon", "text", "track_id", "value"),
    )

    def __init__(self, region: _proto.Region, payloads: LargePayloads) -> None:
        info, data = region.region_info, region.data
        self.box = _decode_box(info)
        self.point = _decode_point(info)
        self.mask = _decode_mask(info, payloads)
        self.concepts = tuple([_decode_plain_concept(item, payloads) for item in data.concepts])
        self.text = data.text.raw
        self.value = region.value
        self.id = region.id
        self.track_id = region.track_id
        self.polygon = self.keypoints = self.embeddings = ()
        self.metadata: dict[str, Any] = {}
        self.extra = b""
        self.__class__ = Region  # type: ignore[assignment]  # it has the same slots


def _decode_region(region: _proto.Region, payloads: LargePayloads) -> Region:
    info = region.region_info
    return Region(
        box=_decode_box(info),
        point=_decode_point(info),
        mask=_decode_mask(info, payloads),
        concepts=[_decode_concept(concept, payloads) for concept in region.data.concepts],
        text=region.data.text.raw,
        value=region.value,
        id=region.id,
        track_id=region.track_id,
        **split_rest(region),
    )


def _decode_box(info: _proto.RegionInfo) -> Box | None:
    if not info.HasField("bounding_box"):
        return None
    box = info.bounding_box
    return Box(box.left_col, box.top_row, box.right_col, box.bottom_row)


def _decode_point(info: _proto.RegionInfo) -> Point | None:
    if not info.HasField("point"):
        return None
    point = info.point
    return Point(point.col, point.row, point.z)


def _decode_mask(info: _proto.RegionInfo, payloads: LargePayloads) -> Image | None:
    """Return the mask; None if there is none, or one without content, which could not be sent back."""
    if not info.HasField("mask"):
        return None
    mask = decode_file(Image, info.mask.image, payloads)
    return mask if mask.bytes or mask.url or mask.extra else None


# Frames.

_FRAME_INFO, _FRAME_INDEX, _FRAME_TIME = len_tag(1), varint_tag(1), varint_tag(2)
_FRAME_ID: Final = len_tag(3)


def _encode_frame(value: Any, out: Buffers) -> int:
    if not isinstance(value, Frame):
        raise type_mismatch("a Frame", value)
    time = call_at(".time", to_float64, value.time)
    index = call_at(".index", to_int, value.index)
    if not 0 <= time < 2**50:
        raise CodecError(f"must be seconds from 0 to 2**50, not {time}").prepend_step(".time")
    if index not in range(2**32):
        raise type_mismatch("an int from 0 to 2**32 - 1", index).prepend_step(".index")
    info = _FRAME_INDEX + encode_varint(index) + _FRAME_TIME + encode_varint(round(time * 1000))
    fields = encode_len_field(_FRAME_INFO, info) + _encode_str_field(_FRAME_ID, value.id, ".id")
    size = _append_bytes(check_extra(value) + fields if value.extra else fields, out)
    return size + _append_frame_data(value, out)


def _encode_frame_data(value: Frame, out: Buffers) -> int:
    size = 0
    if value.image is not None:
        size += call_at(".image", _append_image, value.image, out)
    size += _encode_list(value, "regions", REGION.encode, out)
    return size + _encode_region_data(value, out)


_append_frame_data = message_encoder(2, _encode_frame_data)


def _decode_plain_frame(frame: _proto.Frame, payloads: LargePayloads) -> Frame:
    regions: Any = [_RegionDraft(region, payloads) for region in frame.data.regions]
    return Frame(regions=regions, **_decode_frame_info(frame, payloads))


def _decode_frame(frame: _proto.Frame, payloads: LargePayloads) -> Frame:
    rest = split_rest(frame)
    concepts = [_decode_concept(concept, payloads) for concept in rest.pop("concepts", ())]
    regions = [_decode_region(region, payloads) for region in frame.data.regions]
    return Frame(regions=regions, concepts=concepts, **rest, **_decode_frame_info(frame, payloads))


def _decode_frame_info(frame: _proto.Frame, payloads: LargePayloads) -> dict[str, Any]:
    info, data = frame.frame_info, frame.data
    image = decode_file(Image, data.image, payloads) if data.HasField("image") else None
    return {
        "image": image if image is None or image.bytes or image.url or image.extra else None,
        "time": info.time / 1000,
        "index": info.index or info.number,  # `index` is deprecated, but the SDK writes it
        "id": frame.id,
    }


_CONCEPTS: Final = _repeated_field(
    "concepts",
    small_message_encoder(3, _encode_concept_fields),
    _decode_plain_concept,
    _decode_concept,
)
_REGIONS: Final = _repeated_field(
    "regions", message_encoder(11, _encode_region), _RegionDraft, _decode_region
)
_FRAMES: Final = _repeated_field(
    "frames", message_encoder(12, _encode_frame), _decode_plain_frame, _decode_frame
)
CONCEPT: Final[Codec[Concept]] = single_item_codec(Concept, "concepts", _CONCEPTS)
REGION: Final[Codec[Region]] = single_item_codec(Region, "regions", _REGIONS)
FRAME: Final[Codec[Frame]] = single_item_codec(Frame, "frames", _FRAMES)
