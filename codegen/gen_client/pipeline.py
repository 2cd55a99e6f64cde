"""The whole way from a deployed model to a Python package, on one page.

    source ─▶ interface ─▶ naming, plan ─▶ render ─▶ tidy ─▶ write
    Document    Model          Page         text     files    paths

Each stage is a module of its own; this page holds their order, and the data between them. The first and
the last touch the world, `build` in between is pure. Nothing here decides anything.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from clarigen import ModelRef
from gen_client import interface, lock, naming, source, write
from gen_client.custom import PLAIN, Custom
from gen_client.diagnostics import USAGE, Refusal, Report
from gen_client.escape import Code
from gen_client.gate import FILES
from gen_client.source import Document, Place

Stage = Callable[[str], None]
"""Is told what begins, in a few words."""


@dataclass(frozen=True, slots=True)
class Options:
    """How a package is made.

    Attributes:
        out: The folder that gets the package.
        name: The package's name; empty for one made of the model's id.
        model: The model that the client calls; None for the one whose signatures these are.
        force: Whether files of others in its folder are no obstacle.
        strict: Whether a warning is a refusal.
        custom: Templates in the place of ours, and what they may write.
    """

    out: Path = Path()
    name: str = ""
    model: ModelRef | None = None
    force: bool = False
    strict: bool = False
    custom: Custom = PLAIN


@dataclass(frozen=True, slots=True)
class Package:
    """A finished package that is not yet written: its name, that of its class, and name and text of each file."""

    name: str
    client: str
    files: dict[str, str]


@dataclass(frozen=True, slots=True)
class Written:
    """What a run did: the package's name, that of its class, the files that changed, whether it is a new package."""

    name: str
    client: str
    changed: list[Path]
    new: bool


def run(place: Place, options: Options, report: Report, stage: Stage) -> Written:
    """Make the package of the model at a place.

    Raises `Refusal`, with nothing written, when that cannot be done.
    """
    document = source.read(place)
    stage("generating")
    package = build(_aimed(document, options.model), options.name, report, options.custom)
    if options.strict:
        report.insist()
    stage("writing")
    changed = write.package(options.out, package.name, package.files, force=options.force)
    return Written(package.name, package.client, changed, len(changed) == len(package.files))


def _aimed(document: Document, model: ModelRef | None) -> Document:
    """The document as one of another model; a version belongs to its own model alone."""
    if model is None or model == document.reference:
        return document
    return Document(model, "", document.signatures)


def build(document: Document, name: str, report: Report, custom: Custom = PLAIN) -> Package:
    """The package that a document becomes: the same document and templates, the same bytes.

    Raises `Refusal` (exit 4 for signatures that cannot become a safe client, 2 for want of a name).
    """
    from gen_client import plan, render, tidy  # with their libraries, which take their time

    model = interface.read(document, report)
    page = plan.page(model, _package_name(model, name), report)
    texts = render.render(page, custom.templates)
    files = {file: tidy.tidy(texts[file], kind, custom.allowed) for file, kind in FILES.items()}
    return Package(
        page.package, page.client, {**files, write.MARKER: "", write.LOCK: lock.text(model)}
    )


def _package_name(model: interface.Model, name: str) -> Code:
    if name:
        return naming.given_package_name(name)
    if model.reference is None:
        raise Refusal(
            "the package needs a name: its model has none",
            exit_code=USAGE,
            remedy="give it one with --name",
        )
    return naming.package_name(model.reference.model_id)
