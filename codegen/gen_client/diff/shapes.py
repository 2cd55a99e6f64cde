"""The comparison of two types: callers make what they pass, and read what a method returns.

A parameter may accept more values than before, and a result may have fewer possible values. A list that a method
returns belongs to the caller, who may add items, so the type of its items must stay the same. This module knows shapes,
but nothing of methods.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gen_client.diff.changes import Change, Rule
from gen_client.interface.model import TypeKind
from gen_client.plan.types import NamedField, Shape, Use, format_annotation

_WIDER: Final = {(TypeKind.INT, TypeKind.FLOAT), (TypeKind.STR, TypeKind.TEXT)}
"""Old and new types of a parameter of which the new one accepts all values of the old one."""
_NARROWER: Final = {(TypeKind.FLOAT, TypeKind.INT)}
"""Old and new types of a result of which all values of the new one are values of the old one."""


def compare_types(old: Shape, new: Shape, use: Use, method: str, field: str) -> list[Change]:
    """Return the changes from one type to another.

    Args:
        old: The type that callers know.
        new: The type that there is now.
        use: Whether callers pass or get its values.
        method: The method's name.
        field: The parameter's name, or `return`.
    """
    return list(dict.fromkeys(_Comparison(use, method).compare_shapes(old, new, field)))


class _Comparison:
    """The comparison of two types of one method."""

    def __init__(self, use: Use, method: str) -> None:
        self._use = use
        self._method = method

    def compare_shapes(self, old: Shape, new: Shape, field: str) -> Iterator[Change]:
        """Yield the changes of the type of a parameter, a result or a field of a record."""
        rules: set[Rule] = set()
        for old_part, new_part, is_fixed in self._pair(old, new, is_fixed=False):
            if not _has_same_structure(old_part, new_part):
                pair = old_part.kind, new_part.kind
                rule = self._rule_of_kinds(pair, is_fixed=is_fixed)
                # Once: the change says nothing of the part, and whole types may be long.
                if rule not in rules:
                    rules.add(rule)
                    yield self._make_type_change(rule, old, new, field)
            elif old_part.record is not None:
                yield from self._compare_records(old_part, new_part, field)

    def _pair(
        self, old: Shape, new: Shape, *, is_fixed: bool
    ) -> Iterator[tuple[Shape, Shape, bool]]:
        """Yield both types, then the items of their lists and tuples, and whether each must stay the same."""
        yield old, new, is_fixed
        if _has_same_structure(old, new):
            are_items_fixed = is_fixed or (old.kind is TypeKind.LIST and self._use is Use.RESULT)
            for old_item, new_item in zip(old.items, new.items, strict=True):
                yield from self._pair(old_item, new_item, is_fixed=are_items_fixed)

    def _rule_of_kinds(self, pair: tuple[TypeKind, TypeKind], *, is_fixed: bool) -> Rule:
        if self._use is Use.PARAM:
            return Rule.TYPE_WIDENED if pair in _WIDER else Rule.TYPE_CHANGED
        is_narrower = pair in _NARROWER and not is_fixed
        return Rule.RESULT_NARROWED if is_narrower else Rule.RESULT_CHANGED

    def _make_type_change(self, rule: Rule, old: Shape, new: Shape, field: str) -> Change:
        template = "takes {} now, not {}" if self._use is Use.PARAM else "is {} now, not {}"
        new_type, old_type = (str(format_annotation(shape, self._use)) for shape in (new, old))
        return Change(rule, self._method, field, template, (new_type, old_type))

    def _compare_records(self, old: Shape, new: Shape, field: str) -> Iterator[Change]:
        """Yield the changes of a record's fields. Callers read all records, and make those that they pass."""
        before, after = _fields_by_wire_name(old), _fields_by_wire_name(new)
        for name, member in before.items():
            if name not in after:
                yield self._make_field_change(Rule.FIELD_REMOVED, field, member.name, "was removed")
        for name, member in after.items():
            if name not in before:
                rule = Rule.REQUIRED_FIELD_ADDED if self._use is Use.PARAM else Rule.FIELD_ADDED
                annotation = str(format_annotation(member.shape, self._use))
                yield self._make_field_change(rule, field, member.name, "is new: {}", annotation)
        for name, member in after.items():
            if name in before:
                yield from self._compare_field(before[name], member, field)
        kept = [name for name in before if name in after]
        if kept != [name for name in after if name in before]:
            rule = Rule.FIELDS_REORDERED if self._use is Use.PARAM else Rule.ORDER_CHANGED
            message = "its fields are declared in another order"
            yield Change(rule, self._method, field, message)

    def _compare_field(self, old: NamedField, new: NamedField, field: str) -> Iterator[Change]:
        """Yield the changes of a field that both records have."""
        if new.name != old.name:
            yield self._make_field_change(
                Rule.FIELD_RENAMED, field, old.name, "is called {} now", new.name
            )
        yield from self.compare_shapes(old.shape, new.shape, f"{field}.{old.name}")
        if new.wire.description != old.wire.description:
            yield self._make_field_change(
                Rule.DESCRIPTION_CHANGED, field, new.name, "its description changed"
            )

    def _make_field_change(
        self, rule: Rule, field: str, name: str, template: str, *values: str
    ) -> Change:
        return Change(rule, self._method, f"{field}.{name}", template, values)


def _has_same_structure(old: Shape, new: Shape) -> bool:
    return old.kind is new.kind and len(old.items) == len(new.items)


def _fields_by_wire_name(shape: Shape) -> dict[str, NamedField]:
    """Return the fields of a record by their names on the wire."""
    return {field.wire.name: field for field in shape.fields}


def collect_record_names(shape: Shape, field: str) -> dict[str, str]:
    """Return the names of the records in a type, by their fields on the wire.

    Args:
        shape: The type.
        field: The parameter or field that has the type.
    """
    names = {} if shape.record is None else {field: str(shape.record)}
    for position, item in enumerate(shape.items):
        names |= collect_record_names(item, f"{field}[{position}]")
    for member in shape.fields:
        names |= collect_record_names(member.shape, f"{field}.{member.wire.name}")
    return names
