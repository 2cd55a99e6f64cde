"""What the change of a type means for callers: they make what is passed, and read what comes back.

What lives here: one walk over two shapes. A parameter may grow and a result may shrink; a list that comes back
is the caller's own, so what is in it must stay. Knows shapes; knows nothing of methods.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gen_client.diff.changes import Change, Rule
from gen_client.interface.model import TypeKind
from gen_client.plan.types import NamedField, Shape, Use, format_annotation

_WIDER: Final = {(TypeKind.INT, TypeKind.FLOAT), (TypeKind.STR, TypeKind.TEXT)}
"""Types of parameters, and those that take all that they took, in the eyes of a type checker and of the runtime."""
_NARROWER: Final = {(TypeKind.FLOAT, TypeKind.INT)}
"""Types of results, and those that may come in their place."""


def compare_types(old: Shape, new: Shape, use: Use, method: str, field: str) -> list[Change]:
    """The changes from one type to another.

    Args:
        old: The type that was.
        new: The type that is.
        use: Whether callers pass it or get it.
        method: The method, for the changes.
        field: The parameter, or `return`.
    """
    return list(dict.fromkeys(_Walk(use, method).compared(old, new, field)))


class _Walk:
    """One comparison: which method it is about, and whose side the type is on."""

    def __init__(self, use: Use, method: str) -> None:
        self._use = use
        self._method = method

    def compared(self, old: Shape, new: Shape, field: str) -> Iterator[Change]:
        """The changes of the type that a parameter, a result or a field of a record has."""
        for before, after, fixed in self._pairs(old, new, fixed=False):
            if not _alike(before, after):
                yield self._another(before, after, (old, new), field, fixed=fixed)
            elif before.record is not None:
                yield from self._fields(before, after, field)

    def _pairs(self, old: Shape, new: Shape, *, fixed: bool) -> Iterator[tuple[Shape, Shape, bool]]:
        """Both types and what stands in their lists and tuples; fixed is what stands in a list that comes back."""
        yield old, new, fixed
        if _alike(old, new):
            inside = fixed or (old.kind is TypeKind.LIST and self._use is Use.RESULT)
            for before, after in zip(old.items, new.items, strict=True):
                yield from self._pairs(before, after, fixed=inside)

    def _another(
        self, old: Shape, new: Shape, whole: tuple[Shape, Shape], field: str, *, fixed: bool
    ) -> Change:
        pair = old.kind, new.kind
        was, now = (str(format_annotation(its, self._use)) for its in whole)
        if self._use is Use.PARAM:
            rule = Rule.TYPE_WIDENED if pair in _WIDER else Rule.TYPE_CHANGED
            return Change(rule, self._method, field, "takes {} now, not {}", (now, was))
        fits = pair in _NARROWER and not fixed
        rule = Rule.RESULT_NARROWED if fits else Rule.RESULT_CHANGED
        return Change(rule, self._method, field, "is {} now, not {}", (now, was))

    def _fields(self, old: Shape, new: Shape, field: str) -> Iterator[Change]:
        """The changes of a record, whose class callers know: they read it, and those passed they make."""
        before, after = _fields_by_wire(old), _fields_by_wire(new)
        for name, member in before.items():
            if name not in after:
                yield self._change(Rule.FIELD_REMOVED, field, member.name, "was removed")
        for name, member in after.items():
            if name not in before:
                rule = Rule.REQUIRED_FIELD_ADDED if self._use is Use.PARAM else Rule.FIELD_ADDED
                kind = str(format_annotation(member.shape, self._use))
                yield self._change(rule, field, member.name, "is new, a {}", kind)
        for name, member in after.items():
            if name in before:
                yield from self._field(before[name], member, field)
        kept = [name for name in before if name in after]
        if kept != [name for name in after if name in before]:
            rule = Rule.FIELDS_REORDERED if self._use is Use.PARAM else Rule.ORDER_CHANGED
            yield Change(rule, self._method, field, "its fields stand in another order")

    def _field(self, old: NamedField, new: NamedField, field: str) -> Iterator[Change]:
        """Yield the changes of a field that both records have."""
        if new.name != old.name:
            yield self._change(Rule.FIELD_RENAMED, field, old.name, "is called {} now", new.name)
        yield from self.compared(old.shape, new.shape, f"{field}.{old.name}")
        if new.wire.description != old.wire.description:
            yield self._change(Rule.DESCRIPTION_CHANGED, field, new.name, "its description changed")

    def _change(self, rule: Rule, field: str, name: str, words: str, *values: str) -> Change:
        return Change(rule, self._method, f"{field}.{name}", words, values)


def _alike(old: Shape, new: Shape) -> bool:
    return old.kind is new.kind and len(old.items) == len(new.items)


def _fields_by_wire(shape: Shape) -> dict[str, NamedField]:
    """Return the fields of a record by their names on the wire."""
    return {field.wire.name: field for field in shape.fields}


def collect_record_names(its: Shape, field: str) -> dict[str, str]:
    """What the records in a type are called, by their places."""
    names = {} if its.record is None else {field: str(its.record)}
    for position, item in enumerate(its.items):
        names |= collect_record_names(item, f"{field}[{position}]")
    for member in its.fields:
        names |= collect_record_names(member.shape, f"{field}.{member.wire.name}")
    return names
