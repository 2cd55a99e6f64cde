"""What changed between two interfaces of a model, for callers of the generated code.

What lives here: `compare`, over methods and their names; the changes come in the order of the methods. Types are
compared in `shapes`. Pure: where the two come from and how a change is told is not known here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final, TypeVar

from clarigen import wire
from gen_client.diff.changes import Change, Rule
from gen_client.diff.parameters import compare_options
from gen_client.diff.shapes import collect_record_names, compare_types
from gen_client.interface.model import MethodKind
from gen_client.plan import build
from gen_client.plan.named import NamedMethod, NamedParameter
from gen_client.plan.types import Use

_KINDS: Final = {
    MethodKind.UNARY: "returns one result",
    MethodKind.SERVER_STREAM: "returns a stream",
    MethodKind.BIDI_STREAM: "takes a stream and returns one",
}
_T = TypeVar("_T")


def compare(old: Sequence[NamedMethod], new: Sequence[NamedMethod]) -> list[Change]:
    """The changes from one interface to another, in the order of the methods.

    Args:
        old: The methods that callers know, with their names.
        new: Those that there are now.
    """
    before = {its.wire.name: its for its in old}
    after = {its.wire.name: its for its in new}
    renamed = _renamed(
        {name: replace(its.wire, name="") for name, its in before.items() if name not in after},
        {name: replace(its.wire, name="") for name, its in after.items() if name not in before},
    )
    changes: list[Change] = []
    for name, its in before.items():
        now = after.get(name)
        if now is not None:
            changes += _method(its, now)
        elif name in renamed:
            called = str(after[renamed[name]].name)
            changes.append(_change(its, Rule.METHOD_RENAMED, "", "is called {} now", called))
        else:
            changes.append(_change(its, Rule.METHOD_REMOVED, "", "was removed"))
    for name, its in after.items():
        if name not in before and name not in renamed.values():
            changes.append(_change(its, Rule.METHOD_ADDED, "", "is new"))
    if _order(before, after) != _order(after, before):
        changes.append(Change(Rule.ORDER_CHANGED, "", "", "the methods stand in another order"))
    return changes


def _change(its: NamedMethod, rule: Rule, field: str, words: str, *values: str) -> Change:
    return Change(rule, str(its.name), field, words, values)


def _order(names: dict[str, _T], others: dict[str, _T]) -> list[str]:
    return [name for name in names if name in others]


def _renamed(gone: dict[str, _T], came: dict[str, _T]) -> dict[str, str]:
    """What is the same under another name; nothing where that is not sure."""
    found: dict[str, str] = {}
    for name, value in gone.items():
        same = [other for other, its in came.items() if its == value]
        if len(same) == 1 and sum(its == value for its in gone.values()) == 1:
            found[name] = same[0]
    return found


# A method


def _method(old: NamedMethod, new: NamedMethod) -> Iterator[Change]:
    before, after = old.wire, new.wire
    if new.name != old.name:
        yield _change(old, Rule.METHOD_RENAMED, "", "is called {} now", str(new.name))
    if after.kind is not before.kind:
        words = f"{_KINDS[after.kind]} now; before, it {_KINDS[before.kind]}"
        yield _change(old, Rule.METHOD_KIND_CHANGED, "", words)
    if after.description != before.description:
        yield _change(old, Rule.DESCRIPTION_CHANGED, "", "its description changed")
    yield from _parameters(old, new)
    yield from compare_types(old.result, new.result, Use.RESULT, str(old.name), wire.RESULT_NAME)
    if after.result.description != before.result.description:
        yield _change(old, Rule.DESCRIPTION_CHANGED, wire.RESULT_NAME, "its description changed")
    if after.result.multiple_outputs != before.result.multiple_outputs:
        yield _change(old, Rule.HINT_CHANGED, wire.RESULT_NAME, "its fields travel in another way")
    yield from _type_names(old, new)


def _type_names(old: NamedMethod, new: NamedMethod) -> Iterator[Change]:
    """The types that callers import: those that are gone, or are called something else."""
    now = _names(new)
    for field, name in _names(old).items():
        its_parameter = field.split(".")[0].split("[")[0]
        if field in now and now[field] != name:
            words = "the type {} is called {} now"
            yield _change(old, Rule.TYPE_RENAMED, "", words, name, now[field])
        elif field not in now and (
            its_parameter in _by_wire(new) or its_parameter == wire.RESULT_NAME
        ):
            yield _change(old, Rule.TYPE_REMOVED, "", "there is no type {} any more", name)
    if old.input is None or old.wire.kind is not new.wire.kind:
        return
    if new.input is None:
        yield _change(old, Rule.BATCH_REMOVED, "", "{} was removed", str(old.names.batch))
        return
    if new.names.batch != old.names.batch:
        values = str(old.names.batch), str(new.names.batch)
        yield _change(old, Rule.METHOD_RENAMED, "", "{} is called {} now", *values)
    if new.input != old.input:
        words = "the type {} is called {} now"
        yield _change(old, Rule.TYPE_RENAMED, "", words, str(old.input), str(new.input))


def _names(its: NamedMethod) -> dict[str, str]:
    """What the choices and records of a method are called, by their places on the wire."""
    found = collect_record_names(its.result, wire.RESULT_NAME)
    for parameter in its.parameters:
        found |= collect_record_names(parameter.shape, parameter.wire.name)
        if parameter.alias is not None:
            found[parameter.wire.name] = str(parameter.alias)
    return found


# Its parameters


def _parameters(old: NamedMethod, new: NamedMethod) -> Iterator[Change]:
    before, after = _by_wire(old), _by_wire(new)
    renamed = _renamed(
        {name: replace(its.wire, name="") for name, its in before.items() if name not in after},
        {name: replace(its.wire, name="") for name, its in after.items() if name not in before},
    )
    for name, parameter in before.items():
        if name in renamed:
            now = after[renamed[name]].name
            yield _change(old, Rule.PARAMETER_RENAMED, parameter.name, "is called {} now", now)
        elif name not in after:
            yield _change(old, Rule.PARAMETER_REMOVED, parameter.name, "was removed")
    for name, parameter in after.items():
        if name not in before and name not in renamed.values():
            yield _added(old, parameter)
    for name, parameter in before.items():
        if name in after:
            yield from _parameter(old, parameter, after[name])
    yield from _positions(old, new, renamed)


def _by_wire(method: NamedMethod) -> dict[str, NamedParameter]:
    return {parameter.wire.name: parameter for parameter in method.parameters}


def _added(method: NamedMethod, parameter: NamedParameter) -> Change:
    param = build.build_parameter(parameter)
    if parameter.wire.required:
        words, values = "is new and required: {}", [str(param.annotation)]
        return _change(method, Rule.REQUIRED_PARAMETER_ADDED, parameter.name, words, *values)
    words = "is new; left out, it is {}"
    return _change(method, Rule.OPTIONAL_PARAMETER_ADDED, parameter.name, words, str(param.default))


def _parameter(method: NamedMethod, old: NamedParameter, new: NamedParameter) -> Iterator[Change]:
    """Yield the changes of a parameter that both interfaces have."""
    if new.name != old.name:
        yield _change(method, Rule.PARAMETER_RENAMED, old.name, "is called {} now", new.name)
    changed = compare_types(old.shape, new.shape, Use.PARAM, str(method.name), old.name)
    if old.wire.stream != new.wire.stream:
        words = "takes {} now, not {}"
        forms = ("a stream", "one value")
        kinds = forms if new.wire.stream else (forms[1], forms[0])
        changed.append(_change(method, Rule.TYPE_CHANGED, old.name, words.format(*kinds)))
    yield from changed
    alike = all(change.rule is not Rule.TYPE_CHANGED for change in changed)
    yield from compare_options(str(method.name), old, new, alike=alike)


def _positions(old: NamedMethod, new: NamedMethod, renamed: dict[str, str]) -> Iterator[Change]:
    """What may be given by position must stay where it is; the order of the rest is a matter of reading."""
    after = list(_by_wire(new))
    kept = [renamed.get(name, name) for name in _by_wire(old)]
    before = [name for name in _leading(old, renamed) if name in after]
    leading = _leading(new, {})
    if before != leading[: len(before)]:
        called = {name: parameter.name for name, parameter in _by_wire(new).items()}
        lost = [called[name] for name in before if name not in leading]
        if lost and leading == before[: len(leading)]:
            for name in lost:
                yield _change(old, Rule.POSITION_CHANGED, name, "can be given by name only")
        else:
            shown = ", ".join(called[name] for name in leading)
            yield _change(
                old, Rule.POSITION_CHANGED, "", "by position it takes {} now, in this order", shown
            )
    elif [name for name in kept if name in after] != [name for name in after if name in kept]:
        yield _change(old, Rule.ORDER_CHANGED, "", "its options stand in another order")


def _leading(method: NamedMethod, renamed: dict[str, str]) -> list[str]:
    """Return the parameters that can be passed by position, by their present names on the wire."""
    names = (parameter.wire.name for parameter in method.parameters[: method.positional_count])
    return [renamed.get(name, name) for name in names]
