"""The options of a command that reports changes: `--fail-on` and `--format`."""

from __future__ import annotations

import argparse
from typing import Final

_FAIL_ON: Final = ("any", "breaking")
_FORMATS: Final = ("text", "json", "markdown", "github")


def declare_report_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say which changes are a failure, and how all of them are printed."""
    output = parser.add_argument_group("the answer")
    output.add_argument(
        "--fail-on",
        choices=_FAIL_ON,
        default=_FAIL_ON[0],
        help="which changes make the exit code 1 (default: any)",
    )
    output.add_argument(
        "--format",
        choices=_FORMATS,
        default=_FORMATS[0],
        help="text for people, json for scripts, markdown for a comment, github for annotations",
    )
