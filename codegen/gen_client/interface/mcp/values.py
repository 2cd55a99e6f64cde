"""Values in a JSON Schema: enumerations, and whether a default is a value of its type.

This module knows nothing of references.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Final

from gen_client.interface.mcp.toolset import LiteralValue, ObjectType, SchemaKind, SchemaType
from gen_client.json_text import is_array, is_object

ANY: Final = SchemaType(SchemaKind.ANY)
NULL: Final = SchemaType(SchemaKind.NULL)
NUMBER: Final = SchemaType(SchemaKind.NUMBER)


def make_union(types: Iterable[SchemaType]) -> SchemaType:
    """Return the union of types: without repetitions, its literals together, null last."""
    members: dict[SchemaType, None] = {}
    literals: dict[tuple[type, LiteralValue], None] = {}
    position: int | None = None
    for type_ in types:
        for member in type_.items if type_.kind is SchemaKind.UNION else (type_,):
            if member.kind is SchemaKind.ANY:
                return ANY
            if member.kind is SchemaKind.LITERAL:
                position = len(members) if position is None else position
                literals.update(((type(value), value), None) for value in member.values)
            else:
                members[member] = None
    is_nullable = members.pop(NULL, 0) is None
    result = list(members)
    if literals:
        values = tuple(value for _, value in literals)
        result.insert(
            min(position or 0, len(result)), SchemaType(SchemaKind.LITERAL, values=values)
        )
    result += [NULL] if is_nullable else []
    if not result:
        return ANY
    return result[0] if len(result) == 1 else SchemaType(SchemaKind.UNION, tuple(result))


def read_values(values: Sequence[object]) -> SchemaType:
    """Return the type of an enumeration: literals, and `number` for floats; any value if a type cannot name it."""
    return make_union(map(_read_value, values)) if values else ANY


def _read_value(value: object) -> SchemaType:
    match value:
        case None:
            return NULL
        case bool() | int() | str():
            return SchemaType(SchemaKind.LITERAL, values=(value,))
        case float():
            return NUMBER
        case _:
            return ANY


def fits(value: object, type_: SchemaType, objects: Sequence[ObjectType | None]) -> bool:
    """Return whether a value has a type.

    Args:
        value: A JSON value.
        type_: The type.
        objects: The objects that the type refers to. One that is not read yet (None) has no values.
    """
    items = type_.items
    match type_.kind:
        case SchemaKind.UNION:
            return any(fits(value, member, objects) for member in items)
        case SchemaKind.ARRAY:
            return is_array(value) and all(fits(item, items[0], objects) for item in value)
        case SchemaKind.TUPLE:
            return (
                is_array(value)
                and len(value) == len(items)
                and all(map(lambda item, inner: fits(item, inner, objects), value, items))
            )
        case SchemaKind.MAP:
            return is_object(value) and all(fits(v, items[0], objects) for v in value.values())
        case SchemaKind.OBJECT:
            object_type = objects[type_.object]
            return (
                is_object(value)
                and object_type is not None
                and all(
                    (
                        fits(value[own.name], own.type, objects)
                        if own.name in value
                        else not own.is_required
                    )
                    for own in object_type.properties
                )
            )
        case _:
            return _fits_scalar(value, type_)


def _fits_scalar(value: object, type_: SchemaType) -> bool:
    """Return whether a value has a type that is not a container."""
    match type_.kind, value:
        case (SchemaKind.LITERAL, bool() | int() | str()):
            return any(value == other and type(value) is type(other) for other in type_.values)
        case (SchemaKind.INTEGER | SchemaKind.NUMBER, bool()):
            return False
        case (SchemaKind.NUMBER, int() | float()):
            return math.isfinite(value)
        case (
            (SchemaKind.ANY, _)
            | (SchemaKind.NULL, None)
            | (SchemaKind.STRING, str())
            | (SchemaKind.BOOLEAN, bool())
            | (SchemaKind.INTEGER, int())
        ):
            return True
        case _:
            return False
