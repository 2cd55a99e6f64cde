"""Wire descriptions to types of columns.

The description of a method has a codec per value, and that of an MCP model's tool an annotation. What has no form of its
own in columns is JSON text: JSON, maps, unions, objects without keys, and objects that contain themselves.
"""

from __future__ import annotations

import collections.abc
import types
import typing
from collections.abc import Mapping
from functools import partial
from typing import Any, Final, Literal, NotRequired, TypeVar

from .._data import (
    Audio,
    Box,
    Concept,
    Embedding,
    Frame,
    Image,
    Keypoint,
    Point,
    Region,
    Video,
)
from .._tool_result import ToolResult
from .._wire.codec import Codec, is_instance
from .._wire.json_types import is_typed_dict, load_json_type, unwrap_annotation
from .._wire.tool import LazyType
from .types import (
    ArrayColumn,
    ColumnType,
    JsonColumn,
    ListColumn,
    MediaColumn,
    StructColumn,
    TextColumn,
    split_attributes,
)

_T = TypeVar("_T")

STRING: Final = ColumnType("string")
INT: Final = ColumnType("int64")
FLOAT: Final = ColumnType("float64")
BOOL: Final = ColumnType("bool_")
_JSON: Final = JsonColumn()


def describe_codec(codec: Codec[Any]) -> ColumnType:
    """Return the type of the column for values of a codec."""
    holder = getattr(codec.decode, "__self__", None)
    if isinstance(holder, LazyType):
        return _describe_annotation(holder.annotation, ())
    match codec.kind:
        case "LIST":
            return ListColumn(describe_codec(codec.parts[0]))
        case "TUPLE" if codec.parts:
            return _describe_tuple([describe_codec(part) for part in codec.parts])
        case "NAMED_FIELDS" if codec.parts:
            members = {name: describe_codec(part) for name, part in codec.parts}
            return _describe_class(codec.cls, members)
        case "JSON_DATA" if codec.parts:
            return JsonColumn(load_json_type(codec.parts[0]).to_json)
        case kind:
            return _BY_KIND.get(kind, _JSON)


def _describe_class(cls: Any, members: Mapping[str, ColumnType]) -> StructColumn:
    """Return the type of a class whose attributes are the members."""
    return StructColumn(members, split_attributes(tuple(members)), lambda content: cls(**content))


def _describe_tuple(items: list[ColumnType]) -> StructColumn:
    """Return the type of a tuple: a struct with the members `_1`, `_2` and so on."""
    members = {f"_{number}": item for number, item in enumerate(items, 1)}
    return StructColumn(
        members,
        lambda value: dict(zip(members, value, strict=True)),
        lambda content: tuple(content.get(name) for name in members),
    )


# The platform's values. A member that is not set is null.


_MEDIA: Final = {
    "IMAGE": MediaColumn(Image),
    "AUDIO": MediaColumn(Audio),
    "VIDEO": MediaColumn(Video),
}
_BOX: Final = _describe_class(Box, dict.fromkeys(Box._fields, FLOAT))
_POINT: Final = _describe_class(Point, dict.fromkeys(Point._fields, FLOAT))
_KEYPOINT: Final = _describe_class(
    Keypoint, {**dict.fromkeys(Point._fields, FLOAT), "visibility": INT}
)


def _split_corner(value: Any) -> Mapping[str, Any]:
    return dict(zip(value._fields, value, strict=True))


def _join_corner(content: dict[str, Any]) -> Any:
    return (Keypoint if "visibility" in content else Point)(**content)


_CORNER: Final = StructColumn(_KEYPOINT.members, _split_corner, _join_corner)
"""A point of a polygon, which may be one of a skeleton."""
_EMBEDDING: Final = _describe_class(
    Embedding, {"vector": ListColumn(ColumnType("float32")), "num_dimensions": INT}
)
_CONCEPT: Final = _describe_class(Concept, {"name": STRING, "value": FLOAT, "id": STRING})
_REGION: Final = _describe_class(
    Region,
    {
        "box": _BOX,
        "point": _POINT,
        "mask": _MEDIA["IMAGE"],
        "concepts": ListColumn(_CONCEPT),
        "text": STRING,
        "value": FLOAT,
        "id": STRING,
        "track_id": STRING,
        "polygon": ListColumn(_CORNER),
        "keypoints": ListColumn(_KEYPOINT),
        "metadata": _JSON,
        "embeddings": ListColumn(_EMBEDDING),
    },
)
_FRAME: Final = _describe_class(
    Frame,
    {
        "image": _MEDIA["IMAGE"],
        "regions": ListColumn(_REGION),
        "time": FLOAT,
        "index": INT,
        "concepts": ListColumn(_CONCEPT),
        "text": STRING,
        "metadata": _JSON,
        "embeddings": ListColumn(_EMBEDDING),
        "id": STRING,
    },
)
_BY_KIND: Final[Mapping[str, ColumnType]] = {
    "STR": STRING,
    "TEXT": TextColumn(),
    "BYTES": ColumnType("binary"),
    "INT": INT,
    "FLOAT": FLOAT,
    "BOOL": BOOL,
    "NDARRAY": ArrayColumn(),
    "CONCEPT": _CONCEPT,
    "REGION": _REGION,
    "FRAME": _FRAME,
    "EMBEDDING": _EMBEDDING,
    **_MEDIA,
}


# Tools of MCP models.


_SCALARS: Final[Mapping[Any, ColumnType]] = {str: STRING, int: INT, float: FLOAT, bool: BOOL}
_TOOL_RESULT: Final = StructColumn(
    {"text": STRING, "content": _JSON, "structured": _JSON},
    split_attributes(("text", "content", "structured")),
    lambda content: ToolResult(content.get("content", []), content.get("structured")),
)


def _describe_annotation(annotation: Any, classes: tuple[Any, ...]) -> ColumnType:
    """Return the type of an annotation.

    Args:
        annotation: The annotation.
        classes: The TypedDicts around it.
    """
    annotation = unwrap_annotation(annotation)
    if annotation is ToolResult:
        return _TOOL_RESULT
    if annotation in _SCALARS:
        return _SCALARS[annotation]
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Literal:
        kinds: set[Any] = {type(value) for value in arguments}
        return _SCALARS.get(kinds.pop(), _JSON) if len(kinds) == 1 else _describe_json(annotation)
    if origin in (typing.Union, types.UnionType):
        members = [member for member in arguments if member is not type(None)]
        if len(members) == 1:
            return _describe_annotation(members[0], classes)
        return _describe_json(annotation)
    if origin in (list, collections.abc.Sequence) or arguments[1:] == (Ellipsis,):
        return ListColumn(_describe_annotation(arguments[0], classes))
    if origin is tuple and arguments:
        return _describe_tuple([_describe_annotation(item, classes) for item in arguments])
    if is_instance(annotation, type) and is_typed_dict(annotation):
        return _describe_object(annotation, classes)
    return _describe_json(annotation)


def _describe_json(annotation: Any) -> JsonColumn:
    return JsonColumn(allows_text=_allows_text(annotation))


def _allows_text(annotation: Any) -> bool:
    """Return whether a text is a value of a type."""
    annotation = unwrap_annotation(annotation)
    if annotation in (str, Any, object):
        return True
    if typing.get_origin(annotation) is Literal:
        return any(isinstance(value, str) for value in typing.get_args(annotation))
    is_union = typing.get_origin(annotation) in (typing.Union, types.UnionType)
    return is_union and any(map(_allows_text, typing.get_args(annotation)))


def _describe_object(cls: Any, classes: tuple[Any, ...]) -> ColumnType:
    """Return the type of a TypedDict. A null member stands for None if the key must be there, else for no key."""
    hints = typing.get_type_hints(cls, include_extras=True)
    if not hints or cls in classes:
        return _JSON
    members = {key: _describe_annotation(hint, (*classes, cls)) for key, hint in hints.items()}
    required = [key for key, hint in hints.items() if typing.get_origin(hint) is not NotRequired]
    return StructColumn(members, _identity, partial(_add_missing_keys, required))


def _add_missing_keys(required: list[str], content: dict[str, Any]) -> dict[str, Any]:
    return {**dict.fromkeys(required), **content}


def _identity(value: _T) -> _T:
    return value
