"""`gen-client completion`: prints what makes a shell complete the command.

What lives here: its options, and the one parser of all commands that it is made of. shtab is imported here alone.
"""

from __future__ import annotations

import argparse

from gen_client.commands.command import Command
from gen_client.exit_codes import DONE
from gen_client.terminal.console import Console

SHELLS = ("bash", "zsh", "tcsh")
_EXAMPLES = (
    ("bash, in ~/.bashrc", 'eval "$(gen-client completion bash)"'),
    (
        "zsh, with fpath+=~/.zfunc before compinit",
        "gen-client completion zsh > ~/.zfunc/_gen-client",
    ),
)


def declare(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("shell", choices=SHELLS, help="the shell")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Print it."""
    import shtab

    console.print_script(shtab.complete(_whole(), arguments.shell) + "\n")
    return DONE


def _whole() -> argparse.ArgumentParser:
    """The parser of the whole command: what it does without a word, and with each."""
    from gen_client.commands import COMMANDS, GENERATE
    from gen_client.commands.command import parser

    whole = parser(GENERATE)
    verbs = whole.add_subparsers()
    for command in COMMANDS:
        verbs.add_parser(
            command.name, parents=[parser(command)], add_help=False, help=command.summary
        )
    return whole


COMMAND = Command(
    name="completion",
    summary="Print what makes a shell complete this command.",
    examples=_EXAMPLES,
    declare=declare,
    run=run,
)
