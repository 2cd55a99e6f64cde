"""The data of a run: jobs, the packages that they generate, and their outcomes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from clarigen import ModelRef
from gen_client import cache
from gen_client.cache import Cache
from gen_client.custom_templates import NO_CUSTOM_TEMPLATES, CustomTemplates
from gen_client.diagnostics import Diagnostic, Report
from gen_client.layout import LOCK_FILE
from gen_client.output.causes import Cause, Difference
from gen_client.source import Document, Source


@dataclass(frozen=True, slots=True)
class PackageOptions:
    """How to generate a package.

    Attributes:
        out: The folder that gets the package.
        name: The package's name; empty to make one from the model's id.
        model: The model that the client calls; None for the model that the signatures come from.
        force: Whether to write into a folder that holds other files, or the package of a newer gen-client.
        methods: The methods to generate; empty for all.
        exclude: The methods to leave out.
        client_options: Default options of the generated client, by keyword; None for those of the document.
        json_types: The user's types for JSON, by `METHOD.PARAMETER`; None for those of the document.
        strict: Whether a warning is an error.
        custom: Custom templates, and what the gate allows them to write.
    """

    out: Path = Path()
    name: str = ""
    model: ModelRef | None = None
    force: bool = False
    methods: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    client_options: tuple[tuple[str, str], ...] | None = None
    json_types: tuple[tuple[str, str], ...] | None = None
    strict: bool = False
    custom: CustomTemplates = NO_CUSTOM_TEMPLATES


@dataclass(frozen=True, slots=True)
class Job:
    """One package to generate or check.

    Attributes:
        source: The source of the signatures.
        options: How to generate the package.
        report: Collects the warnings of all stages.
    """

    source: Source
    options: PackageOptions
    report: Report = field(default_factory=Report)

    def accepts(self, warnings: Collection[Diagnostic]) -> bool:
        """Return whether the package may be written despite these warnings and those of the report."""
        return not (self.options.strict and (warnings or self.report.warnings))

    def raise_if_strict(self) -> None:
        """Raise `Refusal` (exit 4) if `--strict` is set and there were warnings."""
        if self.options.strict:
            self.report.raise_if_warnings()


@dataclass(frozen=True, slots=True)
class Mode:
    """What a run does with all packages.

    Attributes:
        check: Whether to compare the packages and write nothing.
        frozen: Whether the signatures must be those of the lock.
        cache: Says which packages are up to date.
    """

    check: bool = False
    frozen: bool = False
    cache: Cache = field(default_factory=lambda: Cache(None))


@dataclass(frozen=True, slots=True)
class Package:
    """A finished package that is not written yet.

    Attributes:
        name: The package's name.
        client: The name of its client class.
        files: The text of each file, by file name.
    """

    name: str
    client: str
    files: dict[str, str]


@dataclass(frozen=True, slots=True)
class WriteResult:
    """The result of writing a package.

    Attributes:
        name: The package's name.
        client: The name of its client class.
        changed: The files that changed; empty if the package was up to date.
        is_new: Whether all of its files were written.
    """

    name: str
    client: str
    changed: list[Path]
    is_new: bool


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The result of checking a package.

    Attributes:
        folder: The package's folder.
        differences: The files that differ, each with its cause.
        diffs: The lines of the unified diff of each of these files.
        has_obstacle: Whether the folder holds something that prevents writing without `--force`.
        documents: The signatures of the lock, and those of the model; None if the lock is not intact.
    """

    folder: Path
    differences: list[Difference] = field(default_factory=list[Difference])
    diffs: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    has_obstacle: bool = False
    documents: tuple[Document, Document] | None = None

    @property
    def is_model_changed(self) -> bool:
        """Whether a file differs because the model changed."""
        return any(
            difference.cause in (Cause.MODEL, Cause.TOOLS) for difference in self.differences
        )

    @property
    def is_current(self) -> bool:
        """Whether the check passes."""
        return all(difference.is_accepted for difference in self.differences)

    @property
    def name(self) -> str:
        """The package's name."""
        return self.folder.name


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a job; the warnings are in the report of the job.

    Attributes:
        job: The job.
        result: The result, or the diagnostic of the failure.
    """

    job: Job
    result: WriteResult | CheckResult | Diagnostic


@dataclass(frozen=True, slots=True)
class FetchedJob:
    """A job with its signatures.

    Attributes:
        job: The job.
        document: The signatures, with the job's options applied.
        name: The package's name.
    """

    job: Job
    document: Document
    name: str

    @property
    def folder(self) -> Path:
        """The package's folder."""
        return self.job.options.out / self.name

    @property
    def lock_path(self) -> Path:
        """The path of the package's lock."""
        return self.folder / LOCK_FILE

    @property
    def cache_key(self) -> str | None:
        """The key of the package in the cache; None with custom templates, which the key does not cover."""
        if self.job.options.custom is not NO_CUSTOM_TEMPLATES:
            return None
        return cache.compute_key(self.document, self.name)
