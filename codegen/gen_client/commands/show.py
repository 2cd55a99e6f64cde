"""`gen-client show`: the methods of a model, how they are called, and code to copy.

What lives here: its options, and which of the forms is printed. What the forms are made of lives in `prototype`,
`snippets`, `json_schema` and `show_formats`.
"""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from gen_client.commands import model_options
from gen_client.commands.command import Command
from gen_client.diagnostics import Refusal, Report
from gen_client.exit_codes import DONE, USAGE
from gen_client.terminal.console import Console
from gen_client.text import quote

if TYPE_CHECKING:
    from gen_client.commands.model_options import Interface
    from gen_client.plan.named import NamedMethod

_FORMS = ("sync", "async", "batch")
_EXAMPLES = (
    ("a model of the platform", "gen-client show --url openai/chat-completion/models/o4-mini"),
    ("one method of a generated package", "gen-client show src/models/o4_mini predict"),
    ("code that calls it, to copy", "gen-client show src/models/o4_mini predict --snippet=async"),
    (
        "the methods as tools for a language model",
        "gen-client show src/models/o4_mini --json-schema",
    ),
)


def declare(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "words",
        metavar="[PATH] [METHOD]",
        nargs="*",
        help="a package, its lock or a signature file, where neither --url nor --signatures is given; one method",
    )
    model_options.declare(parser)
    how = parser.add_argument_group("the answer").add_mutually_exclusive_group()
    how.add_argument(
        "--snippet",
        metavar="FORM",
        nargs="?",
        const="all",
        choices=("all", *_FORMS),
        help="code to copy, nothing else: sync, async, batch, or all of them",
    )
    how.add_argument("--json", action="store_true", help="everything, as JSON")
    how.add_argument(
        "--json-schema",
        action="store_true",
        help="each method's input and output as JSON Schema (draft 2020-12), as tools for a language model",
    )


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Show it."""
    from gen_client.terminal.progress import Progress

    words = list(arguments.words)
    named = arguments.url is not None or arguments.signatures is not None
    path = words.pop(0) if words and not named else None
    if len(words) > 1:
        raise Refusal(f"one method at a time, not {len(words)}", exit_code=USAGE)
    report = Report()
    with Progress(console.print_detail, enabled=not console.quiet) as progress:
        place = model_options.place_of(arguments, path, report, progress.start_stage)
        package = model_options.package_at(model_options.lock_path(path)) if path else None
        interface = model_options.interface_of(place, package, report)
    for warning in report.warnings:
        console.report(warning)
    methods = _chosen(interface, words[0] if words else None)
    _print(arguments, interface, methods, bool(words), console)
    return DONE


def _chosen(interface: Interface, name: str | None) -> list[NamedMethod]:
    """The method that is meant, by its name in Python or on the wire, or all of them."""
    if name is None:
        return interface.methods
    found = [its for its in interface.methods if name in (its.name, its.wire.name)]
    if not found:
        there = ", ".join(str(its.name) for its in interface.methods[:8])
        more = ", …" if len(interface.methods) > 8 else ""
        raise Refusal(
            f"the model has no method {quote(name)}",
            exit_code=USAGE,
            remedy=f"it has {there}{more}",
        )
    return found[:1]


def _print(
    arguments: argparse.Namespace,
    interface: Interface,
    methods: list[NamedMethod],
    one: bool,
    console: Console,
) -> None:
    from gen_client.commands import show_formats

    if arguments.json_schema or arguments.json:
        each = show_formats.tools(methods) if arguments.json_schema else None
        content = each or show_formats.content(interface, methods)
        text = json.dumps(each[0] if each and one else content, indent=2, ensure_ascii=True)
        for line in text.split("\n"):
            console.print_finding(line)
    elif arguments.snippet is not None:
        wanted = _FORMS if arguments.snippet == "all" else (arguments.snippet,)
        programs = show_formats.programs(interface, methods, wanted, arguments.url)
        if not programs:
            raise Refusal(
                f"no method here is called in the form {arguments.snippet}",
                exit_code=USAGE,
                remedy="a method with one result and parameters has it",
            )
        console.print_code(programs)
    else:
        full = one or len(methods) == 1
        show_formats.tell(interface, methods, console, url=arguments.url, full=full)


COMMAND = Command(
    name="show",
    summary="Show a model's methods, how they are called, and code to copy.",
    examples=_EXAMPLES,
    declare=declare,
    run=run,
    usage="(PATH | --url URL | --signatures FILE) [METHOD]\n                       [--snippet[=FORM] | --json | --json-schema] [options]",
)
