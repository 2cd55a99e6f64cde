"""How far a package, or its lock, is from what it should be.

What lives here: `check`, which finds what differs and why; `frozen`, which refuses signatures that are not
those of the lock; `known`, which refuses the lock of a newer gen-client. Reads the package's folder, and writes nothing.
"""

from __future__ import annotations

from collections.abc import Callable

from clarigen import wire
from gen_client.custom_templates import CustomTemplates
from gen_client.diagnostics import Refusal, Report
from gen_client.exit_codes import DIFFERENT
from gen_client.interface import read
from gen_client.jobs import CheckResult, FetchedJob, Package
from gen_client.json_text import compute_digest
from gen_client.output import locked, write
from gen_client.output.difference import Origin, find_differences, format_unified_diff
from gen_client.source import Document
from gen_client.text import quote

Build = Callable[[Document, str, Report, CustomTemplates], Package]
"""Makes a package of a document."""


def check_package(asked: FetchedJob, package: Package, build: Build) -> CheckResult:
    """What is out of date in a package, and why.

    Args:
        asked: The job.
        package: What should be there.
        build: Makes what is there once more, of its lock, to see where it came from.
    """
    there = write.read_package(asked.folder, package.files)
    if asked.job.options.force:
        there = {file: there[file] for file in package.files}
    if there == {file: text.encode() for file, text in package.files.items()}:
        return CheckResult(asked.folder)
    found = find_differences(there, package.files, _origin(asked, package, build))
    diffs = {
        its.file: format_unified_diff(
            str(asked.folder / its.file), there[its.file], package.files[its.file]
        )
        for its in found
        if its.file in package.files
    }
    obstacle = not write.can_replace(asked.folder, package.files)
    return CheckResult(asked.folder, found, diffs, obstacle)


def _origin(asked: FetchedJob, package: Package, build: Build) -> Origin:
    """What made the package that is there, as far as its lock tells."""
    found = locked.read_lock(asked.lock)
    if found is None or not found.is_intact:
        return Origin(None, has_current_format=False, has_model_signatures=False)
    if found.document == asked.document:
        return Origin(package.files, found.format == wire.FORMAT, has_model_signatures=True)
    try:
        made = build(found.document, asked.name, Report(), asked.job.options.custom).files
        same_model = _same_signatures(found.document, asked.document)
    except Refusal:
        return Origin(None, has_current_format=False, has_model_signatures=False)
    return Origin(made, found.format == wire.FORMAT, same_model)


def require_known_format(asked: FetchedJob) -> None:
    """Refuse to write over what a newer gen-client wrote (exit 4), unless that is forced."""
    if not asked.job.options.force:
        locked.read_lock(asked.lock)


def require_locked_signatures(asked: FetchedJob) -> None:
    """Refuse signatures that are not those of the lock (exit 1)."""
    found = locked.read_lock(asked.lock)
    if found is not None and _same_signatures(found.document, asked.document):
        return
    raise Refusal(
        "the model's signatures are not those of the lock" if found else "there is no lock",
        exit_code=DIFFERENT,
        location=quote(str(asked.lock), 400),
        remedy="run the command without --frozen to take what the model says now",
    )


def _same_signatures(one: Document, other: Document) -> bool:
    """Whether the methods of two documents are the same, in their one canonical form."""
    first, second = (read.write_signatures(read.read_model(its, Report())) for its in (one, other))
    return compute_digest(first) == compute_digest(second)
