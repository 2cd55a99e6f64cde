"""The vocabulary of generated packages: codecs, and the description of methods.

A generated `client.py` ends with constants that are written with these names, and its `__init__.py`
begins with `require_format`. The names are stable: packages that were generated earlier use them. Here
are also the platform's names of types, which are needed to read signatures. Applications need none of
this.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

from ._version import __version__
from ._wire.array import NDARRAY
from ._wire.codec import Codec, list_of, record_of, tuple_of
from ._wire.json import JSON, json_as
from ._wire.media import AUDIO, IMAGE, TEXT, VIDEO
from ._wire.method import REQUIRED, RESULT_NAME, Field, Streaming, Unary
from ._wire.regions import CONCEPT, FRAME, REGION
from ._wire.scalars import BOOL, BYTES, FLOAT, INT, STR

if TYPE_CHECKING:
    from dataclasses import dataclass

    from ._wire.inline import EMBEDDING, inline_unary, output, outputs
    from ._wire.tool_types import Defaults
    from ._wire.type_expression import TypeText, parse_type
else:
    from ._dataclass import dataclass

__all__ = [
    "AUDIO",
    "BOOL",
    "BYTES",
    "CONCEPT",
    "DATA_TYPES",
    "EMBEDDING",
    "FLOAT",
    "FORMAT",
    "FRAME",
    "IMAGE",
    "INT",
    "JSON",
    "METHOD_TYPES",
    "NDARRAY",
    "OLDEST_FORMAT",
    "REGION",
    "REQUIRED",
    "RESULT_NAME",
    "STR",
    "TEXT",
    "VIDEO",
    "Codec",
    "Field",
    "Streaming",
    "TypeText",
    "Unary",
    "argument",
    "bidi_stream",
    "dataclass",
    "field",
    "get_either_case",
    "inline_unary",
    "is_single_result",
    "json_as",
    "list_of",
    "output",
    "outputs",
    "parse_type",
    "record",
    "require_format",
    "server_stream",
    "to_camel_case",
    "tuple_of",
    "unary",
]

_LAZY_NAMES: Final = {
    **dict.fromkeys(("TypeText", "parse_type"), "type_expression"),
    **dict.fromkeys(("EMBEDDING", "inline_unary", "output", "outputs"), "inline"),
}
"""Names that are loaded on first use, with their modules in `_wire`. Only the generator needs the first module here,
and only packages of models without signatures the second."""

_R = TypeVar("_R")

_NO_DEFAULTS: Final[Defaults] = {}

FORMAT: Final = 1
"""Format version of generated packages and locks. Incremented only if the same signatures now produce
different output; the changelog then has a line about it."""

OLDEST_FORMAT: Final = 1
"""The oldest format version that this runtime supports."""

DATA_TYPES: Final = (
    "NOT_SET",
    "STR",
    "BYTES",
    "INT",
    "FLOAT",
    "BOOL",
    "NDARRAY",
    "JSON_DATA",
    "TEXT",
    "IMAGE",
    "CONCEPT",
    "REGION",
    "FRAME",
    "AUDIO",
    "VIDEO",
    "NAMED_FIELDS",
    "TUPLE",
    "LIST",
)
"""The platform's names of data types. The index of a name is its number in protobuf."""

METHOD_TYPES: Final = (
    "UNKNOWN",
    "UNARY_UNARY",
    "UNARY_STREAMING",
    "STREAMING_UNARY",
    "STREAMING_STREAMING",
)
"""The platform's names of method types. The index of a name is its number in protobuf."""


def __getattr__(name: str) -> Any:
    """Load the module that defines a name; see `_LAZY_NAMES`."""
    if name not in _LAZY_NAMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"clarigen._wire.{_LAZY_NAMES[name]}"), name)


def require_format(number: int, package: str) -> None:
    """Raise `ImportError` if this runtime does not support the format version of a package.

    Args:
        number: The format version of the package.
        package: Its name.

    Raises:
        ImportError: The format version is not supported; the message names the remedy.
    """
    if number > FORMAT:
        raise ImportError(
            f"{package} was generated for a newer clarigen: it has format {number}, and clarigen"
            f" {__version__} supports {FORMAT}: pip install -U clarigen",
            name=package,
        )
    if number < OLDEST_FORMAT:
        raise ImportError(
            f"{package} was generated for an older clarigen: it has format {number}, and clarigen"
            f" {__version__} supports {OLDEST_FORMAT} and later: run gen-client again",
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
    """Describe one parameter of a method, or one member of a record.

    Args:
        wire_name: The name on the wire.
        codec: How its values are encoded and decoded.
        name: The name in Python, if it differs.
        default: The value to send if the argument is omitted. If it is None, or `SERVER_DEFAULT`
            (only the model knows the default), nothing is sent. `REQUIRED` if the argument must be passed.
        ge: The lowest value allowed.
        le: The highest value allowed.
        choices: The values allowed; empty if all are.
        stream: Whether it is a stream of such values.
    """
    return Field(wire_name, name or wire_name, codec, default, ge, le, choices, stream)


def record(cls: type[_R], *members: Field) -> Codec[_R]:
    """Return the codec of a record: a generated dataclass with one attribute per member."""
    return record_of(cls, [(member.wire_name, member.name, member.codec) for member in members])


def unary(wire_name: str, *fields: Field, name: str = "", returns: Codec[_R]) -> Unary[_R]:
    """Describe a method that takes one input and returns one result.

    Args:
        wire_name: The name on the wire.
        fields: Its parameters, in order.
        name: The name in Python, if it differs.
        returns: The codec of its result.
    """
    return Unary(wire_name, name or wire_name, "PostModelOutputs", fields, returns)


def server_stream(
    wire_name: str, *fields: Field, name: str = "", returns: Codec[_R]
) -> Streaming[_R]:
    """Describe a method that takes one input and returns a stream of results.

    The arguments are those of `unary`, with the codec of each result.
    """
    return Streaming(wire_name, name or wire_name, "GenerateModelOutputs", fields, returns)


def bidi_stream(
    wire_name: str, *fields: Field, name: str = "", returns: Codec[_R]
) -> Streaming[_R]:
    """Describe a method that takes a stream of inputs and returns a stream of results.

    The arguments are those of `server_stream`. Exactly one of the fields has `stream=True`.
    """
    return Streaming(wire_name, name or wire_name, "StreamModelOutputs", fields, returns)


def argument(
    wire_name: str, annotation: object, *, name: str = "", default: Any = REQUIRED
) -> Field:
    """Describe one argument of a tool.

    Args:
        wire_name: The name on the wire.
        annotation: The type of its values.
        name: The name in Python, if it differs.
        default: The default that the server has. An argument that equals it is not sent. It is None if an
            argument of None is not sent, `SERVER_DEFAULT` if every value is sent, and `REQUIRED` if the
            argument must be passed.
    """
    from ._wire.tool import describe_argument  # here, because few packages have tools

    return describe_argument(wire_name, annotation, name, default)


def tool(
    wire_name: str,
    *arguments: Field,
    name: str = "",
    returns: object,
    wrapped: bool = False,
    defaults: Defaults = _NO_DEFAULTS,
) -> Unary[Any]:
    """Describe a tool of an MCP model.

    Args:
        wire_name: The name on the wire.
        arguments: Its arguments, in order.
        name: The name in Python, if it differs.
        returns: The type of its result; `ToolResult` if the server declares none.
        wrapped: Whether the server wraps the result in an object with the key `result`.
        defaults: The values of keys that are absent from the result, by TypedDict and key.
    """
    from ._wire.tool import describe_tool

    return describe_tool(wire_name, name, arguments, returns, defaults, is_wrapped=wrapped)


def is_single_result(names: Sequence[str]) -> bool:
    """Return whether a method with outputs of these names returns its only output, not a record."""
    return len(names) == 1 and names[0] in ("", RESULT_NAME)


def get_either_case(content: Mapping[str, Any], key: str) -> Any:
    """Return the value of a key, in either spelling; None if it is absent.

    Args:
        content: A message in the JSON form of protobuf, with keys in snake_case or camelCase.
        key: The key in snake_case.
    """
    return content[key] if key in content else content.get(to_camel_case(key))


def to_camel_case(key: str) -> str:
    """Convert a key from snake_case to camelCase."""
    first, *rest = key.split("_")
    return first + "".join(map(str.capitalize, rest))
