"""The table of commands.

To add a command, write a module with its options and examples, a second module that runs it, and an entry here. The
modules imported here are loaded with every run and by `--help`, so they import no library and no stage.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from gen_client.commands import (
    call,
    completion,
    contract,
    diff,
    doctor,
    generate,
    help,
    init,
    migrate,
    run,
    serve,
    show,
    skeleton,
)
from gen_client.commands.command import Command
from gen_client.diagnostics import Refusal, suggest
from gen_client.exit_codes import USAGE
from gen_client.text import quote

GENERATE: Final = Command(
    "",
    "Turn a model deployed on Clarifai into a typed Python package.",
    generate.EXAMPLES,
    generate.declare,
    usage="[SOURCE] [--out DIR] [--name NAME] [--check] [options]\n       gen-client COMMAND ...",
)
"""The command that runs if the command line names none."""

COMMANDS: Final = (
    replace(
        GENERATE,
        name="generate",
        summary="Generate a package of a model, or all that pyproject.toml lists; what gen-client alone does.",
        usage="[SOURCE] [--out DIR] [--name NAME] [--check]\n                           [options]",
    ),
    Command(
        "init",
        "Add a model to pyproject.toml, for `gen-client` to generate.",
        init.EXAMPLES,
        init.declare,
    ),
    Command(
        "diff",
        "Say what changed in a model's interface, and whether it breaks callers.",
        diff.EXAMPLES,
        diff.declare,
        usage="[SOURCE [OTHER]] [--base REV] [--fail-on any|breaking]\n                       [options]",
    ),
    Command(
        "contract",
        "Say whether a change of a model's source breaks callers, before the model is deployed.",
        contract.EXAMPLES,
        contract.declare,
        usage="[DIR ...] [--base REV | --lock FILE | --lint]\n"
        "                           [--python PATH] [--fail-on any|breaking] [options]",
    ),
    Command(
        "migrate",
        "Say which models a code base calls with the official SDK, and rewrite what is certain.",
        migrate.EXAMPLES,
        migrate.declare,
        usage="[SRC ...] [--diff | --write | --init] [--unsafe]\n"
        "                          [--as FILE:LINE=PACKAGE] [options]",
    ),
    Command(
        "skeleton",
        "Write the folder of a model with this interface, for its author to go on with.",
        skeleton.EXAMPLES,
        skeleton.declare,
        usage="SOURCE --out DIR [--lossy] [options]",
    ),
    Command(
        "show",
        "Show a model's methods, how to call them, and code to copy.",
        show.EXAMPLES,
        show.declare,
        usage="SOURCE [METHOD] [--snippet[=FORM] | --json |\n                       --json-schema] [options]",
    ),
    Command(
        "call",
        "Call a method of a model, and print the result as JSON.",
        call.EXAMPLES,
        call.declare,
        usage="SOURCE METHOD [NAME=VALUE ...] [--batch FILE]\n                       [--out PATH] [--text] [options]",
    ),
    Command(
        "run",
        "Call a method for each row of files, and write the results beside the rows; can be taken up again.",
        run.EXAMPLES,
        run.declare,
        usage="SOURCE METHOD [NAME=VALUE ...] --in FILE ... --out DIR\n"
        "                      [--column NAME=COLUMN] [--check | --again] [options]",
    ),
    Command(
        "serve",
        "Serve a model with this interface on this machine, answering sample values.",
        serve.EXAMPLES,
        serve.declare,
        usage="SOURCE [--port PORT] [--seed SEED] [options]",
    ),
    Command(
        "doctor",
        "Check versions, credential, platform and packages; prints lines to paste into a report.",
        doctor.EXAMPLES,
        doctor.declare,
        usage="[SOURCE ...] [--api-base URL] [options]",
    ),
    Command(
        "completion",
        "Print a script with which a shell completes this command.",
        completion.EXAMPLES,
        completion.declare,
    ),
    Command(
        "help",
        "Print the help of a command, or of gen-client.",
        help.EXAMPLES,
        help.declare,
    ),
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
