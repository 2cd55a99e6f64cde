"""The canonical signatures of a model: the content of a lock.

`write_signatures` is the inverse of `read.read_model`. It knows the JSON form of the platform's messages, and nothing
of locks.
"""

from __future__ import annotations

from clarigen import wire
from gen_client.interface.model import DataType, Method, MethodKind, Model, Parameter


def write_signatures(model: Model) -> list[dict[str, object]]:
    """Return the signatures of a model in their one canonical form.

    That is the JSON form of the platform's messages, without zero values and without what `read_model` ignores.
    Reading them again gives the same model, without the warnings of what was changed the first time.
    """
    return [_write_method(method) for method in model.methods]


def _write_method(method: Method) -> dict[str, object]:
    result = method.result
    if result.multiple_outputs:
        outputs = [
            (member.name, member.description, member.type, member.name if method.is_inline else "")
            for member in result.type.members
        ]
    else:
        outputs = [(wire.RESULT_NAME, result.description, result.type, result.path)]
    is_stream = method.kind is not MethodKind.UNARY
    return _drop_zeros(
        name=method.name,
        method_type=method.kind.value,
        inline=method.is_inline,
        description=method.description,
        input_fields=[_write_parameter(parameter) for parameter in method.parameters],
        output_fields=[
            _drop_zeros(
                name=name, path=path, description=text, iterator=is_stream, **_write_type(type)
            )
            for name, text, type, path in outputs
        ],
    )


def _write_parameter(parameter: Parameter) -> dict[str, object]:
    options = [
        _drop_zeros(id=choice.id, description=choice.description) for choice in parameter.choices
    ]
    bounds = parameter.range
    return _drop_zeros(
        name=parameter.name,
        path=parameter.path,
        description=parameter.description,
        required=parameter.required,
        default=parameter.default_text,
        iterator=parameter.is_stream,
        model_type_enum_options=options,
        model_type_range_info=bounds
        and _drop_zeros(min=bounds.lowest, max=bounds.highest, step=bounds.step),
        internal_only=parameter.internal_only,
        is_param=parameter.is_param,
        **_write_type(parameter.type),
    )


def _write_type(type: DataType) -> dict[str, object]:
    arguments = [_write_type(item) for item in type.items] or [
        _drop_zeros(name=member.name, description=member.description, **_write_type(member.type))
        for member in type.members
    ]
    return _drop_zeros(type=type.kind.value, type_args=arguments)


def _drop_zeros(**values: object) -> dict[str, object]:
    """Return the values that are not zero, empty or None: the others are left out in protobuf's JSON too."""
    return {key: value for key, value in values.items() if value}
