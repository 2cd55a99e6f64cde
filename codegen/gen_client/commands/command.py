"""What a command is, and the options that all of them have.

What lives here: `Command`, the parser that ends with two lines, and `--quiet` and `--verbose`. Knows no command.
"""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NoReturn

from gen_client import exit_codes
from gen_client.diagnostics import Refusal
from gen_client.exit_codes import USAGE
from gen_client.terminal.console import Console
from gen_client.text import escape_unprintable

ENVIRONMENT = (
    ("CLARIFAI_PAT", "the credential; else CLARIFAI_SESSION_TOKEN"),
    ("CLARIFAI_API_BASE", "the platform's API"),
    ("CLARIFAI_ROOT_CERTIFICATES_PATH", "a PEM file with the certificates to trust"),
    ("CLARIGEN_TRUSTED_HOSTS", "who may get the credential, if pyproject.toml names them"),
    ("NO_COLOR", "no colours"),
)
_COLUMNS = 79


@dataclass(frozen=True, slots=True)
class Command:
    """One verb of the command line. Its module imports nothing heavy before `run` is called.

    Attributes:
        name: The word that calls it; empty for what `gen-client` does without one.
        summary: What it does, in a line.
        examples: What to try, for its help: what for, and the line.
        declare: Adds its options to a parser.
        run: Does it, and returns the exit code.
        usage: How it is called, after its name; empty to have it made of its options.
    """

    name: str
    summary: str
    examples: tuple[tuple[str, str], ...]
    declare: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace, Console], int]
    usage: str = ""


class Parser(argparse.ArgumentParser):
    """Ends with two printable lines instead of the whole usage."""

    def error(self, message: str) -> NoReturn:
        raise Refusal(
            escape_unprintable(message), exit_code=USAGE, remedy=f"{self.prog} --help says more"
        )


def parser(command: Command, others: Sequence[Command] = ()) -> Parser:
    """The parser of a command.

    Args:
        command: Which.
        others: Other commands, for its help.
    """
    name = f"gen-client {command.name}".rstrip()
    made = Parser(
        prog=name,
        usage=f"{name} {command.usage}" if command.usage else None,
        description=_wrapped(command.summary),
        epilog="\n".join(_epilog(command, others)),
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


def _epilog(command: Command, others: Sequence[Command]) -> Iterator[str]:
    if others:
        yield "commands:"
        for other in others:
            yield _wrapped(other.summary, f"  {other.name:<12} ", " " * 15)
        yield ""
        yield "environment:"
        for variable, meaning in ENVIRONMENT:
            yield f"  {variable}\n      {meaning}"
        yield ""
    yield "examples:"
    for what, line in command.examples:
        yield f"  # {what}"
        yield f"  {line}"
    yield ""
    yield "exit codes:"
    for code, meaning in exit_codes.MEANINGS.items():
        yield f"  {code}  {meaning}"


def _wrapped(text: str, first: str = "", later: str = "") -> str:
    return textwrap.fill(text, _COLUMNS, initial_indent=first, subsequent_indent=later)
