"""The table of commands.

To add a command, write a light module with its `COMMAND` and a second module that runs it, and list the first
here. The modules listed here are loaded with every run and by `--help`, so they import no library and no stage.
"""

from __future__ import annotations

from typing import Final

from gen_client.commands import completion, diff, doctor, generate, init, serve, show
from gen_client.commands.command import Command

GENERATE: Final = generate.COMMAND
"""The command that runs if the command line names none."""

COMMANDS: Final[tuple[Command, ...]] = (
    init.COMMAND,
    diff.COMMAND,
    show.COMMAND,
    serve.COMMAND,
    doctor.COMMAND,
    completion.COMMAND,
)
"""The named commands, in the order of the help."""
