"""The input and output of a method as JSON Schema, for tool calling.

The rule is the runtime's, which also describes methods at run time (`clarigen.json_schema`); here, signatures are
translated into its terms.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from clarigen._tooling import (
    NO_DEFAULT,
    Schema,
    SchemaParameter,
    SchemaType,
    describe_parameters,
    describe_result,
)
from gen_client.interface.model import KnownDefault, NullDefault, TypeKind
from gen_client.plan import types
from gen_client.plan.descriptions import split_lines
from gen_client.plan.named import NamedMethod, NamedParameter
from gen_client.plan.types import Shape


def describe_tool(method: NamedMethod) -> Schema:
    """Return a method as a tool: its name, its description, the schemas of its input and output."""
    return {
        "name": str(method.name),
        "description": "\n".join(method.description),
        "input_schema": describe_parameters(map(_translate_parameter, method.parameters)),
        "output_schema": describe_result(
            _translate_type(method.result),
            is_stream=method.is_stream,
            description=" ".join(method.returns),
        ),
    }


def _translate_parameter(named: NamedParameter) -> SchemaParameter:
    parameter, shape = named.wire, named.shape
    default: object = NO_DEFAULT
    if isinstance(parameter.default, NullDefault):
        default = None
    elif isinstance(parameter.default, KnownDefault) and not any(shape.iter_json_types()):
        default = _rename_fields(parameter.default.value, shape)
    lowest, highest = (None, None) if parameter.range is None else parameter.range.enforced
    choices = (
        f"{choice.id}: {' '.join(split_lines(choice.description))}"
        for choice in parameter.choices
        if choice.description.strip()
    )
    return SchemaParameter(
        name=str(named.name),
        type=_translate_type(shape),
        required=parameter.required,
        is_stream=parameter.is_stream,
        may_be_none=parameter.may_be_none,
        default=default,
        minimum=None if lowest is None else types.range_bound(lowest, shape.kind),
        maximum=None if highest is None else types.range_bound(highest, shape.kind),
        choices=tuple(choice.value for choice in parameter.choices),
        description="\n".join(filter(None, (" ".join(named.description), *choices))),
    )


def _translate_type(shape: Shape) -> SchemaType:
    return SchemaType(
        shape.kind.value,
        tuple(map(_translate_type, shape.items)),
        tuple(
            (
                str(field.name),
                _translate_type(field.shape),
                " ".join(split_lines(field.wire.description)),
            )
            for field in shape.fields
        ),
        shape.type.json_type,
    )


def _rename_fields(value: object, shape: Shape) -> Any:
    """Return a value whose records have the names of Python."""
    match shape.kind:
        case TypeKind.LIST:
            return [
                _rename_fields(item, shape.items[0]) for item in cast("Sequence[object]", value)
            ]
        case TypeKind.TUPLE:
            pairs = zip(cast("Sequence[object]", value), shape.items, strict=True)
            return [_rename_fields(item, item_shape) for item, item_shape in pairs]
        case TypeKind.NAMED_FIELDS:
            record = cast("Mapping[str, object]", value)
            return {
                str(field.name): _rename_fields(record[field.wire.name], field.shape)
                for field in shape.fields
            }
        case _:
            return value
