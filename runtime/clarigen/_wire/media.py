"""Codecs of texts and of files: images, audio and videos.

They map the attributes of the classes in `_data` to the fields of `clarigen.proto`. The constants
with tags are named after these fields. Like all codecs they do not import protobuf. Files are sent as
raw bytes, in a field that is called `base64` nevertheless. What else a message holds is kept: see `rest`.
"""

from __future__ import annotations

import warnings
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

from .._data import Audio, Image, Text, Video
from .codec import Codec, CodecError, call_at, is_instance, type_mismatch, with_article
from .large_payloads import LargePayloads, resolve_payload
from .protobuf_writer import Buffers, Encoder, append_len_field, len_tag, message_encoder
from .scalars import encode_utf8

if TYPE_CHECKING:
    from .. import _proto
    from .._proto import Data

_Media = TypeVar("_Media", Image, Audio, Video)


# What messages contain in addition to the attributes of plain values.


@cache
def _plain_class(name: str) -> Any:
    from .. import _proto

    return getattr(_proto, name)


def is_plain(name: str, message: Any) -> bool:
    """Return whether a message has only the fields of its `Plain` message, whose name is given."""
    content = message.SerializeToString()
    plain = _plain_class(name).FromString(content)
    plain.DiscardUnknownFields()
    return bool(plain.ByteSize() == len(content))


def split_rest(message: Any) -> dict[str, Any]:
    """Return the attributes that the `Plain` message of a value does not have, including `extra`."""
    from . import rest

    return rest.split_rest(message)


def check_extra(value: Any) -> bytes:
    """Return the `extra` of a value; raise `CodecError` if it cannot be sent."""
    extra = value.extra
    if not is_instance(extra, bytes):
        raise type_mismatch("bytes", extra).prepend_step(".extra")
    from . import rest

    problem = rest.check_extra(type(value).__name__, extra)
    if problem:
        raise CodecError(problem).prepend_step(".extra")
    return bytes(extra)


def _append_extra(value: Any, out: Buffers) -> int:
    """Append the other fields of a value; its attributes follow and win."""
    if not value.extra:
        return 0
    out.append(extra := check_extra(value))
    return len(extra)


# Texts.


_RAW, _TEXT_URL = len_tag(1), len_tag(2)


def encode_text(value: Any, out: Buffers) -> int:
    if isinstance(value, str):
        return _append_str(_RAW, value, out)
    if not isinstance(value, Text):
        raise type_mismatch("a Text or a str", value)
    size = _append_extra(value, out) + call_at(".text", _append_str, _RAW, value.text, out)
    return size + call_at(".url", _append_str, _TEXT_URL, value.url, out)


def _append_str(tag: bytes, value: Any, out: Buffers) -> int:
    """Append a string field; an empty string is omitted."""
    text = encode_utf8(value)
    return append_len_field(tag, text, out) if text else 0


def _decode_text(data: Data, _: LargePayloads) -> Text:
    if not data.HasField("text") and not data.string_value:
        raise CodecError("is missing; a Text was expected")
    text = data.text
    rest = {} if is_plain("PlainText", text) else split_rest(text)
    return Text(text.raw or data.string_value, url=text.url, **rest)


TEXT: Final[Codec[Text]] = Codec(
    "a Text or a str", message_encoder(13, encode_text), _decode_text, kind="TEXT"
)


# Files: the encoded bytes, or a URL from which the server fetches them.


_URL, _BASE64 = len_tag(1), len_tag(2)


def _media_codec(
    cls: type[_Media], field: Literal["image", "audio", "video"], number: int
) -> Codec[_Media]:
    label = with_article(cls.__name__)
    encode = message_encoder(number, file_encoder(cls))

    def encode_nested(value: Any, out: Buffers) -> int:
        size = encode(value, out)
        if not value.bytes:
            warnings.warn(
                f"{label} inside a list, tuple or record has only a URL. Servers fetch URLs of whole"
                " arguments, but not of items: the model may receive no bytes. Pass the bytes.",
                stacklevel=2,
            )
        return size

    def decode(data: Data, payloads: LargePayloads) -> _Media:
        if not data.HasField(field):
            raise CodecError(f"is missing; {label} was expected")
        return decode_file(cls, getattr(data, field), payloads)

    nested = Codec(label, encode_nested, decode)
    return Codec(label, encode, decode, item_variant=nested, kind=field.upper())


def file_encoder(cls: type[Any]) -> Encoder:
    """Return the encoder of the fields that the Image, Audio and Video messages have in common."""
    label = with_article(cls.__name__)

    def encode(value: Any, out: Buffers) -> int:
        if not isinstance(value, cls):
            mismatch = type_mismatch(label, value)
            raise CodecError(f"{mismatch.problem}; {_suggest_constructor(value, cls.__name__)}")
        content: Any = value.bytes
        if not is_instance(content, bytes, bytearray, memoryview):
            raise type_mismatch("bytes", content).prepend_step(".bytes")
        if not content and not value.url:
            raise CodecError(f"must be {label} with bytes or a URL; this one is empty")
        size = _append_extra(value, out) + call_at(".url", _append_str, _URL, value.url, out)
        if not content:
            return size
        content = content if isinstance(content, bytes) else bytes(content)
        return size + append_len_field(_BASE64, content, out)

    return encode


def decode_file(
    cls: type[_Media], file: _proto.Image | _proto.Audio | _proto.Video, payloads: LargePayloads
) -> _Media:
    rest = {} if is_plain("PlainFile", file) else split_rest(file)
    return cls(bytes=bytes(resolve_payload(file.base64, payloads)), url=file.url, **rest)


def _suggest_constructor(value: Any, name: str) -> str:
    """Return the remedy for a value that is not an Image, Audio or Video: a constructor."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        return f"use {name}(bytes=…)"
    if isinstance(value, str) and "://" in value:
        return f"use {name}.from_url(…)"
    if name == "Image" and hasattr(value, "__array_interface__"):
        return "use Image.from_numpy(…) or Image.from_pil(…)"
    return f"use {name}.from_file(…), {name}.from_url(…) or {name}(bytes=…)"


IMAGE: Final[Codec[Image]] = _media_codec(Image, "image", 1)
AUDIO: Final[Codec[Audio]] = _media_codec(Audio, "audio", 14)
VIDEO: Final[Codec[Video]] = _media_codec(Video, "video", 2)
