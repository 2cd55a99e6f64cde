"""The report of a run: files written, files out of date and why, and a summary of several models.

The exit code of the run is decided here as well: the highest of its outcomes.
"""

from __future__ import annotations

import argparse
import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from gen_client.commands.package_import import find_import
from gen_client.diagnostics import Diagnostic
from gen_client.exit_codes import DIFFERENT, DONE
from gen_client.jobs import CheckResult, Outcome, WriteResult
from gen_client.layout import LOCK_FILE
from gen_client.output.causes import Cause, Difference
from gen_client.terminal.console import Color, Console, is_terminal

_COLORS: Final[Mapping[str, Color]] = {"+": "green", "-": "red", "@": "cyan"}
"""The color of a line of a diff, by its first character."""
_SHOWN_CHANGES: Final = 20
"""Changes of a model that `--check` prints."""
_WRITTEN: Final = "written"
_UP_TO_DATE: Final = "up to date"
_OUT_OF_DATE: Final = "out of date"
_FAILED: Final = "failed"


def report_outcomes(
    outcomes: Sequence[Outcome], arguments: argparse.Namespace, console: Console
) -> int:
    """Print the outcome of each job, and return the exit code of the run.

    Args:
        outcomes: The outcomes.
        arguments: The command line.
        console: Prints the report.
    """
    if arguments.check and arguments.format == "json":
        from gen_client.commands.check_formats import report_json

        return report_json(outcomes, console)
    code = DONE
    is_single = len(outcomes) == 1
    summary: Counter[str] = Counter()
    for outcome in outcomes:
        label = "" if is_single else outcome.job.options.name
        console.report_warnings(outcome.job.report, label)
        match outcome.result:
            case Diagnostic() as refusal:
                code, status = max(code, console.report(refusal, label)), _FAILED
            case WriteResult() as written:
                status = _print_written(written, console)
            case CheckResult() as checked:
                status = _print_checked(checked, console, show_diff=arguments.diff)
                code = max(code, DIFFERENT if status == _OUT_OF_DATE else DONE)
        summary[status] += 1
        if status == _UP_TO_DATE and is_single and not isinstance(outcome.result, Diagnostic):
            console.print_note(f"gen-client: {outcome.result.name} is up to date")
    console.flush()
    if not is_single:
        counts = ", ".join(f"{count} {status}" for status, count in summary.items())
        console.print_note(f"gen-client: {len(outcomes)} models: {counts}")
    results = [outcome.result for outcome in outcomes]
    _print_fix(
        [result for result in results if isinstance(result, CheckResult)], arguments, console
    )
    if is_single and isinstance(results[0], WriteResult):
        _print_next_steps(results[0], arguments.out or Path(), console)
    return code


def _print_written(written: WriteResult, console: Console) -> str:
    for file in written.changed:
        console.print_result(str(file))
    return _WRITTEN if written.changed else _UP_TO_DATE


def _print_next_steps(written: WriteResult, out: Path, console: Console) -> None:
    """Print how to use a new package, if stdout is a terminal."""
    if written.is_new and is_terminal():
        console.print_note()
        location = find_import(written.name, out)
        console.print_note(f"  from {location.module} import {written.client}")
        console.print_note(f"  python -m {location.module}.examples    (in {location.root})")


def _print_checked(checked: CheckResult, console: Console, *, show_diff: bool) -> str:
    """Print the files that differ, each with its cause and, with `--diff`, its unified diff."""
    for difference in checked.differences:
        line = f"{checked.folder / difference.file}: {difference.cause.value}"
        if difference.is_accepted:
            console.flush()
            console.print_note(f"gen-client: {line}")
            continue
        console.print_finding(line, "red")
        for text in checked.diffs.get(difference.file, []) if show_diff else []:
            console.print_finding(text, _COLORS.get(text[:1]))
    _print_changes(checked, console)
    return _UP_TO_DATE if checked.is_current else _OUT_OF_DATE


def _print_changes(checked: CheckResult, console: Console) -> None:
    """Print how the model changed, as `gen-client diff` does, if that is why files differ."""
    if not checked.is_model_changed:
        return
    from gen_client.commands.check_formats import find_changes
    from gen_client.commands.diff_formats import count_impacts, format_change

    changes = find_changes(checked)
    if changes:
        console.print_finding(f"{checked.folder}: {count_impacts(changes)}")
    for change in changes[:_SHOWN_CHANGES]:
        console.print_finding(*format_change(change))
    if len(changes) > _SHOWN_CHANGES:
        console.print_finding(f"  … and {len(changes) - _SHOWN_CHANGES} more: see gen-client diff")


def _print_fix(
    results: Sequence[CheckResult], arguments: argparse.Namespace, console: Console
) -> None:
    """Print the one command that brings the packages up to date."""
    differences = [
        difference
        for result in results
        for difference in result.differences
        if not difference.is_accepted
    ]
    if not differences:
        return
    command = ["gen-client", *([arguments.source] if arguments.source else [])]
    for option in ("url", "signatures", "model", "api_base", "context", "out", "name"):
        value = getattr(arguments, option)
        if value:
            command += [f"--{option.replace('_', '-')}", str(value)]
    if arguments.offline and not any(map(_needs_model, differences)):
        command.append("--offline")
    if arguments.force or any(result.has_obstacle for result in results):
        command.append("--force")
    console.print_remedy(f"to fix: {shlex.join(command)}")


def _needs_model(difference: Difference) -> bool:
    """Return whether the lock cannot be used to fix this: it is missing, edited or unexplained."""
    if difference.file == LOCK_FILE:
        return difference.cause in (Cause.UNKNOWN, Cause.EDITED, Cause.MISSING)
    return difference.cause is Cause.UNKNOWN
