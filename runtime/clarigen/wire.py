"""How a generated package describes its methods to the runtime, and whether the two fit each other.

What lives here: the words that stand at the end of a generated `client.py`, and the first one that its
`__init__.py` says. Nothing here is for applications; the words are kept stable for packages that were
generated earlier.
"""

from __future__ import annotations

from typing import Any, Final, TypeVar

from ._version import __version__
from ._wire.array import NDARRAY
from ._wire.codec import BOOL, BYTES, FLOAT, INT, STR, Codec, list_of, record_of, tuple_of
from ._wire.json import JSON
from ._wire.json_as import json_as
from ._wire.media import AUDIO, CONCEPT, FRAME, IMAGE, REGION, TEXT, VIDEO
from ._wire.method import REQUIRED, Field, Streaming, Unary
from ._wire.type_expression import TypeText, parse_type

__all__ = [
    "AUDIO",
    "BOOL",
    "BYTES",
    "CONCEPT",
    "FLOAT",
    "FORMAT",
    "FRAME",
    "IMAGE",
    "INT",
    "JSON",
    "NDARRAY",
    "REGION",
    "REQUIRED",
    "STR",
    "TEXT",
    "VIDEO",
    "Codec",
    "Field",
    "Streaming",
    "TypeText",
    "Unary",
    "bidi_stream",
    "field",
    "json_as",
    "list_of",
    "parse_type",
    "record",
    "require_format",
    "server_stream",
    "tuple_of",
    "unary",
]

_R = TypeVar("_R")

FORMAT: Final = 1
"""The form of the packages that this version generates, the newest that it knows. It stands in them and in
their locks, and rises only when the same signatures give other bytes (with a line in the changelog)."""

_OLDEST_FORMAT: Final = 1
"""The oldest form that this version still knows."""


def require_format(number: int, package: str) -> None:
    """Say so if a generated package and this version of the runtime do not fit each other.

    Args:
        number: The form of the package.
        package: Its name.

    Raises:
        ImportError: They do not; the message says what to do.
    """
    if number > FORMAT:
        raise ImportError(
            f"{package} was generated for a newer clarigen: it has format {number}, and clarigen"
            f" {__version__} knows {FORMAT}: pip install -U clarigen",
            name=package,
        )
    if number < _OLDEST_FORMAT:
        raise ImportError(
            f"{package} was generated for an older clarigen: it has format {number}, and clarigen"
            f" {__version__} knows no format before {_OLDEST_FORMAT}: run gen-client again",
            name=package,
        )


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


def unary(wire_name: str, *fields: Field, name: str = "", returns: Codec[_R]) -> Unary[_R]:
    """A method that takes one input and returns one result.

    Args:
        wire_name: The name on the wire.
        fields: Its parameters, in order.
        name: The name in Python, where it is another.
        returns: How its result travels.
    """
    return Unary(wire_name, name or wire_name, "PostModelOutputs", fields, returns)


def server_stream(
    wire_name: str, *fields: Field, name: str = "", returns: Codec[_R]
) -> Streaming[_R]:
    """A method that takes one input and returns a stream; the rest is as for `unary`."""
    return Streaming(wire_name, name or wire_name, "GenerateModelOutputs", fields, returns)


def bidi_stream(
    wire_name: str, *fields: Field, name: str = "", returns: Codec[_R]
) -> Streaming[_R]:
    """A method that takes a stream (the field with `stream=True`) and returns one; the rest is as for `unary`."""
    return Streaming(wire_name, name or wire_name, "StreamModelOutputs", fields, returns)
