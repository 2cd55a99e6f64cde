"""The table of commands.

To add a command, write a light module with its `COMMAND` and a second module that runs it, and list the first
here. The modules listed here are loaded with every run and by `--help`, so they import no library and no stage.
"""

from __future__ import annotations

from typing import Final

from gen_client.commands import completion, diff, doctor, generate, help, init, serve, show
from gen_client.commands.command import Command
from gen_client.diagnostics import Refusal, suggest
from gen_client.exit_codes import USAGE
from gen_client.text import quote

GENERATE: Final = generate.COMMAND
"""The command that runs if the command line names none."""

COMMANDS: Final[tuple[Command, ...]] = (
    generate.BY_NAME,
    init.COMMAND,
    diff.COMMAND,
    show.COMMAND,
    serve.COMMAND,
    doctor.COMMAND,
    completion.COMMAND,
    help.COMMAND,
)
"""The named commands, in the order of the help."""


def find_command(word: str) -> Command:
    """Return the command with a name.

    Raises:
        Refusal: Exit 2: there is none. The message names the nearest one.
    """
    for command in COMMANDS:
        if word == command.name:
            return command
    raise Refusal(
        f"there is no command {quote(word)}",
        exit_code=USAGE,
        remedy=suggest(word, (command.name for command in COMMANDS)),
    )
