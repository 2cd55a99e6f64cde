"""`gen-client completion`: the options and the examples."""

from __future__ import annotations

import argparse
from typing import Final

SHELLS: Final = ("bash", "zsh", "tcsh", "fish", "powershell")
"""The shells that shtab knows; it is not imported for the help."""
EXAMPLES: Final = (
    ("bash, in ~/.bashrc", 'eval "$(gen-client completion bash)"'),
    (
        "zsh, with fpath+=~/.zfunc before compinit",
        "gen-client completion zsh > ~/.zfunc/_gen-client",
    ),
    ("fish", "gen-client completion fish > ~/.config/fish/completions/gen-client.fish"),
    (
        "PowerShell, in $PROFILE",
        "gen-client completion powershell | Out-String | Invoke-Expression",
    ),
)


def declare(parser: argparse.ArgumentParser) -> None:
    """Add the options of `completion`."""
    parser.add_argument("shell", choices=SHELLS, help="the shell")
    parser.add_argument(
        "line",
        metavar="LINE",
        nargs="?",
        help="print the words that may stand at the end of this command line instead; the scripts ask for that",
    )
