"""The page of a package: assembled from a model, its names, the table of types and its texts.

What lives here: `page`, and how a method, a record, a field come to stand there. Knows nothing of
templates, formatting or files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import groupby
from typing import Final

from clarigen import wire
from gen_client.diagnostics import Report
from gen_client.escape import Code, form, joined, literal
from gen_client.interface.model import (
    KnownDefault,
    Method,
    MethodKind,
    Model,
    NoDefault,
    NullDefault,
    Parameter,
)
from gen_client.naming import names as naming
from gen_client.plan import docstrings, types, usage
from gen_client.plan.page import (
    Alias,
    BatchFunction,
    Field,
    Function,
    ListForm,
    Page,
    Param,
    Record,
)
from gen_client.plan.usage import NamedMethod

__all__ = ["build_page", "build_param", "name_methods"]

_NOTHING: Final = Code("")
_REQUIRED: Final = Code("wire.REQUIRED")
_TOLD: Final = {
    "version_id": Code("version_id"),
    "deployment_id": Code("deployment_id"),
    "deployment_user_id": Code("deployment_user_id"),
    "compute_cluster_id": Code("compute_cluster_id"),
    "nodepool_id": Code("nodepool_id"),
}
_VERBS: Final = {
    MethodKind.UNARY: Code("wire.unary"),
    MethodKind.SERVER_STREAM: Code("wire.server_stream"),
    MethodKind.BIDI_STREAM: Code("wire.bidi_stream"),
}


def build_page(model: Model, package: Code, report: Report) -> Page:
    """What the package of a model shows.

    Args:
        model: The model's interface.
        package: The package's name, from `naming`.
        report: Takes a warning for each method that is left out.

    Raises:
        Refusal: No method is left (exit 4).
    """
    client = naming.class_name(package)
    methods = name_methods(model, package, report)
    hidden = naming.shadowed_builtins(its.names.method for its in methods)
    functions: list[Function] = []
    aliases: list[Alias] = []
    records: list[Record] = []
    inputs: list[Record] = []
    for its in methods:
        functions.append(_function(its, hidden, _batch(its, hidden)))
        aliases += _aliases(its)
        records += _records(its)
        inputs += _inputs(its)
    reference = model.reference
    return Page(
        package=package,
        format=literal(wire.FORMAT),
        client=client,
        reference=(
            _NOTHING
            if reference is None
            else form("ModelRef({})", joined(", ", map(literal, reference)))
        ),
        told=joined(
            "", (form(", {}={}", _TOLD[key], literal(id_)) for key, id_ in model.client_options)
        ),
        doc=usage.format_package_docstring(reference, package, client, methods),
        client_doc=usage.format_client_docstring(reference),
        async_doc=usage.format_async_docstring(reference, client),
        examples_doc=usage.format_examples_docstring(reference, package, methods[0].names.example),
        functions=tuple(functions),
        aliases=tuple(aliases),
        records=tuple(records),
        inputs=tuple(inputs),
        imported=tuple(
            (naming.user_name(module), tuple(naming.user_name(name) for _, name in its))
            for module, its in groupby(_classes(methods), lambda pair: pair[0])
        ),
        data_types=tuple(
            sorted(
                {
                    name
                    for its in methods
                    for part in _all(its)
                    for name in types.runtime_classes(part)
                }
            )
        ),
    )


def name_methods(model: Model, package: Code, report: Report) -> list[NamedMethod]:
    """The methods that a client offers, with all their names; the arguments are those of `page`.

    Raises:
        Refusal: No method is left (exit 4), or a type of the user's has a name that is taken (exit 2).
    """
    client = naming.class_name(package)
    usable = naming.keep_nameable_methods(model, report)
    names = dict(zip(usable, naming.method_names(usable, client), strict=True))
    type_names = naming.TypeNames(client, usable, names.values())

    def each(methods: list[Method]) -> list[NamedMethod]:
        return [_named(method, names[method], type_names) for method in methods]

    methods = naming.map_by_name(usable, each)
    type_names.reserve(_classes(methods))
    return methods


def _classes(methods: Iterable[NamedMethod]) -> list[tuple[str, str]]:
    """The user's classes that stand in signatures: module and name, in order."""
    texts = (text for its in methods for part in _all(its) for text in part.refined())
    return sorted({its for text in texts for its in text.classes()})


def _all(its: NamedMethod) -> tuple[types.Shape, ...]:
    return (its.result, *its.parameters)


def _named(method: Method, names: naming.MethodNames, type_names: naming.TypeNames) -> NamedMethod:
    result = types.name_records(method.result.type, type_names, names.method, "result")
    parameters = tuple(
        types.name_records(parameter.type, type_names, names.method, name)
        for parameter, name in zip(method.parameters, names.parameters, strict=True)
    )
    aliases = tuple(
        (
            None
            if types.format_choices(shape, parameter.choices) is None
            else type_names.claim(names.method, name)
        )
        for parameter, name, shape in zip(
            method.parameters, names.parameters, parameters, strict=True
        )
    )
    several = method.kind is MethodKind.UNARY and method.parameters
    taken = type_names.input_type(names.method) if several else None
    return NamedMethod(method, names, parameters, result, aliases, taken)


# Methods


def _function(its: NamedMethod, hidden: frozenset[str], batch: BatchFunction | None) -> Function:
    method, names = its.method, its.names
    params = [
        build_param(parameter, name, shape, hidden)
        for parameter, name, shape in zip(
            method.parameters, names.parameters, its.parameters, strict=True
        )
    ]
    leading = usage.count_positional(method.parameters)
    annotation = types.format_annotation(its.result, types.Use.RESULT, hidden)
    shown = {
        parameter.name: types.format_value(parameter.default.value, shape)
        for parameter, shape in zip(method.parameters, its.parameters, strict=True)
        if isinstance(parameter.default, KnownDefault)
        and not types.fits_signature(parameter.default.value, shape)
    }
    return Function(
        name=names.method,
        const=names.constant,
        const_type=_const_type(its),
        positional=tuple(params[:leading]),
        keywords=tuple(params[leading:]),
        arguments=names.parameters,
        returns=annotation,
        streams=method.kind is not MethodKind.UNARY,
        doc=docstrings.format_method(
            method, names.parameters, shown, its.input if its.listed else None
        ),
        wire=_wire(its),
        example=usage.build_example(its),
        listed=_listed(its, params, annotation, hidden),
        batch=batch,
    )


def _const_type(its: NamedMethod) -> Code:
    """The type of a method's description: said where it cannot be seen, for codecs of the user's types have none."""
    if not any(its.result.refined()):
        return Code("Final")
    word = Code("Unary" if its.method.kind is MethodKind.UNARY else "Streaming")
    return form("Final[wire.{}[{}]]", word, types.format_annotation(its.result, types.Use.RESULT))


def _listed(
    its: NamedMethod, params: list[Param], returns: Code, hidden: frozenset[str]
) -> ListForm | None:
    """How a method takes a list of inputs under the same name: in the place of its first argument.

    Where both forms are taken, required parameters have a default that the runtime knows: a list
    stands alone.
    """
    if its.input is None or not its.listed:
        return None
    inputs = form("Sequence[{}]", its.input)
    first, *others = params
    alone = joined(" | ", filter(None, (first.annotation, first.absent)))
    either = replace(first, annotation=form("{} | {}", alone, inputs), absent=_NOTHING)
    rest = [replace(one, default=one.default or _REQUIRED) for one in others]
    leading = usage.count_positional(its.method.parameters)
    both = (either, *rest)
    return ListForm(
        inputs,
        form("{}[{}]", naming.builtin_type(hidden, "list"), returns),
        both[:leading],
        both[leading:],
    )


def _batch(its: NamedMethod, hidden: frozenset[str]) -> BatchFunction | None:
    """The method for many inputs: of one that takes any, and gives one result."""
    if its.input is None:
        return None
    switch = naming.builtin_type(hidden, "bool")
    return BatchFunction(
        its.names.batch, its.input, switch, docstrings.format_batch(its.names.method)
    )


def build_param(
    parameter: Parameter,
    name: Code,
    shape: types.Shape,
    hidden: frozenset[str] = frozenset(),
) -> Param:
    """How a parameter stands in its method's signature.

    Args:
        parameter: The parameter.
        name: Its name.
        shape: Its type.
        hidden: The builtin types that names around it hide.
    """
    literals = types.format_choices(shape, parameter.choices)
    annotation = literals or types.format_annotation(shape, types.Use.PARAM, hidden)
    absent, default = _default(parameter, shape, hidden)
    return Param(name, annotation, absent, default, parameter.stream)


def _default(parameter: Parameter, shape: types.Shape, hidden: frozenset[str]) -> tuple[Code, Code]:
    """What leaving a parameter out looks like: a type beside its own, and the default."""
    match parameter.default:
        case NoDefault():
            return _NOTHING, _NOTHING
        case _ if parameter.stream:
            return _NOTHING, Code("()")
        case NullDefault():
            return Code("None"), Code("None")
        case KnownDefault(value) if types.fits_signature(value, shape):
            return _NOTHING, types.format_value(value, shape, hidden)
        case _:  # known to the server only, or nothing for a signature
            return Code("Default"), Code("SERVER_DEFAULT")


def _wire(its: NamedMethod) -> Code:
    """How a method travels, for the runtime."""
    parts = [literal(its.method.name)]
    for parameter, name, shape in zip(
        its.method.parameters, its.names.parameters, its.parameters, strict=True
    ):
        parts.append(_wire_field(parameter, name, shape))
    parts += _renamed(its.names.method, its.method.name)
    parts.append(form("returns={}", types.format_codec(its.result)))
    return form("{}(\n    {},\n)", _VERBS[its.method.kind], joined(",\n    ", parts))


def _renamed(name: Code, wire_name: str) -> Iterator[Code]:
    """The name in Python, where it is another than on the wire."""
    if name != wire_name:
        yield form("name={}", literal(str(name)))


def _wire_field(parameter: Parameter, name: Code, shape: types.Shape) -> Code:
    parts = [literal(parameter.name), types.format_codec(shape)]
    parts += _renamed(name, parameter.name)
    match parameter.default:
        case _ if parameter.required or parameter.stream:
            pass
        case NullDefault():
            parts.append(Code("default=None"))
        case KnownDefault(value) if not any(shape.refined()):
            parts.append(form("default={}", types.format_value(value, shape)))
        case _:
            parts.append(Code("default=SERVER_DEFAULT"))
    if parameter.range is not None:
        lowest, highest = parameter.range.enforced
        if lowest is not None:
            parts.append(form("ge={}", literal(types.range_bound(lowest, shape.kind))))
        if highest is not None:
            parts.append(form("le={}", literal(types.range_bound(highest, shape.kind))))
    if parameter.choices:
        values = tuple(choice.value for choice in parameter.choices)
        parts.append(form("choices={}", literal(values)))
    if parameter.stream:
        parts.append(Code("stream=True"))
    return form("wire.field({})", joined(", ", parts))


# Types


def _aliases(its: NamedMethod) -> Iterator[Alias]:
    rows = zip(
        its.method.parameters, its.names.parameters, its.parameters, its.aliases, strict=True
    )
    for parameter, name, shape, alias in rows:
        literals = types.format_choices(shape, parameter.choices)
        if literals is not None and alias is not None:
            yield Alias(alias, literals, f"What `{its.names.method}` takes as `{name}`.")


def _records(its: NamedMethod) -> Iterator[Record]:
    name = its.names.method
    verb = "yields" if its.method.kind is not MethodKind.UNARY else "returns"
    yield from _records_of(its.result, types.Use.RESULT, f"What `{name}` {verb}.")
    for its_name, shape in zip(its.names.parameters, its.parameters, strict=True):
        yield from _records_of(shape, types.Use.PARAM, f"What `{name}` takes as `{its_name}`.")


def _records_of(shape: types.Shape, use: types.Use, purpose: str) -> Iterator[Record]:
    """The records in a type; the outermost says what it is for, the others whose part they are."""
    whole: dict[Code, str] = {}
    for record in shape.records():
        assert record.record is not None
        hidden = naming.shadowed_builtins(name for name, _ in record.fields)
        fields: list[Field] = []
        for (name, inner), member in zip(record.fields, record.type.members, strict=True):
            doc = docstrings.format_paragraph(member.description, 4)
            fields.append(Field(name, types.format_annotation(inner, use, hidden), doc))
            for part in inner.records():
                assert part.record is not None
                whole[part.record] = f"`{name}` of `{record.record}`."
        yield Record(record.record, whole.get(record.record, purpose), tuple(fields))


def _inputs(its: NamedMethod) -> Iterator[Record]:
    """The arguments of a method as a `TypedDict`: what its batch takes."""
    hidden = naming.shadowed_builtins(its.names.parameters)
    batch = _batch(its, hidden)
    if batch is None:
        return
    fields: list[Field] = []
    defaults = {
        parameter.name: types.format_value(parameter.default.value, shape)
        for parameter, shape in zip(its.method.parameters, its.parameters, strict=True)
        if isinstance(parameter.default, KnownDefault)
    }
    for parameter, name, shape, doc in zip(
        its.method.parameters,
        its.names.parameters,
        its.parameters,
        docstrings.format_inputs(its.method, defaults),
        strict=True,
    ):
        annotation = build_param(parameter, name, shape, hidden).annotation
        if isinstance(parameter.default, NullDefault):
            annotation = form("{} | None", annotation)
        if not parameter.required:
            annotation = form("NotRequired[{}]", annotation)
        fields.append(Field(name, annotation, doc))
    listed = f"a list for `{its.names.method}`, or of " if its.listed else ""
    purpose = f"One input of {listed}`{batch.name}`."
    yield Record(batch.input, docstrings.format_paragraph(purpose, 4), tuple(fields))
