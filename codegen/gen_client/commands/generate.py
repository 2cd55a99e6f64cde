"""`gen-client` without a word: generates packages, or checks them.

What lives here: its options. The stages are imported once the arguments are
understood, so that `--help` is quick.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from clarigen import __version__
from gen_client.commands import model_options
from gen_client.commands.command import Command
from gen_client.terminal.console import Console

_EXAMPLES = (
    (
        "a model of the platform",
        "gen-client --url openai/chat-completion/models/o4-mini --out src/models",
    ),
    ("a local runner", "gen-client --url grpc://127.0.0.1:8000 --name my_model"),
    ("everything that pyproject.toml lists", "gen-client"),
    ("in a pull request: is what is committed up to date?", "gen-client --check --offline"),
    (
        "on a schedule: is each deployed model still the one of its lock?",
        "gen-client --check --frozen",
    ),
)


def declare(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    model_options.declare(parser)
    _declare_package(parser)
    _declare_run(parser)
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")


def _declare_package(parser: argparse.ArgumentParser) -> None:
    package = parser.add_argument_group("the package")
    package.add_argument(
        "--out",
        metavar="DIR",
        type=Path,
        help="the folder that gets the package (default: this one)",
    )
    package.add_argument("--name", default="", help="the package's name (default: the model's id)")
    package.add_argument(
        "--model", metavar="REF", help="the model that its client calls, if it is another one"
    )
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


def _declare_run(parser: argparse.ArgumentParser) -> None:
    how = parser.add_argument_group("the run")
    how.add_argument(
        "--check",
        action="store_true",
        help="write nothing; say which files are out of date, and why (exit 1)",
    )
    how.add_argument("--diff", action="store_true", help="as --check, and show a unified diff")
    network = how.add_mutually_exclusive_group()
    network.add_argument(
        "--offline",
        action="store_true",
        help="from the locks of the packages: needs neither network nor credential",
    )
    network.add_argument(
        "--frozen",
        action="store_true",
        help="the model's signatures must be those of the lock (else exit 1)",
    )
    how.add_argument("--no-cache", action="store_true", help="believe nothing of earlier runs")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Generate or check, and say what became of it."""
    from gen_client import cache, pipeline
    from gen_client.commands import report, resolve_jobs
    from gen_client.jobs import Mode
    from gen_client.terminal.progress import Progress

    arguments.check = arguments.check or arguments.diff
    known = cache.Cache(None if arguments.no_cache else cache.default_cache_dir())
    mode = Mode(arguments.check, arguments.frozen, known)
    with Progress(console.print_detail, enabled=not console.quiet) as progress:
        jobs = resolve_jobs.jobs(arguments, progress.start_stage)
        ends = list(pipeline.run(jobs, mode, progress.start_stage))
    return report.tell([its.options.name for its in jobs], ends, arguments, console)


COMMAND = Command(
    name="",
    summary="Turn a model deployed on Clarifai into a typed Python package.",
    examples=_EXAMPLES,
    declare=declare,
    run=run,
    usage="[--url URL | --signatures FILE] [--out DIR] [--name NAME]\n                  [--check] [options]",
)
