"""How a generated package describes its methods to the runtime.

What lives here: the words that stand at the end of a generated `client.py`. Nothing here is for
applications; the words are kept stable for packages that were generated earlier.
"""

from __future__ import annotations

from typing import Any, TypeVar

from ._codec import BOOL, BYTES, FLOAT, INT, STR, Codec, list_of, record_of, tuple_of
from ._codec_array import NDARRAY
from ._codec_json import JSON
from ._codec_media import AUDIO, CONCEPT, FRAME, IMAGE, REGION, TEXT, VIDEO
from ._method import REQUIRED, Field, Streaming, Unary

__all__ = [
    "AUDIO",
    "BOOL",
    "BYTES",
    "CONCEPT",
    "FLOAT",
    "FRAME",
    "IMAGE",
    "INT",
    "JSON",
    "NDARRAY",
    "REGION",
    "STR",
    "TEXT",
    "VIDEO",
    "Codec",
    "Field",
    "Streaming",
    "Unary",
    "bidi_stream",
    "field",
    "list_of",
    "record",
    "server_stream",
    "tuple_of",
    "unary",
]

_R = TypeVar("_R")


def field(
    wire_name: str,
    codec: Codec[Any],
    *,
    name: str = "",
    default: Any = REQUIRED,
    ge: float | None = None,
    le: float | None = None,
    choices: tuple[Any, ...] = (),
    stream: bool = False,
) -> Field:
    """One parameter of a method, or one member of a record.

    Args:
        wire_name: The name on the wire.
        codec: How its values travel.
        name: The name in Python, where it is another.
        default: What leaving it out means: None for no value, `SERVER_DEFAULT` if only the model
            knows, else the value that is sent for it. Without a default it is required.
        ge: The least value allowed.
        le: The greatest value allowed.
        choices: The values allowed, if not all are.
        stream: Whether it is a stream of such values.
    """
    return Field(wire_name, name or wire_name, codec, default, ge, le, choices, stream)


def record(cls: type[_R], *members: Field) -> Codec[_R]:
    """A record: a generated dataclass with one attribute a member."""
    return record_of(cls, [(member.wire_name, member.name, member.codec) for member in members])


def unary(name: str, *fields: Field, returns: Codec[_R]) -> Unary[_R]:
    """A method that takes one input and returns one result."""
    return Unary(name, "PostModelOutputs", fields, returns)


def server_stream(name: str, *fields: Field, returns: Codec[_R]) -> Streaming[_R]:
    """A method that takes one input and returns a stream."""
    return Streaming(name, "GenerateModelOutputs", fields, returns)


def bidi_stream(name: str, *fields: Field, returns: Codec[_R]) -> Streaming[_R]:
    """A method that takes a stream (the field with `stream=True`) and returns one."""
    return Streaming(name, "StreamModelOutputs", fields, returns)
