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
from gen_client.commands.command import Command
from gen_client.diagnostics import Diagnostic, ProgressCallback, Refusal, Report
from gen_client.exit_codes import DIFFERENT, DONE, USAGE
from gen_client.terminal.console import Color, Console
from gen_client.text import quote

if TYPE_CHECKING:
    from gen_client.commands.environment import Finding, State
    from gen_client.jobs import CheckResult, Job

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

    with Progress(console.print_detail, enabled=not console.quiet) as progress:
        findings = list(_findings(arguments, progress.start_stage))
    colours = _colours()
    console.print_finding(environment.head())
    for its in findings:
        words = environment.redacted(f"{its.about}: {its.words}")
        console.print_finding(f"  {its.state.value:<5}  {words}", colours[its.state])
        if its.remedy:
            console.print_finding(f"         {environment.redacted(its.remedy)}")
    wrong = any(its.state is environment.State.FAULT for its in findings)
    return DIFFERENT if wrong else DONE


def _colours() -> dict[State, Color | None]:
    from gen_client.commands.environment import State

    return {State.OK: "green", State.NOTE: "yellow", State.FAULT: "red"}


def _findings(arguments: argparse.Namespace, progress: ProgressCallback) -> Iterator[Finding]:
    from gen_client.commands import environment

    yield from environment.versions()
    yield from environment.credentials()
    yield _target(arguments, progress)
    if arguments.url is not None:
        yield _model(arguments, progress)
    yield from _packages(arguments, progress)


def _target(arguments: argparse.Namespace, progress: ProgressCallback) -> Finding:
    """Whether the platform answers, and for whom."""
    from gen_client.commands import environment, resolve_jobs
    from gen_client.commands.environment import Finding, State
    from gen_client.source import Access, whoami

    try:
        api_base = resolve_jobs.configured(arguments.api_base)
        address, user_id = whoami(Access(api_base=api_base, timeout=_SECONDS, progress=progress))
    except Refusal as refusal:
        if refusal.diagnostic.location:  # which is told with the packages
            return Finding(State.NOTE, "platform", "is not asked while the configuration is wrong")
        if refusal.diagnostic.exit_code == USAGE and not environment.found():
            return Finding(State.NOTE, "platform", "is not asked without a credential")
        return _fault("platform", refusal)
    if not user_id:
        return Finding(State.OK, "platform", f"{address} answers; it is a local runner")
    return Finding(State.OK, "platform", f"{address} answers, for the user {quote(user_id)}")


def _model(arguments: argparse.Namespace, progress: ProgressCallback) -> Finding:
    from gen_client.commands.environment import Finding, State

    try:
        place = model_options.place_of(arguments, None, Report(), progress)
        methods = model_options.interface_of(place, None, Report()).methods
    except Refusal as refusal:
        return _fault("model", refusal)
    return Finding(State.OK, "model", f"{quote(arguments.url)} has {len(methods)} methods")


def _packages(arguments: argparse.Namespace, progress: ProgressCallback) -> Iterator[Finding]:
    """Whether packages are what this gen-client makes of their locks: those named, or those that are listed."""
    from gen_client import pipeline
    from gen_client.commands.environment import Finding, State
    from gen_client.jobs import CheckResult, Mode

    try:
        jobs = [_job(path) for path in arguments.paths] or _listed(progress)
    except Refusal as refusal:
        yield _fault("configuration", refusal)
        return
    if not jobs:
        yield Finding(State.NOTE, "packages", "none is named, and no [tool.gen-client] lists any")
        return
    for job, end in zip(jobs, pipeline.run(jobs, Mode(check=True), progress), strict=True):
        about = f"package {quote(str(job.options.out / job.options.name), 200)}"
        if isinstance(end.result, Diagnostic):
            yield _told(about, end.result)
        elif isinstance(end.result, CheckResult):
            yield _checked(about, end.result)


def _job(path: str) -> Job:
    """The check of a package that is named by its path."""
    from gen_client import source
    from gen_client.jobs import Job, PackageOptions

    lock = Path(model_options.lock_path(path))
    folder = lock.absolute().parent
    report = Report()
    options = PackageOptions(lock.parent.parent if lock.parent.name else folder.parent, folder.name)
    return Job(source.in_file(str(lock), report), options, report)


def _listed(progress: ProgressCallback) -> list[Job]:
    """The checks of those that the configuration lists, by their locks; none without one."""
    from gen_client import config
    from gen_client.commands import resolve_jobs
    from gen_client.jobs import PackageOptions

    if config.find_or_new_config(config.working_folder()).section is None:
        return []
    return resolve_jobs.listed(None, progress, PackageOptions(), offline=True)


def _checked(about: str, checked: CheckResult) -> Finding:
    from gen_client.commands.environment import Finding, State

    found = [its for its in checked.differences if not its.is_accepted]
    if not found:
        return Finding(State.OK, about, "is up to date")
    told = ", ".join(f"{quote(its.file)} {its.cause.value}" for its in found)
    return Finding(State.FAULT, about, told, "gen-client --check --diff shows what differs")


def _fault(about: str, refusal: Refusal) -> Finding:
    return _told(about, refusal.diagnostic)


def _told(about: str, diagnostic: Diagnostic) -> Finding:
    from gen_client.commands.environment import Finding, State

    place = f"{diagnostic.location}: " if diagnostic.location else ""
    return Finding(State.FAULT, about, f"{place}{diagnostic.message}", diagnostic.remedy)


COMMAND = Command(
    name="doctor",
    summary="Say whether versions, credential, platform and packages are in order; to paste into a report.",
    examples=_EXAMPLES,
    declare=declare,
    run=run,
    usage="[PACKAGE ...] [--url URL] [--api-base URL] [options]",
)
