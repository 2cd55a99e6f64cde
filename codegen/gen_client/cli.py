"""The command: reads its arguments, runs the pipeline, and is the only one that prints.

File names go to stdout, one a line; everything else to stderr. What is printed has no control character,
whoever wrote it. The stages are imported once the arguments are understood, so that `--help` is quick.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TextIO

from clarigen import __version__
from gen_client.diagnostics import UNUSABLE, USAGE, Diagnostic, Refusal, Report, Severity

if TYPE_CHECKING:
    from clarigen import ModelRef
    from gen_client.pipeline import Written
    from gen_client.source import Place

DONE = 0
INTERRUPTED = 130

_EXAMPLES = """\
examples:
  gen-client --url https://clarifai.com/openai/chat-completion/models/o4-mini --out src/app/models
  gen-client --url grpc://127.0.0.1:8000 --name my_model
  gen-client --signatures src/app/models/o4_mini/signatures.json --out src/app/models

exit codes: 0 done, 2 usage, 3 the model cannot be reached, 4 its signatures cannot become a client
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code. Nothing is raised, and no traceback printed."""
    try:
        return _generate(_parser().parse_args(arguments))
    except SystemExit as leaving:  # argparse, after --help, --version or a usage error
        return leaving.code if isinstance(leaving.code, int) else DONE
    except Refusal as refusal:
        return _report(refusal.diagnostic)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # whoever read our stdout has gone; the files are written
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except Exception as error:  # noqa: BLE001  a bug of ours: say so, in our words
        return _report(_bug(error))


# Arguments


class _Parser(argparse.ArgumentParser):
    """Ends with two printable lines instead of the whole usage."""

    def error(self, message: str) -> NoReturn:
        raise Refusal(_printable(message), exit_code=USAGE, remedy=f"{self.prog} --help says more")


def _parser() -> _Parser:
    parser = _Parser(
        prog="gen-client",
        usage="gen-client (--url URL | --signatures FILE) [--out DIR] [--name NAME] [options]",
        description="Turn a model deployed on Clarifai into a typed Python package.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    place = parser.add_mutually_exclusive_group(required=True)
    place.add_argument(
        "--url",
        help="the model: its address on the platform, USER/APP/models/MODEL, or a local runner (grpc://127.0.0.1:8000)",
    )
    place.add_argument(
        "--signatures",
        metavar="FILE",
        help="a file with the model's signatures, JSON or YAML, in the place of a model; - is standard input",
    )
    parser.add_argument(
        "--out",
        metavar="DIR",
        type=Path,
        default=Path(),
        help="the folder that gets the package (default: this one)",
    )
    parser.add_argument("--name", default="", help="the package's name (default: the model's id)")
    parser.add_argument(
        "--model", metavar="REF", help="the model that the client calls, if it is another one"
    )
    parser.add_argument(
        "--api-base",
        metavar="URL",
        help="the platform's API (default: CLARIFAI_API_BASE, else https://api.clarifai.com)",
    )
    parser.add_argument(
        "--force", action="store_true", help="write even into a folder that holds other files"
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    return parser


# Generating


def _generate(arguments: argparse.Namespace) -> int:
    try:
        from gen_client import pipeline
        from gen_client.progress import Progress
    except ModuleNotFoundError as error:
        raise Refusal(
            f"{error.name} is not installed: the runtime alone generates nothing",
            exit_code=USAGE,
            remedy="pip install 'clarigen[codegen]'",
        ) from None

    report = Report()
    model = None if arguments.model is None else _reference(arguments.model)
    options = pipeline.Options(arguments.out, arguments.name, model, arguments.force)
    try:
        with Progress() as progress:
            place = _place(arguments, report, progress.stage)
            written = pipeline.run(place, options, report, progress.stage)
    finally:
        for warning in report.warnings:
            _report(warning)
    _conclude(written, arguments.out)
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


def _conclude(written: Written, out: Path) -> None:
    """The files that changed; for people, what to do with a new package, or that there was nothing to do."""
    for file in written.changed:
        _say(sys.stdout, str(file))
    sys.stdout.flush()
    if not written.changed:
        _say(sys.stderr, f"gen-client: {written.name} is up to date")
    elif written.new and sys.stdout.isatty():
        _say(sys.stderr, f"\n  from {written.name} import {written.client}")
        _say(sys.stderr, f"  python -m {written.name}.examples    (in {_printable(str(out))})")


# Printing


def _report(diagnostic: Diagnostic) -> int:
    _say(sys.stderr, f"gen-client: {diagnostic}")
    return diagnostic.exit_code


def _bug(error: Exception) -> Diagnostic:
    """What the user is told of an error that we did not foresee: enough to report it."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else ""
    return Diagnostic(
        Severity.REFUSAL,
        f"a bug in gen-client {__version__}: {type(error).__name__} at {place}",
        remedy="nothing more was written; please report it, together with the model's signatures",
        exit_code=UNUSABLE,
    )


def _printable(text: str) -> str:
    """Text for a terminal: what it could obey, as escapes."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def _say(stream: TextIO, line: str) -> None:
    try:
        print(line, file=stream)
    except UnicodeEncodeError:  # a terminal or a locale that lacks a character
        encoding = stream.encoding or "ascii"
        print(line.encode(encoding, "backslashreplace").decode(encoding), file=stream)
