"""The output of `gen-client show`, for people and as JSON.

Text for people is printed through the console, which escapes what is not printable.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final

from gen_client.commands.resolve_model import Interface
from gen_client.escape import Code, format_code, format_literal
from gen_client.interface.model import Parameter
from gen_client.naming import names
from gen_client.plan import build, docstrings, types
from gen_client.plan.mcp.named import NamedTool
from gen_client.plan.named import NamedMethod, NamedParameter
from gen_client.plan.types import Use
from gen_client.show import json_schema, prototype, snippets
from gen_client.show import tools as tool_formats
from gen_client.show.snippets import CallStyle
from gen_client.terminal.console import Console

VERSION: Final = 1
"""The version of the JSON output; incremented if scripts that read it could break."""
_CHOICES_LISTED: Final = 12
"""The number of choices that a table lists."""
_ALL_STYLES: Final = tuple(style.value for style in CallStyle)
_TITLES: Final[Mapping[CallStyle, str]] = {
    CallStyle.SYNC: "",
    CallStyle.ASYNC: "asyncio",
    CallStyle.BATCH: "many inputs",
}


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
        is_full: Whether to print parameters and code to copy for each method.
        has_chat: Whether to print `openai()`, too.
    """
    console.print_finding(_format_head(interface), "cyan")
    for tool in tools:
        console.print_finding("")
        console.print_code([tool_formats.format_signature(tool)])
        for line in tool.description if is_full else tool.description[:1]:
            console.print_finding(f"  {line}".rstrip())
        for lines in _iter_tool_snippets(interface, [tool], _ALL_STYLES, url) if is_full else ():
            console.print_finding("")
            console.print_code(lines)
    for method in methods:
        console.print_finding("")
        console.print_code([prototype.format_prototype(method.wire)])
        for line in method.description if is_full else method.description[:1]:
            console.print_finding(f"  {line}".rstrip())
        if is_full:
            _print_details(interface, method, console, url)
    if has_chat:
        _print_chat(interface, console, url, is_full=is_full)
    if not is_full:
        console.print_note()
        console.print_note("gen-client: name a method to see its parameters and code to copy")


def _print_chat(interface: Interface, console: Console, url: str | None, *, is_full: bool) -> None:
    """Print what `openai()` of an OpenAI-compatible model is."""
    console.print_finding("")
    console.print_code(["openai()"])
    console.print_finding("  The client of the library openai, over the connection of the client.")
    if is_full:
        for lines in _iter_chats(interface, _ALL_STYLES, url):
            console.print_finding("")
            console.print_code(lines)


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


def _print_details(
    interface: Interface, method: NamedMethod, console: Console, url: str | None
) -> None:
    """Print the table of a method's parameters and result, then code for each style of calling."""
    console.print_finding("")
    console.print_table([*map(_parameter_row, method.parameters), _result_row(method)])
    for style in snippets.call_styles(method):
        console.print_finding("")
        if _TITLES[style]:
            console.print_code([f"# {_TITLES[style]}"])
        console.print_code(_format_snippet(interface, method, style, url))


def _parameter_row(parameter: NamedParameter) -> tuple[str, ...]:
    """Return a row of the table: name, type, default, allowed values, description."""
    annotation = str(types.format_annotation(parameter.shape, Use.PARAM))
    return (
        f"  {parameter.name}",
        f"stream of {annotation}" if parameter.wire.is_stream else annotation,
        _format_default_cell(parameter),
        _format_allowed_values(parameter.wire),
        " ".join(" ".join(parameter.description).split()),
    )


def _result_row(method: NamedMethod) -> tuple[str, ...]:
    annotation = str(types.format_annotation(method.result, Use.RESULT))
    result = f"stream of {annotation}" if method.is_stream else annotation
    return "  returns", result, "", "", " ".join(method.returns)


def _format_default_cell(parameter: NamedParameter) -> str:
    if parameter.wire.required:
        return "required"
    return f"= {build.build_parameter(parameter).default}"


def _format_allowed_values(parameter: Parameter) -> str:
    """Return the choices or the range of a parameter; empty if it has neither."""
    if parameter.choices:
        values = (format_literal(choice.value) for choice in parameter.choices[:_CHOICES_LISTED])
        text = ", ".join(map(str, values))
        more = len(parameter.choices) - _CHOICES_LISTED
        return f"{text} and {more} more" if more > 0 else text
    if parameter.range is None:
        return ""
    return docstrings.format_range(parameter.range, parameter.type.kind)


def _format_snippet(
    interface: Interface, method: NamedMethod, style: CallStyle, url: str | None
) -> list[str]:
    arguments = _client_arguments(interface, url)
    return snippets.format_snippet(method, interface.package, arguments, style)


def _client_arguments(interface: Interface, url: str | None) -> Code:
    """Return the arguments of the client: the address of its server if the client has no model."""
    if interface.model.reference is not None:
        return Code("")
    address = url if url is not None and "://" in url else "grpc://127.0.0.1:8000"
    return format_code("base_url={}", format_literal(address))


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
        *_iter_snippets(interface, methods, styles, url),
        *_iter_tool_snippets(interface, tools, styles, url),
        *(_iter_chats(interface, styles, url) if has_chat else ()),
    ):
        lines += [*(["", ""] if lines else []), *snippet]
    return lines


def _iter_snippets(
    interface: Interface, methods: Sequence[NamedMethod], styles: Collection[str], url: str | None
) -> Iterator[list[str]]:
    for method in methods:
        for style in snippets.call_styles(method):
            if style.value in styles:
                yield _format_snippet(interface, method, style, url)


def _iter_tool_snippets(
    interface: Interface, tools: Sequence[NamedTool], styles: Collection[str], url: str | None
) -> Iterator[list[str]]:
    arguments = _client_arguments(interface, url)
    for tool in tools:
        for style in snippets.call_styles(tool):
            if style.value in styles:
                call = tool_formats.format_call(tool, style)
                yield snippets.format_program(interface.package, arguments, style, call)


def _iter_chats(
    interface: Interface, styles: Collection[str], url: str | None
) -> Iterator[list[str]]:
    for style in (CallStyle.SYNC, CallStyle.ASYNC):
        if style.value in styles:
            arguments = _client_arguments(interface, url)
            yield snippets.format_chat(interface.package, arguments, style)


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
        "client": str(names.class_name(interface.package)),
        "methods": [_encode_method(method) for method in methods],
        "tools": [_encode_tool(tool) for tool in tools],
    }


def _encode_tool(tool: NamedTool) -> dict[str, Any]:
    return {
        "name": str(tool.name),
        "wire_name": tool.own.name,
        "signature": tool_formats.format_signature(tool),
        "description": tool.own.description or tool.own.title,
        "batch": None if tool.input is None else str(tool.names.batch),
    }


def _encode_method(method: NamedMethod) -> dict[str, Any]:
    return {
        "name": str(method.name),
        "wire_name": method.wire.name,
        "method_type": method.wire.kind.value,
        "signature": prototype.format_prototype(method.wire),
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
