"""How large a model is as a whole: what generating it costs.

What lives here: `weight`. Each part has a weight of its own in `limits`, fitted to the time that it takes until it
is formatted and checked, so that a model of any shape within the limit is generated in about the same time.
Knows the interface's nouns, and that an invisible character is written as an escape; of Python nothing else.
"""

from __future__ import annotations

from gen_client import limits
from gen_client.escape import escape_invisible
from gen_client.interface.model import DataType, KnownDefault, Method, Model, Parameter
from gen_client.json_text import is_array, is_object


def weigh(model: Model) -> int:
    """What a model weighs, in the unit of `limits.WEIGHT`."""
    return sum(map(_weigh_method, model.methods))


def _weigh_method(method: Method) -> int:
    result = (
        limits.FIELD_WEIGHT
        + _weigh_type(method.result.type)
        + _weigh_text(method.result.description)
    )
    own = limits.METHOD_WEIGHT + _weigh_text(method.description)
    return own + result + sum(map(_weigh_parameter, method.parameters))


def _weigh_parameter(parameter: Parameter) -> int:
    choices = sum(
        limits.VALUE_WEIGHT + _weigh_text(choice.id) + _weigh_text(choice.description)
        for choice in parameter.choices
    )
    default = parameter.default
    values = (
        limits.VALUE_WEIGHT * _count_values(default.value)
        if isinstance(default, KnownDefault)
        else 0
    )
    texts = _weigh_text(parameter.default_text) + _weigh_text(parameter.description)
    return limits.FIELD_WEIGHT + _weigh_type(parameter.type) + choices + values + texts


def _weigh_type(type: DataType) -> int:
    """What stands inside a type: items and members."""
    members = sum(
        limits.FIELD_WEIGHT + _weigh_type(member.type) + _weigh_text(member.description)
        for member in type.members
    )
    return members + sum(limits.VALUE_WEIGHT + _weigh_type(item) for item in type.items)


def _weigh_text(text: str) -> int:
    """What it weighs as it will be written: an escape is up to ten times its character."""
    return len(escape_invisible(text)) // limits.TEXT_UNIT


def _count_values(value: object) -> int:
    """How many values there are in one; the keys of an object are values too."""
    if is_object(value):
        return 1 + sum(1 + _count_values(item) for item in value.values())
    return 1 + sum(map(_count_values, value)) if is_array(value) else 1
