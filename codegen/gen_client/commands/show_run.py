"""`gen-client show`: prints the methods of a model, or code and schemas for them.

The methods and the output are selected here; `show_formats` formats them.
"""

from __future__ import annotations

import argparse
import json

from gen_client.commands import show_formats
from gen_client.commands.resolve_model import (
    Interface,
    find_package,
    read_interface,
    resolve_source,
)
from gen_client.commands.show import SNIPPET_STYLES
from gen_client.diagnostics import Refusal, Report
from gen_client.exit_codes import DONE, USAGE
from gen_client.plan.mcp.named import NamedTool
from gen_client.plan.named import NamedMethod
from gen_client.source import find_lock
from gen_client.terminal.console import Console
from gen_client.terminal.progress import show_progress
from gen_client.text import quote

Selection = tuple[list[NamedMethod], list[NamedTool]]


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Print what the command line asks for and return the exit code."""
    arguments.json |= arguments.format == "json"
    names = list(arguments.names)
    has_option = arguments.url is not None or arguments.signatures is not None
    text = names.pop(0) if names and not has_option else None
    if len(names) > 1:
        raise Refusal(
            f"one method at a time, not {len(names)}",
            exit_code=USAGE,
            remedy="without a method, all are shown",
        )
    report = Report()
    with show_progress(console) as display:
        source = resolve_source(arguments, text, report, display.start_stage)
        package = find_package(find_lock(text)) if text else None
        if package is None:
            interface = read_interface(source, None, report)
        else:
            interface = read_interface(source, package.name, report, package.module)
    console.report_warnings(report)
    selection = _select_methods(interface, names[0] if names else None)
    has_chat = _has_chat(interface, names)
    if arguments.json_schema or arguments.json:
        _print_json(arguments, interface, selection, bool(names), console)
    elif arguments.raw:
        show_formats.print_prototypes(selection[0], console)
    elif arguments.snippet is not None:
        _print_snippets(arguments, interface, selection, console, text, has_chat=has_chat)
    else:
        is_full = bool(names) or len(selection[0]) + len(selection[1]) + has_chat == 1
        show_formats.print_methods(
            interface,
            *selection,
            console,
            url=arguments.url or text,
            is_full=is_full,
            has_chat=has_chat,
        )
    return DONE


def _select_methods(interface: Interface, name: str | None) -> Selection:
    """Return the methods and tools with a Python or wire name, or all if there is no name."""
    if name is None:
        return interface.methods, interface.tools
    for method in interface.methods:
        if name in (method.name, method.wire.name):
            return [method], []
    for tool in interface.tools:
        if name in (tool.name, tool.own.name):
            return [], [tool]
    if _has_chat(interface, [name]):
        return [], []
    method_names = [own.name for own in interface.methods] + [own.name for own in interface.tools]
    listed = ", ".join(method_names[:8])
    more = ", …" if len(method_names) > 8 else ""
    raise Refusal(
        f"the model has no method {quote(name)}",
        exit_code=USAGE,
        remedy=f"it has {listed}{more}",
    )


def _has_chat(interface: Interface, names: list[str]) -> bool:
    """Return whether to show a chat with an OpenAI-compatible model: if `openai` is named, or no method is."""
    return interface.model.openai is not None and (not names or names == ["openai"])


def _print_json(
    arguments: argparse.Namespace,
    interface: Interface,
    selection: Selection,
    is_single: bool,
    console: Console,
) -> None:
    if arguments.json_schema:
        tools = show_formats.describe_tools(interface, *selection)
        text = _format_json(tools[0] if is_single else tools)
    else:
        text = _format_json(show_formats.encode_model(interface, *selection))
    for line in text.split("\n"):
        console.print_finding(line)


def _format_json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=True)


def _print_snippets(
    arguments: argparse.Namespace,
    interface: Interface,
    selection: Selection,
    console: Console,
    text: str | None,
    *,
    has_chat: bool,
) -> None:
    styles = SNIPPET_STYLES if arguments.snippet == "all" else (arguments.snippet,)
    lines = show_formats.format_snippets(
        interface, *selection, styles, arguments.url or text, has_chat=has_chat
    )
    if not lines:
        raise Refusal(
            f"no method here can be called in the form {arguments.snippet}",
            exit_code=USAGE,
            remedy="only a method with parameters and one result has it",
        )
    console.print_code(lines)
