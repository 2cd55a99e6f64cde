"""`gen-client help`: the options and the examples."""

from __future__ import annotations

import argparse
from typing import Final

EXAMPLES: Final = (
    ("all commands", "gen-client help"),
    ("the options of one command", "gen-client help show"),
)


def declare(parser: argparse.ArgumentParser) -> None:
    """Add the options of `help`."""
    parser.add_argument(
        "topic", metavar="COMMAND", nargs="?", help="a command (default: all of them)"
    )
