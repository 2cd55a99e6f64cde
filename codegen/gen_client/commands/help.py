"""`gen-client help`: the options."""

from __future__ import annotations

import argparse
from typing import Final

from gen_client.commands.command import Command

_EXAMPLES: Final = (
    ("all commands", "gen-client help"),
    ("the options of one command", "gen-client help show"),
)


def declare(parser: argparse.ArgumentParser) -> None:
    """Add the options of `help`."""
    parser.add_argument(
        "topic", metavar="COMMAND", nargs="?", help="a command (default: all of them)"
    )


COMMAND: Final = Command(
    name="help",
    summary="Print the help of a command, or of gen-client.",
    examples=_EXAMPLES,
    declare=declare,
)
