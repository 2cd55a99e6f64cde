"""`gen-client generate`, and `gen-client` without a command: the options and the examples."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from clarigen import __version__
from gen_client.commands.model_options import declare_model_options, declare_source

EXAMPLES: Final = (
    (
        "a model of the platform",
        "gen-client openai/chat-completion/models/o4-mini --out src/models",
    ),
    ("a local runner", "gen-client grpc://127.0.0.1:8000 --name my_model"),
    ("a lock or a signature file", "gen-client eyes.json --name eyes"),
    ("everything that pyproject.toml lists", "gen-client"),
    ("in a pull request: is what is committed up to date?", "gen-client --check --offline"),
    (
        "on a schedule: does each deployed model still match its lock?",
        "gen-client --check --frozen",
    ),
)


def declare(parser: argparse.ArgumentParser) -> None:
    """Add the argument and the options of `gen-client` without a command."""
    declare_source(parser)
    declare_options(parser)


def declare_options(parser: argparse.ArgumentParser) -> None:
    """Add the options alone."""
    declare_model_options(parser)
    _declare_package_options(parser)
    _declare_run_options(parser)
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")


def _declare_package_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("the package")
    group.add_argument(
        "--out",
        metavar="DIR",
        type=Path,
        help="the folder that gets the package (default: this one)",
    )
    group.add_argument("--name", default="", help="the package's name (default: the model's id)")
    group.add_argument(
        "--model",
        metavar="REF",
        help="the model that the client calls (default: the one the signatures are from)",
    )
    group.add_argument(
        "--force", action="store_true", help="write even into a folder that holds other files"
    )
    group.add_argument(
        "--strict", action="store_true", help="write nothing if there is a warning (exit 4)"
    )
    group.add_argument(
        "--templates",
        metavar="DIR",
        type=Path,
        help="a folder with templates that replace ours; they may change from release to release",
    )


def _declare_run_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("the run")
    group.add_argument(
        "--check",
        action="store_true",
        help="write nothing; say which files are out of date, and why (exit 1)",
    )
    group.add_argument("--diff", action="store_true", help="like --check, with a unified diff")
    group.add_argument(
        "--format",
        choices=("text", "json"),
        default="text",
        help="what --check prints: text for people, or json for scripts",
    )
    network = group.add_mutually_exclusive_group()
    network.add_argument(
        "--offline",
        action="store_true",
        help="read the locks of the packages; needs no network and no credential",
    )
    network.add_argument(
        "--frozen",
        action="store_true",
        help="fail if the model's signatures are not those of the lock (exit 1)",
    )
    group.add_argument("--no-cache", action="store_true", help="ignore the results of earlier runs")
