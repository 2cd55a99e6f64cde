"""How large a model is as a whole: what generating it costs.

What lives here: `weight`. Each part has a weight of its own in `limits`, fitted to the time that it takes until it
is formatted and checked, so that a model of any shape within the limit is generated in about the same time.
Knows the interface's nouns, and that an invisible character is written as an escape; of Python nothing else.
"""

from __future__ import annotations

from gen_client import limits
from gen_client.escape import escape_invisible
from gen_client.interface.model import DataType, Known, Method, Model, Parameter
from gen_client.json_text import is_array, is_object


def weight(model: Model) -> int:
    """What a model weighs, in the unit of `limits.WEIGHT`."""
    return sum(map(_method, model.methods))


def _method(method: Method) -> int:
    result = limits.FIELD_WEIGHT + _type(method.result.type) + _text(method.result.description)
    own = limits.METHOD_WEIGHT + _text(method.description)
    return own + result + sum(map(_parameter, method.parameters))


def _parameter(parameter: Parameter) -> int:
    choices = sum(
        limits.VALUE_WEIGHT + _text(choice.id) + _text(choice.description)
        for choice in parameter.choices
    )
    default = parameter.default
    values = limits.VALUE_WEIGHT * _values(default.value) if isinstance(default, Known) else 0
    texts = _text(parameter.default_text) + _text(parameter.description)
    return limits.FIELD_WEIGHT + _type(parameter.type) + choices + values + texts


def _type(type: DataType) -> int:
    """What stands inside a type: items and members."""
    members = sum(
        limits.FIELD_WEIGHT + _type(member.type) + _text(member.description)
        for member in type.members
    )
    return members + sum(limits.VALUE_WEIGHT + _type(item) for item in type.items)


def _text(text: str) -> int:
    """What it weighs as it will be written: an escape is up to ten times its character."""
    return len(escape_invisible(text)) // limits.TEXT_UNIT


def _values(value: object) -> int:
    """How many values there are in one; the keys of an object are values too."""
    if is_object(value):
        return 1 + sum(1 + _values(item) for item in value.values())
    return 1 + sum(map(_values, value)) if is_array(value) else 1
