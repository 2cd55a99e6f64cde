"""The comparison of the tools of an MCP model, by the types that callers see.

Two schemas that become the same types are equal, whatever they look like. Limits such as `minimum` are only described in
the code, so they are documentation. `schema_types` compares types.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from clarigen import wire
from clarigen._tooling import match_renamed
from gen_client.diff.changes import Change, Rule
from gen_client.diff.schema_types import TypeComparison
from gen_client.interface.mcp.toolset import SchemaType
from gen_client.plan.mcp.named import NamedProperty, NamedTool
from gen_client.plan.mcp.types import Style, choose_default, format_type
from gen_client.plan.types import Use


def compare_tools(old: Sequence[NamedTool], new: Sequence[NamedTool]) -> list[Change]:
    """Return the changes from the tools that callers know to those that there are now."""
    before = {tool.own.name: tool for tool in old}
    after = {tool.own.name: tool for tool in new}
    renamed = match_renamed(
        *(
            {name: replace(tool.own, name="") for name, tool in side.items()}
            for side in (before, after)
        )
    )
    changes: list[Change] = []
    for name, tool in before.items():
        if name in after:
            changes += _compare_tool(tool, after[name])
        elif name in renamed:
            new_name = str(after[renamed[name]].name)
            changes.append(_make_change(tool, Rule.METHOD_RENAMED, "is called {} now", new_name))
        else:
            changes.append(_make_change(tool, Rule.METHOD_REMOVED, "was removed"))
    for name, tool in after.items():
        if name not in before and name not in renamed.values():
            changes.append(_make_change(tool, Rule.METHOD_ADDED, "is new"))
    return changes


def _make_change(
    tool: NamedTool, rule: Rule, template: str, *values: str, field: str = ""
) -> Change:
    return Change(rule, str(tool.name), field, template, values)


def _compare_tool(old: NamedTool, new: NamedTool) -> Iterator[Change]:
    """Yield the changes of a tool that both interfaces have."""
    if new.name != old.name:
        yield _make_change(old, Rule.METHOD_RENAMED, "is called {} now", str(new.name))
    before, after = old.own, new.own
    if (before.title, before.description) != (after.title, after.description):
        yield _make_change(old, Rule.DESCRIPTION_CHANGED, "its description changed")
    if before.hints != after.hints:
        message = "the server says something else about its effects"
        yield _make_change(old, Rule.HINT_CHANGED, message)
    types = TypeComparison(old, new)
    yield from _compare_parameters(old, new, types)
    yield from _compare_results(old, new, types)
    yield from _compare_names(old, new)


def _compare_results(old: NamedTool, new: NamedTool, types: TypeComparison) -> Iterator[Change]:
    before, after = old.own.result, new.own.result
    if before is not None and after is not None:
        yield from types.compare(before, after, Use.RESULT, wire.RESULT_NAME)
    elif before is not after:
        values = _format_result(new, after), _format_result(old, before)
        template = "is {} now, not {}"
        yield _make_change(old, Rule.RESULT_CHANGED, template, *values, field=wire.RESULT_NAME)
    if old.returns != new.returns:
        yield _make_change(
            old, Rule.DESCRIPTION_CHANGED, "its description changed", field=wire.RESULT_NAME
        )


def _format_result(tool: NamedTool, result: SchemaType | None) -> str:
    if result is None:
        return "ToolResult"
    return str(format_type(result, Style(tool.classes, Use.RESULT)))


def _compare_names(old: NamedTool, new: NamedTool) -> Iterator[Change]:
    """Yield the classes and the batch that callers name, and that are called differently now."""
    if new.names.batch != old.names.batch:
        names = str(old.names.batch), str(new.names.batch)
        yield _make_change(old, Rule.METHOD_RENAMED, "{} is called {} now", *names)
    template = "the type {} is called {} now"
    if old.input is not None and new.input is not None and old.input != new.input:
        yield _make_change(old, Rule.TYPE_RENAMED, template, str(old.input), str(new.input))
    after = {(own.own.is_result, own.own.path): str(own.name) for own in new.objects}
    for own in old.objects:
        name = after.get((own.own.is_result, own.own.path))
        if name is None:
            message = "there is no type {} any more"
            yield _make_change(old, Rule.TYPE_REMOVED, message, str(own.name))
        elif name != str(own.name):
            yield _make_change(old, Rule.TYPE_RENAMED, template, str(own.name), name)


# Parameters


def _compare_parameters(old: NamedTool, new: NamedTool, types: TypeComparison) -> Iterator[Change]:
    before, after = _by_wire_name(old), _by_wire_name(new)
    for name, parameter in before.items():
        if name not in after:
            yield _make_change(old, Rule.PARAMETER_REMOVED, "was removed", field=parameter.name)
        else:
            yield from _compare_parameter(old, parameter, after[name], types)
    for name, parameter in after.items():
        if name not in before:
            yield _make_addition(old, new, parameter)
    positional = [name for name in _positional_names(old) if name in after]
    if positional != _positional_names(new)[: len(positional)]:
        names = ", ".join(after[name].name for name in _positional_names(new))
        template = "by position it takes {} now, in this order"
        yield _make_change(old, Rule.POSITION_CHANGED, template, names)


def _make_addition(old: NamedTool, new: NamedTool, parameter: NamedProperty) -> Change:
    own = parameter.own
    annotation = str(format_type(own.type, Style(new.classes, Use.PARAM)))
    if own.is_required:
        rule, template = Rule.REQUIRED_PARAMETER_ADDED, "is new and required: {}"
    else:
        rule, template = Rule.OPTIONAL_PARAMETER_ADDED, "is new: {}"
    return _make_change(old, rule, template, annotation, field=parameter.name)


def _compare_parameter(
    tool: NamedTool, old: NamedProperty, new: NamedProperty, types: TypeComparison
) -> Iterator[Change]:
    """Yield the changes of a parameter that both tools have."""
    field = old.name
    if new.name != field:
        yield _make_change(tool, Rule.PARAMETER_RENAMED, "is called {} now", new.name, field=field)
    yield from types.compare(old.own.type, new.own.type, Use.PARAM, field)
    if old.own.is_required != new.own.is_required:
        rule = Rule.BECAME_REQUIRED if new.own.is_required else Rule.BECAME_OPTIONAL
        message = "is required now" if new.own.is_required else "can be left out now"
        yield _make_change(tool, rule, message, field=field)
    elif not new.own.is_required:
        yield from _compare_defaults(tool, old, new)
    if old.description != new.description or old.own.constraints != new.own.constraints:
        rule = Rule.DESCRIPTION_CHANGED
        yield _make_change(tool, rule, "its description changed", field=field)


def _compare_defaults(tool: NamedTool, old: NamedProperty, new: NamedProperty) -> Iterator[Change]:
    before, after = choose_default(old.own), choose_default(new.own)
    if str(before.type) == "None" and new.own.type.is_nullable:
        message = "None is sent as null now, and does not leave it out any more"
        yield _make_change(tool, Rule.DEFAULT_CHANGED, message, field=old.name)
    elif before.type and before.type != after.type:
        absent = "SERVER_DEFAULT" if str(before.type) == "Default" else str(before.type)
        message = "does not take {} any more"
        yield _make_change(tool, Rule.ABSENCE_REFUSED, message, absent, field=old.name)
    if old.own.default != new.own.default:
        message = "left out, it is something else now"
        values: tuple[str, ...] = ()
        if before.is_shown and after.is_shown:
            message = "left out, it is {} now, not {}"
            values = str(after.value), str(before.value)
        yield _make_change(tool, Rule.DEFAULT_CHANGED, message, *values, field=old.name)


def _by_wire_name(tool: NamedTool) -> dict[str, NamedProperty]:
    return {parameter.own.name: parameter for parameter in tool.parameters}


def _positional_names(tool: NamedTool) -> list[str]:
    """Return the parameters that can be passed by position, by their names on the wire."""
    return [parameter.own.name for parameter in tool.parameters[: tool.positional_count]]
