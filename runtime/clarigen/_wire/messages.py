"""Conversion of values to the platform's messages and back, for `raw` and `from_raw`."""

from __future__ import annotations

from typing import Any, Final

from .. import _proto
from .._data import Audio, Concept, Frame, Image, Region, Text, Video
from ..errors import DecodeError, InputError
from .codec import Codec, to_codec_error
from .large_payloads import NO_PAYLOADS
from .media import AUDIO, IMAGE, TEXT, VIDEO
from .protobuf_writer import Buffers
from .regions import CONCEPT, FRAME, REGION

_CODECS: Final[dict[type[Any], tuple[Codec[Any], str]]] = {
    Text: (TEXT, "text"),
    Image: (IMAGE, "image"),
    Audio: (AUDIO, "audio"),
    Video: (VIDEO, "video"),
    Concept: (CONCEPT, "concepts"),
    Region: (REGION, "regions"),
    Frame: (FRAME, "frames"),
}
"""The codec of each class, and the field of `Data` that holds its message."""


def to_message(value: Any) -> Any:
    """Return the platform's message of a value.

    Raises:
        InputError: An attribute of the value does not fit.
    """
    codec, field = _CODECS[type(value)]
    out: Buffers = []
    try:
        codec.encode(value, out)
    except Exception as foreign:  # noqa: BLE001 - see `to_codec_error`
        error = to_codec_error(foreign)
        path = error.path.lstrip(".")
        subject = f"`{path}`" if path else "it"
        text = f"{type(value).__name__}: {subject} {error.problem}"
        raise InputError(text, parameter=path) from None
    content = getattr(_proto.Data.FromString(b"".join(out)), field)
    message = type(value).__name__
    result = getattr(_proto, message)()
    result.CopyFrom(content[0] if codec.repeated_field else content)
    return result


def from_message(cls: type[Any], message: Any) -> Any:
    """Return the value of a message, ours or the official client's.

    Raises:
        DecodeError: The message is not of this kind.
    """
    codec, field = _CODECS[cls]
    name = getattr(getattr(message, "DESCRIPTOR", None), "name", type(message).__name__)
    if name != cls.__name__:
        raise DecodeError(f"{cls.__name__}.from_raw: must be a message {cls.__name__}, not {name}")
    data = _proto.Data()
    target = getattr(data, field)
    own = target.add() if codec.repeated_field else target
    own.SetInParent()
    own.MergeFromString(message.SerializeToString())
    return codec.decode(data, NO_PAYLOADS)
