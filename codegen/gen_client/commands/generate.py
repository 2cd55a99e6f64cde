"""`gen-client` without a word: generates a package.

What lives here: its options, and what is said of what it did. The stages are imported once the arguments are
understood, so that `--help` is quick.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from clarigen import __version__
from gen_client.commands.command import DONE, Command
from gen_client.console import Console, is_terminal
from gen_client.diagnostics import USAGE, Refusal, Report

if TYPE_CHECKING:
    from clarigen import ModelRef
    from gen_client.pipeline import Written
    from gen_client.source import Place

_EXAMPLES = """\
  gen-client --url https://clarifai.com/openai/chat-completion/models/o4-mini --out src/app/models
  gen-client --url grpc://127.0.0.1:8000 --name my_model
  gen-client --signatures src/app/models/o4_mini/signatures.json --out src/app/models
"""


def declare(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    which = parser.add_argument_group("the model")
    place = which.add_mutually_exclusive_group(required=True)
    place.add_argument(
        "--url",
        help="its address on the platform, USER/APP/models/MODEL, or a local runner (grpc://127.0.0.1:8000)",
    )
    place.add_argument(
        "--signatures",
        metavar="FILE",
        help="a file with the model's signatures, JSON or YAML, in the place of a model; - is standard input",
    )
    which.add_argument(
        "--model", metavar="REF", help="the model that the client calls, if it is another one"
    )
    which.add_argument(
        "--api-base",
        metavar="URL",
        help="the platform's API (default: CLARIFAI_API_BASE, else https://api.clarifai.com)",
    )
    package = parser.add_argument_group("the package")
    package.add_argument(
        "--out",
        metavar="DIR",
        type=Path,
        default=Path(),
        help="the folder that gets the package (default: this one)",
    )
    package.add_argument("--name", default="", help="the package's name (default: the model's id)")
    package.add_argument(
        "--force", action="store_true", help="write even into a folder that holds other files"
    )
    package.add_argument(
        "--strict",
        action="store_true",
        help="where something would be warned of, write nothing (exit 4)",
    )
    package.add_argument(
        "--templates",
        metavar="DIR",
        type=Path,
        help="a folder with templates in the place of ours; they may change from release to release",
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Generate, and say what was written."""
    from gen_client import custom, pipeline
    from gen_client.progress import Progress

    report = Report()
    model = None if arguments.model is None else _reference(arguments.model)
    templates = custom.PLAIN if arguments.templates is None else custom.read(arguments.templates)
    options = pipeline.Options(
        arguments.out,
        arguments.name,
        model,
        force=arguments.force,
        strict=arguments.strict,
        custom=templates,
    )
    try:
        with Progress(console.detail, shown=not console.quiet) as progress:
            place = _place(arguments, report, progress.stage)
            written = pipeline.run(place, options, report, progress.stage)
    finally:
        for warning in report.warnings:
            console.report(warning)
    _conclude(written, arguments.out, console)
    return DONE


def _place(arguments: argparse.Namespace, report: Report, stage: Callable[[str], None]) -> Place:
    from gen_client import source

    if arguments.url is None:
        return source.in_file(arguments.signatures, report)
    return source.at(arguments.url, source.Access(api_base=arguments.api_base, progress=stage))


def _reference(text: str) -> ModelRef:
    from gen_client.source import address

    match address.parse(text):
        case address.ModelAddress(reference, ""):
            return reference
        case _:
            raise Refusal(
                "--model takes a model of the platform, without a version",
                exit_code=USAGE,
                remedy="expected USER/APP/models/MODEL",
            )


def _conclude(written: Written, out: Path, console: Console) -> None:
    """The files that changed; for people, what to do with a new package, or that there was nothing to do."""
    for file in written.changed:
        console.result(str(file))
    console.flush()
    if not written.changed:
        console.note(f"gen-client: {written.name} is up to date")
    elif written.new and is_terminal():
        console.note()
        console.note(f"  from {written.name} import {written.client}")
        console.note(f"  python -m {written.name}.examples    (in {out})")


COMMAND = Command(
    name="",
    summary="Turn a model deployed on Clarifai into a typed Python package.",
    examples=_EXAMPLES,
    declare=declare,
    run=run,
    usage="gen-client (--url URL | --signatures FILE) [--out DIR] [--name NAME] [options]",
)
