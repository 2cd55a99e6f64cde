"""Builds what the page of a package has for the tools of an MCP model.

It combines what `types`, `docstrings` and `samples` of this folder format. It knows nothing of templates or files.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from gen_client.escape import Code, format_code, format_literal, join_code
from gen_client.interface.model import KnownDefault
from gen_client.naming import names
from gen_client.naming.names import identifier_code
from gen_client.plan import usage
from gen_client.plan.batches import build_batch
from gen_client.plan.docstrings import format_paragraph
from gen_client.plan.mcp import docstrings, samples
from gen_client.plan.mcp.named import NamedObject, NamedProperty, NamedTool
from gen_client.plan.mcp.types import (
    Style,
    choose_default,
    format_key_type,
    format_type,
    is_filled_in,
)
from gen_client.plan.page import (
    ClientMethod,
    Example,
    Field,
    Record,
    SignatureParameter,
    ToolType,
)
from gen_client.plan.types import Use

CONTENT: Final = Code("ToolResult")
"""The result of a tool without an output schema."""


def build_method(tool: NamedTool, shadowed: frozenset[str]) -> ClientMethod:
    """Build the method of a tool.

    Args:
        tool: The tool.
        shadowed: The builtin types that the methods of the client hide.
    """
    parameters = [build_parameter(tool, own, shadowed) for own in tool.parameters]
    positional = tool.positional_count
    return ClientMethod(
        name=tool.name,
        constant=tool.names.constant,
        constant_type=format_code("Final[wire.Unary[{}]]", _format_result(tool)),
        positional=tuple(parameters[:positional]),
        keywords=tuple(parameters[positional:]),
        arguments=tool.names.parameters,
        returns=_format_result(tool, shadowed),
        is_stream=False,
        doc=docstrings.format_method(tool),
        wire=_format_description(tool),
        example=_build_example(tool),
        list_form=None,
        batch=build_batch(tool, shadowed),
    )


def build_parameter(
    tool: NamedTool, parameter: NamedProperty, shadowed: frozenset[str] = frozenset()
) -> SignatureParameter:
    """Build a parameter of a signature.

    Args:
        tool: The tool.
        parameter: One of its parameters.
        shadowed: The builtin types that the names around it hide.
    """
    default = choose_default(parameter.own)
    annotation = format_type(parameter.own.type, Style(tool.classes, Use.PARAM, shadowed))
    return SignatureParameter(
        identifier_code(parameter.name), annotation, default.type, default.value, is_stream=False
    )


def _format_result(tool: NamedTool, shadowed: frozenset[str] = frozenset()) -> Code:
    if tool.own.result is None:
        return CONTENT
    return format_type(tool.own.result, Style(tool.classes, Use.RESULT, shadowed))


def _build_example(tool: NamedTool) -> Example:
    return Example(
        name=tool.names.example,
        doc=usage.format_example_docstring(tool.name),
        async_name=tool.names.async_example,
        async_doc=usage.format_example_docstring(tool.name, is_async=True),
        arguments=samples.sample_arguments(tool, has_placeholder=True),
        printed=Code("piece"),
        is_one_line=False,
    )


def format_tool_call(tools: Sequence[NamedTool]) -> list[str]:
    """Format a call of the first tool, as lines to copy; empty if there are no tools."""
    if not tools:
        return []
    arguments = samples.sample_arguments(tools[0], has_placeholder=False)
    return usage.format_call(f"print(model.{tools[0].name}(", arguments, "))")


# Wire descriptions


def _format_description(tool: NamedTool) -> Code:
    own = tool.own
    parts = [format_literal(own.name)]
    parts += [_format_argument(tool, parameter) for parameter in tool.parameters]
    if tool.name != own.name:
        parts.append(format_code("name={}", format_literal(str(tool.name))))
    parts.append(format_code("returns={}", _format_result(tool)))
    if own.is_wrapped:
        parts.append(Code("wrapped=True"))
    if defaults := list(_format_filled_in(tool)):
        parts.append(format_code("defaults={{{}}}", join_code(", ", defaults)))
    return format_code("wire.tool(\n    {},\n)", join_code(",\n    ", parts))


def _format_argument(tool: NamedTool, parameter: NamedProperty) -> Code:
    own = parameter.own
    annotation = format_type(own.type, Style(tool.classes, Use.PARAM))
    parts = [format_literal(own.name), annotation]
    if parameter.name != own.name:
        parts.append(format_code("name={}", format_literal(parameter.name)))
    if not own.is_required:
        parts.append(format_code("default={}", choose_default(own).value))
    return format_code("wire.argument({})", join_code(", ", parts))


def _format_filled_in(tool: NamedTool) -> Iterator[Code]:
    """Yield the defaults of the keys of each class of the result that has any."""
    for object_ in tool.objects:
        if not object_.own.is_result:
            continue
        pairs = [
            format_code("{}: {}", format_literal(own.name), format_literal(own.default.value))
            for own in object_.own.properties
            if is_filled_in(own) and isinstance(own.default, KnownDefault)
        ]
        if pairs:
            yield format_code("{}: {{{}}}", object_.name, join_code(", ", pairs))


# Types


def build_types(tool: NamedTool) -> Iterator[ToolType]:
    """Build the types of a tool's objects."""
    for object_ in tool.objects:
        yield ToolType(
            object_.name,
            docstrings.format_object(tool, object_),
            tuple(_build_field(tool, object_, key) for key in object_.properties),
            object_.has_fields,
        )


def _build_field(tool: NamedTool, object_: NamedObject, key: NamedProperty) -> Field:
    own, is_result = key.own, object_.own.is_result
    shadowed = names.shadowed_builtins(inner.name for inner in object_.properties)
    style = Style(
        tool.classes,
        Use.RESULT if is_result else Use.PARAM,
        shadowed if object_.has_fields else frozenset(),
        is_evaluated=not object_.has_fields,
    )
    is_optional = not own.is_required and not (is_result and is_filled_in(own))
    annotation = format_key_type(own, style, is_optional=is_optional)
    if object_.has_fields:
        return Field(
            identifier_code(key.name), annotation, docstrings.format_key(key, is_result=is_result)
        )
    return Field(format_literal(key.name), annotation, "")


def build_input(tool: NamedTool, name: Code) -> Record:
    """Build the `TypedDict` of a tool's arguments.

    Args:
        tool: The tool.
        name: The name of the `TypedDict`.
    """
    shadowed = names.shadowed_builtins(tool.names.parameters)
    fields: list[Field] = []
    for parameter in tool.parameters:
        signature = build_parameter(tool, parameter, shadowed)
        annotation = signature.annotation
        if signature.default_type == "None":
            annotation = format_code("{} | None", annotation)
        if not parameter.own.is_required:
            annotation = format_code("NotRequired[{}]", annotation)
        fields.append(Field(signature.name, annotation, docstrings.format_input_key(parameter)))
    doc = format_paragraph(f"One input for `{tool.names.batch}`.", 4)
    return Record(name, doc, tuple(fields))
