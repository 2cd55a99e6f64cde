"""`gen-client diff`: the options and the examples."""

from __future__ import annotations

import argparse
from typing import Final

from gen_client.commands.model_options import declare_model_options
from gen_client.commands.report_options import declare_report_options

EXAMPLES: Final = (
    ("everything that pyproject.toml lists, against the deployed models", "gen-client diff"),
    ("one package, against its deployed model", "gen-client diff src/models/o4_mini"),
    ("against a local runner", "gen-client diff src/models/o4_mini grpc://127.0.0.1:8000"),
    ("against the main branch", "gen-client diff src/models/o4_mini --base origin/main"),
    (
        "two locks; fail only for changes that break callers",
        "gen-client diff old/signatures.json new/signatures.json --fail-on breaking",
    ),
    (
        "a comment for a pull request",
        "gen-client diff src/models/o4_mini --format markdown > comment.md",
    ),
)


def declare(parser: argparse.ArgumentParser) -> None:
    """Add the options of `diff`."""
    parser.add_argument(
        "source",
        metavar="SOURCE",
        nargs="?",
        help="the old interface: a package, a file, an address (default: all that pyproject.toml lists)",
    )
    parser.add_argument(
        "other",
        metavar="OTHER",
        nargs="?",
        help="the new interface, another SOURCE (default: the deployed model that the first one names)",
    )
    declare_model_options(parser, signatures=False)
    parser.add_argument(
        "--base",
        metavar="REV",
        help="read SOURCE, a package or a file, as of this revision of its git repository",
    )
    declare_report_options(parser)
