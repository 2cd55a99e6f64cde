"""`gen-client doctor`: checks the installation, the credential, the platform and the packages.

There is one line per finding, to paste into a report. `environment` checks what needs no network. No line contains any
part of a credential.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from gen_client import config, pipeline
from gen_client.commands import environment, resolve_jobs
from gen_client.commands.environment import Finding, State
from gen_client.commands.resolve_model import package_name_at, read_interface, resolve_source
from gen_client.diagnostics import Diagnostic, ProgressCallback, Refusal, Report
from gen_client.exit_codes import DIFFERENT, DONE, USAGE
from gen_client.jobs import CheckResult, Job, Mode, PackageOptions
from gen_client.source import Access, SignatureFile, find_lock, whoami
from gen_client.source.local import is_path
from gen_client.source.login import find_usable_context, use_context
from gen_client.terminal.console import Color, Console
from gen_client.terminal.progress import show_progress
from gen_client.text import format_count, quote

_VERSION: Final = 1
"""The version of the JSON output; incremented if scripts that read it could break."""
_TIMEOUT: Final = 20.0
"""Seconds to wait for the platform."""
_COLORS: Final[Mapping[State, Color]] = {
    State.OK: "green",
    State.NOTE: "yellow",
    State.FAULT: "red",
}


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Check everything, print the findings and return the exit code."""
    with ExitStack() as stack:  # `redact` must know the credential of a context
        credentials = list(_check_credentials(arguments.context, stack))
        return _check(arguments, credentials, console)


def _check_credentials(context: str | None, stack: ExitStack) -> Iterator[Finding]:
    """Check the credential; use the context that CLARIFAI_CONTEXT names, if that is needed."""
    name = context
    if name is None and not environment.credential_variables():
        name = os.environ.get("CLARIFAI_CONTEXT") or None
        try:
            stack.enter_context(use_context(name))
        except Refusal as refusal:
            yield _fault("credential", refusal.diagnostic)
            return
    usable = find_usable_context() if name is None else ""
    yield from environment.check_credentials(name, usable)


def _check(arguments: argparse.Namespace, credentials: Sequence[Finding], console: Console) -> int:
    """Check everything else, print the findings and return the exit code."""
    with show_progress(console) as display:
        findings = list(_check_all(arguments, credentials, display.start_stage))
    if arguments.format == "json":
        for line in environment.redact(_format_json(findings)).split("\n"):
            console.print_finding(line)
    else:
        _print_findings(findings, console)
    has_fault = any(finding.state is State.FAULT for finding in findings)
    return DIFFERENT if has_fault else DONE


def _print_findings(findings: Sequence[Finding], console: Console) -> None:
    console.print_finding(environment.describe_installation())
    for finding in findings:
        text = environment.redact(f"{finding.subject}: {finding.text}")
        console.print_finding(f"  {finding.state.value:<5}  {text}", _COLORS[finding.state])
        if finding.remedy:
            console.print_finding(f"         {environment.redact(finding.remedy)}")


def _format_json(findings: Sequence[Finding]) -> str:
    listed = [
        {
            "state": finding.state.value,
            "subject": finding.subject,
            "text": finding.text,
            "remedy": finding.remedy,
        }
        for finding in findings
    ]
    content = {
        "version": _VERSION,
        "kind": "doctor",
        "installation": environment.describe_installation(),
        "findings": listed,
    }
    return json.dumps(content, indent=2)


def _check_all(
    arguments: argparse.Namespace, credentials: Sequence[Finding], progress: ProgressCallback
) -> Iterator[Finding]:
    yield from environment.check_versions()
    yield from credentials
    yield _check_platform(arguments, progress)
    packages: list[str] = []
    for text in arguments.sources:
        if is_path(text) and package_name_at(find_lock(text)) is not None:
            packages.append(text)
        else:
            yield _check_model(arguments, text, progress)
    if arguments.url is not None:
        yield _check_model(arguments, None, progress)
    if packages or not arguments.sources:
        yield from _check_packages(packages, progress)


def _check_platform(arguments: argparse.Namespace, progress: ProgressCallback) -> Finding:
    """Check whether the platform answers, and for which user."""
    try:
        api_base = resolve_jobs.configured_api_base(arguments.api_base)
        address, user_id = whoami(Access(api_base=api_base, timeout=_TIMEOUT, progress=progress))
    except Refusal as refusal:
        # A refusal with a location is one of the configuration, which the packages' finding reports.
        if refusal.diagnostic.location:
            return Finding(State.NOTE, "platform", "is not asked while the configuration is wrong")
        if refusal.diagnostic.exit_code == USAGE and not environment.credential_variables():
            return Finding(State.NOTE, "platform", "is not asked without a credential")
        return _fault("platform", refusal.diagnostic)
    if not user_id:
        return Finding(State.OK, "platform", f"{address} answers; it is a local runner")
    return Finding(State.OK, "platform", f"{address} answers, for the user {quote(user_id)}")


def _check_model(
    arguments: argparse.Namespace, text: str | None, progress: ProgressCallback
) -> Finding:
    """Check whether the model of a SOURCE, or else of `--url`, can be reached and has a usable interface."""
    options = argparse.Namespace(url=None if text else arguments.url, api_base=arguments.api_base)
    try:
        source = resolve_source(options, text, Report(), progress)
        interface = read_interface(source, None, Report())
    except Refusal as refusal:
        return _fault("model", refusal.diagnostic)
    subject = "the model of --url" if text is None else quote(text, 200)
    methods, tools = len(interface.methods), len(interface.tools)
    counts = [format_count(methods, "method")] if methods or not tools else []
    counts += [format_count(tools, "tool")] if tools else []
    return Finding(State.OK, "model", f"{subject} has {' and '.join(counts)}")


def _check_packages(paths: Sequence[str], progress: ProgressCallback) -> Iterator[Finding]:
    """Check whether this gen-client would generate the same packages from their locks."""
    try:
        jobs = [_check_job(path) for path in paths] or _configured_jobs(progress)
    except Refusal as refusal:
        yield _fault("configuration", refusal.diagnostic)
        return
    if not jobs:
        yield Finding(State.NOTE, "packages", "none is named, and no [tool.gen-client] lists any")
        return
    try:
        outcomes = list(pipeline.run_jobs(jobs, Mode(check=True), progress))
    except ModuleNotFoundError as error:  # The versions, above, say what to install.
        yield Finding(State.NOTE, "packages", f"are not checked without {error.name}")
        return
    for outcome in outcomes:
        options = outcome.job.options
        subject = f"package {quote(str(options.out / options.name), 200)}"
        if isinstance(outcome.result, Diagnostic):
            yield _fault(subject, outcome.result)
        elif isinstance(outcome.result, CheckResult):
            yield _package_finding(subject, outcome.result)


def _check_job(path: str) -> Job:
    """Return the job that checks the package at a path."""
    lock = Path(find_lock(path))
    folder = lock.absolute().parent
    report = Report()
    options = PackageOptions(lock.parent.parent if lock.parent.name else folder.parent, folder.name)
    return Job(SignatureFile(str(lock), report), options, report)


def _configured_jobs(progress: ProgressCallback) -> list[Job]:
    """Return the jobs that check the configured packages by their locks; none without a configuration."""
    if config.find_config_file(config.working_folder()).section is None:
        return []
    return resolve_jobs.configured_jobs(None, progress, PackageOptions(), offline=True)


def _package_finding(subject: str, result: CheckResult) -> Finding:
    differences = [difference for difference in result.differences if not difference.is_accepted]
    if not differences:
        return Finding(State.OK, subject, "is up to date")
    text = ", ".join(
        f"{quote(difference.file)} {difference.cause.value}" for difference in differences
    )
    return Finding(State.FAULT, subject, text, "gen-client --check --diff shows what differs")


def _fault(subject: str, diagnostic: Diagnostic) -> Finding:
    location = f"{diagnostic.location}: " if diagnostic.location else ""
    return Finding(State.FAULT, subject, f"{location}{diagnostic.message}", diagnostic.remedy)
