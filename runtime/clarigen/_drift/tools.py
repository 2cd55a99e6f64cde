"""How the tools of an MCP model differ from those that a client was generated from, if its callers break.

The rules and the words are those of `gen-client diff`, see `changes`; only names of classes, which only generated code
has, are not written. So a schema that is written in another way for the same values is no change. Neither are
descriptions, limits such as `minimum`, additions, and defaults: callers who leave an argument out leave it to the
server. `tool_schemas` compares the values of two schemas.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from .._wire.method import RESULT_NAME
from .changes import Change, Rule, match_renamed
from .signature import to_python_name
from .tool_schemas import (
    Schema,
    accepts,
    annotate,
    get_absent,
    get_properties,
    get_required,
    get_result,
    is_nullable,
    list_literals,
)

_MakeChange = Callable[..., Change]
"""Makes a change of the tool from a rule, a field, a template and its values."""


def compare_tools(
    before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]
) -> dict[str, list[Change]]:
    """Return the changes of each tool that break its callers, by its name on the wire.

    Args:
        before: The tools that the client was generated from, as in `tools/list`.
        after: The tools of the deployed model.
    """
    old, new = _by_name(before), _by_name(after)
    renamed = match_renamed(
        *({name: {**tool, "name": ""} for name, tool in side.items()} for side in (old, new))
    )
    changes: dict[str, list[Change]] = {}
    for name, tool in old.items():
        make: _MakeChange = partial(_make_change, _to_name(name))
        if name in renamed:
            new_name = _to_name(renamed[name])
            changes[name] = [make(Rule.METHOD_RENAMED, "", "is called {} now", new_name)]
        elif name not in new:
            changes[name] = [make(Rule.METHOD_REMOVED, "", "was removed")]
        else:
            try:
                changes[name] = list(_compare_tool(make, tool, new[name]))
            except RecursionError:
                message = "its schemas cannot be compared, and are not the same"
                is_same = tool == new[name]
                changes[name] = [] if is_same else [make(Rule.TYPE_CHANGED, "", message)]
    return changes


def _by_name(tools: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    return {str(tool.get("name")): tool for tool in tools}


def _to_name(name: str) -> str:
    """Return the name of a tool or a parameter in Python; any text may be one on the wire."""
    return to_python_name(re.sub(r"\W", "_", name))


def _make_change(method: str, rule: Rule, field: str, template: str, *values: str) -> Change:
    return Change(rule, method, field, template, values)


def _compare_tool(
    make: _MakeChange, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[Change]:
    steps: list[None] = []
    old, new = (
        Schema(tool.get("inputSchema"), tool.get("inputSchema"), steps) for tool in (before, after)
    )
    yield from _compare_parameters(make, old, new)
    yield from _compare_results(make, get_result(before, steps), get_result(after, steps))


def _compare_parameters(make: _MakeChange, old: Schema, new: Schema) -> Iterator[Change]:
    old_properties, new_properties = get_properties(old), get_properties(new)
    for name, own in old_properties.items():
        field = _to_name(name)
        if name not in new_properties:
            yield make(Rule.PARAMETER_REMOVED, field, "was removed")
            continue
        if not accepts(new_properties[name], own, is_result=False):
            yield _make_type_change(make, field, own, new_properties[name])
        if name in get_required(new):
            if name not in get_required(old):
                yield make(Rule.BECAME_REQUIRED, field, "is required now")
        elif absent := _find_refused(own, new_properties[name], name in get_required(old)):
            yield make(Rule.ABSENCE_REFUSED, field, "does not take {} any more", absent)
    for name, own in new_properties.items():
        if name in get_required(new) and name not in old_properties:
            values = [annotation] if (annotation := annotate(own)) else []
            template = "is new and required: {}" if values else "is new and required"
            yield make(Rule.REQUIRED_PARAMETER_ADDED, _to_name(name), template, *values)
    positional = [name for name in _list_positional(old) if name in new_properties]
    if positional != _list_positional(new)[: len(positional)]:
        names = ", ".join(map(_to_name, _list_positional(new)))
        template = "by position it takes {} now, in this order"
        yield make(Rule.POSITION_CHANGED, "", template, names)


def _compare_results(make: _MakeChange, old: Schema | None, new: Schema | None) -> Iterator[Change]:
    if old is new is None:
        return
    if old is not None and new is not None and accepts(old, new, is_result=True):
        return
    values = ["ToolResult" if own is None else annotate(own) for own in (new, old)]
    if all(values) and values[0] != values[1]:
        yield make(Rule.RESULT_CHANGED, RESULT_NAME, "is {} now, not {}", *values)
    else:
        yield make(Rule.RESULT_CHANGED, RESULT_NAME, "may be another value now")


def _find_refused(old: Schema, new: Schema, was_required: bool) -> str:
    """Return what left an argument out, and does not any more; empty if callers can leave it out as before."""
    absent = get_absent(old, is_required=was_required)
    is_null_now = absent == "None" and is_nullable(new)
    return "" if is_null_now or absent == get_absent(new, is_required=False) else absent


def _list_positional(schema: Schema) -> list[str]:
    """Return the arguments that can be passed by position: the leading required ones, at least the first."""
    names, required = list(get_properties(schema)), get_required(schema)
    optional = (index for index, name in enumerate(names) if name not in required)
    return names[: max(next(optional, len(names)), 1)]


def _make_type_change(make: _MakeChange, field: str, old: Schema, new: Schema) -> Change:
    """Make the change of a parameter that does not take all values any more."""
    before, after = list_literals(old), list_literals(new)
    if before and after:
        removed = ", ".join(value for value in before if value not in after)
        return make(Rule.CHOICES_NARROWED, field, "does not take {} any more", removed)
    values = annotate(new), annotate(old)
    if all(values) and values[0] != values[1]:
        return make(Rule.TYPE_CHANGED, field, "takes {} now, not {}", *values)
    return make(Rule.TYPE_CHANGED, field, "does not take all values that it took")
