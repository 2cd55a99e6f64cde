"""The codecs of the platform's own types: texts, images, sounds, videos, concepts, regions, frames.

What lives here: which attribute of these classes goes to which field of the platform's messages.
Bytes travel raw: the field called `base64` is a bytes field on gRPC.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

from ._codec import Codec, Misfit, Spread, is_a, number64, utf8, wanted
from ._data import Audio, Box, Concept, Frame, Image, Point, Region, Text, Video

if TYPE_CHECKING:
    from . import _proto
    from ._proto import Data

_M = TypeVar("_M", Image, Audio, Video)
_T = TypeVar("_T")


# Texts.


def _encode_text(value: Any, data: Data) -> None:
    if isinstance(value, Text):
        data.text.raw = utf8(value.text)
        if value.url:
            data.text.url = utf8(value.url)
    elif isinstance(value, str):
        data.text.raw = utf8(value)
    else:
        raise wanted("a Text or a str", value)


def _decode_text(data: Data) -> Text:
    if not data.HasField("text") and not data.string_value:
        raise Misfit("is missing; a Text was expected")
    return Text(data.text.raw or data.string_value, url=data.text.url)


TEXT: Final[Codec[Text]] = Codec("a Text or a str", _encode_text, _decode_text)


# Files: bytes, or the address of a file that the server fetches.


def _media(cls: type[_M], slot: Literal["image", "audio", "video"]) -> Codec[_M]:
    label = f"an {cls.__name__}" if cls.__name__[0] in "AI" else f"a {cls.__name__}"

    def encode(value: Any, data: Data) -> None:
        fill_media(value, getattr(data, slot), cls, label)

    def encode_nested(value: Any, data: Data) -> None:
        encode(value, data)
        if not value.bytes:
            warnings.warn(
                f"{label} inside a list, tuple or record has only a URL: servers fetch the URLs of"
                " whole arguments alone, so the model may get no bytes. Give the bytes.",
                stacklevel=2,
            )

    def decode(data: Data) -> _M:
        if not data.HasField(slot):
            raise Misfit(f"is missing; {label} was expected")
        message = getattr(data, slot)
        return cls(bytes=message.base64, url=message.url)

    return Codec(label, encode, decode, nested=Codec(label, encode_nested, decode))


def fill_media(value: Any, message: Any, cls: type[Any], label: str) -> None:
    """Put a file's bytes or address into the platform's Image, Audio or Video message."""
    if not isinstance(value, cls):
        raise Misfit(f"{wanted(label, value).problem}; {_remedy(value, cls.__name__)}")
    if not value.bytes and not value.url:
        raise Misfit(f"must be {label} with bytes or a url; this one is empty")
    if value.bytes:
        message.base64 = value.bytes
    if value.url:
        message.url = utf8(value.url)


def _remedy(value: Any, name: str) -> str:
    """How to make the wanted file of what was given."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        return f"use {name}(bytes=…)"
    if isinstance(value, str) and "://" in value:
        return f"use {name}.from_url(…)"
    if name == "Image" and hasattr(value, "__array_interface__"):
        return "use Image.from_numpy(…) or Image.from_pil(…)"
    return f"use {name}.from_file(…), {name}.from_url(…) or {name}(bytes=…)"


IMAGE: Final[Codec[Image]] = _media(Image, "image")
AUDIO: Final[Codec[Audio]] = _media(Audio, "audio")
VIDEO: Final[Codec[Video]] = _media(Video, "video")


# Concepts, regions, frames: repeated slots, of which a single value takes one element.


def _one_of(cls: type[_T], spread: Spread) -> Codec[_T]:
    label = f"a {cls.__name__}"

    def encode(value: Any, data: Data) -> None:
        spread.fill(value, getattr(data, spread.slot).add())

    def decode(data: Data) -> _T:
        messages = getattr(data, spread.slot)
        if len(messages) != 1:
            raise Misfit(f"holds {len(messages)} of them; {label} was expected")
        value: _T = spread.read(messages[0])
        return value

    return Codec(label, encode, decode, spread=spread)


def _under(step: str, fill: Callable[[Any, Any], None], value: Any, message: Any) -> None:
    try:
        fill(value, message)
    except Misfit as misfit:
        raise misfit.under(step) from None


def _number(owner: Any, attribute: str) -> float:
    try:
        return number64(getattr(owner, attribute))
    except Misfit as misfit:
        raise misfit.under(f".{attribute}") from None


def _string(owner: Any, attribute: str) -> str:
    try:
        return utf8(getattr(owner, attribute))
    except Misfit as misfit:
        raise misfit.under(f".{attribute}") from None


def _fill_concept(value: Any, message: _proto.Concept) -> None:
    if not isinstance(value, Concept):
        raise wanted("a Concept", value)
    message.id = _string(value, "id")
    message.name = _string(value, "name")
    message.value = _number(value, "value")


def _read_concept(message: _proto.Concept) -> Concept:
    return Concept(message.name, value=message.value, id=message.id)


def _fill_region(value: Any, message: _proto.Region) -> None:
    if not isinstance(value, Region):
        raise wanted("a Region", value)
    message.id = _string(value, "id")
    message.track_id = _string(value, "track_id")
    message.value = _number(value, "value")
    if value.box is not None:
        _under(".box", _fill_box, value.box, message.region_info.bounding_box)
    if value.point is not None:
        _under(".point", _fill_point, value.point, message.region_info.point)
    if value.mask is not None:
        _under(".mask", _fill_image, value.mask, message.region_info.mask.image)
    if value.text:
        message.data.text.raw = _string(value, "text")
    for index, concept in enumerate(value.concepts):
        _under(f".concepts[{index}]", _fill_concept, concept, message.data.concepts.add())


def _fill_image(value: Any, message: _proto.Image) -> None:
    fill_media(value, message, Image, "an Image")


def _fill_box(value: Any, message: _proto.BoundingBox) -> None:
    if not is_a(value, tuple) or len(value) != 4:
        raise wanted("a Box of 4 numbers", value)
    edges = [number64(edge) for edge in value]
    message.left_col, message.top_row, message.right_col, message.bottom_row = edges
    message.SetInParent()


def _fill_point(value: Any, message: _proto.Point) -> None:
    if not is_a(value, tuple) or len(value) not in (2, 3):
        raise wanted("a Point of 2 or 3 numbers", value)
    message.col, message.row, message.z = [number64(part) for part in (*value, 0.0)[:3]]
    message.SetInParent()


def _read_region(message: _proto.Region) -> Region:
    info = message.region_info
    box, point = info.bounding_box, info.point
    return Region(
        box=(
            Box(box.left_col, box.top_row, box.right_col, box.bottom_row)
            if info.HasField("bounding_box")
            else None
        ),
        point=Point(point.col, point.row, point.z) if info.HasField("point") else None,
        mask=_read_image(info.mask.image) if info.HasField("mask") else None,
        concepts=[_read_concept(concept) for concept in message.data.concepts],
        text=message.data.text.raw,
        value=message.value,
        id=message.id,
        track_id=message.track_id,
    )


def _read_image(message: _proto.Image) -> Image:
    return Image(bytes=message.base64, url=message.url)


def _fill_frame(value: Any, message: _proto.Frame) -> None:
    if not isinstance(value, Frame):
        raise wanted("a Frame", value)
    if value.image is not None:
        _under(".image", _fill_image, value.image, message.data.image)
    for place, region in enumerate(value.regions):
        _under(f".regions[{place}]", _fill_region, region, message.data.regions.add())
    time = _number(value, "time")
    index: Any = value.index
    if not 0 <= time < 2**50:
        raise Misfit("must be seconds from 0").under(".time")
    if not isinstance(index, int) or not 0 <= index < 2**32:
        raise wanted("a number from 0 to 2**32 - 1", index).under(".index")
    message.frame_info.time = round(time * 1000)
    message.frame_info.index = index


def _read_frame(message: _proto.Frame) -> Frame:
    info = message.frame_info
    return Frame(
        image=_read_image(message.data.image) if message.data.HasField("image") else None,
        regions=[_read_region(region) for region in message.data.regions],
        time=info.time / 1000,
        index=info.index or info.number,
    )


CONCEPT: Final[Codec[Concept]] = _one_of(Concept, Spread("concepts", _fill_concept, _read_concept))
REGION: Final[Codec[Region]] = _one_of(Region, Spread("regions", _fill_region, _read_region))
FRAME: Final[Codec[Frame]] = _one_of(Frame, Spread("frames", _fill_frame, _read_frame))
