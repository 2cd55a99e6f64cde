"""`gen-client diff`: what changed in a model's interface, and whether it breaks callers.

What lives here: its options, and which two interfaces are meant. How changes are found is `diff`'s affair,
how they are told that of `diff_formats`.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from gen_client.commands import models
from gen_client.commands.command import DONE, Command
from gen_client.console import Console
from gen_client.diagnostics import USAGE, Refusal, Report

if TYPE_CHECKING:
    from gen_client.changes import Change
    from gen_client.commands.models import Stage
    from gen_client.source import Place

DIFFERENCE = 1
_FORMATS = ("text", "json", "markdown", "github")
_FAIL_ON = ("any", "breaking")
_EXAMPLES = """\
  gen-client diff src/app/models/o4_mini                       against the deployed model
  gen-client diff src/app/models/o4_mini --url grpc://127.0.0.1:8000
  gen-client diff src/app/models/o4_mini --base origin/main    against git
  gen-client diff old/signatures.json new/signatures.json --fail-on breaking
  gen-client diff src/app/models/o4_mini --format markdown > comment.md
"""


def declare(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "lock", metavar="LOCK", help="a package, or its signatures.json: what callers know"
    )
    parser.add_argument(
        "other", metavar="OTHER", nargs="?", help="what there is now, if it is in a file as well"
    )
    models.declare(parser, signatures=False)
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
    from gen_client import diff
    from gen_client.changes import Impact
    from gen_client.commands import diff_formats
    from gen_client.progress import Progress

    if arguments.other is not None and (arguments.url is not None or arguments.base is not None):
        raise Refusal("OTHER goes with neither --url nor --base", exit_code=USAGE)
    path = models.lock_path(arguments.lock)
    package = models.package_at(path)
    report = Report()
    with Progress(console.detail, shown=not console.quiet) as progress:
        before = models.interface_of(_before(arguments, path), package, Report())
        after = models.interface_of(
            _after(arguments, path, report, progress.stage), before.package, report
        )
    for warning in report.warnings:
        console.report(warning)
    changes = _by_impact(diff.compare(before.methods, after.methods))
    compared = diff_formats.Compared(before.model, after.model, path, changes)
    for line, colour in diff_formats.lines(compared, arguments.format):
        console.finding(line, colour)
    worst = {change.impact for change in changes}
    failed = worst if arguments.fail_on == "any" else worst & {Impact.BREAKING}
    return DIFFERENCE if failed else DONE


def _by_impact(changes: list[Change]) -> list[Change]:
    """The worst first, each kind in the order of the methods."""
    from gen_client.changes import Impact

    order = list(Impact)
    return sorted(changes, key=lambda change: order.index(change.impact))


def _before(arguments: argparse.Namespace, path: str) -> Place:
    from gen_client import source

    if arguments.base is None:
        return source.in_file(path, Report())
    return source.at_revision(Path(path), arguments.base, Report())


def _after(arguments: argparse.Namespace, path: str, report: Report, stage: Stage) -> Place:
    """What there is now: a file, the model at an address, or the one that the lock names."""
    from gen_client import source

    if arguments.url is None and (arguments.other is not None or arguments.base is not None):
        return source.in_file(models.lock_path(arguments.other or path), report)
    if arguments.url is not None:
        return models.place_of(arguments, None, report, stage)
    reference = source.read(source.in_file(path, Report())).reference
    if reference is None:
        raise Refusal(
            "the lock names no model to compare with",
            exit_code=USAGE,
            remedy="give the address of the running one with --url",
        )
    return source.of(reference, source.Access(api_base=arguments.api_base, progress=stage))


COMMAND = Command(
    name="diff",
    summary="Say what changed in a model's interface, and whether it breaks callers.",
    examples=_EXAMPLES,
    declare=declare,
    run=run,
    usage="gen-client diff LOCK [OTHER | --url URL] [--base REV] [--fail-on any|breaking] [options]",
)
