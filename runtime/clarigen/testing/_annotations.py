"""From a Python annotation to a wire type: what the signature says of it, and how its values travel.

What lives here: one table from annotations to `Kind`. How values travel is not written here again:
the codecs are those that generated clients use. Nothing here knows methods, servers or grpc.
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
    """What a signature says of a parameter, or of a member of a record, beside its type.

        Score = Annotated[float, Param("Lowest score.", ge=0, le=1)]
        def detect(self, image: Image, *, threshold: Score = 0.5) -> list[Region]: ...

    Attributes:
        description: One sentence for the parameter's documentation.
        ge: The least value that makes sense. Clients check it, the server does not; nor can a
            signature tell a limit of 0 that stands alone from none.
        le: The greatest value that makes sense; the same holds.
    """

    description: str = ""
    ge: float | None = None
    le: float | None = None


@dataclass(frozen=True, slots=True)
class Kind:
    """A type of values.

    Attributes:
        signature: Its part of a signature's field: `type`, `type_args`, the choices; and the
            description and the range that a `Param` gave.
        codec: How its values travel.
        optional: Whether the annotation allows None.
        stream: Whether it is a stream of such values.
    """

    signature: dict[str, Any]
    codec: Codec[Any]
    optional: bool = False
    stream: bool = False

    @property
    def absent_is_none(self) -> bool:
        """Whether a part that holds nothing means None; for the others it means a zero value."""
        return self.signature["type"] not in _WITH_ZERO


def named(name: str, signature: dict[str, Any]) -> dict[str, Any]:
    """A field of a signature: a type's part of it with a name; the items of lists and tuples get
    theirs from it, as the platform's own signatures have it."""
    field: dict[str, Any] = {"name": name, **signature}
    if field["type"] in ("LIST", "TUPLE"):
        field["type_args"] = [named(f"{name}_item", item) for item in field["type_args"]]
    elif field["type"] == "NAMED_FIELDS":
        field["type_args"] = [named(member["name"], member) for member in field["type_args"]]
    return field


PLAIN: Final[dict[Any, tuple[str, Codec[Any]]]] = {
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
"""What stands for a plain class in a signature, and how its values travel."""
LEAVES: Final[dict[str, Codec[Any]]] = {**dict(PLAIN.values()), "NDARRAY": wire.NDARRAY}
"""How values travel that hold no others, by the name of their type."""
_WITH_ZERO: Final = {"STR", "BYTES", "INT", "FLOAT", "BOOL", "LIST"}
_STREAMS: Final = (
    collections.abc.Iterator,
    collections.abc.Iterable,
    collections.abc.Generator,
)
_SUPPORTED: Final = (
    "str, bytes, int, float, bool, numpy arrays, JSON, dict, list[…], tuple[…], Literal[…],"
    " dataclasses, and clarigen's Text, Image, Audio, Video, Concept, Region, Frame"
)


def evaluated(owner: Any) -> dict[str, Any]:
    """The annotations of a function or a class, those written as text evaluated.

    Raises:
        ConfigError: A name in them is not known in the module.
    """
    try:
        return inspect.get_annotations(owner, eval_str=True)
    except (NameError, TypeError, SyntaxError, AttributeError) as error:
        raise ConfigError(
            f"{owner.__qualname__}: its annotations do not evaluate: {error}"
        ) from None


def kind_of(annotation: Any, where: str) -> Kind:
    """The kind of a parameter or a result, which may be a stream.

    Args:
        annotation: The annotation.
        where: What carries it, as the first words of an error.

    Raises:
        ConfigError: No wire type stands for it.
    """
    inner, param = unwrapped(annotation)
    if typing.get_origin(inner) in _STREAMS:
        item, item_param = unwrapped(typing.get_args(inner)[0])
        return dataclasses.replace(_value(item, param or item_param, where), stream=True)
    inner, optional = _without_none(inner)
    if optional and param is None:
        inner, param = unwrapped(inner)
    return dataclasses.replace(_value(inner, param, where), optional=optional)


def unwrapped(annotation: Any) -> tuple[Any, Param | None]:
    """An annotation without `Annotated`, and the `Param` that stood there."""
    annotation = _unaliased(annotation)
    if typing.get_origin(annotation) is not Annotated:
        return annotation, None
    inner, *notes = typing.get_args(annotation)
    return inner, next((note for note in notes if isinstance(note, Param)), None)


def _unaliased(annotation: Any) -> Any:
    """What a `type` statement of Python 3.12 stands for; numpy's NDArray is one there."""
    alias = typing.get_origin(annotation) or annotation
    while hasattr(alias, "__value__"):
        arguments = typing.get_args(annotation)
        annotation = alias.__value__[arguments] if arguments else alias.__value__
        alias = typing.get_origin(annotation) or annotation
    return annotation


def _without_none(annotation: Any) -> tuple[Any, bool]:
    if typing.get_origin(annotation) not in (typing.Union, types.UnionType):
        return annotation, False
    members = typing.get_args(annotation)
    others = tuple(member for member in members if member is not type(None))
    if len(others) == len(members):
        return annotation, False
    return (others[0] if len(others) == 1 else typing.Union[others]), True  # noqa: UP007


def _value(annotation: Any, param: Param | None, where: str, within: tuple[Any, ...] = ()) -> Kind:
    """The kind of a value, with what a `Param` says of it; `within` are the records around it."""
    kind = _bare(annotation, where, within)
    signature = dict(kind.signature)
    if param is not None:
        if param.description:
            signature["description"] = param.description
        limits = {"min": param.ge, "max": param.le}
        limits = {name: limit for name, limit in limits.items() if limit is not None}
        if limits:
            signature["model_type_range_info"] = limits
    return Kind(signature, kind.codec)


def _bare(annotation: Any, where: str, within: tuple[Any, ...]) -> Kind:
    if isinstance(annotation, typing.ForwardRef):
        annotation = annotation.__forward_arg__
    if annotation == JSON:
        return Kind({"type": "JSON_DATA"}, wire.JSON)
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is list:
        item = _value(*unwrapped(arguments[0]), where, within)
        return Kind({"type": "LIST", "type_args": [item.signature]}, wire.list_of(item.codec))
    if origin is tuple:
        return _tuple(annotation, arguments, where, within)
    if origin is dict:
        return Kind({"type": "JSON_DATA"}, wire.JSON)
    if origin is Literal:
        return _choices(arguments, where)
    if _is_array(origin or annotation):
        return Kind({"type": "NDARRAY"}, wire.NDARRAY)
    if isinstance(annotation, type):
        if annotation in PLAIN:
            name, codec = PLAIN[annotation]
            return Kind({"type": name}, codec)
        if dataclasses.is_dataclass(annotation):
            return _record(annotation, where, within)
    raise ConfigError(
        f"{where}: {spelled(annotation)} cannot travel; what can: {_SUPPORTED}; None only beside"
        " a default of None, streams only as a whole parameter or result"
    )


def _tuple(
    annotation: Any, arguments: tuple[Any, ...], where: str, within: tuple[Any, ...]
) -> Kind:
    if not arguments or Ellipsis in arguments:
        raise ConfigError(f"{where}: {spelled(annotation)} has no fixed length; use list[…]")
    items = [_value(*unwrapped(argument), where, within) for argument in arguments]
    signature = {"type": "TUPLE", "type_args": [item.signature for item in items]}
    return Kind(signature, wire.tuple_of(*(item.codec for item in items)))


def _choices(values: tuple[Any, ...], where: str) -> Kind:
    classes: set[type[Any]] = {type(value) for value in values}
    if len(classes) != 1 or not classes <= {str, int, bool}:
        raise ConfigError(f"{where}: the values of a Literal must be of one type: str, int or bool")
    name, codec = PLAIN[classes.pop()]
    return Kind(
        {"type": name, "model_type_enum_options": [{"id": str(value)} for value in values]}, codec
    )


def _record(cls: type[Any], where: str, within: tuple[Any, ...]) -> Kind:
    if cls in within:
        raise ConfigError(f"{where}: {cls.__name__} contains itself; records on the wire cannot")
    hints: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        hints |= evaluated(base)
    signatures: list[dict[str, Any]] = []
    members: list[wire.Field] = []
    for member in dataclasses.fields(cls):
        here = f"{where}: {cls.__name__}.{member.name}"
        kind = _value(*unwrapped(hints[member.name]), here, (*within, cls))
        signatures.append({"name": member.name, **kind.signature})
        members.append(wire.field(member.name, kind.codec))
    signature = {"type": "NAMED_FIELDS", "type_args": signatures}
    return Kind(signature, wire.record(cls, *members))


def _is_array(annotation: Any) -> bool:
    """Whether it is numpy's array, which is not imported for the question."""
    return (
        isinstance(annotation, type)
        and annotation.__module__ == "numpy"
        and annotation.__name__ == "ndarray"
    )


def spelled(annotation: Any) -> str:
    """An annotation for a message."""
    return annotation.__qualname__ if isinstance(annotation, type) else str(annotation)
