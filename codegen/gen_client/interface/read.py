"""The interface of a model: read from signatures, checked once, and written again.

What lives here: `read` and `write`. What leaves `read` is well-formed and within `limits`; nothing past
this room knows protobuf or its JSON, and nothing here knows the syntax of Python. The nouns are those
of `nouns`.
"""

from __future__ import annotations

from clarigen import ModelRef
from gen_client import limits
from gen_client.diagnostics import Refusal, Report
from gen_client.exit_codes import UNUSABLE
from gen_client.interface.json_types import apply_json_types
from gen_client.interface.method_reader import UnusableMethod, read_method
from gen_client.interface.model import (
    CLIENT_OPTIONS,
    Choice,
    DataType,
    KnownDefault,
    Member,
    Method,
    MethodKind,
    Model,
    NoDefault,
    NullDefault,
    Parameter,
    Range,
    Result,
    Scalar,
    ServerDefault,
    TypeKind,
)
from gen_client.interface.raw import RawMessage
from gen_client.interface.size import weigh
from gen_client.source.document import Document
from gen_client.text import quote, quote_unless_identifier

__all__ = [
    "Choice",
    "DataType",
    "KnownDefault",
    "Member",
    "Method",
    "MethodKind",
    "Model",
    "NoDefault",
    "NullDefault",
    "Parameter",
    "Range",
    "Result",
    "Scalar",
    "ServerDefault",
    "TypeKind",
    "read_model",
    "write_signatures",
]


def read_model(document: Document, report: Report) -> Model:
    """The interface that a document describes.

    A method that cannot become a typed function is left out with a warning.

    Args:
        document: The signatures, and which model they are of.
        report: Where warnings go.

    Raises:
        Refusal: Exit 4: the document is malformed or too large, names are given twice, or no method
            is left. Exit 2: a type is given to what is no JSON.
    """
    limits.check_size(document.signatures)
    reference = _check_ids(document)
    if len(document.signatures) > limits.METHODS:
        raise Refusal(
            f"the model has {len(document.signatures)} methods; at most {limits.METHODS} are taken",
            exit_code=UNUSABLE,
        )
    methods: list[Method] = []
    skipped: list[UnusableMethod] = []
    names: set[str] = set()
    for index, signature in enumerate(document.signatures):
        raw = RawMessage(signature, f"method_signatures[{index}]")
        name = raw.get_text("name", limits.NAME)
        if name and name in names:
            raise Refusal(
                "there are two methods of this name",
                location=quote_unless_identifier(name),
                exit_code=UNUSABLE,
            )
        names.add(name)
        try:
            methods.append(read_method(raw, name, report))
        except UnusableMethod as reason:
            skipped.append(reason)
    if not methods:
        raise _no_methods(skipped)
    for skip in skipped:
        report.warn(f"{skip}; the method is left out", location=skip.where)
    types = document.json_types
    model = Model(
        reference,
        document.version_id,
        apply_json_types(methods, types),
        _check_client_options(document),
        types,
    )
    return _check_weight(model)


def write_signatures(model: Model) -> list[dict[str, object]]:
    """The signatures of a model in their one canonical form.

    The JSON form of the platform's messages, with the names of the wire. Zero values are left out,
    and what `read` ignores. Reading it gives the same model, without a warning of any text that it
    changed before.
    """
    return [_write_method(method) for method in model.methods]


def _check_ids(document: Document) -> ModelRef | None:
    reference = document.reference
    ids = () if reference is None else zip(ModelRef._fields, reference, strict=True)
    for key, value in (*ids, *([("version_id", document.version_id)] * bool(document.version_id))):
        if not limits.is_id(value):
            raise Refusal(
                f"{quote(value)} is not an id: letters, digits and . _ - are expected",
                location=f"model.{key}",
                exit_code=UNUSABLE,
            )
    return reference


def _check_weight(model: Model) -> Model:
    size = weigh(model)
    if size > limits.WEIGHT:
        raise Refusal(
            f"the model is too large: its methods, fields, values and texts weigh {size}; at most"
            f" {limits.WEIGHT} are taken",
            remedy="its author would have to divide it, or to shorten its texts",
            exit_code=UNUSABLE,
        )
    return model


def _check_client_options(document: Document) -> tuple[tuple[str, str], ...]:
    given = dict(document.client_options)
    for key, text in given.items():
        if key not in CLIENT_OPTIONS or not limits.is_id(text):
            raise Refusal(
                f"{quote(key)}: {quote(text)} is nothing that a client can be told",
                location="client",
                remedy=f"expected an id under one of {', '.join(CLIENT_OPTIONS)}",
                exit_code=UNUSABLE,
            )
    return tuple((key, given[key]) for key in CLIENT_OPTIONS if key in given)


def _no_methods(skipped: list[UnusableMethod]) -> Refusal:
    if skipped:
        return Refusal(
            f"{skipped[0]}; no method of the model can be used",
            location=skipped[0].where,
            exit_code=UNUSABLE,
        )
    return Refusal(
        "the model has no method signatures, so there is nothing to generate",
        remedy="models of the older kind have none; only models with typed methods can be used",
        exit_code=UNUSABLE,
    )


def _write_method(method: Method) -> dict[str, object]:
    streams = method.kind is not MethodKind.UNARY
    result = method.result
    if result.multiple_outputs:
        outputs = [
            _without_zeros(
                name=member.name,
                description=member.description,
                iterator=streams,
                **_write_type(member.type),
            )
            for member in result.type.members
        ]
    else:
        outputs = [
            _without_zeros(
                name="return",
                description=result.description,
                iterator=streams,
                **_write_type(result.type),
            )
        ]
    return _without_zeros(
        name=method.name,
        method_type=method.kind.value,
        description=method.description,
        input_fields=[_write_parameter(parameter) for parameter in method.parameters],
        output_fields=outputs,
    )


def _write_parameter(parameter: Parameter) -> dict[str, object]:
    options = [
        _without_zeros(id=choice.id, description=choice.description) for choice in parameter.choices
    ]
    bounds = parameter.range
    return _without_zeros(
        name=parameter.name,
        description=parameter.description,
        required=parameter.required,
        default=parameter.default_text,
        iterator=parameter.stream,
        model_type_enum_options=options,
        model_type_range_info=bounds
        and _without_zeros(min=bounds.lowest, max=bounds.highest, step=bounds.step),
        internal_only=parameter.internal_only,
        is_param=parameter.is_param,
        **_write_type(parameter.type),
    )


def _write_type(type: DataType) -> dict[str, object]:
    arguments = [_write_type(item) for item in type.items] or [
        _without_zeros(name=member.name, description=member.description, **_write_type(member.type))
        for member in type.members
    ]
    return _without_zeros(type=type.kind.value, type_args=arguments)


def _without_zeros(**values: object) -> dict[str, object]:
    """A message: what is not zero."""
    return {key: value for key, value in values.items() if value}
