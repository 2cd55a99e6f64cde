"""What is said of a run: the files that were written, what is out of date and why, and a summary of several.

What lives here: the words, and the exit code of the whole: that of the worst outcome, which is the highest.
"""

from __future__ import annotations

import argparse
import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from gen_client.diagnostics import Diagnostic
from gen_client.exit_codes import DIFFERENT, DONE
from gen_client.jobs import CheckResult, Outcome, WriteResult
from gen_client.layout import LOCK_FILE
from gen_client.output.difference import Cause
from gen_client.terminal.console import Color, Console, is_terminal

_COLOURS: Final[Mapping[str, Color]] = {"+": "green", "-": "red", "@": "cyan"}
"""Of the lines of a diff, by how they begin."""


def tell(
    names: Sequence[str],
    outcomes: Sequence[Outcome],
    arguments: argparse.Namespace,
    console: Console,
) -> int:
    """Say what became of each job, and give the exit code of the whole.

    Args:
        names: What the jobs are called.
        outcomes: What became of them.
        arguments: The command line.
        console: Where it is said.
    """
    code = DONE
    several = len(outcomes) > 1
    summary: Counter[str] = Counter()
    for name, outcome in zip(names, outcomes, strict=True):
        about = name if several else ""
        for warning in outcome.warnings:
            console.report(warning, about)
        match outcome.result:
            case Diagnostic() as refusal:
                code, word = max(code, console.report(refusal, about)), "failed"
            case WriteResult() as written:
                word = _written(written, console)
            case CheckResult() as checked:
                word = _checked(checked, console, diff=arguments.diff)
                code = max(code, DIFFERENT if word == _STALE else DONE)
        summary[word] += 1
        if word == _CURRENT and not several and not isinstance(outcome.result, Diagnostic):
            console.print_note(f"gen-client: {outcome.result.name} is up to date")
    console.flush()
    if several:
        words = ", ".join(f"{count} {word}" for word, count in summary.items())
        console.print_note(f"gen-client: {len(outcomes)} models: {words}")
    _mend(
        [its.result for its in outcomes if isinstance(its.result, CheckResult)], arguments, console
    )
    if not several and isinstance(outcomes[0].result, WriteResult):
        _introduce(outcomes[0].result, arguments.out or Path(), console)
    return code


_CURRENT = "up to date"
_STALE = "out of date"


def _written(written: WriteResult, console: Console) -> str:
    for file in written.changed:
        console.print_result(str(file))
    return "written" if written.changed else _CURRENT


def _introduce(written: WriteResult, out: Path, console: Console) -> None:
    """At a terminal, what to do with a new package."""
    if written.new and is_terminal():
        console.print_note()
        console.print_note(f"  from {written.name} import {written.client}")
        console.print_note(f"  python -m {written.name}.examples    (in {out})")


def _checked(checked: CheckResult, console: Console, *, diff: bool) -> str:
    """The files that differ, a word each for the cause, and their diffs if they are wanted."""
    for its in checked.differences:
        line = f"{checked.folder / its.file}: {its.cause.value}"
        if its.is_accepted:
            console.flush()
            console.print_note(f"gen-client: {line}")
            continue
        console.print_finding(line, "red")
        for text in checked.diffs.get(its.file, []) if diff else []:
            console.print_finding(text, _COLOURS.get(text[:1]))
    return _CURRENT if all(its.is_accepted for its in checked.differences) else _STALE


_LOST = (Cause.UNKNOWN, Cause.EDITED, Cause.MISSING)


def _mend(checked: Sequence[CheckResult], arguments: argparse.Namespace, console: Console) -> None:
    """The one command that mends what was found, if it can."""
    found = [its for one in checked for its in one.differences if not its.is_accepted]
    if not found:
        return
    lost = any(
        its.cause is Cause.UNKNOWN or (its.file == LOCK_FILE and its.cause in _LOST)
        for its in found
    )
    words = ["gen-client"]
    for option in ("url", "signatures", "model", "api_base", "out", "name"):
        value = getattr(arguments, option)
        if value:
            words += [f"--{option.replace('_', '-')}", str(value)]
    if arguments.offline and not lost:
        words.append("--offline")
    if arguments.force or any(one.obstacle for one in checked):
        words.append("--force")
    console.print_remedy(f"to mend it: {shlex.join(words)}")
