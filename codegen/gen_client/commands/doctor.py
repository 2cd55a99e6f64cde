"""`gen-client doctor`: whether everything is there and fits, in lines to paste into a report.

What lives here: its options, what is asked of whom, and how findings are printed. What is found without asking anybody lives in
`surroundings`. No line holds a character of a credential.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gen_client.commands import model_options
from gen_client.commands.command import DONE, Command
from gen_client.diagnostics import USAGE, Diagnostic, Refusal, Report, shown
from gen_client.terminal.console import Colour, Console

if TYPE_CHECKING:
    from gen_client.commands.environment import Finding, State
    from gen_client.commands.model_options import Stage
    from gen_client.jobs import Checked, Job

FAULT = 1
_SECONDS: Final = 20.0
"""How long the platform is waited for."""
_EXAMPLES = (
    ("versions, credential, the platform, and all that pyproject.toml lists", "gen-client doctor"),
    ("is this package up to date?", "gen-client doctor src/models/o4_mini"),
    ("can this model be reached?", "gen-client doctor --url grpc://127.0.0.1:8000"),
)


def declare(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "paths",
        metavar="PACKAGE",
        nargs="*",
        help="generated packages, or their locks (default: all that pyproject.toml lists)",
    )
    model_options.declare(parser, signatures=False)


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Look at everything, and say how it is."""
    from gen_client.commands import environment
    from gen_client.terminal.progress import Progress

    with Progress(console.detail, shown=not console.quiet) as progress:
        findings = list(_findings(arguments, progress.stage))
    colours = _colours()
    console.finding(environment.head())
    for its in findings:
        words = environment.redacted(f"{its.about}: {its.words}")
        console.finding(f"  {its.state.value:<5}  {words}", colours[its.state])
        if its.remedy:
            console.finding(f"         {environment.redacted(its.remedy)}")
    wrong = any(its.state is environment.State.FAULT for its in findings)
    return FAULT if wrong else DONE


def _colours() -> dict[State, Colour | None]:
    from gen_client.commands.environment import State

    return {State.OK: "green", State.NOTE: "yellow", State.FAULT: "red"}


def _findings(arguments: argparse.Namespace, stage: Stage) -> Iterator[Finding]:
    from gen_client.commands import environment

    yield from environment.versions()
    yield from environment.credentials()
    yield _target(arguments, stage)
    if arguments.url is not None:
        yield _model(arguments, stage)
    yield from _packages(arguments, stage)


def _target(arguments: argparse.Namespace, stage: Stage) -> Finding:
    """Whether the platform answers, and for whom."""
    from gen_client.commands import environment, resolve_jobs
    from gen_client.commands.environment import Finding, State
    from gen_client.source import Access, whoami

    try:
        api_base = resolve_jobs.configured(arguments.api_base)
        address, user_id = whoami(Access(api_base=api_base, timeout=_SECONDS, progress=stage))
    except Refusal as refusal:
        if refusal.diagnostic.where:  # which is told with the packages
            return Finding(State.NOTE, "platform", "is not asked while the configuration is wrong")
        if refusal.diagnostic.exit_code == USAGE and not environment.found():
            return Finding(State.NOTE, "platform", "is not asked without a credential")
        return _fault("platform", refusal)
    if not user_id:
        return Finding(State.OK, "platform", f"{address} answers; it is a local runner")
    return Finding(State.OK, "platform", f"{address} answers, for the user {shown(user_id)}")


def _model(arguments: argparse.Namespace, stage: Stage) -> Finding:
    from gen_client.commands.environment import Finding, State

    try:
        place = model_options.place_of(arguments, None, Report(), stage)
        methods = model_options.interface_of(place, None, Report()).methods
    except Refusal as refusal:
        return _fault("model", refusal)
    return Finding(State.OK, "model", f"{shown(arguments.url)} has {len(methods)} methods")


def _packages(arguments: argparse.Namespace, stage: Stage) -> Iterator[Finding]:
    """Whether packages are what this gen-client makes of their locks: those named, or those that are listed."""
    from gen_client import pipeline
    from gen_client.commands.environment import Finding, State
    from gen_client.jobs import Checked, Mode

    try:
        jobs = [_job(path) for path in arguments.paths] or _listed(stage)
    except Refusal as refusal:
        yield _fault("configuration", refusal)
        return
    if not jobs:
        yield Finding(State.NOTE, "packages", "none is named, and no [tool.gen-client] lists any")
        return
    for job, end in zip(jobs, pipeline.run(jobs, Mode(check=True), stage), strict=True):
        about = f"package {shown(str(job.options.out / job.options.name), 200)}"
        if isinstance(end.result, Diagnostic):
            yield _told(about, end.result)
        elif isinstance(end.result, Checked):
            yield _checked(about, end.result)


def _job(path: str) -> Job:
    """The check of a package that is named by its path."""
    from gen_client import source
    from gen_client.jobs import Job, Options

    lock = Path(model_options.lock_path(path))
    folder = lock.absolute().parent
    report = Report()
    options = Options(lock.parent.parent if lock.parent.name else folder.parent, folder.name)
    return Job(source.in_file(str(lock), report), options, report)


def _listed(stage: Stage) -> list[Job]:
    """The checks of those that the configuration lists, by their locks; none without one."""
    from gen_client import config
    from gen_client.commands import resolve_jobs
    from gen_client.jobs import Options

    if config.find_or_new_config(config.working_folder()).section is None:
        return []
    return resolve_jobs.listed(None, stage, Options(), offline=True)


def _checked(about: str, checked: Checked) -> Finding:
    from gen_client.commands.environment import Finding, State

    found = [its for its in checked.differences if not its.passes]
    if not found:
        return Finding(State.OK, about, "is up to date")
    told = ", ".join(f"{shown(its.file)} {its.cause.value}" for its in found)
    return Finding(State.FAULT, about, told, "gen-client --check --diff shows what differs")


def _fault(about: str, refusal: Refusal) -> Finding:
    return _told(about, refusal.diagnostic)


def _told(about: str, diagnostic: Diagnostic) -> Finding:
    from gen_client.commands.environment import Finding, State

    place = f"{diagnostic.where}: " if diagnostic.where else ""
    return Finding(State.FAULT, about, f"{place}{diagnostic.what}", diagnostic.remedy)


COMMAND = Command(
    name="doctor",
    summary="Say whether versions, credential, platform and packages are in order; to paste into a report.",
    examples=_EXAMPLES,
    declare=declare,
    run=run,
    usage="[PACKAGE ...] [--url URL] [--api-base URL] [options]",
)
