"""The pipeline: all stages, from a deployed model to a Python package.

    source ─▶ selection ─▶ interface ─▶ naming, plan ─▶ render ─▶ tidy ─▶ write, or check
    Document                  Model          Page         text     files    paths    differences

Each stage is a module of its own; this module has only their order and the data between them. The first and the last
stage do I/O; `build_package` runs the stages between them, which read nothing but our templates. If there are several
models, all signatures are fetched concurrently, and then the packages are built one by one; a failure of one model does
not stop the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from clarigen import ModelRef
from gen_client import cache, check, threads
from gen_client.cache import CacheEntry
from gen_client.custom_templates import NO_CUSTOM_TEMPLATES, CustomTemplates
from gen_client.diagnostics import Diagnostic, ProgressCallback, Refusal, Report, diagnose_bug
from gen_client.interface import json_types
from gen_client.interface.read import read_model
from gen_client.jobs import CheckResult, FetchedJob, Job, Mode, Outcome, Package, WriteResult
from gen_client.layout import LOCK_FILE, SOURCE_FILES, TYPED_MARKER
from gen_client.naming import packages
from gen_client.output import lock_file, write
from gen_client.source import Document
from gen_client.source.foreign_settings import ignore_foreign_settings
from gen_client.source.selection import select_methods

if TYPE_CHECKING:
    from gen_client.tidy.black import Formatter

R = TypeVar("R")


def run_jobs(jobs: Sequence[Job], mode: Mode, progress: ProgressCallback) -> Iterator[Outcome]:
    """Generate or check the packages of some models; yield the outcomes in the order of the jobs."""
    results = threads.run_concurrently(lambda job: _attempt(_fetch, job, mode), jobs)
    progress("generating")
    for job, fetched in zip(jobs, results, strict=True):
        if isinstance(fetched, Diagnostic):
            yield Outcome(job, fetched)
        else:
            yield Outcome(job, _attempt(_write_or_check, fetched, mode, progress))
    mode.cache.remove_stale_entries()


def build_package(
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
        Refusal: Exit 4: the signatures cannot become a safe client. Exit 2: there is no name for the package.
    """
    # Imported here: these load jinja2 and black, which a run with nothing to build does not need.
    from gen_client.plan.build import build_page
    from gen_client.render import render_files
    from gen_client.tidy.black import format_source
    from gen_client.tidy.finish import finish

    model = read_model(document, report)
    page = build_page(model, packages.choose_package_name(document.reference, name), report)
    texts = render_files(page, custom.templates)
    classes, types = json_types.collect_allowed(model.json_types)
    allowed = replace(custom.allowed, classes=classes, types=types)
    files = {
        file: finish(texts[file], kind, allowed, formatter or format_source)
        for file, kind in SOURCE_FILES.items()
    }
    return Package(
        page.package,
        page.client,
        {**files, TYPED_MARKER: "", LOCK_FILE: lock_file.format_lock(model)},
    )


def _attempt(stage: Callable[..., R], *arguments: object) -> R | Diagnostic:
    """Run a stage for one model; return its result, or the diagnostic of its failure."""
    try:
        return stage(*arguments)
    except Refusal as refusal:
        return refusal.diagnostic
    except ModuleNotFoundError:
        # A missing library concerns all models; the command reports it once.
        raise
    except Exception as error:  # noqa: BLE001  A bug of ours must not spoil the other packages.
        return diagnose_bug(error)


def _fetch(job: Job, mode: Mode) -> FetchedJob:
    """Fetch a job's signatures and apply its options."""
    options = job.options
    document = _retarget(job.source.fetch(), options.model)
    document = select_methods(document, options.methods, options.exclude)
    name = packages.choose_package_name(document.reference, options.name)
    document = ignore_foreign_settings(
        document, FetchedJob(job, document, name).lock_path, job.report
    )
    if options.client_options is not None:
        document = replace(document, client_options=options.client_options)
    if options.json_types is not None:
        document = replace(document, json_types=options.json_types)
    if options.methods:
        document = replace(document, public_transports=options.methods)
    fetched = FetchedJob(job, document, name)
    if mode.frozen:
        check.require_locked_signatures(fetched)
    return fetched


def _retarget(document: Document, model: ModelRef | None) -> Document:
    """Return the document with another model as its target, and without a version."""
    if model is None or model == document.reference:
        return document
    return replace(document, reference=model, version_id="", client_options=())


def _write_or_check(
    fetched: FetchedJob, mode: Mode, progress: ProgressCallback
) -> WriteResult | CheckResult:
    """Build a package unless the cache says that it is up to date, and write or check it."""
    job = fetched.job
    entry = mode.cache.find_current(fetched.cache_key, fetched.folder)
    if entry is not None and job.accepts(entry.warnings):
        job.report.extend(entry.warnings)
        if mode.check:
            return CheckResult(fetched.folder)
        return WriteResult(fetched.name, entry.client, [], is_new=False)
    if not mode.check:
        check.require_known_format(fetched)
    package = _build_and_cache(fetched, mode)
    if mode.check:
        progress("comparing")
        return check.check_package(fetched, package, build_package)
    progress("writing")
    options = job.options
    changed = write.write_package(options.out, package.name, package.files, force=options.force)
    return WriteResult(package.name, package.client, changed, len(changed) == len(package.files))


def _build_and_cache(fetched: FetchedJob, mode: Mode) -> Package:
    """Build a package and put it into the cache."""
    job, report = fetched.job, Report()
    try:
        package = build_package(fetched.document, fetched.name, report, job.options.custom)
    finally:
        job.report.extend(report.warnings)
        job.report.notes += report.notes
    hashes = cache.hash_files(package.files)
    entry = CacheEntry(package.client, hashes, tuple(report.warnings))
    mode.cache.put(fetched.cache_key, entry)
    job.raise_if_strict()
    return package
