"""The comparison of two interfaces of a model, for callers of the generated code.

Methods and their names are compared here; `compare_parameters` compares the details of one parameter, and
`compare_types` its type.
This module does no I/O, and knows nothing of how changes are printed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, TypeVar

from .._wire.method import RESULT_NAME
from .changes import Change, Rule, match_renamed
from .compare_parameters import compare_parameter_details
from .compare_types import collect_record_names, compare_types
from .interface import Method, Parameter

_KIND_PHRASES: Final = {
    "UNARY_UNARY": "returns one result",
    "UNARY_STREAMING": "returns a stream",
    "STREAMING_UNARY": "takes a stream and returns one result",
    "STREAMING_STREAMING": "takes a stream and returns one",
}
_Named = TypeVar("_Named", Method, Parameter)


def compare_interfaces(old: Sequence[Method], new: Sequence[Method]) -> list[Change]:
    """Return the changes from one interface to another, in the order of the methods.

    Args:
        old: The methods that callers know.
        new: The methods that there are now.
    """
    before = {method.wire_name: method for method in old}
    after = {method.wire_name: method for method in new}
    renamed = _match_renamed(before, after)
    changes: list[Change] = []
    for name, method in before.items():
        if name in after:
            changes += _compare_method(method, after[name])
        elif name in renamed:
            new_name = after[renamed[name]].name
            changes.append(
                _make_method_change(method, Rule.METHOD_RENAMED, "", "is called {} now", new_name)
            )
        else:
            changes.append(_make_method_change(method, Rule.METHOD_REMOVED, "", "was removed"))
    for name, method in after.items():
        if name not in before and name not in renamed.values():
            changes.append(_make_method_change(method, Rule.METHOD_ADDED, "", "is new"))
    if _common_names(before, after) != _common_names(after, before):
        message = "the methods are declared in another order"
        changes.append(Change(Rule.ORDER_CHANGED, "", "", message))
    return changes


def _make_method_change(
    method: Method, rule: Rule, field: str, template: str, *values: str
) -> Change:
    return Change(rule, method.name, field, template, values)


def _common_names(names: Mapping[str, object], others: Mapping[str, object]) -> list[str]:
    return [name for name in names if name in others]


def _match_renamed(before: Mapping[str, _Named], after: Mapping[str, _Named]) -> dict[str, str]:
    """Return the new wire names of methods or parameters that are equal apart from their names, by the old ones."""
    return match_renamed(
        {name: own.declaration for name, own in before.items()},
        {name: own.declaration for name, own in after.items()},
    )


# Methods


def _compare_method(old: Method, new: Method) -> Iterator[Change]:
    """Yield the changes of a method that both interfaces have."""
    if new.name != old.name:
        yield _make_method_change(old, Rule.METHOD_RENAMED, "", "is called {} now", new.name)
    if new.kind != old.kind:
        message = f"{_phrase_kind(new)} now; before, it {_phrase_kind(old)}"
        yield _make_method_change(old, Rule.METHOD_KIND_CHANGED, "", message)
    if new.description != old.description:
        yield _make_method_change(old, Rule.DESCRIPTION_CHANGED, "", "its description changed")
    yield from _compare_parameters(old, new)
    yield from compare_types(
        old.result, new.result, method=old.name, field=RESULT_NAME, is_result=True
    )
    if new.result_description != old.result_description:
        yield _make_method_change(
            old, Rule.DESCRIPTION_CHANGED, RESULT_NAME, "its description changed"
        )
    if new.result_path != old.result_path:
        paths = new.result_path, old.result_path
        yield _make_method_change(
            old, Rule.PATH_CHANGED, RESULT_NAME, "travels at {} now, not {}", *paths
        )
    if new.result_hints != old.result_hints:
        yield _make_method_change(
            old, Rule.HINT_CHANGED, RESULT_NAME, "its fields are sent in another way"
        )
    yield from _compare_type_names(old, new)
    yield from _compare_batches(old, new)


def _phrase_kind(method: Method) -> str:
    return _KIND_PHRASES.get(method.kind, "is of a kind that is not known")


def _compare_type_names(old: Method, new: Method) -> Iterator[Change]:
    """Yield the types that callers import and that are removed or renamed."""
    new_names, new_parameters = _collect_type_names(new), _parameters_by_wire_name(new)
    for field, name in _collect_type_names(old).items():
        parameter = field.split(".")[0].split("[")[0]
        if field in new_names and new_names[field] != name:
            yield _make_type_rename(old, name, new_names[field])
        elif field not in new_names and (parameter in new_parameters or parameter == RESULT_NAME):
            yield _make_method_change(
                old, Rule.TYPE_REMOVED, "", "there is no type {} any more", name
            )


def _make_type_rename(method: Method, old_name: str, new_name: str) -> Change:
    template = "the type {} is called {} now"
    return _make_method_change(method, Rule.TYPE_RENAMED, "", template, old_name, new_name)


def _collect_type_names(method: Method) -> dict[str, str]:
    """Return the names of a method's choices and records, by their fields on the wire."""
    type_names = collect_record_names(method.result, RESULT_NAME)
    for parameter in method.parameters:
        type_names |= collect_record_names(parameter.type, parameter.wire_name)
        if parameter.alias:
            type_names[parameter.wire_name] = parameter.alias
    return type_names


def _compare_batches(old: Method, new: Method) -> Iterator[Change]:
    """Yield the changes of a method's batch and of the type of its inputs."""
    if not old.batch or new.kind != old.kind:
        return
    if not new.batch:
        yield _make_method_change(old, Rule.BATCH_REMOVED, "", "{} was removed", old.batch)
        return
    if new.batch != old.batch:
        template = "{} is called {} now"
        yield _make_method_change(old, Rule.METHOD_RENAMED, "", template, old.batch, new.batch)
    if new.input != old.input:
        yield _make_type_rename(old, old.input, new.input)


# Parameters


def _compare_parameters(old: Method, new: Method) -> Iterator[Change]:
    before, after = _parameters_by_wire_name(old), _parameters_by_wire_name(new)
    renamed = _match_renamed(before, after)
    for name, parameter in before.items():
        if name in renamed:
            new_name = after[renamed[name]].name
            yield _make_method_change(
                old, Rule.PARAMETER_RENAMED, parameter.name, "is called {} now", new_name
            )
        elif name not in after:
            yield _make_method_change(old, Rule.PARAMETER_REMOVED, parameter.name, "was removed")
    for name, parameter in after.items():
        if name not in before and name not in renamed.values():
            yield _make_parameter_addition(old, parameter)
    for name, parameter in before.items():
        if name in after:
            yield from _compare_parameter(old, parameter, after[name])
    yield from _compare_positions(old, new, renamed)


def _parameters_by_wire_name(method: Method) -> dict[str, Parameter]:
    return {parameter.wire_name: parameter for parameter in method.parameters}


def _make_parameter_addition(method: Method, parameter: Parameter) -> Change:
    if parameter.is_required:
        rule, template, value = (
            Rule.REQUIRED_PARAMETER_ADDED,
            "is new and required: {}",
            parameter.annotation,
        )
    else:
        rule, template, value = (
            Rule.OPTIONAL_PARAMETER_ADDED,
            "is new; left out, it is {}",
            parameter.default_code,
        )
    return _make_method_change(method, rule, parameter.name, template, value)


def _compare_parameter(method: Method, old: Parameter, new: Parameter) -> Iterator[Change]:
    """Yield the changes of a parameter that both interfaces have."""
    if new.name != old.name:
        yield _make_method_change(
            method, Rule.PARAMETER_RENAMED, old.name, "is called {} now", new.name
        )
    changes = compare_types(old.type, new.type, method=method.name, field=old.name, is_result=False)
    if old.is_stream != new.is_stream:
        template = "takes {} now, not {}"
        forms = ("a stream", "one value") if new.is_stream else ("one value", "a stream")
        changes.append(
            _make_method_change(method, Rule.TYPE_CHANGED, old.name, template.format(*forms))
        )
    yield from changes
    if new.path != old.path:
        yield _make_method_change(
            method, Rule.PATH_CHANGED, old.name, "travels at {} now, not {}", new.path, old.path
        )
    has_same_values = all(change.rule is not Rule.TYPE_CHANGED for change in changes)
    yield from compare_parameter_details(method.name, old, new, has_same_values=has_same_values)


def _compare_positions(old: Method, new: Method, renamed: dict[str, str]) -> Iterator[Change]:
    """Yield the changes of the parameters' order.

    Parameters that can be passed by position must stay where they are; the order of the others breaks nobody.
    """
    after = _parameters_by_wire_name(new)
    kept = [renamed.get(name, name) for name in _parameters_by_wire_name(old)]
    old_positional = [name for name in _positional_names(old, renamed) if name in after]
    new_positional = _positional_names(new, {})
    if old_positional != new_positional[: len(old_positional)]:
        keyword_only = [name for name in old_positional if name not in new_positional]
        if keyword_only and new_positional == old_positional[: len(new_positional)]:
            for name in keyword_only:
                message = "can be passed by name only"
                yield _make_method_change(old, Rule.POSITION_CHANGED, after[name].name, message)
        else:
            names = ", ".join(after[name].name for name in new_positional)
            template = "by position it takes {} now, in this order"
            yield _make_method_change(old, Rule.POSITION_CHANGED, "", template, names)
    elif [name for name in kept if name in after] != [name for name in after if name in kept]:
        yield _make_method_change(
            old, Rule.ORDER_CHANGED, "", "its options are declared in another order"
        )


def _positional_names(method: Method, renamed: dict[str, str]) -> list[str]:
    """Return the parameters that can be passed by position, by their present names on the wire."""
    names = (parameter.wire_name for parameter in method.parameters[: method.positional_count])
    return [renamed.get(name, name) for name in names]
