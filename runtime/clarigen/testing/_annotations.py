"""Translation of Python annotations to fields of a signature, and to codecs.

An annotation becomes a `ValueType`: its field in a signature, and the codec of its values. The codecs are
those of generated clients, so that both sides encode alike. This module must not know methods, servers or grpc.
"""

from __future__ import annotations

import collections.abc
import dataclasses
import inspect
import types
import typing
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from .. import JSON, Audio, Concept, Frame, Image, Region, Text, Video, wire
from ..errors import ConfigError
from ..wire import Codec


@dataclass(frozen=True, slots=True)
class Param:
    """Description and range of a parameter, or of a field of a record, in a signature.

        Score = Annotated[float, Param("Lowest score.", ge=0, le=1)]
        def detect(self, image: Image, *, threshold: Score = 0.5) -> list[Region]: ...

    Attributes:
        description: One sentence for the parameter's documentation.
        ge: Minimum, inclusive. Clients check it for parameters, not for fields of records; the server does
            not check it. A signature cannot tell a minimum of 0 from none, so clients never check it; they
            document it if there is a maximum.
        le: Maximum, inclusive. Clients check it like the minimum, and a signature cannot tell a maximum of
            0 from none either.
    """

    description: str = ""
    ge: float | None = None
    le: float | None = None


@dataclass(frozen=True, slots=True)
class ValueType:
    """A type of values: its field in a signature, and its codec.

    Attributes:
        field: The keys of its field in a signature: `type`, `type_args`, the choices, and the description
            and range of a `Param`.
        codec: The codec of its values.
        is_optional: Whether the annotation allows None.
        is_stream: Whether the annotation is a stream of such values.
    """

    field: dict[str, Any]
    codec: Codec[Any]
    is_optional: bool = False
    is_stream: bool = False

    @property
    def is_none_if_empty(self) -> bool:
        """Whether an empty part of a request is read as None, not as the zero value of the type."""
        return self.field["type"] not in _ZERO_IF_EMPTY


def build_field(name: str, other_keys: dict[str, Any]) -> dict[str, Any]:
    """Build a field of a signature from its name and its other keys.

    The items of lists and tuples also get names, derived from this one, as in the platform's own signatures.
    """
    field: dict[str, Any] = {"name": name, **other_keys}
    if field["type"] in ("LIST", "TUPLE"):
        field["type_args"] = [build_field(f"{name}_item", item) for item in field["type_args"]]
    elif field["type"] == "NAMED_FIELDS":
        field["type_args"] = [build_field(member["name"], member) for member in field["type_args"]]
    return field


PLAIN_TYPES: Final[dict[Any, tuple[str, Codec[Any]]]] = {
    str: ("STR", wire.STR),
    bytes: ("BYTES", wire.BYTES),
    int: ("INT", wire.INT),
    float: ("FLOAT", wire.FLOAT),
    bool: ("BOOL", wire.BOOL),
    dict: ("JSON_DATA", wire.JSON),
    list: ("JSON_DATA", wire.JSON),
    Text: ("TEXT", wire.TEXT),
    Image: ("IMAGE", wire.IMAGE),
    Audio: ("AUDIO", wire.AUDIO),
    Video: ("VIDEO", wire.VIDEO),
    Concept: ("CONCEPT", wire.CONCEPT),
    Region: ("REGION", wire.REGION),
    Frame: ("FRAME", wire.FRAME),
}
"""The name in a signature and the codec of each class."""
LEAF_CODECS: Final[dict[str, Codec[Any]]] = {**dict(PLAIN_TYPES.values()), "NDARRAY": wire.NDARRAY}
"""Codecs of the types that hold no others, by their names in a signature."""
_ZERO_IF_EMPTY: Final = {"STR", "BYTES", "INT", "FLOAT", "BOOL", "LIST"}
_STREAMS: Final = (
    collections.abc.Iterator,
    collections.abc.Iterable,
    collections.abc.Generator,
)
_SUPPORTED: Final = (
    "str, bytes, int, float, bool, numpy arrays, JSON, dict, list[…], tuple[…], Literal[…],"
    " dataclasses, and clarigen's Text, Image, Audio, Video, Concept, Region, Frame"
)


def evaluate_annotations(owner: Any) -> dict[str, Any]:
    """Return the annotations of a function or a class, with strings evaluated.

    Raises:
        ConfigError: An annotation does not evaluate, for instance because its module lacks a name.
    """
    try:
        return inspect.get_annotations(owner, eval_str=True)
    except (NameError, TypeError, SyntaxError, AttributeError) as error:
        raise ConfigError(
            f"{owner.__qualname__}: its annotations do not evaluate: {error}"
        ) from None


def read_annotation(annotation: Any, subject: str) -> ValueType:
    """Return the type of a parameter or a result, which may be a stream.

    Args:
        annotation: The annotation.
        subject: First words of an error message: the method and the parameter.

    Raises:
        ConfigError: The annotation has no wire type.
    """
    inner, param = unwrap_annotated(annotation)
    if typing.get_origin(inner) in _STREAMS:
        item, item_param = unwrap_annotated(typing.get_args(inner)[0])
        return dataclasses.replace(_read_value(item, param or item_param, subject), is_stream=True)
    inner, is_optional = _strip_none(inner)
    if is_optional and param is None:  # `Annotated[T, Param(…)] | None`
        inner, param = unwrap_annotated(inner)
    return dataclasses.replace(_read_value(inner, param, subject), is_optional=is_optional)


def unwrap_annotated(annotation: Any) -> tuple[Any, Param | None]:
    """Return an annotation without its `Annotated`, and the `Param` inside it, if any."""
    annotation = _resolve_alias(annotation)
    if typing.get_origin(annotation) is not Annotated:
        return annotation, None
    inner, *notes = typing.get_args(annotation)
    return inner, next((note for note in notes if isinstance(note, Param)), None)


def _resolve_alias(annotation: Any) -> Any:
    """Resolve aliases made by a `type` statement, as numpy's NDArray is from Python 3.12 on."""
    alias = typing.get_origin(annotation) or annotation
    while hasattr(alias, "__value__"):
        arguments = typing.get_args(annotation)
        annotation = alias.__value__[arguments] if arguments else alias.__value__
        alias = typing.get_origin(annotation) or annotation
    return annotation


def _strip_none(annotation: Any) -> tuple[Any, bool]:
    if typing.get_origin(annotation) not in (typing.Union, types.UnionType):
        return annotation, False
    members = typing.get_args(annotation)
    others = tuple(member for member in members if member is not type(None))
    if len(others) == len(members):
        return annotation, False
    return (others[0] if len(others) == 1 else typing.Union[others]), True  # noqa: UP007


def _read_value(
    annotation: Any, param: Param | None, subject: str, enclosing: tuple[Any, ...] = ()
) -> ValueType:
    """Return the type of a value, with the description and range of a `Param`.

    Args:
        annotation: The annotation.
        param: The `Param`, if there is one.
        subject: First words of an error message.
        enclosing: The records that contain this value, to detect one that contains itself.
    """
    value_type = _read_bare_annotation(annotation, subject, enclosing)
    field = dict(value_type.field)
    if param is not None:
        if param.description:
            field["description"] = param.description
        limits = {"min": param.ge, "max": param.le}
        limits = {name: limit for name, limit in limits.items() if limit is not None}
        if limits:
            field["model_type_range_info"] = limits
    return ValueType(field, value_type.codec)


def _read_bare_annotation(annotation: Any, subject: str, enclosing: tuple[Any, ...]) -> ValueType:
    if isinstance(annotation, typing.ForwardRef):
        annotation = annotation.__forward_arg__
    if annotation == JSON:
        return ValueType({"type": "JSON_DATA"}, wire.JSON)
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is list:
        item = _read_value(*unwrap_annotated(arguments[0]), subject, enclosing)
        return ValueType({"type": "LIST", "type_args": [item.field]}, wire.list_of(item.codec))
    if origin is tuple:
        return _read_tuple(annotation, arguments, subject, enclosing)
    if origin is dict:
        return ValueType({"type": "JSON_DATA"}, wire.JSON)
    if origin is Literal:
        return _read_literal(arguments, subject)
    if _is_array(origin or annotation):
        return ValueType({"type": "NDARRAY"}, wire.NDARRAY)
    if isinstance(annotation, type):
        if annotation in PLAIN_TYPES:
            name, codec = PLAIN_TYPES[annotation]
            return ValueType({"type": name}, codec)
        if dataclasses.is_dataclass(annotation):
            return _read_record(annotation, subject, enclosing)
    raise ConfigError(
        f"{subject}: {format_annotation(annotation)} cannot be served; use {_SUPPORTED}; None needs"
        " a default of None, and a stream must be the whole parameter or result"
    )


def _read_tuple(
    annotation: Any, arguments: tuple[Any, ...], subject: str, enclosing: tuple[Any, ...]
) -> ValueType:
    if not arguments or Ellipsis in arguments:
        raise ConfigError(
            f"{subject}: {format_annotation(annotation)} has no fixed length; use list[…]"
        )
    items = [_read_value(*unwrap_annotated(argument), subject, enclosing) for argument in arguments]
    field = {"type": "TUPLE", "type_args": [item.field for item in items]}
    return ValueType(field, wire.tuple_of(*(item.codec for item in items)))


def _read_literal(values: tuple[Any, ...], subject: str) -> ValueType:
    classes: set[type[Any]] = {type(value) for value in values}
    if len(classes) != 1 or not classes <= {str, int, bool}:
        raise ConfigError(
            f"{subject}: the values of a Literal must be of one type: str, int or bool"
        )
    name, codec = PLAIN_TYPES[classes.pop()]
    return ValueType(
        {"type": name, "model_type_enum_options": [{"id": str(value)} for value in values]}, codec
    )


def _read_record(cls: type[Any], subject: str, enclosing: tuple[Any, ...]) -> ValueType:
    if cls in enclosing:
        raise ConfigError(f"{subject}: {cls.__name__} contains itself; a record must not")
    hints: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        hints |= evaluate_annotations(base)
    fields: list[dict[str, Any]] = []
    members: list[wire.Field] = []
    for member in dataclasses.fields(cls):
        member_subject = f"{subject}: {cls.__name__}.{member.name}"
        value_type = _read_value(
            *unwrap_annotated(hints[member.name]), member_subject, (*enclosing, cls)
        )
        fields.append({"name": member.name, **value_type.field})
        members.append(wire.field(member.name, value_type.codec))
    field = {"type": "NAMED_FIELDS", "type_args": fields}
    return ValueType(field, wire.record(cls, *members))


def _is_array(annotation: Any) -> bool:
    """Return whether an annotation is numpy's array, without importing numpy."""
    return (
        isinstance(annotation, type)
        and annotation.__module__ == "numpy"
        and annotation.__name__ == "ndarray"
    )


def format_annotation(annotation: Any) -> str:
    """Format an annotation for a message."""
    return annotation.__qualname__ if isinstance(annotation, type) else str(annotation)
