"""The whole way from a deployed model to a Python package, on one page.

    source ─▶ selection ─▶ interface ─▶ naming, plan ─▶ render ─▶ tidy ─▶ write, or check
    Document                  Model          Page         text     files    paths    causes

Each stage is a module of its own; this page holds their order, and the data between them. The first and
the last touch the world, `build` in between is pure. Nothing here decides anything. Several models go the way
together: all are asked, what has to be made is made, each is written; what one of them meets, it meets alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from clarigen import ModelRef
from gen_client import cache, check, threads
from gen_client.cache import Cache, CacheEntry
from gen_client.custom_templates import NO_CUSTOM_TEMPLATES, CustomTemplates
from gen_client.diagnostics import Diagnostic, ProgressCallback, Refusal, Report, diagnose_bug
from gen_client.interface import json_types, read
from gen_client.jobs import CheckResult, FetchedJob, Job, Mode, Outcome, Package, WriteResult
from gen_client.layout import LOCK_FILE, SOURCE_FILES, TYPED_MARKER
from gen_client.naming import names
from gen_client.output import lock, write
from gen_client.source import Document
from gen_client.source.selection import select

if TYPE_CHECKING:
    from gen_client.tidy.black import Formatter

R = TypeVar("R")


def run(jobs: Sequence[Job], mode: Mode, progress: ProgressCallback) -> Iterator[Outcome]:
    """Make, or check, the packages of some models. The outcomes come in the order of the jobs."""
    asked = threads.run_concurrently(lambda job: _attempt(_ask, job, mode), jobs)
    known = [_known(its, mode.cache) for its in asked]
    progress("generating")
    for job, its, entry in zip(jobs, asked, known, strict=True):
        if isinstance(its, Diagnostic):
            yield Outcome(job.report.warnings, its)
        elif entry is not None:
            warnings = [*job.report.warnings, *entry.warnings]
            yield Outcome(warnings, _unchanged(its, entry, mode))
        else:
            end = _attempt(_finish, its, mode, progress)
            yield Outcome(job.report.warnings, end)
    mode.cache.remove_stale_entries()


def build(
    document: Document,
    name: str,
    report: Report,
    custom: CustomTemplates = NO_CUSTOM_TEMPLATES,
    formatter: Formatter | None = None,
) -> Package:
    """Build the package of a document: the same document and templates give the same bytes.

    Args:
        document: The signatures and their model.
        name: The package's name; empty to make one from the model's id.
        report: Collects warnings.
        custom: Custom templates.
        formatter: Formats the source instead of black, in tests that do not look at the layout.

    Raises:
        Refusal: The signatures cannot become a safe client (exit 4), or there is no name (exit 2).
    """
    from gen_client.plan.build import build_page
    from gen_client.render import render_files
    from gen_client.tidy.black import format_source
    from gen_client.tidy.finish import finish

    model = read.read_model(document, report)
    page = build_page(model, names.package_name_for(document.reference, name), report)
    texts = render_files(page, custom.templates)
    classes, types = json_types.collect_allowed(model.json_types)
    allowed = replace(custom.allowed, classes=classes, types=types)
    files = {
        file: finish(texts[file], kind, allowed, formatter or format_source)
        for file, kind in SOURCE_FILES.items()
    }
    return Package(
        page.package, page.client, {**files, TYPED_MARKER: "", LOCK_FILE: lock.format_lock(model)}
    )


def _attempt(stage: Callable[..., R], *arguments: object) -> R | Diagnostic:
    """What a stage gives, or why it gives nothing."""
    try:
        return stage(*arguments)
    except Refusal as refusal:
        return refusal.diagnostic
    except ModuleNotFoundError:  # what is not installed is told once, for all
        raise
    except Exception as error:  # noqa: BLE001  a bug of ours, which spoils one package
        return diagnose_bug(error)


def _ask(job: Job, mode: Mode) -> FetchedJob:
    """Have the document that a package is to be made of."""
    options = job.options
    document = _aimed(job.source.fetch(), options.model)
    document = select(document, options.methods, options.exclude)
    if options.client_options is not None:
        document = replace(document, client_options=options.client_options)
    if options.json_types is not None:
        document = replace(document, json_types=options.json_types)
    asked = FetchedJob(job, document, names.package_name_for(document.reference, options.name))
    if mode.frozen:
        check.require_locked_signatures(asked)
    return asked


def _aimed(document: Document, model: ModelRef | None) -> Document:
    """The document as one of another model; a version belongs to its own model alone."""
    if model is None or model == document.reference:
        return document
    return Document(model, "", document.signatures, json_types=document.json_types)


def _known(asked: FetchedJob | Diagnostic, known: Cache) -> CacheEntry | None:
    """The entry for a package that is in its place already, as it would be made."""
    if isinstance(asked, Diagnostic) or asked.job.options.custom is not NO_CUSTOM_TEMPLATES:
        return None
    entry = known.get(cache.compute_key(asked.document, asked.name))
    strict = asked.job.options.strict
    if entry is None or (strict and (entry.warnings or asked.job.report.warnings)):
        return None
    try:
        there = write.read_package(asked.folder, entry.files)
    except Refusal:
        return None
    digests = {
        file: None if text is None else cache.hash_bytes(text) for file, text in there.items()
    }
    return entry if digests == entry.files else None


def _unchanged(asked: FetchedJob, entry: CacheEntry, mode: Mode) -> WriteResult | CheckResult:
    if mode.check:
        return CheckResult(asked.folder)
    return WriteResult(asked.name, entry.client, [], is_new=False)


def _finish(asked: FetchedJob, mode: Mode, progress: ProgressCallback) -> WriteResult | CheckResult:
    """Make a package, and write it or compare it."""
    options, report = asked.job.options, Report()
    if not mode.check:
        check.require_known_format(asked)
    try:
        package = build(asked.document, asked.name, report, options.custom)
    finally:
        asked.job.report.warnings += report.warnings
    if options.custom is NO_CUSTOM_TEMPLATES:
        entry = CacheEntry(package.client, cache.hash_files(package.files), tuple(report.warnings))
        mode.cache.put(cache.compute_key(asked.document, asked.name), entry)
    if options.strict:
        asked.job.report.raise_if_warnings()
    if mode.check:
        progress("comparing")
        return check.check_package(asked, package, build)
    progress("writing")
    changed = write.write_package(options.out, package.name, package.files, force=options.force)
    return WriteResult(package.name, package.client, changed, len(changed) == len(package.files))
