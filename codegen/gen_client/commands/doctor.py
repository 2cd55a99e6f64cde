"""`gen-client doctor`: whether everything is there and fits, in lines to paste into a report.

What lives here: its options, what is asked of whom, and how findings are printed. What is found without asking anybody lives in
`surroundings`. No line holds a character of a credential.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gen_client.commands import models
from gen_client.commands.command import DONE, Command
from gen_client.console import Colour, Console
from gen_client.diagnostics import USAGE, Refusal, Report, shown

if TYPE_CHECKING:
    from gen_client.commands.models import Stage
    from gen_client.surroundings import Finding, State

FAULT = 1
_SECONDS: Final = 20.0
"""How long the platform is waited for."""
_EXAMPLES = """\
  gen-client doctor                           versions, credential, the platform
  gen-client doctor src/app/models/o4_mini    is this package up to date, as well?
  gen-client doctor --url grpc://127.0.0.1:8000
exit codes of doctor: 0 nothing is wrong; 1 something is, and its line says `fault`
"""


def declare(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "paths", metavar="PACKAGE", nargs="*", help="generated packages, or their locks"
    )
    models.declare(parser, signatures=False)


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Look at everything, and say how it is."""
    from gen_client import surroundings
    from gen_client.progress import Progress

    with Progress(console.detail, shown=not console.quiet) as progress:
        findings = list(_findings(arguments, progress.stage))
    colours = _colours()
    console.finding(surroundings.head())
    for its in findings:
        words = surroundings.redacted(f"{its.about}: {its.words}")
        console.finding(f"  {its.state.value:<5}  {words}", colours[its.state])
        if its.remedy:
            console.finding(f"         {surroundings.redacted(its.remedy)}")
    wrong = any(its.state is surroundings.State.FAULT for its in findings)
    return FAULT if wrong else DONE


def _colours() -> dict[State, Colour | None]:
    from gen_client.surroundings import State

    return {State.OK: "green", State.NOTE: "yellow", State.FAULT: "red"}


def _findings(arguments: argparse.Namespace, stage: Stage) -> Iterator[Finding]:
    from gen_client import surroundings

    yield from surroundings.versions()
    yield from surroundings.credentials()
    yield _target(arguments, stage)
    if arguments.url is not None:
        yield _model(arguments, stage)
    for path in arguments.paths:
        yield _package(path)


def _target(arguments: argparse.Namespace, stage: Stage) -> Finding:
    """Whether the platform answers, and for whom."""
    from gen_client import surroundings
    from gen_client.source import Access, whose
    from gen_client.surroundings import Finding, State

    access = Access(api_base=arguments.api_base, timeout=_SECONDS, progress=stage)
    try:
        address, user_id = whose(access)
    except Refusal as refusal:
        if refusal.diagnostic.exit_code == USAGE and not surroundings.found():
            return Finding(State.NOTE, "platform", "is not asked without a credential")
        return _fault("platform", refusal)
    if not user_id:
        return Finding(State.OK, "platform", f"{address} answers; it is a local runner")
    return Finding(State.OK, "platform", f"{address} answers, for the user {shown(user_id)}")


def _model(arguments: argparse.Namespace, stage: Stage) -> Finding:
    from gen_client.surroundings import Finding, State

    try:
        place = models.place_of(arguments, None, Report(), stage)
        methods = models.interface_of(place, None, Report()).methods
    except Refusal as refusal:
        return _fault("model", refusal)
    return Finding(State.OK, "model", f"{shown(arguments.url)} has {len(methods)} methods")


def _package(path: str) -> Finding:
    """Whether a package is what this gen-client makes of its lock."""
    from gen_client import pipeline, source
    from gen_client.surroundings import Finding, State

    lock = Path(models.lock_path(path))
    about = f"package {shown(str(lock.parent), 200)}"
    try:
        document = source.read(source.in_file(str(lock), Report()))
        name = models.package_at(str(lock)) or ""
        wanted = pipeline.build(document, name, Report()).files
    except Refusal as refusal:
        return _fault(about, refusal)
    stale = [file for file, text in wanted.items() if _content(lock.parent / file) != text.encode()]
    if not stale:
        return Finding(State.OK, about, "is up to date")
    return Finding(
        State.FAULT,
        about,
        f"is not what this gen-client makes of its lock: {', '.join(stale)}",
        "run gen-client again, or see what differs with gen-client --check --diff",
    )


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _fault(about: str, refusal: Refusal) -> Finding:
    from gen_client.surroundings import Finding, State

    diagnostic = refusal.diagnostic
    place = f"{diagnostic.where}: " if diagnostic.where else ""
    return Finding(State.FAULT, about, f"{place}{diagnostic.what}", diagnostic.remedy)


COMMAND = Command(
    name="doctor",
    summary="Say whether versions, credential, platform and packages are in order; to paste into a report.",
    examples=_EXAMPLES,
    declare=declare,
    run=run,
    usage="gen-client doctor [PACKAGE ...] [--url URL] [--api-base URL] [options]",
)
