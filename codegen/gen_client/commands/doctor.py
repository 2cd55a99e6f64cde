"""`gen-client doctor`: the options and the examples."""

from __future__ import annotations

import argparse
from typing import Final

from gen_client.commands.model_options import declare_model_options

EXAMPLES: Final = (
    ("versions, credential, the platform, and all that pyproject.toml lists", "gen-client doctor"),
    ("is this package up to date?", "gen-client doctor src/models/o4_mini"),
    ("can this model be reached?", "gen-client doctor grpc://127.0.0.1:8000"),
)


def declare(parser: argparse.ArgumentParser) -> None:
    """Add the options of `doctor`."""
    parser.add_argument(
        "sources",
        metavar="SOURCE",
        nargs="*",
        help="packages to check, or models to reach: addresses, runners, files"
        " (default: the packages that pyproject.toml lists)",
    )
    parser.add_argument(
        "--format",
        choices=("text", "json"),
        default="text",
        help="text to paste, or json for scripts",
    )
    declare_model_options(parser, signatures=False)
