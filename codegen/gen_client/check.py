"""The comparison of a package, or its lock, with what it should be.

The result is which files differ and why; a lock that must not be replaced is refused. The package's folder is read, and
nothing is written.
"""

from __future__ import annotations

from collections.abc import Callable

from clarigen import wire
from gen_client.custom_templates import CustomTemplates
from gen_client.diagnostics import Refusal, Report
from gen_client.exit_codes import DIFFERENT
from gen_client.interface.read import read_model
from gen_client.interface.write import write_signatures
from gen_client.jobs import CheckResult, FetchedJob, Package
from gen_client.json_text import compute_digest
from gen_client.output import write
from gen_client.output.causes import Origin, find_differences, format_unified_diff
from gen_client.output.lock_file import Lock, read_lock
from gen_client.source import Document
from gen_client.text import quote

BuildPackage = Callable[[Document, str, Report, CustomTemplates], Package]
"""The type of `pipeline.build_package`, which this module cannot import: the pipeline imports it."""


def check_package(
    fetched: FetchedJob, package: Package, build_package: BuildPackage
) -> CheckResult:
    """Return which files of a package are out of date, and why.

    Args:
        fetched: The job.
        package: The package as it should be.
        build_package: Builds the package of the present lock again, to find out who changed a file.
    """
    contents = write.read_package(fetched.folder, package.files)
    if fetched.job.options.force:
        contents = {file: contents[file] for file in package.files}
    if contents == {file: text.encode() for file, text in package.files.items()}:
        return CheckResult(fetched.folder)
    lock = _read_intact_lock(fetched)
    differences = find_differences(
        contents, package.files, _find_origin(lock, fetched, package, build_package)
    )
    diffs = {
        difference.file: format_unified_diff(
            str(fetched.folder / difference.file),
            contents[difference.file],
            package.files[difference.file],
        )
        for difference in differences
        if difference.file in package.files
    }
    has_obstacle = not write.can_replace(fetched.folder, package.files)
    documents = None if lock is None else (lock.document, fetched.document)
    return CheckResult(fetched.folder, differences, diffs, has_obstacle, documents)


def _read_intact_lock(fetched: FetchedJob) -> Lock | None:
    """Return the lock of the present package; None if there is none, or if it was edited."""
    lock = read_lock(fetched.lock_path)
    return lock if lock is not None and lock.is_intact else None


def _find_origin(
    lock: Lock | None, fetched: FetchedJob, package: Package, build_package: BuildPackage
) -> Origin:
    """Return what the present package was generated from, as far as its lock tells."""
    unknown = Origin(None, has_current_format=False, has_model_signatures=False)
    if lock is None:
        return unknown
    has_current_format = lock.format == wire.FORMAT
    if lock.document == fetched.document:
        return Origin(package.files, has_current_format, has_model_signatures=True)
    try:
        regenerated = build_package(
            lock.document, fetched.name, Report(), fetched.job.options.custom
        )
        has_model_signatures, has_model_tools = _compare_models(lock.document, fetched.document)
    except Refusal:
        return unknown
    return Origin(regenerated.files, has_current_format, has_model_signatures, has_model_tools)


def require_known_format(fetched: FetchedJob) -> None:
    """Raise `Refusal` (exit 4) if a newer gen-client wrote the lock, unless `--force` is given."""
    if not fetched.job.options.force:
        read_lock(fetched.lock_path)


def require_locked_signatures(fetched: FetchedJob) -> None:
    """Raise `Refusal` (exit 1) if the model's signatures are not those of the lock."""
    lock = read_lock(fetched.lock_path)
    problem, subject = "there is no lock", "signatures"
    if lock is not None:
        has_model_signatures, has_model_tools = _compare_models(lock.document, fetched.document)
        if has_model_signatures and has_model_tools:
            return
        subject = "tools" if has_model_signatures else "signatures"
        problem = f"the model's {subject} are not those of the lock"
    raise Refusal(
        problem,
        exit_code=DIFFERENT,
        location=quote(str(fetched.lock_path), 400),
        remedy=f"run the command without --frozen to generate from the model's present {subject}",
    )


def _compare_models(first: Document, second: Document) -> tuple[bool, bool]:
    """Return whether the methods of two documents are equal in their canonical form, and whether the tools are."""
    models = [read_model(document, Report()) for document in (first, second)]
    methods = {compute_digest([write_signatures(model), model.model_type]) for model in models}
    tools = {compute_digest(model.tools and model.tools.document) for model in models}
    return len(methods) == 1, len(tools) == 1
