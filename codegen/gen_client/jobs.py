"""What goes through the pipeline: a job, what is made of it, and what became of it.

What lives here: the nouns of a run, frozen, and nothing that is done with them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from clarigen import ModelRef
from gen_client.cache import Cache
from gen_client.custom_templates import NO_CUSTOM_TEMPLATES, CustomTemplates
from gen_client.diagnostics import Diagnostic, Report
from gen_client.layout import LOCK_FILE
from gen_client.output.difference import Difference
from gen_client.source import Document, Source


@dataclass(frozen=True, slots=True)
class PackageOptions:
    """How a package is made.

    Attributes:
        out: The folder that gets the package.
        name: The package's name; empty for one made of the model's id.
        model: The model that the client calls; None for the one whose signatures these are.
        force: Whether files of others in its folder are no obstacle.
        methods: The methods that are wanted; empty for all.
        exclude: The methods that are not.
        client: What the client is told where its user says nothing; None for what the document says.
        types: The types of the user's that JSON is given; None for what the document says.
        strict: Whether a warning is a refusal.
        custom: Templates in the place of ours, and what they may write.
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
    """One package to make.

    Attributes:
        place: Where the signatures are.
        options: How it is made.
        report: Takes the warnings of its source.
    """

    source: Source
    options: PackageOptions
    report: Report = field(default_factory=Report)


@dataclass(frozen=True, slots=True)
class Mode:
    """What a run does with the packages.

    Attributes:
        check: Whether they are compared, and nothing is written.
        frozen: Whether the signatures must be those of the lock.
        cache: What is known of earlier runs.
    """

    check: bool = False
    frozen: bool = False
    cache: Cache = field(default_factory=lambda: Cache(None))


@dataclass(frozen=True, slots=True)
class Package:
    """A finished package that is not yet written: its name, that of its class, and name and text of each file."""

    name: str
    client: str
    files: dict[str, str]


@dataclass(frozen=True, slots=True)
class WriteResult:
    """What a run did: the package's name, that of its class, the files that changed, whether it is a new package."""

    name: str
    client: str
    changed: list[Path]
    is_new: bool


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What a run found out of date.

    Attributes:
        folder: The package.
        differences: What differs, with its cause.
        diffs: The lines of a unified diff of each such file.
        obstacle: Whether something in the folder has to be forced away.
    """

    folder: Path
    differences: list[Difference] = field(default_factory=list[Difference])
    diffs: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    has_obstacle: bool = False

    @property
    def name(self) -> str:
        """The package's name."""
        return self.folder.name


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a job.

    Attributes:
        warnings: What is to be said of it.
        result: What was written, what was found, or why neither.
    """

    warnings: list[Diagnostic]
    result: WriteResult | CheckResult | Diagnostic


@dataclass(frozen=True, slots=True)
class FetchedJob:
    """A job whose document is there, and the name that its package has."""

    job: Job
    document: Document
    name: str

    @property
    def folder(self) -> Path:
        """The package's own folder."""
        return self.job.options.out / self.name

    @property
    def lock(self) -> Path:
        """Its lock."""
        return self.folder / LOCK_FILE
