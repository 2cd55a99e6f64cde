"""`gen-client completion`: the options and the examples."""

from __future__ import annotations

import argparse
from typing import Final

SHELLS: Final = ("bash", "zsh", "tcsh")
EXAMPLES: Final = (
    ("bash, in ~/.bashrc", 'eval "$(gen-client completion bash)"'),
    (
        "zsh, with fpath+=~/.zfunc before compinit",
        "gen-client completion zsh > ~/.zfunc/_gen-client",
    ),
)


def declare(parser: argparse.ArgumentParser) -> None:
    """Add the options of `completion`."""
    parser.add_argument("shell", choices=SHELLS, help="the shell")
