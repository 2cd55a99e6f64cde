"""What a command is, and the options that all of them have.

What lives here: `Command`, the parser that ends with two lines, and `--quiet` and `--verbose`. Knows no command.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

from gen_client.diagnostics import USAGE, Refusal
from gen_client.terminal.console import Console, printable

DONE = 0
EXIT_CODES = """\
exit codes: 0 done, or nothing to do; 1 a difference was found; 2 usage or configuration;
            3 the model cannot be reached; 4 its signatures cannot become a client
"""


@dataclass(frozen=True, slots=True)
class Command:
    """One verb of the command line. Its module imports nothing heavy before `run` is called.

    Attributes:
        name: The word that calls it; empty for what `gen-client` does without one.
        summary: What it does, in a line.
        examples: Lines to try, for its help.
        declare: Adds its options to a parser.
        run: Does it, and returns the exit code.
        usage: How it is called; empty to have it made of its options.
    """

    name: str
    summary: str
    examples: str
    declare: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace, Console], int]
    usage: str = ""


class Parser(argparse.ArgumentParser):
    """Ends with two printable lines instead of the whole usage."""

    def error(self, message: str) -> NoReturn:
        raise Refusal(printable(message), exit_code=USAGE, remedy=f"{self.prog} --help says more")


def parser(command: Command, commands: str = "") -> Parser:
    """The parser of a command.

    Args:
        command: Which.
        commands: A list of others, for its help, or empty.
    """
    made = Parser(
        prog=f"gen-client {command.name}".rstrip(),
        usage=command.usage or None,
        description=command.summary,
        epilog=f"{commands}examples:\n{command.examples}\n{EXIT_CODES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    command.declare(made)
    how = made.add_argument_group("output").add_mutually_exclusive_group()
    how.add_argument(
        "-q", "--quiet", action="store_true", help="print errors and findings, nothing else"
    )
    how.add_argument("-v", "--verbose", action="store_true", help="say what goes on")
    return made
