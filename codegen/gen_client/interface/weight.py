"""The weight of a model: the cost of generating its client.

Each part of a model has a weight in `limits`, fitted to the time that formatting and checking its code takes. So every
model within the limit is generated in about the same time, whatever its shape.
"""

from __future__ import annotations

from gen_client import limits
from gen_client.escape import escape_invisible
from gen_client.interface.mcp.toolset import Property, Tool
from gen_client.interface.model import (
    DataType,
    KnownDefault,
    Method,
    Model,
    NoDefault,
    Parameter,
)
from gen_client.json_text import is_array, is_object


def weigh_model(model: Model) -> int:
    """Return the weight of a model, in the unit of `limits.WEIGHT`."""
    tools = () if model.tools is None else model.tools.tools
    return sum(map(_weigh_method, model.methods)) + sum(map(_weigh_tool, tools))


def _weigh_tool(tool: Tool) -> int:
    properties = (tool.parameters, *(own.properties for own in tool.objects))
    return (
        limits.METHOD_WEIGHT
        + _weigh_text(tool.description)
        + sum(limits.FIELD_WEIGHT + _weigh_text(own.description) for own in tool.objects)
        + sum(_weigh_property(own) for group in properties for own in group)
    )


def _weigh_property(own: Property) -> int:
    default = own.default
    values = 0 if isinstance(default, NoDefault) else _count_values(default.value)
    choices = (text for type_ in own.type.iter_types() for text in type_.values)
    return (
        limits.FIELD_WEIGHT
        + limits.VALUE_WEIGHT * (own.type.weight - 1 + values)
        + _weigh_text(own.name)
        + _weigh_text(own.description)
        + sum(limits.VALUE_WEIGHT + _weigh_text(str(choice)) for choice in choices)
    )


def _weigh_method(method: Method) -> int:
    result = method.result
    return (
        limits.METHOD_WEIGHT
        + _weigh_text(method.description)
        + sum(map(_weigh_parameter, method.parameters))
        + limits.FIELD_WEIGHT
        + _weigh_parts(result.type)
        + _weigh_text(result.description)
    )


def _weigh_parameter(parameter: Parameter) -> int:
    choices = sum(
        limits.VALUE_WEIGHT + _weigh_text(choice.id) + _weigh_text(choice.description)
        for choice in parameter.choices
    )
    default = parameter.default
    values = _count_values(default.value) if isinstance(default, KnownDefault) else 0
    return (
        limits.FIELD_WEIGHT
        + _weigh_parts(parameter.type)
        + _weigh_text(parameter.description)
        + _weigh_text(parameter.default_text)
        + limits.VALUE_WEIGHT * values
        + choices
    )


def _weigh_parts(type: DataType) -> int:
    """Return the weight of the items and members of a type."""
    members = sum(
        limits.FIELD_WEIGHT + _weigh_parts(member.type) + _weigh_text(member.description)
        for member in type.members
    )
    return members + sum(limits.ITEM_WEIGHT + _weigh_parts(item) for item in type.items)


def _weigh_text(text: str) -> int:
    """Return the weight of a text as generated: an escape has up to ten times the length of its character."""
    return len(escape_invisible(text)) // limits.TEXT_UNIT


def _count_values(value: object) -> int:
    """Count a value and all values in it; the keys of an object are values too."""
    if is_object(value):
        return 1 + sum(1 + _count_values(item) for item in value.values())
    return 1 + sum(map(_count_values, value)) if is_array(value) else 1
