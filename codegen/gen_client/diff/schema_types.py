"""The comparison of two types of JSON Schemas: which values a caller may pass, and which a tool returns.

A parameter may accept more values than before, and a result may have fewer. Lists and maps that a tool returns belong to
the caller, who may change them, so the types inside must stay the same. This module knows types, but nothing of tools.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from gen_client.diff.changes import Change, Rule
from gen_client.escape import format_literal
from gen_client.interface.mcp.toolset import LiteralValue, SchemaKind, SchemaType
from gen_client.plan.mcp.named import NamedObject, NamedProperty, NamedTool
from gen_client.plan.mcp.types import Style, format_type, is_filled_in
from gen_client.plan.types import Use

_CONTAINERS: Final = frozenset({SchemaKind.ARRAY, SchemaKind.MAP})
_CHOICES_LISTED: Final = 8
"""The number of choices that a change lists."""

_LITERAL_KINDS: Final[Mapping[type, frozenset[SchemaKind]]] = {
    str: frozenset({SchemaKind.STRING}),
    bool: frozenset({SchemaKind.BOOLEAN}),
    int: frozenset({SchemaKind.INTEGER, SchemaKind.NUMBER}),
}
"""The kinds that accept a literal, by its type."""


@dataclass(frozen=True, slots=True)
class _Side:
    """One of the two tools that are compared: the objects in its types."""

    tool: NamedTool

    def object_of(self, type_: SchemaType) -> NamedObject:
        return self.tool.objects[type_.object]

    def format(self, type_: SchemaType, use: Use) -> str:
        return str(format_type(type_, Style(self.tool.classes, use)))


@dataclass(frozen=True, slots=True)
class _Direction:
    """How two types are compared.

    Attributes:
        use: Whether the values are passed or returned.
        is_reversed: Whether the type that must have the values is the old one.
        seen: The pairs of objects around the types, by their indexes.
    """

    use: Use
    is_reversed: bool
    seen: frozenset[tuple[int, int]] = frozenset()


class TypeComparison:
    """The comparison of the types of one tool.

    Args:
        old: The tool that callers know.
        new: The tool that there is now.
    """

    def __init__(self, old: NamedTool, new: NamedTool) -> None:
        self._old = _Side(old)
        self._new = _Side(new)
        self._method = str(old.name)
        self._compared: set[tuple[int, int]] = set()

    def compare(self, old: SchemaType, new: SchemaType, use: Use, field: str) -> Iterator[Change]:
        """Yield the changes of the type of a parameter, a result or a property."""
        if old.kind is new.kind is SchemaKind.OBJECT:
            if (old.object, new.object) not in self._compared:  # else it contains itself
                self._compared.add((old.object, new.object))
                yield from self._compare_objects(
                    self._old.object_of(old), self._new.object_of(new), use, field
                )
        elif old.kind is new.kind and old.kind in _CONTAINERS and _holds_object(old, new):
            yield from self.compare(old.items[0], new.items[0], use, field)
        elif old.kind is new.kind is SchemaKind.LITERAL and use is Use.PARAM:
            yield from self._compare_choices(old, new, field)
        else:
            yield from self._compare_values(old, new, use, field)

    def _compare_values(
        self, old: SchemaType, new: SchemaType, use: Use, field: str
    ) -> Iterator[Change]:
        has_all = self._accepts(new, old, _Direction(use, is_reversed=False))
        has_no_more = self._accepts(old, new, _Direction(use, is_reversed=True))
        if has_all and has_no_more:
            return
        if use is Use.PARAM:
            rule, template = Rule.TYPE_CHANGED, "takes {} now, not {}"
            rule = Rule.TYPE_WIDENED if has_all else rule
        else:
            rule, template = Rule.RESULT_CHANGED, "is {} now, not {}"
            is_fixed = old.kind in _CONTAINERS
            rule = Rule.RESULT_NARROWED if has_no_more and not is_fixed else rule
        values = self._new.format(new, use), self._old.format(old, use)
        yield Change(rule, self._method, field, template, values)

    def _compare_choices(self, old: SchemaType, new: SchemaType, field: str) -> Iterator[Change]:
        removed, added = _values_without(old, new), _values_without(new, old)
        if removed:
            template = "does not take {} any more"
            yield Change(Rule.CHOICES_NARROWED, self._method, field, template, (_list(removed),))
        if added:
            template = "takes {} as well"
            yield Change(Rule.CHOICES_WIDENED, self._method, field, template, (_list(added),))

    def _compare_objects(
        self, old: NamedObject, new: NamedObject, use: Use, field: str
    ) -> Iterator[Change]:
        """Yield the changes of an object's properties."""
        before, after = _by_name(old), _by_name(new)
        for name, own in before.items():
            if name not in after:
                yield self._change(Rule.FIELD_REMOVED, field, name, "was removed")
            else:
                yield from self._compare_property(own, after[name], use, field)
        for name, own in after.items():
            if name not in before:
                is_demanded = use is Use.PARAM and own.own.is_required
                rule = Rule.REQUIRED_FIELD_ADDED if is_demanded else Rule.FIELD_ADDED
                annotation = self._new.format(own.own.type, use)
                yield self._change(rule, field, name, "is new: {}", annotation)

    def _compare_property(
        self, old: NamedProperty, new: NamedProperty, use: Use, field: str
    ) -> Iterator[Change]:
        """Yield the changes of a property that both objects have."""
        name = old.name
        if use is Use.PARAM and old.own.is_required != new.own.is_required:
            if new.own.is_required:
                yield self._change(Rule.BECAME_REQUIRED, field, name, "is required now")
            else:
                yield self._change(Rule.BECAME_OPTIONAL, field, name, "can be left out now")
        elif use is Use.RESULT and _is_present(old) != _is_present(new):
            if _is_present(new):
                yield self._change(Rule.RESULT_NARROWED, field, name, "is always there now")
            else:
                yield self._change(Rule.RESULT_CHANGED, field, name, "may be missing now")
        yield from self.compare(old.own.type, new.own.type, use, f"{field}.{name}")
        if use is Use.PARAM and old.own.default != new.own.default:
            yield self._change(Rule.DEFAULT_CHANGED, field, name, "has another default")
        if old.description != new.description or old.own.constraints != new.own.constraints:
            rule = Rule.DESCRIPTION_CHANGED
            yield self._change(rule, field, name, "its description changed")

    def _change(self, rule: Rule, field: str, name: str, template: str, *values: str) -> Change:
        return Change(rule, self._method, f"{field}.{name}", template, values)

    def _accepts(self, wide: SchemaType, narrow: SchemaType, direction: _Direction) -> bool:
        """Return whether all values of one type are values of another.

        Args:
            wide: The type that must have the values: the new one, unless the direction is reversed.
            narrow: The type with the values.
            direction: How they are compared.
        """

        def accepts(wide: SchemaType, narrow: SchemaType) -> bool:
            return self._accepts(wide, narrow, direction)

        if wide.kind is SchemaKind.ANY:
            return True
        if narrow.kind is SchemaKind.UNION:
            return all(accepts(wide, item) for item in narrow.items)
        if wide.kind is SchemaKind.UNION:
            return any(accepts(item, narrow) for item in wide.items)
        match wide.kind, narrow.kind:
            case SchemaKind.LITERAL, SchemaKind.LITERAL:
                return not _values_without(narrow, wide)
            case kind, SchemaKind.LITERAL:
                return all(kind in _LITERAL_KINDS[type(value)] for value in narrow.values)
            case SchemaKind.NUMBER, SchemaKind.INTEGER:
                return True
            case SchemaKind.ARRAY, SchemaKind.TUPLE:
                return all(accepts(wide.items[0], item) for item in narrow.items)
            case SchemaKind.OBJECT, SchemaKind.OBJECT:
                return self._accepts_object(wide, narrow, direction)
            case kind, other:
                return (
                    kind is other
                    and len(wide.items) == len(narrow.items)
                    and all(map(accepts, wide.items, narrow.items))
                )

    def _accepts_object(self, wide: SchemaType, narrow: SchemaType, direction: _Direction) -> bool:
        pair = wide.object, narrow.object
        if pair in direction.seen:
            return True
        sides = (self._old, self._new) if direction.is_reversed else (self._new, self._old)
        expected, offered = (
            _by_name(side.object_of(type_))
            for side, type_ in zip(sides, (wide, narrow), strict=True)
        )
        inner = replace(direction, seen=direction.seen | {pair})
        # Callers pass no key that the type does not name, and read all keys that it names.
        has_keys = (
            offered.keys() <= expected.keys()
            if direction.use is Use.PARAM
            else expected.keys() <= offered.keys()
        )
        return has_keys and all(
            (
                name in offered
                and (_is_present(offered[name]) or not _is_present(own))
                and self._accepts(own.own.type, offered[name].own.type, inner)
            )
            or (name not in offered and not own.own.is_required)
            for name, own in expected.items()
        )


def _holds_object(old: SchemaType, new: SchemaType) -> bool:
    """Return whether the items of two containers are, somewhere inside, two objects to compare property by property."""
    first, second = old.items[0], new.items[0]
    if first.kind is second.kind and first.kind in _CONTAINERS:
        return _holds_object(first, second)
    return first.kind is second.kind is SchemaKind.OBJECT


def _is_present(own: NamedProperty) -> bool:
    """Return whether a result always has the key."""
    return own.own.is_required or is_filled_in(own.own)


def _by_name(own: NamedObject) -> dict[str, NamedProperty]:
    return {inner.name: inner for inner in own.properties}


def _values_without(type_: SchemaType, other: SchemaType) -> list[LiteralValue]:
    others = {(type(value), value) for value in other.values}
    return [value for value in type_.values if (type(value), value) not in others]


def _list(values: list[LiteralValue]) -> str:
    text = ", ".join(str(format_literal(value)) for value in values[:_CHOICES_LISTED])
    more = len(values) - _CHOICES_LISTED
    return f"{text} and {more} more" if more > 0 else text
