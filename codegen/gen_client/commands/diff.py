"""`gen-client diff`: what changed in a model's interface, and whether it breaks callers.

What lives here: its options, and how several comparisons become one exit code. Which interfaces are meant is the affair of `sides`,
how changes are found that of the generator's `diff`, how they are told that of `diff_formats`.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from gen_client.commands import model_options
from gen_client.commands.command import Command
from gen_client.diagnostics import Refusal, Report
from gen_client.exit_codes import DIFFERENT, DONE
from gen_client.terminal.console import Console

if TYPE_CHECKING:
    from gen_client.commands.diff_formats import Compared
    from gen_client.commands.diff_inputs import Sides

_FORMATS = ("text", "json", "markdown", "github")
_FAIL_ON = ("any", "breaking")
_EXAMPLES = (
    ("everything that pyproject.toml lists, against the deployed models", "gen-client diff"),
    ("one package, against its deployed model", "gen-client diff src/models/o4_mini"),
    ("against a local runner", "gen-client diff src/models/o4_mini --url grpc://127.0.0.1:8000"),
    ("against the main branch", "gen-client diff src/models/o4_mini --base origin/main"),
    (
        "a lock against another; only what breaks callers fails",
        "gen-client diff old/signatures.json new/signatures.json --fail-on breaking",
    ),
    (
        "a comment for a pull request",
        "gen-client diff src/models/o4_mini --format markdown > comment.md",
    ),
)


def declare(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "lock",
        metavar="LOCK",
        nargs="?",
        help="a package, or its signatures.json: what callers know (default: all that pyproject.toml lists)",
    )
    parser.add_argument(
        "other", metavar="OTHER", nargs="?", help="what there is now, if it is in a file as well"
    )
    model_options.declare(parser, signatures=False)
    parser.add_argument(
        "--base", metavar="REV", help="take LOCK as it was at this revision of its git repository"
    )
    how = parser.add_argument_group("the answer")
    how.add_argument(
        "--fail-on",
        choices=_FAIL_ON,
        default=_FAIL_ON[0],
        help="which changes make the exit code 1 (default: any)",
    )
    how.add_argument(
        "--format",
        choices=_FORMATS,
        default=_FORMATS[0],
        help="text for people, json for scripts, markdown for a comment, github for annotations",
    )


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Compare, and say what changed."""
    from gen_client import threads
    from gen_client.commands import diff_formats
    from gen_client.commands.diff_inputs import sides
    from gen_client.terminal.progress import Progress

    with Progress(console.print_detail, enabled=not console.quiet) as progress:
        meant = sides(arguments, progress.start_stage)
        ends = threads.run_concurrently(_compared, meant)
    code = DONE
    compared: list[Compared] = []
    for its, end in zip(meant, ends, strict=True):
        about = its.name if len(meant) > 1 else ""
        for warning in its.report.warnings:
            console.report(warning, about)
        if isinstance(end, Refusal):
            code = max(code, console.report(end.diagnostic, about))
        else:
            compared.append(end)
    several = arguments.lock is None
    for line, colour in diff_formats.lines(compared, arguments.format, several=several):
        console.print_finding(line, colour)
    return max(code, DIFFERENT if _fails(compared, arguments.fail_on) else DONE)


def _compared(its: Sides) -> Compared | Refusal:
    """What changed between two sides, the worst first, or why that cannot be told."""
    from gen_client.commands.diff_formats import Compared
    from gen_client.diff import compare
    from gen_client.diff.changes import Impact

    order = list(Impact)
    try:
        before = model_options.interface_of(its.before, its.package, Report())
        after = model_options.interface_of(its.after, before.package, its.report)
    except Refusal as refusal:
        return refusal
    changes = compare.compare(before.methods, after.methods)
    changes.sort(key=lambda change: order.index(change.impact))
    return Compared(before.model, after.model, its.lock, changes)


def _fails(compared: Sequence[Compared], fail_on: str) -> bool:
    from gen_client.diff.changes import Impact

    found = {change.impact for its in compared for change in its.changes}
    return bool(found if fail_on == "any" else found & {Impact.BREAKING})


COMMAND = Command(
    name="diff",
    summary="Say what changed in a model's interface, and whether it breaks callers.",
    examples=_EXAMPLES,
    declare=declare,
    run=run,
    usage="[LOCK] [OTHER | --url URL] [--base REV]\n                       [--fail-on any|breaking] [options]",
)
