"""The codecs of the platform's own types: texts, images, sounds, videos, concepts, regions, frames.

What lives here: which attribute of these classes goes to which field of the platform's messages.
Bytes travel raw: the field called `base64` is a bytes field on gRPC.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

from .._data import Audio, Box, Concept, Frame, Image, Point, Region, Text, Video
from .codec import Codec, CodecError, RepeatedSlot, encode_utf8, is_a, to_float64, type_mismatch
from .large_payloads import LargePayloads, resolve_payload
from .protobuf_writer import (
    Buffers,
    Encoder,
    append_len_field,
    float32,
    i32_tag,
    len_field,
    len_tag,
    message,
    small_message,
    varint,
    varint_tag,
)

if TYPE_CHECKING:
    from .. import _proto
    from .._proto import Data

_M = TypeVar("_M", Image, Audio, Video)
_T = TypeVar("_T")


# Texts.


_RAW, _TEXT_URL = len_tag(1), len_tag(2)


def _write_text(value: Any, out: Buffers) -> int:
    raw, url = (value.text, value.url) if isinstance(value, Text) else (value, "")
    if not isinstance(raw, str):
        raise type_mismatch("a Text or a str", value)
    return _put(_RAW, raw, out) + _put(_TEXT_URL, url, out)


def _put(tag: bytes, value: Any, out: Buffers) -> int:
    """Append a text field, if there is text."""
    text = encode_utf8(value)
    return append_len_field(tag, text, out) if text else 0


def _decode_text(data: Data, _: LargePayloads) -> Text:
    if not data.HasField("text") and not data.string_value:
        raise CodecError("is missing; a Text was expected")
    return Text(data.text.raw or data.string_value, url=data.text.url)


TEXT: Final[Codec[Text]] = Codec("a Text or a str", message(13, _write_text), _decode_text)


# Files: bytes, or the address of a file that the server fetches.


_URL, _BASE64 = len_tag(1), len_tag(2)


def _media(cls: type[_M], slot: Literal["image", "audio", "video"], field: int) -> Codec[_M]:
    label = f"an {cls.__name__}" if cls.__name__[0] in "AI" else f"a {cls.__name__}"
    encode = message(field, _file(cls, label))

    def encode_nested(value: Any, out: Buffers) -> int:
        size = encode(value, out)
        if not value.bytes:
            warnings.warn(
                f"{label} inside a list, tuple or record has only a URL: servers fetch the URLs of"
                " whole arguments alone, so the model may get no bytes. Give the bytes.",
                stacklevel=2,
            )
        return size

    def decode(data: Data, payloads: LargePayloads) -> _M:
        if not data.HasField(slot):
            raise CodecError(f"is missing; {label} was expected")
        return _read_file(cls, getattr(data, slot), payloads)

    return Codec(label, encode, decode, nested=Codec(label, encode_nested, decode))


def _file(cls: type[Any], label: str) -> Encoder:
    """What appends the fields of the platform's Image, Audio or Video message."""

    def write(value: Any, out: Buffers) -> int:
        if not isinstance(value, cls):
            raise CodecError(
                f"{type_mismatch(label, value).problem}; {_remedy(value, cls.__name__)}"
            )
        if not value.bytes and not value.url:
            raise CodecError(f"must be {label} with bytes or a url; this one is empty")
        size = _put(_URL, value.url, out)
        return size + append_len_field(_BASE64, value.bytes, out) if value.bytes else size

    return write


def _read_file(cls: type[_M], message: _proto.Image, payloads: LargePayloads) -> _M:
    """The file in an Image, Audio or Video message, which have the same fields."""
    return cls(bytes=bytes(resolve_payload(message.base64, payloads)), url=message.url)


def _remedy(value: Any, name: str) -> str:
    """How to make the wanted file of what was given."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        return f"use {name}(bytes=…)"
    if isinstance(value, str) and "://" in value:
        return f"use {name}.from_url(…)"
    if name == "Image" and hasattr(value, "__array_interface__"):
        return "use Image.from_numpy(…) or Image.from_pil(…)"
    return f"use {name}.from_file(…), {name}.from_url(…) or {name}(bytes=…)"


IMAGE: Final[Codec[Image]] = _media(Image, "image", 1)
AUDIO: Final[Codec[Audio]] = _media(Audio, "audio", 14)
VIDEO: Final[Codec[Video]] = _media(Video, "video", 2)


# Concepts, regions, frames: repeated slots, of which a single value takes one element.


def _one_of(cls: type[_T], spread: RepeatedSlot) -> Codec[_T]:
    label = f"a {cls.__name__}"

    def decode(data: Data, payloads: LargePayloads) -> _T:
        messages = getattr(data, spread.slot)
        if len(messages) != 1:
            raise CodecError(f"holds {len(messages)} of them; {label} was expected")
        value: _T = spread.decode(messages[0], payloads)
        return value

    return Codec(label, spread.encode, decode, repeated_slot=spread)


def _under(step: str, write: Encoder, value: Any, out: Buffers) -> int:
    try:
        return write(value, out)
    except CodecError as misfit:
        raise misfit.at(step) from None


def _number(owner: Any, attribute: str) -> float:
    try:
        return to_float64(getattr(owner, attribute))
    except CodecError as misfit:
        raise misfit.at(f".{attribute}") from None


def _text(tag: bytes, owner: Any, attribute: str) -> bytes:
    given = getattr(owner, attribute)
    if given == "":
        return b""
    try:
        text = encode_utf8(given)
    except CodecError as misfit:
        raise misfit.at(f".{attribute}") from None
    return len_field(tag, text)


def _piece(piece: bytes, out: Buffers) -> int:
    out.append(piece)
    return len(piece)


_ID, _NAME, _SCORE = len_tag(1), len_tag(2), i32_tag(3)


def _concept(value: Any) -> bytes:
    if not isinstance(value, Concept):
        raise type_mismatch("a Concept", value)
    texts = _text(_ID, value, "id") + _text(_NAME, value, "name")
    return texts + _SCORE + float32(_number(value, "value"))


def _read_concept(message: _proto.Concept, _: LargePayloads) -> Concept:
    return Concept(message.name, value=message.value, id=message.id)


_1, _2, _3, _4 = i32_tag(1), i32_tag(2), i32_tag(3), i32_tag(4)
_TRACK_ID = len_tag(5)


def _write_region(value: Any, out: Buffers) -> int:
    if not isinstance(value, Region):
        raise type_mismatch("a Region", value)
    texts = _text(_ID, value, "id") + _text(_TRACK_ID, value, "track_id")
    size = _piece(texts + _4 + float32(_number(value, "value")), out)
    size += _put_info(value, out)
    return size + _put_data(value, out) if value.text or value.concepts else size


def _write_info(value: Region, out: Buffers) -> int:
    size = 0
    if value.box is not None:
        size += _under(".box", _put_box, value.box, out)
    if value.mask is not None:
        size += _under(".mask", _put_mask, value.mask, out)
    if value.point is not None:
        size += _under(".point", _put_point, value.point, out)
    return size


def _write_data(value: Region, out: Buffers) -> int:
    size = 0
    for index, concept in enumerate(value.concepts):
        size += _under(f".concepts[{index}]", _put_concept, concept, out)
    return size + _under(".text", _put_text, value.text, out) if value.text else size


def _box(value: Any) -> bytes:
    if not is_a(value, tuple) or len(value) != 4:
        raise type_mismatch("a Box of 4 numbers", value)
    left, top, right, bottom = [float32(to_float64(edge)) for edge in value]
    return _1 + top + _2 + left + _3 + bottom + _4 + right


def _point(value: Any) -> bytes:
    if not is_a(value, tuple) or len(value) not in (2, 3):
        raise type_mismatch("a Point of 2 or 3 numbers", value)
    x, y, z = [float32(to_float64(part)) for part in (*value, 0.0)[:3]]
    return _1 + y + _2 + x + _3 + z


_write_image = _file(Image, "an Image")
_put_image = message(1, _write_image)
_put_concept = small_message(3, _concept)
_put_text = message(13, _write_text)
_put_box = small_message(1, _box)
_put_mask = message(4, message(2, _write_image))
_put_point = small_message(6, _point)
_put_info = message(2, _write_info)
_put_data = message(3, _write_data)


def _read_region(message: _proto.Region, payloads: LargePayloads) -> Region:
    info = message.region_info
    box, point = info.bounding_box, info.point
    return Region(
        box=(
            Box(box.left_col, box.top_row, box.right_col, box.bottom_row)
            if info.HasField("bounding_box")
            else None
        ),
        point=Point(point.col, point.row, point.z) if info.HasField("point") else None,
        mask=_read_file(Image, info.mask.image, payloads) if info.HasField("mask") else None,
        concepts=[_read_concept(concept, payloads) for concept in message.data.concepts],
        text=message.data.text.raw,
        value=message.value,
        id=message.id,
        track_id=message.track_id,
    )


_INFO, _INDEX, _TIME = len_tag(1), varint_tag(1), varint_tag(2)


def _write_frame(value: Any, out: Buffers) -> int:
    if not isinstance(value, Frame):
        raise type_mismatch("a Frame", value)
    time = _number(value, "time")
    index: Any = value.index
    if not 0 <= time < 2**50:
        raise CodecError("must be seconds from 0").at(".time")
    if not isinstance(index, int) or not 0 <= index < 2**32:
        raise type_mismatch("a number from 0 to 2**32 - 1", index).at(".index")
    info = _INDEX + varint(index) + _TIME + varint(round(time * 1000))
    return _piece(len_field(_INFO, info), out) + _put_pictured(value, out)


def _write_pictured(value: Frame, out: Buffers) -> int:
    size = 0
    if value.image is not None:
        size += _under(".image", _put_image, value.image, out)
    for place, region in enumerate(value.regions):
        size += _under(f".regions[{place}]", REGION.encode, region, out)
    return size


_put_pictured = message(2, _write_pictured)


def _read_frame(message: _proto.Frame, payloads: LargePayloads) -> Frame:
    info = message.frame_info
    return Frame(
        image=(
            _read_file(Image, message.data.image, payloads)
            if message.data.HasField("image")
            else None
        ),
        regions=[_read_region(region, payloads) for region in message.data.regions],
        time=info.time / 1000,
        index=info.index or info.number,
    )


CONCEPT: Final[Codec[Concept]] = _one_of(
    Concept, RepeatedSlot("concepts", small_message(3, _concept), _read_concept)
)
REGION: Final[Codec[Region]] = _one_of(
    Region, RepeatedSlot("regions", message(11, _write_region), _read_region)
)
FRAME: Final[Codec[Frame]] = _one_of(
    Frame, RepeatedSlot("frames", message(12, _write_frame), _read_frame)
)
