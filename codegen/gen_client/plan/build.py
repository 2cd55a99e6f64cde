"""Builds the page of a package from the named methods of a model.

It combines what `types`, `docstrings` and `usage` format. It knows nothing of templates or files.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby
from typing import Final

from clarigen import wire
from gen_client.diagnostics import Report
from gen_client.escape import Code, format_code, format_literal, join_code
from gen_client.interface.model import (
    CLIENT_OPTIONS,
    KnownDefault,
    MethodKind,
    Model,
    NoDefault,
    NullDefault,
    TypeKind,
)
from gen_client.naming import names
from gen_client.plan import docstrings, inline, types, usage
from gen_client.plan.batches import build_batch
from gen_client.plan.chats import build_chats
from gen_client.plan.mcp import build as mcp
from gen_client.plan.named import NamedMethod, NamedParameter, name_interface, user_classes
from gen_client.plan.page import (
    Alias,
    ClientMethod,
    Example,
    Field,
    ListForm,
    Page,
    Record,
    SignatureParameter,
)
from gen_client.plan.types import Shape, Use

_EMPTY: Final = Code("")
_REQUIRED: Final = Code("wire.REQUIRED")
_ROUTING_KEYWORDS: Final = {keyword: Code(keyword) for keyword in CLIENT_OPTIONS}
_OPENAI_PARAMETERS: Final = ("msg", "msg")
"""The names of the parameters of the two transports, unless the class says otherwise."""

_WIRE_FUNCTIONS: Final = {
    MethodKind.UNARY: Code("wire.unary"),
    MethodKind.SERVER_STREAM: Code("wire.server_stream"),
    MethodKind.BIDI_STREAM: Code("wire.bidi_stream"),
}


def build_page(model: Model, package: Code, report: Report) -> Page:
    """Build the page of a model's package.

    Args:
        model: The model's interface.
        package: The package's name, from `naming`.
        report: Collects a warning for each method that is left out.

    Raises:
        Refusal: No method is left (exit 4), or a type of the user's has a name that is taken (exit 2).
    """
    client = names.class_name(package)
    interface = name_interface(model, package, report)
    methods, tools = interface.methods, interface.tools
    all_names = [*(method.names for method in methods), *(tool.names for tool in tools)]
    shadowed = names.shadowed_builtins(own.method for own in all_names)
    shapes = [shape for method in methods for shape in method.shapes]
    reference = model.reference
    examples = [name for own in all_names for name in (own.example, own.async_example)]
    chats = build_chats(client, examples) if model.openai is not None else ()
    examples += [chat.name for chat in chats]
    return Page(
        package=package,
        format=format_literal(wire.FORMAT),
        client=client,
        kinds=tuple(_list_kinds(model)),
        reference=(
            _EMPTY
            if reference is None
            else format_code("ModelRef({})", join_code(", ", map(format_literal, reference)))
        ),
        class_keywords=join_code("", _format_class_keywords(model)),
        doc=usage.format_package_docstring(
            reference,
            package,
            client,
            methods,
            tool_call=mcp.format_tool_call(tools),
            is_openai=model.openai is not None,
        ),
        client_doc=usage.format_client_docstring(
            reference,
            has_methods=bool(all_names),
            has_lists=any(method.accepts_list for method in methods),
            has_mappings_first=any(method.input and not method.accepts_list for method in methods),
            is_experimental=any(method.wire.is_inline for method in methods),
            is_openai=model.openai is not None,
            instructions=None if model.tools is None else model.tools.instructions,
        ),
        async_doc=usage.format_async_docstring(reference, client),
        examples_doc=usage.format_examples_docstring(
            reference, package, next(iter(examples), None)
        ),
        methods=(
            *(build_method(method, shadowed) for method in methods),
            *(mcp.build_method(tool, shadowed) for tool in tools),
        ),
        chats=chats,
        aliases=tuple(alias for method in methods for alias in _build_aliases(method)),
        records=tuple(record for method in methods for record in build_records(method)),
        tool_types=tuple(type_ for tool in tools for type_ in mcp.build_types(tool)),
        inputs=(
            *(_build_input(method, method.input) for method in methods if method.input),
            *(mcp.build_input(tool, tool.input) for tool in tools if tool.input),
        ),
        imported=tuple(
            (names.user_identifier(module), tuple(names.user_identifier(name) for _, name in pairs))
            for module, pairs in groupby(user_classes(methods), lambda pair: pair[0])
        ),
        data_types=tuple(
            sorted(
                {
                    *(name for shape in shapes for name in types.runtime_classes(shape)),
                    *(mcp.CONTENT for tool in tools if tool.own.result is None),
                }
            )
        ),
    )


def _list_kinds(model: Model) -> Iterator[Code]:
    """Yield the base classes of the kinds of models that a model is."""
    if model.tools is not None:
        yield Code("MCPModel")
    if model.openai is not None:
        yield Code("OpenAIModel")


def _format_class_keywords(model: Model) -> Iterator[Code]:
    """Yield the keywords of the client's class, each preceded by a comma."""
    for key, id_ in model.client_options:
        yield format_code(", {}={}", _ROUTING_KEYWORDS[key], format_literal(id_))
    if model.openai is not None:
        transports = (model.openai.unary, model.openai.stream)
        parameters = tuple(method.parameters[0].name for method in transports)
        if parameters != _OPENAI_PARAMETERS:
            yield format_code(", openai_parameters={}", format_literal(parameters))


# Methods


def build_method(method: NamedMethod, shadowed: frozenset[str]) -> ClientMethod:
    """Build a method of the client.

    Args:
        method: The method.
        shadowed: The builtin types that the methods of the client hide.
    """
    params = [build_parameter(parameter, shadowed) for parameter in method.parameters]
    positional = method.positional_count
    returns = types.format_annotation(method.result, Use.RESULT, shadowed)
    return ClientMethod(
        name=method.name,
        constant=method.names.constant,
        constant_type=_format_constant_type(method),
        positional=tuple(params[:positional]),
        keywords=tuple(params[positional:]),
        arguments=method.names.parameters,
        returns=returns,
        is_stream=method.is_stream,
        doc=docstrings.format_method(method),
        wire=_format_wire_method(method),
        example=_build_example(method),
        list_form=_build_list_form(method, params, returns, shadowed),
        batch=build_batch(method, shadowed),
    )


def _build_example(method: NamedMethod) -> Example:
    return Example(
        name=method.names.example,
        doc=usage.format_example_docstring(method.name, is_stream=method.is_stream),
        async_name=method.names.async_example,
        async_doc=usage.format_example_docstring(
            method.name, is_async=True, is_stream=method.is_stream
        ),
        arguments=usage.example_arguments(method, has_files=False).passed,
        printed=usage.printed_expression(method),
        is_one_line=method.result.kind in (TypeKind.STR, TypeKind.TEXT),
    )


def _build_list_form(
    method: NamedMethod, params: list[SignatureParameter], returns: Code, shadowed: frozenset[str]
) -> ListForm | None:
    """Build the overload of a method that takes a list of inputs, and the body that takes one input or a list.

    A list is passed alone, so the other parameters of the body are optional: a required one has the default
    `wire.REQUIRED`, and the runtime raises an error if it is missing.
    """
    if method.input is None or not method.accepts_list:
        return None
    inputs = format_code("Sequence[{}]", method.input)
    first, *others = params
    single = join_code(" | ", filter(None, (first.annotation, first.default_type)))
    either = replace(first, annotation=format_code("{} | {}", single, inputs), default_type=_EMPTY)
    body = (either, *(replace(param, default=param.default or _REQUIRED) for param in others))
    return ListForm(
        inputs=inputs,
        returns=format_code("{}[{}]", names.builtin_type(shadowed, "list"), returns),
        positional=body[: method.positional_count],
        keywords=body[method.positional_count :],
    )


def build_parameter(
    parameter: NamedParameter, shadowed: frozenset[str] = frozenset()
) -> SignatureParameter:
    """Build a parameter of a signature.

    Args:
        parameter: The parameter.
        shadowed: The builtin types that the names around it hide.
    """
    literals = types.format_choices(parameter.shape, parameter.wire.choices)
    annotation = literals or types.format_annotation(parameter.shape, Use.PARAM, shadowed)
    absent, default = _format_default(parameter, shadowed)
    return SignatureParameter(parameter.name, annotation, absent, default, parameter.wire.is_stream)


def _format_default(parameter: NamedParameter, shadowed: frozenset[str]) -> tuple[Code, Code]:
    """Format the type that the default adds to the annotation, and the default; both may be empty."""
    match parameter.wire.default:
        case NoDefault():
            return _EMPTY, _EMPTY
        case _ if parameter.wire.is_stream:
            return _EMPTY, Code("()")
        case NullDefault():
            return Code("None"), Code("None")
        case KnownDefault(value) if types.fits_signature(value, parameter.shape):
            return _EMPTY, types.format_value(value, parameter.shape, shadowed)
        case KnownDefault() if not any(parameter.shape.iter_json_types()):
            return Code("Default"), Code("KNOWN_DEFAULT")
        case _ if parameter.wire.may_be_none:
            return Code("Default | None"), Code("SERVER_DEFAULT")
        case _:
            return Code("Default"), Code("SERVER_DEFAULT")


# Wire descriptions


def _format_constant_type(method: NamedMethod) -> Code:
    """Format the annotation of a wire description.

    It is `Final`, or `Final[wire.Unary[T]]` if the result has a type of the user's: type checkers cannot infer T from
    the codec of such a type.
    """
    if not any(method.result.iter_json_types()):
        return Code("Final")
    base = Code("Streaming" if method.is_stream else "Unary")
    return format_code(
        "Final[wire.{}[{}]]", base, types.format_annotation(method.result, Use.RESULT)
    )


def _format_wire_method(method: NamedMethod) -> Code:
    is_inline = method.wire.is_inline
    codec = inline.format_result_codec(method) if is_inline else types.format_codec(method.result)
    parts = [
        format_literal(method.wire.name),
        *map(_format_wire_field, method.parameters),
        *_format_renaming(method.name, method.wire.name),
        format_code("returns={}", codec),
    ]
    function = inline.WIRE_FUNCTION if is_inline else _WIRE_FUNCTIONS[method.wire.kind]
    return format_code("{}(\n    {},\n)", function, join_code(",\n    ", parts))


def _format_wire_field(parameter: NamedParameter) -> Code:
    wire_parameter, shape = parameter.wire, parameter.shape
    wire_name = wire_parameter.path or wire_parameter.name
    parts = [format_literal(wire_name), types.format_codec(shape)]
    parts += _format_renaming(parameter.name, wire_name)
    parts += _format_wire_default(parameter)
    if wire_parameter.range is not None:
        lowest, highest = wire_parameter.range.enforced
        if lowest is not None:
            parts.append(
                format_code("ge={}", format_literal(types.range_bound(lowest, shape.kind)))
            )
        if highest is not None:
            parts.append(
                format_code("le={}", format_literal(types.range_bound(highest, shape.kind)))
            )
    if wire_parameter.choices:
        values = tuple(choice.value for choice in wire_parameter.choices)
        parts.append(format_code("choices={}", format_literal(values)))
    if wire_parameter.is_stream:
        parts.append(Code("stream=True"))
    return format_code("wire.field({})", join_code(", ", parts))


def _format_renaming(name: Code, wire_name: str) -> Iterator[Code]:
    """Yield `name=` if the Python name differs from the name on the wire."""
    if name != wire_name:
        yield format_code("name={}", format_literal(str(name)))


def _format_wire_default(parameter: NamedParameter) -> Iterator[Code]:
    match parameter.wire.default:
        case _ if parameter.wire.required or parameter.wire.is_stream:
            return
        case NullDefault():
            yield Code("default=None")
        case KnownDefault(value) if not any(parameter.shape.iter_json_types()):
            yield format_code("default={}", types.format_value(value, parameter.shape))
        case _:
            yield Code("default=SERVER_DEFAULT")


# Types


def _build_aliases(method: NamedMethod) -> Iterator[Alias]:
    for parameter in method.parameters:
        literals = types.format_choices(parameter.shape, parameter.wire.choices)
        if literals is not None and parameter.alias is not None:
            doc = f"Values of the parameter `{parameter.name}` of `{method.name}`."
            yield Alias(parameter.alias, literals, doc)


def build_records(method: NamedMethod) -> Iterator[Record]:
    """Build the records in the types of a method's result and parameters."""
    if method.is_stream:
        doc = f"Item of the stream that `{method.name}` returns."
    elif method.result.record is None:
        doc = f"Item of the result of `{method.name}`."
    else:
        doc = f"Result of `{method.name}`."
    yield from _build_records_of(method.result, Use.RESULT, doc)
    for parameter in method.parameters:
        holder = "Value" if parameter.shape.record is not None else "Item"
        doc = f"{holder} of the parameter `{parameter.name}` of `{method.name}`."
        yield from _build_records_of(parameter.shape, Use.PARAM, doc)


def _build_records_of(shape: Shape, use: Use, doc: str) -> Iterator[Record]:
    """Build the records in a type; the docstring of an inner record names the field that holds it."""
    docs: dict[Code, str] = {}
    for name, record in shape.iter_records():
        shadowed = names.shadowed_builtins(field.name for field in record.fields)
        fields: list[Field] = []
        for field in record.fields:
            field_doc = docstrings.format_paragraph(field.wire.description, 4)
            annotation = types.format_annotation(field.shape, use, shadowed)
            fields.append(Field(field.name, annotation, field_doc))
            holder = "Value" if field.shape.record is not None else "Item"
            for inner, _ in field.shape.iter_records():
                docs[inner] = f"{holder} of `{name}.{field.name}`."
        yield Record(name, docs.get(name, doc), tuple(fields))


def _build_input(method: NamedMethod, name: Code) -> Record:
    """Build the `TypedDict` of a method's arguments."""
    shadowed = names.shadowed_builtins(method.names.parameters)
    docs = docstrings.format_inputs(method)
    fields: list[Field] = []
    for parameter, doc in zip(method.parameters, docs, strict=True):
        annotation = build_parameter(parameter, shadowed).annotation
        if isinstance(parameter.wire.default, NullDefault):
            annotation = format_code("{} | None", annotation)
        if not parameter.wire.required:
            annotation = format_code("NotRequired[{}]", annotation)
        fields.append(Field(parameter.name, annotation, doc))
    callers = f"`{method.name}` or " if method.accepts_list else ""
    doc = f"One input for {callers}`{method.names.batch}`."
    return Record(name, docstrings.format_paragraph(doc, 4), tuple(fields))
