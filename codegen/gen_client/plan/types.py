"""The table of types: wire type to annotation, codec and default.

What lives here: the table, as code, and `Shape`, a type whose records have got their names. Knows the
interface's nouns and the names; knows nothing of methods, text or pages.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final, cast

from clarigen.wire import TypeText
from gen_client.escape import Code, form, joined, literal, tuple_of
from gen_client.interface.model import Choice, DataType, TypeKind
from gen_client.json_text import is_array, is_object
from gen_client.naming import names as naming

INLINE_CHOICES: Final = 256
"""How many choices an annotation may list."""


class Use(Enum):
    """Where a type stands."""

    PARAM = "what a caller may pass"
    RESULT = "what comes back"


_BUILTIN: Final = {
    TypeKind.STR: "str",
    TypeKind.BYTES: "bytes",
    TypeKind.INT: "int",
    TypeKind.FLOAT: "float",
    TypeKind.BOOL: "bool",
}
_DATA: Final = {
    TypeKind.TEXT: Code("Text"),
    TypeKind.IMAGE: Code("Image"),
    TypeKind.AUDIO: Code("Audio"),
    TypeKind.VIDEO: Code("Video"),
    TypeKind.CONCEPT: Code("Concept"),
    TypeKind.REGION: Code("Region"),
    TypeKind.FRAME: Code("Frame"),
}
_SPECIAL: Final = {
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
class Shape:
    """A type of the interface, with the names of the records in it.

    Attributes:
        type: The type.
        record: The record's name, for NAMED_FIELDS.
        items: As of the type.
        fields: The record's fields: their names and types, as many as the type has members.
    """

    type: DataType
    record: Code | None = None
    items: tuple[Shape, ...] = ()
    fields: tuple[tuple[Code, Shape], ...] = ()

    @property
    def kind(self) -> TypeKind:
        """Its kind."""
        return self.type.kind

    def records(self) -> Iterator[Shape]:
        """The records in it, each before those inside it."""
        if self.record is not None:
            yield self
        for inner in (*self.items, *(shape for _, shape in self.fields)):
            yield from inner.records()

    def refined(self) -> Iterator[TypeText]:
        """The types of the user's in it."""
        if self.type.json_type is not None:
            yield self.type.json_type
        for inner in self.items:
            yield from inner.refined()

    def kinds(self) -> Iterator[TypeKind]:
        """All kinds in it."""
        yield self.kind
        for inner in (*self.items, *(shape for _, shape in self.fields)):
            yield from inner.kinds()


def name_records(type_: DataType, names: naming.TypeNames, *words: str) -> Shape:
    """Name the records of a type.

    Args:
        type_: The type.
        names: Gives the names.
        words: What the name is made of: the method, the field, the fields inside it.
    """
    record = names.claim(*words) if type_.kind is TypeKind.NAMED_FIELDS else None
    several = sum(_holds_record(item) for item in type_.items) > 1
    items = tuple(
        (
            name_records(item, names, *words, str(position))
            if several
            else name_records(item, names, *words)
        )
        for position, item in enumerate(type_.items, 1)
    )
    fields = tuple(
        (name, name_records(member.type, names, *words, member.name))
        for name, member in zip(naming.field_names(type_), type_.members, strict=True)
    )
    return Shape(type_, record, items, fields)


def _holds_record(type_: DataType) -> bool:
    return type_.kind is TypeKind.NAMED_FIELDS or any(map(_holds_record, type_.items))


def format_annotation(its: Shape, use: Use, shadowed: frozenset[str] = frozenset()) -> Code:
    """What a type is called in a signature.

    Args:
        its: The type.
        use: Whether it is passed or returned.
        shadowed: The builtin types that names around the annotation hide.
    """
    if its.record is not None:
        return its.record
    items = [format_annotation(item, use, shadowed) for item in its.items]
    match its.kind:
        case TypeKind.LIST if use is Use.RESULT:
            return form("{}[{}]", naming.builtin_type(shadowed, "list"), items[0])
        case TypeKind.LIST if its.items[0].kind in (TypeKind.STR, TypeKind.TEXT):  # no lone string
            return form("SequenceNotStr[{}]", items[0])
        case TypeKind.LIST:
            return form("Sequence[{}]", items[0])
        case TypeKind.TUPLE:
            return form("{}[{}]", naming.builtin_type(shadowed, "tuple"), joined(", ", items))
        case TypeKind.TEXT if use is Use.PARAM:
            return form("Text | {}", naming.builtin_type(shadowed, "str"))
        case kind if kind in _BUILTIN:
            return naming.builtin_type(shadowed, _BUILTIN[kind])
        case kind if kind in _DATA:
            return _DATA[kind]
        case _ if its.type.json_type is not None:
            return _refined(its.type.json_type, use, shadowed)
        case kind:
            return _SPECIAL[kind, use]


def _refined(its: TypeText, use: Use, shadowed: frozenset[str]) -> Code:
    """What a type of the user's is called."""
    match its.name, its.item:
        case "list", TypeText() as item:
            inner = _refined(item, use, shadowed)
            lone = item.name == "str" and not item.module
            passed = Code("SequenceNotStr" if lone else "Sequence")
            word = passed if use is Use.PARAM else naming.builtin_type(shadowed, "list")
            named = form("{}[{}]", word, inner)
        case "dict", TypeText() as item:
            inner = _refined(item, use, shadowed)
            word = Code("Mapping") if use is Use.PARAM else naming.builtin_type(shadowed, "dict")
            named = form("{}[{}, {}]", word, naming.builtin_type(shadowed, "str"), inner)
        case name, _ if its.module or name == "Any":
            named = naming.user_name(name)
        case name, _:
            named = naming.builtin_type(shadowed, name)
    return form("{} | None", named) if its.optional else named


def format_choices(its: Shape, allowed: Sequence[Choice]) -> Code | None:
    """The `Literal` of a parameter's choices; None if its own type has to do.

    A `Literal` cannot hold floats, and a very long one makes editors slow; both truth values are
    no choice. The runtime checks them all the same.
    """
    plain = its.kind is TypeKind.FLOAT or len(allowed) > INLINE_CHOICES
    if not allowed or plain or (its.kind is TypeKind.BOOL and len(allowed) > 1):
        return None
    return form("Literal[{}]", joined(", ", (literal(choice.value) for choice in allowed)))


def format_codec(its: Shape) -> Code:
    """How values of a type travel, in the words of `clarigen.wire`."""
    items = joined(", ", map(format_codec, its.items))
    match its.kind:
        case TypeKind.LIST:
            return form("wire.list_of({})", items)
        case TypeKind.TUPLE:
            return form("wire.tuple_of({})", items)
        case TypeKind.NAMED_FIELDS:
            assert its.record is not None
            return form("wire.record({})", joined(", ", (its.record, *_codec_fields(its))))
        case _ if its.type.json_type is not None:
            return form("wire.json_as({})", literal(its.type.json_type.text))
        case kind:
            return _CODECS[kind]


def _codec_fields(its: Shape) -> Iterator[Code]:
    for (name, inner), member in zip(its.fields, its.type.members, strict=True):
        wire_name, its_codec = literal(member.name), format_codec(inner)
        if name == member.name:
            yield form("wire.field({}, {})", wire_name, its_codec)
        else:
            yield form("wire.field({}, {}, name={})", wire_name, its_codec, literal(str(name)))


def format_value(given: object, its: Shape, shadowed: frozenset[str] = frozenset()) -> Code:
    """The expression for a value of a type, as a default: nothing in it can be changed by a caller,
    except JSON objects, which the runtime only reads.

    Args:
        given: The value, as the interface knows it.
        its: The type.
        shadowed: The builtin types that names around the expression hide.
    """
    match its.kind:
        case TypeKind.FLOAT if isinstance(given, int):
            return literal(float(given))
        case TypeKind.LIST:
            items = cast("Sequence[object]", given)
            return tuple_of([format_value(item, its.items[0], shadowed) for item in items])
        case TypeKind.TUPLE:
            items = cast("Sequence[object]", given)
            pairs = zip(items, its.items, strict=True)
            return tuple_of([format_value(item, inner, shadowed) for item, inner in pairs])
        case TypeKind.NAMED_FIELDS:
            assert its.record is not None
            record = cast("Mapping[str, object]", given)
            arguments = (
                form("{}={}", name, format_value(record[member.name], inner, shadowed))
                for (name, inner), member in zip(its.fields, its.type.members, strict=True)
            )
            return form("{}({})", its.record, joined(", ", arguments))
        case _:
            return literal(given, naming.builtin_type(shadowed, "float"))


def accepts_mappings(its: Shape) -> bool:
    """Whether a list or a tuple that begins with a mapping may be a value of this type."""
    whole = its.kind is TypeKind.JSON_DATA
    begins = its.items[0].kind if its.kind in (TypeKind.LIST, TypeKind.TUPLE) else None
    return whole or begins in (TypeKind.JSON_DATA, TypeKind.NAMED_FIELDS)


def fits_signature(given: object, its: Shape) -> bool:
    """Whether a default can stand in a signature: not where its record is defined further down, not JSON that has a
    type of the user's, and not JSON objects of which checkers do not find out that they are JSON.

    Args:
        given: The value.
        its: Its type.
    """
    if any(its.records()) or any(its.refined()):
        return False
    return its.kind is not TypeKind.JSON_DATA or _plain_json(given)


def _plain_json(given: object) -> bool:
    """Whether it is an object of scalars, or of one array, or an array that holds no object."""
    if is_object(given):
        inside = list(given.values())
        if len(inside) == 1 and is_array(inside[0]):
            inside = list(inside[0])
        return not any(is_object(item) or is_array(item) for item in inside)
    return not is_array(given) or not any(
        is_object(item) or not _plain_json(item) for item in given
    )


def runtime_classes(its: Shape) -> Iterator[Code]:
    """The runtime's classes that a type mentions, and those that it takes to make one."""
    for kind in its.kinds():
        if kind in _DATA:
            yield _DATA[kind]
        if kind is TypeKind.REGION:
            yield Code("Box")
        if kind is TypeKind.FRAME:
            yield Code("Image")


def range_bound(limit: float, kind: TypeKind) -> int | float:
    """A bound of a range as people write it: the wire's floats have 32 bits.

    Args:
        limit: What the wire says.
        kind: INT or FLOAT.
    """
    if kind is TypeKind.INT and limit.is_integer():
        return int(limit)
    return shortest(limit)


def shortest(limit: float) -> float:
    """The shortest decimal that is this 32-bit float: 0.9, not 0.8999999761581421."""
    import struct

    for digits in range(1, 10):
        candidate = float(f"{limit:.{digits}g}")
        try:
            if struct.unpack("f", struct.pack("f", candidate)) == (limit,):
                return candidate
        except OverflowError:
            continue
    return limit
