"""The output of `gen-client show`, for people and as JSON.

Text for people is printed through the console, which escapes what is not printable.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any, Final

from gen_client.commands.resolve_model import Interface
from gen_client.escape import Code, format_code, format_literal
from gen_client.naming import names
from gen_client.plan import build, docstrings, types
from gen_client.plan.mcp.build import build_method as build_tool_method
from gen_client.plan.mcp.build import build_types
from gen_client.plan.mcp.docstrings import format_method as format_tool_docstring
from gen_client.plan.mcp.named import NamedTool
from gen_client.plan.named import NamedMethod, NamedParameter
from gen_client.plan.page import ClientMethod
from gen_client.plan.types import Use
from gen_client.show import json_schema, prototype, signatures, snippets
from gen_client.show import tools as tool_formats
from gen_client.show.snippets import CallStyle, ClientUse
from gen_client.terminal.console import Console

VERSION: Final = 1
"""The version of the JSON output; incremented if scripts that read it could break."""
_ALL_STYLES: Final = tuple(style.value for style in CallStyle)
_DOC_WIDTH: Final = signatures.WIDTH - 4


# For people


def print_methods(
    interface: Interface,
    methods: Sequence[NamedMethod],
    tools: Sequence[NamedTool],
    console: Console,
    *,
    url: str | None,
    is_full: bool,
    has_chat: bool,
) -> None:
    """Print the methods and the tools of a model.

    Args:
        interface: The model.
        methods: The methods to print.
        tools: The tools to print.
        console: Prints the lines.
        url: The address of the model, if the command line names one.
        is_full: Whether to print whole docstrings, classes and code to copy.
        has_chat: Whether to print `openai()`, too.
    """
    console.print_finding(_format_head(interface), "cyan")
    for tool in tools:
        built = build_tool_method(tool, frozenset())
        _print_method(built, format_tool_docstring(tool, _DOC_WIDTH), console, is_full=is_full)
        if is_full:
            classes = [signatures.format_class(type_, "(TypedDict)") for type_ in build_types(tool)]
            programs = _iter_snippets(interface, [tool], _ALL_STYLES, url)
            _print_blocks([*classes, *programs], console)
    for method in methods:
        built = build.build_method(method, frozenset())
        doc = docstrings.format_method(method, _DOC_WIDTH)
        _print_method(built, doc, console, is_full=is_full)
        if is_full:
            classes = [signatures.format_class(record) for record in build.build_records(method)]
            programs = _iter_snippets(interface, [method], _ALL_STYLES, url)
            _print_blocks([*classes, *programs], console)
    if has_chat:
        _print_chat(interface, console, url, is_full=is_full)
    if not is_full:
        console.print_note()
        console.print_note("gen-client: name a method to see its parameters and code to copy")


def print_prototypes(methods: Sequence[NamedMethod], console: Console) -> None:
    """Print methods as the platform's documentation and its SDK do."""
    for method in methods:
        console.print_code([prototype.format_prototype(method.wire)])


def _print_method(method: ClientMethod, doc: str, console: Console, *, is_full: bool) -> None:
    """Print the signatures of a method, and its docstring or the first line of it."""
    console.print_finding("")
    console.print_code(signatures.format_signature(method))
    if is_full:
        console.print_code(signatures.format_list_signature(method))
    for line in docstrings.indent(doc.split("\n") if is_full else doc.split("\n")[:1]):
        console.print_finding(line)
    if is_full and method.batch is not None:
        _print_blocks([signatures.format_batch_signature(method)], console)


def _print_blocks(blocks: Iterable[Sequence[str]], console: Console) -> None:
    """Print blocks of code, each after a blank line."""
    for lines in blocks:
        console.print_finding("")
        console.print_code(lines)


def _print_chat(interface: Interface, console: Console, url: str | None, *, is_full: bool) -> None:
    """Print what `openai()` of an OpenAI-compatible model is."""
    console.print_finding("")
    console.print_code(["def openai() -> openai.OpenAI"])
    console.print_finding(
        "    The client of the library openai, over the connection of the client."
    )
    if is_full:
        _print_blocks(_iter_chats(interface, _ALL_STYLES, url), console)


def _format_head(interface: Interface) -> str:
    version_id = interface.model.version_id
    version = f", version {version_id}" if version_id else ""
    counts = [_count(len(interface.methods), "method")] if interface.methods else []
    if interface.model.tools is not None:
        counts.append(_count(len(interface.tools), "tool"))
    if interface.model.openai is not None:
        counts.append("openai()")
    return f"{interface.model.path or 'a model'}{version}: {', '.join(counts) or 'no method'}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _client_use(interface: Interface, url: str | None) -> ClientUse:
    """Return how a program makes the client: with the address of its server if the client has no model."""
    arguments = Code("")
    if interface.model.reference is None:
        address = url if url is not None and "://" in url else "grpc://127.0.0.1:8000"
        arguments = format_code("base_url={}", format_literal(address))
    return ClientUse(interface.module, names.class_name(interface.package), arguments)


# For scripts


def format_snippets(
    interface: Interface,
    methods: Sequence[NamedMethod],
    tools: Sequence[NamedTool],
    styles: Collection[str],
    url: str | None,
    *,
    has_chat: bool = False,
) -> list[str]:
    """Return the lines of snippets that call the methods, with two blank lines between snippets.

    Args:
        interface: The model.
        methods: The methods to call.
        tools: The tools to call.
        styles: The values of the styles; a method that lacks one is skipped.
        url: The address of the model, if the command line names one.
        has_chat: Whether to add a chat through the library `openai`.
    """
    lines: list[str] = []
    for snippet in (
        *_iter_snippets(interface, [*methods, *tools], styles, url),
        *(_iter_chats(interface, styles, url) if has_chat else ()),
    ):
        lines += [*(["", ""] if lines else []), *snippet]
    return lines


def _iter_snippets(
    interface: Interface,
    methods: Sequence[NamedMethod | NamedTool],
    styles: Collection[str],
    url: str | None,
) -> Iterator[list[str]]:
    client = _client_use(interface, url)
    for method in methods:
        for style in snippets.call_styles(method):
            if style.value not in styles:
                continue
            if isinstance(method, NamedMethod):
                yield snippets.format_snippet(method, client, style)
            else:
                call = tool_formats.format_call(method, style)
                yield snippets.format_program(client, style, call)


def _iter_chats(
    interface: Interface, styles: Collection[str], url: str | None
) -> Iterator[list[str]]:
    for style in (CallStyle.SYNC, CallStyle.ASYNC):
        if style.value in styles:
            yield snippets.format_chat(_client_use(interface, url), style)


def describe_tools(
    interface: Interface, methods: Sequence[NamedMethod], tools: Sequence[NamedTool]
) -> list[dict[str, Any]]:
    """Return each method and each tool of a model as a tool for a language model."""
    toolset = interface.model.tools
    described = () if toolset is None else [tool_formats.describe_tool(t, toolset) for t in tools]
    return [*map(json_schema.describe_tool, methods), *described]


def encode_model(
    interface: Interface, methods: Sequence[NamedMethod], tools: Sequence[NamedTool]
) -> dict[str, Any]:
    """Return a model, its methods and its tools as JSON values.

    Args:
        interface: The model.
        methods: The methods to describe.
        tools: The tools to describe.
    """
    return {
        "version": VERSION,
        "kind": "show",
        "model": interface.model.path,
        "version_id": interface.model.version_id,
        "package": str(interface.package),
        "module": str(interface.module),
        "client": str(names.class_name(interface.package)),
        "methods": [_encode_method(method) for method in methods],
        "tools": [_encode_tool(tool) for tool in tools],
    }


def _join_lines(lines: Sequence[str]) -> str:
    return "\n".join(lines)


def _encode_tool(tool: NamedTool) -> dict[str, Any]:
    return {
        "name": str(tool.name),
        "wire_name": tool.own.name,
        "signature": _join_lines(signatures.format_signature(build_tool_method(tool, frozenset()))),
        "description": tool.own.description or tool.own.title,
        "batch": None if tool.input is None else str(tool.names.batch),
    }


def _encode_method(method: NamedMethod) -> dict[str, Any]:
    return {
        "name": str(method.name),
        "wire_name": method.wire.name,
        "method_type": method.wire.kind.value,
        "signature": _join_lines(
            signatures.format_signature(build.build_method(method, frozenset()))
        ),
        "prototype": prototype.format_prototype(method.wire),
        "description": method.wire.description,
        "takes_list": method.accepts_list,
        "batch": None if method.input is None else str(method.names.batch),
        "parameters": [_encode_parameter(parameter) for parameter in method.parameters],
        "returns": {
            "type": str(types.format_annotation(method.result, Use.RESULT)),
            "stream": method.is_stream,
            "description": method.wire.result.description,
        },
    }


def _encode_parameter(parameter: NamedParameter) -> dict[str, Any]:
    wire, planned = parameter.wire, build.build_parameter(parameter)
    return {
        "name": str(parameter.name),
        "wire_name": wire.name,
        "type": str(planned.annotation),
        "stream": wire.is_stream,
        "required": wire.required,
        "default": None if wire.required else str(planned.default),
        "choices": [choice.id for choice in wire.choices],
        "minimum": None if wire.range is None else wire.range.lowest,
        "maximum": None if wire.range is None else wire.range.highest,
        "description": wire.description,
    }
