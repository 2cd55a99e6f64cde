"""Which two interfaces `gen-client diff` compares: a lock, and what there is now.

What lives here: `sides`, from the command line, and for all models of the configuration where it names none. Of a package
that has only some of its model's methods, only those are compared. Nothing is read or asked but the configuration.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from pathlib import Path

from gen_client import config, source
from gen_client.commands import model_options, resolve_jobs
from gen_client.config import ModelEntry
from gen_client.diagnostics import ProgressCallback, Refusal, Report
from gen_client.escape import Code
from gen_client.exit_codes import USAGE
from gen_client.jobs import Job, PackageOptions
from gen_client.layout import LOCK_FILE
from gen_client.source import Document, Source


@dataclass(frozen=True, slots=True)
class Sides:
    """One comparison.

    Attributes:
        lock: The path of the lock.
        package: What its package is called, if it lies in one.
        before: What callers know.
        after: What there is now.
        report: Takes the warnings of what there is now.
    """

    lock: str
    package: Code | None
    before: Source
    after: Source
    report: Report

    @property
    def name(self) -> str:
        """What it is called among several."""
        return Path(self.lock).parent.name


def sides(arguments: argparse.Namespace, progress: ProgressCallback) -> list[Sides]:
    """The comparisons that are meant.

    Args:
        arguments: The command line.
        progress: Progress callback.

    Raises:
        Refusal: Exit 2: the command line or the configuration is wrong.
    """
    if arguments.other is not None and (arguments.url is not None or arguments.base is not None):
        raise Refusal("OTHER goes with neither --url nor --base", exit_code=USAGE)
    if arguments.lock is not None:
        return [_given(arguments, progress)]
    if arguments.url is not None:
        raise Refusal("--url needs a LOCK to compare with", exit_code=USAGE)
    return [
        _listed(job, arguments)
        for job in resolve_jobs.listed(arguments.api_base, progress, PackageOptions())
    ]


def _given(arguments: argparse.Namespace, progress: ProgressCallback) -> Sides:
    lock = model_options.lock_path(arguments.lock)
    report = Report()
    after = _after(arguments, lock, report, progress)
    entry = _entry(lock)
    if entry is not None:
        after = _Wanted(after, entry.methods, entry.exclude)
    return Sides(lock, model_options.package_at(lock), _before(arguments, lock), after, report)


def _listed(job: Job, arguments: argparse.Namespace) -> Sides:
    options = job.options
    lock = str(options.out / options.name / LOCK_FILE)
    after = source.in_file(lock, job.report) if arguments.base is not None else job.source
    wanted = _Wanted(after, options.methods, options.exclude)
    package = model_options.package_at(lock)
    return Sides(lock, package, _before(arguments, lock), wanted, job.report)


def _before(arguments: argparse.Namespace, lock: str) -> Source:
    if arguments.base is None:
        return source.in_file(lock, Report())
    return source.at_revision(Path(lock), arguments.base, Report())


def _after(
    arguments: argparse.Namespace, lock: str, report: Report, progress: ProgressCallback
) -> Source:
    """What there is now: a file, the model at an address, or the one that the lock names."""
    if arguments.url is not None:
        return model_options.place_of(arguments, None, report, progress)
    if arguments.other is not None or arguments.base is not None:
        return source.in_file(model_options.lock_path(arguments.other or lock), report)
    reference = source.read(source.in_file(lock, Report())).reference
    if reference is None:
        raise Refusal(
            "the lock names no model to compare with",
            exit_code=USAGE,
            remedy="give the address of the running one with --url",
        )
    return source.of(reference, source.Access(api_base=arguments.api_base, progress=progress))


def _entry(lock: str) -> ModelEntry | None:
    """What the configuration says of a package, if it does."""
    try:
        entries = config.load_settings(config.working_folder()).entries
    except Refusal:  # no configuration, or one that others complain of
        return None
    folder = Path(lock).resolve().parent
    return next((its for its in entries if (its.out / its.name).resolve() == folder), None)


class _Wanted:
    """A place of which only some methods are looked at. One that is gone is no mistake here: that is told."""

    def __init__(self, place: Source, methods: tuple[str, ...], exclude: tuple[str, ...]) -> None:
        self._place = place
        self._methods = methods
        self._exclude = exclude

    def fetch(self) -> Document:
        """Ask it."""
        document = source.read(self._place)
        kept = tuple(
            signature
            for signature in document.signatures
            if signature.get("name") not in self._exclude
            and (not self._methods or signature.get("name") in self._methods)
        )
        return replace(document, signatures=kept)
