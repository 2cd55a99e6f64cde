"""The argument SOURCE, the options that name a model (`--url`, `--signatures` and `--api-base`), and those of its calls.

They are declared here; `resolve_model`, `resolve_jobs` and `open_method` read them.
"""

from __future__ import annotations

import argparse
from typing import Any, Final, Protocol

SOURCE_HELP: Final = (
    "the model: USER/APP/models/MODEL, its address, a runner (grpc://127.0.0.1:8000), a package, a lock,"
    " a signature file, an answer to tools/list, a model's folder, or - for standard input"
)
API_BASE_HELP: Final = (
    "the platform's API (default: CLARIFAI_API_BASE, else https://api.clarifai.com)"
)


def declare_source(parser: argparse.ArgumentParser) -> None:
    """Add the argument SOURCE, which is optional."""
    parser.add_argument("source", metavar="SOURCE", nargs="?", help=SOURCE_HELP)


def declare_model_options(parser: argparse.ArgumentParser, *, signatures: bool = True) -> None:
    """Add the options that name a model.

    Args:
        parser: The parser of a command that takes a SOURCE as well.
        signatures: Whether `--signatures` is one of them.
    """
    group = parser.add_argument_group("the model")
    source = group.add_mutually_exclusive_group()
    source.add_argument(
        "--url",
        help="SOURCE, if it is an address: never a file or a folder",
    )
    if signatures:
        source.add_argument(
            "--signatures",
            metavar="FILE",
            help="SOURCE, if it is a file or a folder: never an address; - is standard input",
        )
    declare_platform_options(group)


class OptionGroup(Protocol):
    """A group of options of a parser."""

    def add_argument(self, *names: str, **options: Any) -> Any:
        """Add an option."""
        ...


def declare_call_options(group: OptionGroup) -> None:
    """Add the options of calls, which `open_method` reads, to a group of a parser."""
    group.add_argument(
        "--model",
        metavar="REF",
        help="the model to call (default: the one that SOURCE names)",
    )
    group.add_argument("--deployment", metavar="ID", help="the deployment that runs the model")
    group.add_argument(
        "--timeout",
        metavar="SECONDS",
        type=float,
        default=600.0,
        help="the time limit of a call (default: 600)",
    )
    group.add_argument(
        "--samples",
        action="store_true",
        help="answer with sample values; nothing is sent to a model",
    )


def declare_platform_options(group: OptionGroup) -> None:
    """Add the options that name the platform and the credential to a group of a parser."""
    group.add_argument("--api-base", metavar="URL", help=API_BASE_HELP)
    group.add_argument(
        "--context",
        metavar="NAME",
        help="the context of `clarifai login` whose credential and API are used",
    )
