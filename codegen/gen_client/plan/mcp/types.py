"""Types of JSON Schemas as Python code: annotations, and the defaults of parameters.

This module knows nothing of methods, docstrings or pages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from gen_client.escape import Code, format_code, format_literal, join_code
from gen_client.interface.mcp.toolset import (
    LiteralValue,
    Property,
    SchemaKind,
    SchemaType,
)
from gen_client.interface.mcp.values import make_union
from gen_client.interface.model import KnownDefault
from gen_client.naming import names
from gen_client.plan.types import MAX_INLINE_CHOICES, Use

_EMPTY: Final = Code("")
_SCALARS: Final = {
    SchemaKind.STRING: "str",
    SchemaKind.INTEGER: "int",
    SchemaKind.NUMBER: "float",
    SchemaKind.BOOLEAN: "bool",
}
_SEPARATOR: Final = " | "


@dataclass(frozen=True, slots=True)
class Style:
    """How annotations are written.

    Attributes:
        classes: The names of the classes of objects, by their index.
        use: Whether values are passed or returned.
        shadowed: The builtin types that the names around the annotation hide.
        is_evaluated: Whether Python evaluates the annotation before all classes exist: then the names of classes
            are in quotes, and a union is `Union[…]`, which accepts quoted names.
    """

    classes: Sequence[Code]
    use: Use
    shadowed: frozenset[str] = frozenset()
    is_evaluated: bool = False


def format_type(type_: SchemaType, style: Style) -> Code:
    """Format the annotation of a type."""
    is_param = style.use is Use.PARAM
    match type_.kind:
        case SchemaKind.OBJECT:
            name = style.classes[type_.object]
            return format_literal(str(name)) if style.is_evaluated else name
        case SchemaKind.UNION:
            return _format_union(type_.items, style)
        case SchemaKind.LITERAL:
            return _format_choices(type_.values, style)
        case SchemaKind.TUPLE if is_param:
            items = join_code(", ", (format_type(item, style) for item in type_.items))
            return format_code("{}[{}]", names.builtin_type(style.shadowed, "tuple"), items)
        case SchemaKind.ARRAY | SchemaKind.TUPLE:
            return _format_array(type_, style)
        case SchemaKind.MAP:
            base = Code("Mapping") if is_param else names.builtin_type(style.shadowed, "dict")
            key = names.builtin_type(style.shadowed, "str")
            return format_code("{}[{}, {}]", base, key, format_type(type_.items[0], style))
        case SchemaKind.NULL:
            return Code("None")
        case SchemaKind.ANY:
            return Code("JSONValue")
        case kind:
            return names.builtin_type(style.shadowed, _SCALARS[kind])


def _format_union(types: Sequence[SchemaType], style: Style) -> Code:
    members = list(dict.fromkeys(format_type(type_, style) for type_ in types))
    if style.is_evaluated and len(members) > 1:
        return format_code("Union[{}]", join_code(", ", members))
    return join_code(_SEPARATOR, members)


def _format_choices(values: Sequence[LiteralValue], style: Style) -> Code:
    """Format a `Literal`; the plain types of the values if it would be too long."""
    if len(values) <= MAX_INLINE_CHOICES:
        return format_code("Literal[{}]", join_code(", ", map(format_literal, values)))
    kinds = {str: SchemaKind.STRING, bool: SchemaKind.BOOLEAN, int: SchemaKind.INTEGER}
    return format_type(make_union(SchemaType(kinds[type(value)]) for value in values), style)


def _format_array(type_: SchemaType, style: Style) -> Code:
    item = make_union(type_.items)
    annotation = format_type(item, style)
    if style.use is Use.RESULT:
        return format_code("{}[{}]", names.builtin_type(style.shadowed, "list"), annotation)
    base = "SequenceNotStr[{}]" if _admits_text(item) else "Sequence[{}]"
    return format_code(base, annotation)


def _admits_text(type_: SchemaType) -> bool:
    """Return whether any text is a value of a type, so that a lone `str` would pass as a sequence of such values."""
    match type_.kind:
        case SchemaKind.UNION:
            return any(map(_admits_text, type_.items))
        case SchemaKind.LITERAL:
            is_shortened = len(type_.values) > MAX_INLINE_CHOICES
            return is_shortened and any(isinstance(value, str) for value in type_.values)
        case kind:
            return kind in (SchemaKind.STRING, SchemaKind.ANY)


@dataclass(frozen=True, slots=True)
class ParameterDefault:
    """How a parameter is omitted.

    Attributes:
        type: The type that the default adds to the annotation: `None`, `Default` or empty.
        value: The default in the signature; empty if the argument is required.
        is_shown: Whether the signature shows what the server takes for an omitted argument.
    """

    type: Code
    value: Code
    is_shown: bool = True


_REQUIRED: Final = ParameterDefault(_EMPTY, _EMPTY)
_NONE: Final = Code("None")


def choose_default(own: Property) -> ParameterDefault:
    """Return how a parameter is omitted. An omitted argument is not sent, and the server takes its own default.

    None in the signature means "omitted" only where it cannot mean null, or where null is the declared default.
    """
    if own.is_required:
        return _REQUIRED
    match own.default:
        case KnownDefault(None):
            return ParameterDefault(_EMPTY, _NONE)
        case KnownDefault(str() | int() | float() as value):
            return ParameterDefault(_EMPTY, format_literal(value))
        case _ if own.type.is_nullable:
            return ParameterDefault(Code("Default"), Code("SERVER_DEFAULT"), is_shown=False)
        case _:
            return ParameterDefault(_NONE, _NONE, is_shown=False)


def format_key_type(own: Property, style: Style, *, is_optional: bool) -> Code:
    """Format the type of a key: read-only if it is passed, so that results fit as arguments."""
    annotation = format_type(own.type, style)
    if style.use is Use.PARAM:
        annotation = format_code("ReadOnly[{}]", annotation)
    return format_code("NotRequired[{}]", annotation) if is_optional else annotation


def is_filled_in(own: Property) -> bool:
    """Return whether a key that is absent from a result gets its default."""
    return not own.is_required and isinstance(own.default, KnownDefault)
