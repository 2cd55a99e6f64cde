"""The comparison of two types: callers make what they pass, and read what a method returns.

A parameter may accept more values than before, and a result may have fewer possible values. A list that a method
returns belongs to the caller, who may add items, so the type of its items must stay the same. This module knows types,
but nothing of methods.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from .changes import Change, Rule
from .interface import Field, Type

_WIDER: Final = {("INT", "FLOAT"), ("STR", "TEXT")}
"""Old and new types of a parameter of which the new one accepts all values of the old one."""
_NARROWER: Final = {("FLOAT", "INT")}
"""Old and new types of a result of which all values of the new one are values of the old one."""
_COMPATIBLE_RULES: Final = (Rule.TYPE_WIDENED, Rule.RESULT_NARROWED)
"""The changes of a type that code does not notice once the client is generated again."""
_ENCODING: Final = "travels as {} now, not {}, and is lost until the client is generated again"
"""Nobody converts: a reader of one type finds nothing where a value of another type is (docs/protocol.md 5.2)."""


def compare_types(
    old: Type, new: Type, *, method: str, field: str, is_result: bool
) -> list[Change]:
    """Return the changes from one type to another.

    Args:
        old: The type that callers know.
        new: The type that there is now.
        method: The method's name.
        field: The parameter's name, or `return`.
        is_result: Whether callers get its values; if not, they pass them.
    """
    return list(dict.fromkeys(_Comparison(is_result, method).compare_types(old, new, field)))


class _Comparison:
    """The comparison of two types of one method."""

    def __init__(self, is_result: bool, method: str) -> None:
        self._is_result = is_result
        self._method = method

    def compare_types(self, old: Type, new: Type, field: str) -> Iterator[Change]:
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
                if rule in _COMPATIBLE_RULES:
                    values = new_part.kind, old_part.kind
                    yield Change(Rule.ENCODING_CHANGED, self._method, field, _ENCODING, values)
            elif old_part.fields or new_part.fields:
                yield from self._compare_records(old_part, new_part, field)

    def _pair(self, old: Type, new: Type, *, is_fixed: bool) -> Iterator[tuple[Type, Type, bool]]:
        """Yield both types, then the items of their lists and tuples, and whether each must stay the same."""
        yield old, new, is_fixed
        if _has_same_structure(old, new):
            are_items_fixed = is_fixed or (old.kind == "LIST" and self._is_result)
            for old_item, new_item in zip(old.items, new.items, strict=True):
                yield from self._pair(old_item, new_item, is_fixed=are_items_fixed)

    def _rule_of_kinds(self, pair: tuple[str, str], *, is_fixed: bool) -> Rule:
        if not self._is_result:
            return Rule.TYPE_WIDENED if pair in _WIDER else Rule.TYPE_CHANGED
        is_narrower = pair in _NARROWER and not is_fixed
        return Rule.RESULT_NARROWED if is_narrower else Rule.RESULT_CHANGED

    def _make_type_change(self, rule: Rule, old: Type, new: Type, field: str) -> Change:
        template = "is {} now, not {}" if self._is_result else "takes {} now, not {}"
        values = tuple(type_.annotate(is_result=self._is_result) for type_ in (new, old))
        return Change(rule, self._method, field, template, values)

    def _compare_records(self, old: Type, new: Type, field: str) -> Iterator[Change]:
        """Yield the changes of a record's fields. Callers read all records, and make those that they pass."""
        before, after = _fields_by_wire_name(old), _fields_by_wire_name(new)
        for name, member in before.items():
            if name not in after:
                yield self._make_field_change(Rule.FIELD_REMOVED, field, member.name, "was removed")
        for name, member in after.items():
            if name not in before:
                yield self._make_addition(new, member, field)
        for name, member in after.items():
            if name in before:
                yield from self._compare_field(before[name], member, field)
        kept = [name for name in before if name in after]
        if kept != [name for name in after if name in before]:
            rule = Rule.ORDER_CHANGED if self._is_result else Rule.FIELDS_REORDERED
            message = "its fields are declared in another order"
            yield Change(rule, self._method, field, message)

    def _make_addition(self, record: Type, member: Field, field: str) -> Change:
        annotation = member.type.annotate(is_result=self._is_result)
        if not self._is_result:
            rule, template = Rule.REQUIRED_FIELD_ADDED, "is new: {}"
            return self._make_field_change(rule, field, member.name, template, annotation)
        template = "is new: {}; code that makes a {}, such as a fake, must pass it"
        rule, values = Rule.FIELD_ADDED, (annotation, record.record)
        return self._make_field_change(rule, field, member.name, template, *values)

    def _compare_field(self, old: Field, new: Field, field: str) -> Iterator[Change]:
        """Yield the changes of a field that both records have."""
        if new.name != old.name:
            yield self._make_field_change(
                Rule.FIELD_RENAMED, field, old.name, "is called {} now", new.name
            )
        yield from self.compare_types(old.type, new.type, f"{field}.{old.name}")
        if new.description != old.description:
            yield self._make_field_change(
                Rule.DESCRIPTION_CHANGED, field, new.name, "its description changed"
            )

    def _make_field_change(
        self, rule: Rule, field: str, name: str, template: str, *values: str
    ) -> Change:
        return Change(rule, self._method, f"{field}.{name}", template, values)


def _has_same_structure(old: Type, new: Type) -> bool:
    return old.kind == new.kind and len(old.items) == len(new.items)


def _fields_by_wire_name(type_: Type) -> dict[str, Field]:
    """Return the fields of a record by their names on the wire."""
    return {field.wire_name: field for field in type_.fields}


def collect_record_names(type_: Type, field: str) -> dict[str, str]:
    """Return the names of the records in a type, by their fields on the wire.

    Args:
        type_: The type.
        field: The parameter or field that has the type.
    """
    names = {field: type_.record} if type_.record else {}
    for position, item in enumerate(type_.items):
        names |= collect_record_names(item, f"{field}[{position}]")
    for member in type_.fields:
        names |= collect_record_names(member.type, f"{field}.{member.wire_name}")
    return names
