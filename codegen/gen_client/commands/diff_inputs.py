"""The interfaces that `gen-client diff` compares: an old one, mostly that of a lock, and that of the present model.

There is one comparison for a SOURCE on the command line, or one per model of the configuration. If a package has only
some of its model's methods, only those are compared. Only the configuration and locks are read; nothing is fetched yet.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from gen_client import config
from gen_client.commands import resolve_jobs
from gen_client.commands.resolve_model import package_name_at, resolve_source
from gen_client.config import ModelEntry
from gen_client.diagnostics import ProgressCallback, Refusal, Report
from gen_client.escape import Code
from gen_client.exit_codes import USAGE
from gen_client.jobs import Job, PackageOptions
from gen_client.layout import LOCK_FILE
from gen_client.source import (
    Access,
    Document,
    PlatformModel,
    RevisionFile,
    SignatureFile,
    Source,
    find_lock,
    parse_source,
    resolve_address,
)
from gen_client.source.address import Address, LocalAddress
from gen_client.source.local import open_local
from gen_client.source.selection import select_methods
from gen_client.text import quote


@dataclass(frozen=True, slots=True)
class ComparisonInput:
    """The input of one comparison.

    Attributes:
        lock: The path of the lock, or what else names the old interface.
        package: The name of the package that holds the lock; None if there is none.
        old: The source of the interface that callers know.
        new: The source of the interface that there is now.
        report: Collects the warnings of the new interface.
    """

    lock: str
    package: Code | None
    old: Source
    new: Source
    report: Report

    @property
    def name(self) -> str:
        """The name of the comparison in messages: that of the lock's folder."""
        return Path(self.lock).parent.name


def resolve_inputs(
    arguments: argparse.Namespace, progress: ProgressCallback
) -> list[ComparisonInput]:
    """Return the comparisons that the command line asks for.

    Args:
        arguments: The command line.
        progress: Called with each stage as it starts.

    Raises:
        Refusal: Exit 2: the command line or the configuration is wrong.
    """
    if arguments.other is not None and (arguments.url is not None or arguments.base is not None):
        raise Refusal(
            "OTHER cannot be combined with --url or --base",
            exit_code=USAGE,
            remedy="each of them names what to compare with: leave out all but one",
        )
    if arguments.source is not None:
        return [_input_of_source(arguments, progress)]
    if arguments.url is not None:
        raise Refusal(
            "--url needs a SOURCE to compare with",
            exit_code=USAGE,
            remedy="name a package or a lock before it",
        )
    jobs = resolve_jobs.configured_jobs(arguments.api_base, progress, PackageOptions())
    return [_input_of_job(job, arguments) for job in jobs]


def _input_of_source(arguments: argparse.Namespace, progress: ProgressCallback) -> ComparisonInput:
    """Return the comparison of the SOURCE that the command line names."""
    address = parse_source(arguments.source)
    report = Report()
    if not isinstance(address, LocalAddress):
        return _input_of_address(arguments, address, report, progress)
    lock = find_lock(address.path)
    if arguments.base is not None and Path(lock).is_dir():  # The revision may have the lock.
        lock = str(Path(lock) / LOCK_FILE)
    new = _new_source(arguments, lock, report, progress)
    entry = _find_entry(lock)
    if entry is not None:
        new = _SelectedMethods(new, entry.methods, entry.exclude)
    return ComparisonInput(lock, package_name_at(lock), _old_source(arguments, lock), new, report)


def _input_of_address(
    arguments: argparse.Namespace, address: Address, report: Report, progress: ProgressCallback
) -> ComparisonInput:
    """Return the comparison of a model that is not local with another SOURCE."""
    if arguments.base is not None:
        raise Refusal(
            "--base needs a package or a file, not an address",
            exit_code=USAGE,
            remedy="a revision of a git repository has files",
        )
    if arguments.other is None and arguments.url is None:
        raise Refusal(
            "an address needs an OTHER to compare with",
            exit_code=USAGE,
            remedy="name two: gen-client diff SOURCE OTHER, where the second is the new one",
        )
    old = resolve_address(address, _access(arguments, progress), Report())
    new = resolve_source(arguments, arguments.other, report, progress)
    return ComparisonInput(arguments.other or arguments.source, None, old, new, report)


def _input_of_job(job: Job, arguments: argparse.Namespace) -> ComparisonInput:
    """Return the comparison of a model that the configuration lists."""
    options = job.options
    lock = str(options.out / options.name / LOCK_FILE)
    new = SignatureFile(lock, job.report) if arguments.base is not None else job.source
    selected = _SelectedMethods(new, options.methods, options.exclude)
    old = _old_source(arguments, lock)
    return ComparisonInput(lock, package_name_at(lock), old, selected, job.report)


def _old_source(arguments: argparse.Namespace, lock: str) -> Source:
    if arguments.base is None:
        return open_local(lock, Report())
    return RevisionFile(Path(lock), arguments.base, Report())


def _new_source(
    arguments: argparse.Namespace, lock: str, report: Report, progress: ProgressCallback
) -> Source:
    """Return the source of the new interface: an address, a file, or the model that the lock names."""
    if arguments.url is not None or arguments.other is not None:
        return resolve_source(arguments, arguments.other, report, progress)
    if arguments.base is not None:
        return open_local(lock, report)
    reference = open_local(lock, Report()).fetch().reference
    if reference is None:
        raise Refusal(
            f"{quote(lock, 200)} names no model to compare with",
            exit_code=USAGE,
            remedy="name the other one: gen-client diff SOURCE OTHER (or --url URL)",
        )
    return PlatformModel(reference, "", _access(arguments, progress))


def _access(arguments: argparse.Namespace, progress: ProgressCallback) -> Access:
    return Access(api_base=arguments.api_base, progress=progress)


def _find_entry(lock: str) -> ModelEntry | None:
    """Return the entry of the configuration for the package that holds a lock, if there is one."""
    try:
        entries = config.load_settings(config.working_folder()).entries
    except Refusal:  # There is no configuration, or it is wrong, which other commands report.
        return None
    folder = Path(lock).resolve().parent
    return next((entry for entry in entries if (entry.out / entry.name).resolve() == folder), None)


class _SelectedMethods:
    """A source that returns only some methods of another. A missing method is no error: `diff` reports it."""

    def __init__(self, source: Source, methods: tuple[str, ...], exclude: tuple[str, ...]) -> None:
        self._source = source
        self._methods = methods
        self._exclude = exclude

    def fetch(self) -> Document:
        """Fetch the selected methods."""
        document = self._source.fetch()
        return select_methods(document, self._methods, self._exclude, missing_ok=True)
