"""Codecs of concepts, regions and frames.

A list of them is a repeated field of `Data`, and a single value is sent as a list of one. Like all codecs
they do not import protobuf.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

from .._data import Box, Concept, Frame, Image, Point, Region
from .codec import (
    Codec,
    CodecError,
    RepeatedField,
    call_at,
    is_instance,
    type_mismatch,
    with_article,
)
from .large_payloads import LargePayloads
from .media import decode_file, encode_text, file_encoder
from .protobuf_writer import (
    Buffers,
    encode_float32,
    encode_len_field,
    encode_varint,
    i32_tag,
    len_tag,
    message_encoder,
    small_message_encoder,
    varint_tag,
)
from .scalars import (
    encode_utf8,
    to_float64,
)

if TYPE_CHECKING:
    from .. import _proto
    from .._proto import Data

_T = TypeVar("_T")


def _single_item_codec(cls: type[_T], field: RepeatedField) -> Codec[_T]:
    label = with_article(cls.__name__)

    def decode(data: Data, payloads: LargePayloads) -> _T:
        items = getattr(data, field.name)
        if len(items) != 1:
            raise CodecError(f"has {len(items)} {field.name}; {label} was expected")
        value: _T = field.decode(items[0], payloads)
        return value

    return Codec(label, field.encode, decode, repeated_field=field)


def _encode_str_field(tag: bytes, value: Any, step: str) -> bytes:
    """Encode a string field; an empty string is omitted."""
    if value == "":
        return b""
    try:  # not `call_at`: "1,000 concepts, encoded"
        return encode_len_field(tag, encode_utf8(value))
    except CodecError as error:
        raise error.prepend_step(step) from None


def _encode_float_field(tag: bytes, value: Any, step: str) -> bytes:
    number = value if type(value) is float else call_at(step, to_float64, value)
    return tag + encode_float32(number)


def _append_bytes(content: bytes, out: Buffers) -> int:
    out.append(content)
    return len(content)


_ID, _NAME, _CONCEPT_VALUE = len_tag(1), len_tag(2), i32_tag(3)


def _encode_concept_fields(value: Any) -> bytes:
    if not isinstance(value, Concept):
        raise type_mismatch("a Concept", value)
    names = _encode_str_field(_ID, value.id, ".id") + _encode_str_field(_NAME, value.name, ".name")
    return names + _encode_float_field(_CONCEPT_VALUE, value.value, ".value")


def _decode_concept(concept: _proto.Concept, _: LargePayloads) -> Concept:
    return Concept(concept.name, value=concept.value, id=concept.id)


_REGION_VALUE, _TRACK_ID = i32_tag(4), len_tag(5)
_TOP, _LEFT, _BOTTOM, _RIGHT = i32_tag(1), i32_tag(2), i32_tag(3), i32_tag(4)
_ROW, _COL, _Z = i32_tag(1), i32_tag(2), i32_tag(3)


def _encode_region(value: Any, out: Buffers) -> int:
    if not isinstance(value, Region):
        raise type_mismatch("a Region", value)
    ids = _encode_str_field(_ID, value.id, ".id")
    ids += _encode_str_field(_TRACK_ID, value.track_id, ".track_id")
    size = _append_bytes(ids + _encode_float_field(_REGION_VALUE, value.value, ".value"), out)
    size += _append_region_info(value, out)
    if value.text or value.concepts:
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
    return size


def _encode_region_data(value: Region, out: Buffers) -> int:
    size = 0
    for index, concept in enumerate(value.concepts):
        size += call_at(f".concepts[{index}]", _append_concept, concept, out)
    if value.text:
        size += call_at(".text", _append_text, value.text, out)
    return size


def _encode_box_fields(value: Any) -> bytes:
    if not is_instance(value, tuple) or len(value) != 4:
        raise type_mismatch("a Box of 4 numbers", value)
    left, top, right, bottom = [encode_float32(to_float64(edge)) for edge in value]
    return _TOP + top + _LEFT + left + _BOTTOM + bottom + _RIGHT + right


def _encode_point_fields(value: Any) -> bytes:
    if not is_instance(value, tuple) or len(value) not in (2, 3):
        raise type_mismatch("a Point of 2 or 3 numbers", value)
    x, y, z = [encode_float32(to_float64(part)) for part in (*value, 0.0)[:3]]
    return _ROW + y + _COL + x + _Z + z


_encode_image = file_encoder(Image)
_append_image = message_encoder(1, _encode_image)
_append_concept = small_message_encoder(3, _encode_concept_fields)
_append_text = message_encoder(13, encode_text)
_append_box = small_message_encoder(1, _encode_box_fields)
_append_mask = message_encoder(4, message_encoder(2, _encode_image))
_append_point = small_message_encoder(6, _encode_point_fields)
_append_region_info = message_encoder(2, _encode_region_info)
_append_region_data = message_encoder(3, _encode_region_data)


def _decode_region(region: _proto.Region, payloads: LargePayloads) -> Region:
    info = region.region_info
    box, point = info.bounding_box, info.point
    return Region(
        box=(
            Box(box.left_col, box.top_row, box.right_col, box.bottom_row)
            if info.HasField("bounding_box")
            else None
        ),
        point=Point(point.col, point.row, point.z) if info.HasField("point") else None,
        mask=decode_file(Image, info.mask.image, payloads) if info.HasField("mask") else None,
        concepts=[_decode_concept(concept, payloads) for concept in region.data.concepts],
        text=region.data.text.raw,
        value=region.value,
        id=region.id,
        track_id=region.track_id,
    )


_FRAME_INFO, _FRAME_INDEX, _FRAME_TIME = len_tag(1), varint_tag(1), varint_tag(2)


def _encode_frame(value: Any, out: Buffers) -> int:
    if not isinstance(value, Frame):
        raise type_mismatch("a Frame", value)
    time = call_at(".time", to_float64, value.time)
    index: Any = value.index
    if not 0 <= time < 2**50:
        raise CodecError(f"must be seconds from 0 to 2**50, not {time}").prepend_step(".time")
    if not isinstance(index, int) or not 0 <= index < 2**32:
        raise type_mismatch("an int from 0 to 2**32 - 1", index).prepend_step(".index")
    info = _FRAME_INDEX + encode_varint(index) + _FRAME_TIME + encode_varint(round(time * 1000))
    return _append_bytes(encode_len_field(_FRAME_INFO, info), out) + _append_frame_data(value, out)


def _encode_frame_data(value: Frame, out: Buffers) -> int:
    size = 0
    if value.image is not None:
        size += call_at(".image", _append_image, value.image, out)
    for position, region in enumerate(value.regions):
        size += call_at(f".regions[{position}]", REGION.encode, region, out)
    return size


_append_frame_data = message_encoder(2, _encode_frame_data)


def _decode_frame(frame: _proto.Frame, payloads: LargePayloads) -> Frame:
    info, data = frame.frame_info, frame.data
    return Frame(
        image=decode_file(Image, data.image, payloads) if data.HasField("image") else None,
        regions=[_decode_region(region, payloads) for region in data.regions],
        time=info.time / 1000,
        index=info.index or info.number,  # `index` is deprecated, but the SDK writes it
    )


CONCEPT: Final[Codec[Concept]] = _single_item_codec(
    Concept,
    RepeatedField("concepts", small_message_encoder(3, _encode_concept_fields), _decode_concept),
)
REGION: Final[Codec[Region]] = _single_item_codec(
    Region, RepeatedField("regions", message_encoder(11, _encode_region), _decode_region)
)
FRAME: Final[Codec[Frame]] = _single_item_codec(
    Frame, RepeatedField("frames", message_encoder(12, _encode_frame), _decode_frame)
)
