"""The commands: what `gen-client` does without a word, and what it does with one.

What lives here: the table of them. To add one, write its module, with a `COMMAND`, and name it here.
"""

from __future__ import annotations

from gen_client.commands import completion, diff, doctor, generate, init, serve, show
from gen_client.commands.command import Command

GENERATE = generate.COMMAND
"""What `gen-client` does without a word."""

COMMANDS: tuple[Command, ...] = (
    init.COMMAND,
    diff.COMMAND,
    show.COMMAND,
    serve.COMMAND,
    doctor.COMMAND,
    completion.COMMAND,
)
"""What it does with one."""
