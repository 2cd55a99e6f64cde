"""Sample values for the arguments of tools: expressions that examples pass, each valid for its type.

This module knows nothing of pages or of how an example is laid out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from gen_client.escape import Code, format_code, format_literal, format_tuple, join_code
from gen_client.interface.mcp.toolset import ObjectType, Property, SchemaKind, SchemaType
from gen_client.interface.model import KnownDefault
from gen_client.naming.names import identifier_code
from gen_client.plan.mcp.named import NamedTool

_MAX_DEPTH: Final = 6
"""Objects within each other in a sample. A type that needs more has a placeholder there."""
_VALUES: Final = {
    SchemaKind.STRING: Code('"Hello"'),
    SchemaKind.BOOLEAN: Code("True"),
    SchemaKind.NULL: Code("None"),
    SchemaKind.ANY: Code('{"key": "value"}'),
}
_FORMATS: Final = {
    "date-time": "2030-01-31T12:00:00Z",
    "date": "2030-01-31",
    "time": "12:00:00Z",
    "email": "someone@example.com",
    "uri": "https://example.com",
    "uuid": "123e4567-e89b-12d3-a456-426614174000",
}
_MAX_OPTIONS: Final = 2


def sample_pairs(tool: NamedTool, *, has_placeholder: bool) -> list[tuple[str, Code]]:
    """Return the arguments of a call in an example: all required ones, and two options with simple defaults.

    Args:
        tool: The tool.
        has_placeholder: Whether the placeholder for a reader's value is `YOURS`; otherwise it is `...`.

    Returns:
        The names of the parameters, each with its value.
    """
    sampler = _Sampler(tool.own.objects, has_placeholder)
    pairs: list[tuple[str, Code]] = []
    options = 0
    for parameter in tool.parameters:
        own = parameter.own
        if not own.is_required:
            if options == _MAX_OPTIONS or not _is_simple_option(own):
                continue
            options += 1
        pairs.append((parameter.name, sampler.sample(own, 0)))
    return pairs


def sample_arguments(tool: NamedTool, *, has_placeholder: bool) -> tuple[Code, ...]:
    """Return the arguments of `sample_pairs` as a call has them, by position or by keyword."""
    positional = {parameter.name for parameter in tool.parameters[: tool.positional_count]}
    return tuple(
        value if name in positional else format_code("{}={}", identifier_code(name), value)
        for name, value in sample_pairs(tool, has_placeholder=has_placeholder)
    )


def _is_simple_option(own: Property) -> bool:
    return isinstance(own.default, KnownDefault) and isinstance(
        own.default.value, str | int | float
    )


class _Sampler:
    """Samples values of the types of one tool."""

    def __init__(self, objects: Sequence[ObjectType], has_placeholder: bool) -> None:
        self._objects = objects
        self._placeholder = Code("YOURS" if has_placeholder else "...")

    def sample(self, own: Property, depth: int) -> Code:
        """Return a value of a property: its default if that is a scalar, else one that its constraints allow."""
        if _is_simple_option(own) and isinstance(own.default, KnownDefault):
            return format_literal(own.default.value)
        return self._sample_type(own.type, dict(own.constraints), depth)

    def _sample_type(
        self, type_: SchemaType, constraints: Mapping[str, object], depth: int
    ) -> Code:
        match type_.kind:
            case SchemaKind.UNION:
                return self._sample_type(type_.items[0], constraints, depth)
            case SchemaKind.LITERAL:
                return format_literal(type_.values[0])
            case SchemaKind.ARRAY:
                return format_code("[{}]", self._sample_type(type_.items[0], {}, depth))
            case SchemaKind.TUPLE:
                return format_tuple([self._sample_type(item, {}, depth) for item in type_.items])
            case SchemaKind.MAP:
                return format_code('{{"key": {}}}', self._sample_type(type_.items[0], {}, depth))
            case SchemaKind.OBJECT:
                return self._sample_object(self._objects[type_.object], depth)
            case kind:
                return _sample_scalar(kind, constraints)

    def _sample_object(self, object_: ObjectType, depth: int) -> Code:
        if depth == _MAX_DEPTH:
            return self._placeholder
        pairs = (
            format_code("{}: {}", format_literal(own.name), self.sample(own, depth + 1))
            for own in object_.properties
            if own.is_required
        )
        return format_code("{{{}}}", join_code(", ", pairs))


def _sample_scalar(kind: SchemaKind, constraints: Mapping[str, object]) -> Code:
    if kind is SchemaKind.STRING and (text := _FORMATS.get(str(constraints.get("format")))):
        return format_literal(text)
    if kind is SchemaKind.INTEGER or kind is SchemaKind.NUMBER:
        number = _sample_number(constraints.get("minimum"), constraints.get("maximum"))
        return format_literal(int(number) if kind is SchemaKind.INTEGER else float(number))
    return _VALUES[kind]


def _sample_number(lowest: object, highest: object) -> int | float:
    """Return the number between two bounds that is nearest to 1."""
    if isinstance(lowest, (int, float)) and lowest > 1:
        return lowest
    return highest if isinstance(highest, (int, float)) and highest < 1 else 1
