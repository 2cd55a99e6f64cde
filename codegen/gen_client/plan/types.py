"""Types as Python code: the annotation, the codec and the default for each wire type.

A `Shape` is a type of the interface whose records have names. This module knows nothing of methods, docstrings or
pages: `show` and `diff` describe types with it, and no package is generated for them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final, cast

from clarigen.wire import TypeText
from gen_client.escape import Code, format_code, format_literal, format_tuple, join_code
from gen_client.interface.model import Choice, DataType, Member, TypeKind
from gen_client.json_text import is_array, is_object
from gen_client.naming import names

MAX_INLINE_CHOICES: Final = 256
"""Maximum number of choices that an annotation lists. A longer `Literal` slows editors down."""


class Use(Enum):
    """The side of a call that a type is on."""

    PARAM = "passed by the caller"
    RESULT = "returned to the caller"


_BUILTINS: Final = {
    TypeKind.STR: "str",
    TypeKind.BYTES: "bytes",
    TypeKind.INT: "int",
    TypeKind.FLOAT: "float",
    TypeKind.BOOL: "bool",
}
_RUNTIME_CLASSES: Final = {
    TypeKind.TEXT: Code("Text"),
    TypeKind.IMAGE: Code("Image"),
    TypeKind.AUDIO: Code("Audio"),
    TypeKind.VIDEO: Code("Video"),
    TypeKind.CONCEPT: Code("Concept"),
    TypeKind.REGION: Code("Region"),
    TypeKind.FRAME: Code("Frame"),
    TypeKind.EMBEDDING: Code("Embedding"),
}
_BY_USE: Final = {
    (TypeKind.NDARRAY, Use.PARAM): Code("npt.ArrayLike"),
    (TypeKind.NDARRAY, Use.RESULT): Code("npt.NDArray[Any]"),
    (TypeKind.JSON_DATA, Use.PARAM): Code("JSON"),
    (TypeKind.JSON_DATA, Use.RESULT): Code("Any"),
}
_CODECS: Final = {
    kind: Code("wire.JSON" if kind is TypeKind.JSON_DATA else f"wire.{kind.value}")
    for kind in TypeKind
    if kind not in (TypeKind.LIST, TypeKind.TUPLE, TypeKind.NAMED_FIELDS)
}


@dataclass(frozen=True, slots=True)
class NamedField:
    """A field of a record.

    Attributes:
        wire: The field as the model declares it.
        name: Its name in Python.
        shape: Its type.
    """

    wire: Member
    name: Code
    shape: Shape


@dataclass(frozen=True, slots=True)
class Shape:
    """A type of the interface and the names of the records in it.

    Attributes:
        type: The type.
        record: The class of the record, for NAMED_FIELDS.
        items: The item type of a LIST, or the types of a TUPLE by position.
        fields: The fields of the record, in the order of the wire.
    """

    type: DataType
    record: Code | None = None
    items: tuple[Shape, ...] = ()
    fields: tuple[NamedField, ...] = ()

    @property
    def kind(self) -> TypeKind:
        """The kind of the type."""
        return self.type.kind

    @property
    def _inner(self) -> tuple[Shape, ...]:
        return (*self.items, *(field.shape for field in self.fields))

    def iter_records(self) -> Iterator[tuple[Code, Shape]]:
        """Yield the class and the shape of each record in the type, outer records first."""
        if self.record is not None:
            yield self.record, self
        for inner in self._inner:
            yield from inner.iter_records()

    def iter_json_types(self) -> Iterator[TypeText]:
        """Yield the types that the user chose for JSON within this type."""
        if self.type.json_type is not None:
            yield self.type.json_type
        for item in self.items:
            yield from item.iter_json_types()

    def iter_kinds(self) -> Iterator[TypeKind]:
        """Yield the kind of the type and of every type inside it."""
        yield self.kind
        for inner in self._inner:
            yield from inner.iter_kinds()


def name_records(type_: DataType, name_record: Callable[..., Code], *path: str) -> Shape:
    """Name the records of a type.

    Args:
        type_: The type.
        name_record: Returns the class name of a record, given the record's path.
        path: The path to the type: the method, the parameter, the fields inside it.
    """
    record = name_record(*path) if type_.kind is TypeKind.NAMED_FIELDS else None
    is_numbered = sum(_holds_record(item) for item in type_.items) > 1
    items = tuple(
        name_records(item, name_record, *path, *([str(position)] if is_numbered else []))
        for position, item in enumerate(type_.items, 1)
    )
    fields = tuple(
        NamedField(member, field, name_records(member.type, name_record, *path, member.name))
        for field, member in zip(names.field_names(type_), type_.members, strict=True)
    )
    return Shape(type_, record, items, fields)


def _holds_record(type_: DataType) -> bool:
    return type_.kind is TypeKind.NAMED_FIELDS or any(map(_holds_record, type_.items))


# Annotations


def format_annotation(shape: Shape, use: Use, shadowed: frozenset[str] = frozenset()) -> Code:
    """Format the annotation of a type.

    Args:
        shape: The type.
        use: Whether it is passed or returned.
        shadowed: The builtin types that the names around the annotation hide.
    """
    if shape.record is not None:
        return shape.record
    items = [format_annotation(item, use, shadowed) for item in shape.items]
    match shape.kind:
        case TypeKind.LIST if use is Use.RESULT:
            return format_code("{}[{}]", names.builtin_type(shadowed, "list"), items[0])
        case TypeKind.LIST if shape.items[0].kind in (TypeKind.STR, TypeKind.TEXT):
            return format_code("SequenceNotStr[{}]", items[0])
        case TypeKind.LIST:
            return format_code("Sequence[{}]", items[0])
        case TypeKind.TUPLE:
            return format_code(
                "{}[{}]", names.builtin_type(shadowed, "tuple"), join_code(", ", items)
            )
        case TypeKind.TEXT if use is Use.PARAM:
            return format_code("Text | {}", names.builtin_type(shadowed, "str"))
        case kind if kind in _BUILTINS:
            return names.builtin_type(shadowed, _BUILTINS[kind])
        case kind if kind in _RUNTIME_CLASSES:
            return _RUNTIME_CLASSES[kind]
        case _ if shape.type.json_type is not None:
            return _format_json_type(shape.type.json_type, use, shadowed)
        case kind:
            return _BY_USE[kind, use]


def _format_json_type(type_: TypeText, use: Use, shadowed: frozenset[str]) -> Code:
    """Format the annotation of JSON that has a type of the user's."""
    match type_.name, type_.item:
        case "list", TypeText() as item:
            inner = _format_json_type(item, use, shadowed)
            is_str = item.name == "str" and not item.module
            sequence = Code("SequenceNotStr" if is_str else "Sequence")
            base = sequence if use is Use.PARAM else names.builtin_type(shadowed, "list")
            annotation = format_code("{}[{}]", base, inner)
        case "dict", TypeText() as item:
            inner = _format_json_type(item, use, shadowed)
            base = Code("Mapping") if use is Use.PARAM else names.builtin_type(shadowed, "dict")
            annotation = format_code("{}[{}, {}]", base, names.builtin_type(shadowed, "str"), inner)
        case name, _ if type_.module or name == "Any":
            annotation = names.user_identifier(name)
        case name, _:
            annotation = names.builtin_type(shadowed, name)
    return format_code("{} | None", annotation) if type_.optional else annotation


def format_choices(shape: Shape, choices: Sequence[Choice]) -> Code | None:
    """Format the `Literal` of a parameter's choices; None if the annotation is the plain type.

    It is the plain type for floats, which a `Literal` cannot hold, for more choices than MAX_INLINE_CHOICES, and for
    True and False together, which are `bool`. The runtime checks the choices in any case.
    """
    is_plain = shape.kind is TypeKind.FLOAT or len(choices) > MAX_INLINE_CHOICES
    if not choices or is_plain or (shape.kind is TypeKind.BOOL and len(choices) > 1):
        return None
    return format_code(
        "Literal[{}]", join_code(", ", (format_literal(choice.value) for choice in choices))
    )


def runtime_classes(shape: Shape) -> Iterator[Code]:
    """Yield the runtime's classes that the annotation of a type names, and those that its values are built with."""
    for kind in shape.iter_kinds():
        if kind in _RUNTIME_CLASSES:
            yield _RUNTIME_CLASSES[kind]
        if kind is TypeKind.REGION:
            yield Code("Box")
        if kind is TypeKind.FRAME:
            yield Code("Image")


# Codecs


def format_codec(shape: Shape) -> Code:
    """Format the codec of a type: an expression of `clarigen.wire`."""
    items = join_code(", ", map(format_codec, shape.items))
    match shape.kind:
        case TypeKind.LIST:
            return format_code("wire.list_of({})", items)
        case TypeKind.TUPLE:
            return format_code("wire.tuple_of({})", items)
        case TypeKind.NAMED_FIELDS:
            assert shape.record is not None
            fields = map(_format_field_codec, shape.fields)
            return format_code("wire.record({})", join_code(", ", (shape.record, *fields)))
        case _ if shape.type.json_type is not None:
            return format_code("wire.json_as({})", format_literal(shape.type.json_type.text))
        case kind:
            return _CODECS[kind]


def _format_field_codec(field: NamedField) -> Code:
    parts = [format_literal(field.wire.name), format_codec(field.shape)]
    if field.name != field.wire.name:
        parts.append(format_code("name={}", format_literal(str(field.name))))
    return format_code("wire.field({})", join_code(", ", parts))


# Defaults


def format_value(value: object, shape: Shape, shadowed: frozenset[str] = frozenset()) -> Code:
    """Format a default as an expression of immutable values.

    The exception is a JSON object: it is a dict, which the runtime only reads.

    Args:
        value: The value, as the interface has it.
        shape: Its type.
        shadowed: The builtin types that the names around the expression hide.
    """
    match shape.kind:
        case TypeKind.FLOAT if isinstance(value, int):
            return format_literal(float(value))
        case TypeKind.LIST:
            items = cast("Sequence[object]", value)
            return format_tuple([format_value(item, shape.items[0], shadowed) for item in items])
        case TypeKind.TUPLE:
            pairs = zip(cast("Sequence[object]", value), shape.items, strict=True)
            return format_tuple([format_value(item, inner, shadowed) for item, inner in pairs])
        case TypeKind.NAMED_FIELDS:
            assert shape.record is not None
            record = cast("Mapping[str, object]", value)
            arguments = (
                format_code(
                    "{}={}",
                    field.name,
                    format_value(record[field.wire.name], field.shape, shadowed),
                )
                for field in shape.fields
            )
            return format_code("{}({})", shape.record, join_code(", ", arguments))
        case _:
            return format_literal(value, names.builtin_type(shadowed, "float"))


def fits_signature(value: object, shape: Shape) -> bool:
    """Return whether a default can be written in a signature.

    It cannot if it has a record, whose class is defined further down in the file; if JSON has a type of the user's, of
    which the default is not an instance; or if type checkers do not accept it as JSON.
    """
    if any(shape.iter_records()) or any(shape.iter_json_types()):
        return False
    return shape.kind is not TypeKind.JSON_DATA or _is_checkable_json(value)


def _is_checkable_json(value: object) -> bool:
    """Return whether type checkers accept a JSON value as JSON.

    They do if it is a scalar, an object of scalars, an object whose only value is an array of scalars, or
    an array without objects. mypy rejects an object of strings and numbers, or of strings and bools: it infers
    `dict[str, object]`.
    """
    if is_object(value):
        inner = list(value.values())
        if {isinstance(item, str) for item in inner} == {True, False} and not any(
            item is None or is_object(item) or is_array(item) for item in inner
        ):
            return False
        if len(inner) == 1 and is_array(inner[0]):
            inner = list(inner[0])
        return not any(is_object(item) or is_array(item) for item in inner)
    return not is_array(value) or not any(
        is_object(item) or not _is_checkable_json(item) for item in value
    )


def accepts_mappings(shape: Shape) -> bool:
    """Return whether a list or tuple whose first item is a mapping may be a value of this type."""
    first = shape.items[0].kind if shape.kind in (TypeKind.LIST, TypeKind.TUPLE) else None
    return shape.kind is TypeKind.JSON_DATA or first in (TypeKind.JSON_DATA, TypeKind.NAMED_FIELDS)


# Ranges


def range_bound(bound: float, kind: TypeKind) -> int | float:
    """Return a bound of a range as a number of its parameter's type.

    Args:
        bound: The bound; `interface` has made it the shortest decimal of its 32-bit float.
        kind: INT or FLOAT.
    """
    return int(bound) if kind is TypeKind.INT and bound.is_integer() else bound
