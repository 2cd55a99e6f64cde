"""The comparison of two interfaces of a model, for callers of the generated code.

The runtime compares them, because a client that verifies its model, or warns that it has changed, goes by the same rules.
Here methods are described for it, with the names and the annotations that their code has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from clarigen import _tooling
from clarigen._tooling import Change, interface
from gen_client.escape import escape_invisible, format_literal
from gen_client.interface.model import Choice, KnownDefault, NoDefault, NullDefault, TypeKind
from gen_client.plan import build, types
from gen_client.plan.named import NamedMethod, NamedParameter
from gen_client.plan.types import Shape, Use


def compare_interfaces(old: Sequence[NamedMethod], new: Sequence[NamedMethod]) -> list[Change]:
    """Return the changes from one interface to another, in the order of the methods.

    Args:
        old: The methods that callers know.
        new: The methods that there are now.
    """
    before, after = ([describe_method(method) for method in methods] for methods in (old, new))
    return _tooling.compare_interfaces(before, after)


def describe_method(method: NamedMethod) -> interface.Method:
    """Describe a method for the comparison."""
    wire = method.wire
    return interface.Method(
        wire_name=wire.name,
        name=method.name,
        kind=wire.kind.value,
        parameters=tuple(map(_describe_parameter, method.parameters)),
        result=_describe_type(method.result),
        batch="" if method.input is None else method.names.batch,
        input=method.input or "",
        description=wire.description,
        result_description=wire.result.description,
        result_path=wire.result.path,
        result_hints=wire.result.multiple_outputs,
        declaration=replace(wire, name=""),
    )


def _describe_parameter(parameter: NamedParameter) -> interface.Parameter:
    wire, planned = parameter.wire, build.build_parameter(parameter)
    absent = planned.default_type.replace("Default", "SERVER_DEFAULT")
    bounds = (None, None) if wire.range is None else wire.range.enforced
    lowest, highest = (_describe_limit(bound, parameter.shape.kind) for bound in bounds)
    return interface.Parameter(
        wire_name=wire.name,
        name=parameter.name,
        type=_describe_type(parameter.shape),
        annotation=planned.annotation,
        is_required=wire.required,
        is_stream=wire.is_stream,
        absent=tuple(absent.split(" | ")) if absent else (),
        default=_describe_default(parameter),
        default_code=planned.default,
        default_text=wire.default_text,
        choices=tuple(map(_describe_choice, wire.choices)),
        alias=parameter.alias or "",
        limits=(lowest, highest),
        range=wire.range,
        hints=(wire.internal_only, wire.is_param),
        path=wire.path,
        description=wire.description,
        declaration=replace(wire, name=""),
    )


def _describe_default(parameter: NamedParameter) -> str:
    """Return what leaving the parameter out means: an expression, or the text of the model's author."""
    match parameter.wire.default:
        case NoDefault():
            return ""
        case NullDefault():
            return "None"
        case KnownDefault(value):
            return types.format_value(value, parameter.shape)
        case server_default:
            text = " ".join(escape_invisible(server_default.text).split())
            return text or "SERVER_DEFAULT"


def _describe_choice(choice: Choice) -> interface.Choice:
    return interface.Choice(
        choice.value, format_literal(choice.value), choice.id, choice.description
    )


def _describe_limit(bound: float | None, kind: TypeKind) -> interface.Limit | None:
    return None if bound is None else interface.Limit(bound, str(types.range_bound(bound, kind)))


def _describe_type(shape: Shape) -> interface.Type:
    """Describe a type. Its annotations are plain text: `Code` is for templates."""
    return interface.Type(
        kind=shape.kind.value,
        parameter=str(types.format_annotation(shape, Use.PARAM)),
        result=str(types.format_annotation(shape, Use.RESULT)),
        record=str(shape.record or ""),
        items=tuple(map(_describe_type, shape.items)),
        fields=tuple(
            interface.Field(
                field.wire.name,
                str(field.name),
                _describe_type(field.shape),
                field.wire.description,
            )
            for field in shape.fields
        ),
    )
