"""`gen-client completion`: the options."""

from __future__ import annotations

import argparse
from typing import Final

from gen_client.commands.command import Command

SHELLS: Final = ("bash", "zsh", "tcsh")
_EXAMPLES: Final = (
    ("bash, in ~/.bashrc", 'eval "$(gen-client completion bash)"'),
    (
        "zsh, with fpath+=~/.zfunc before compinit",
        "gen-client completion zsh > ~/.zfunc/_gen-client",
    ),
)


def declare(parser: argparse.ArgumentParser) -> None:
    """Add the options of `completion`."""
    parser.add_argument("shell", choices=SHELLS, help="the shell")


COMMAND: Final = Command(
    name="completion",
    summary="Print a script with which a shell completes this command.",
    examples=_EXAMPLES,
    declare=declare,
)
