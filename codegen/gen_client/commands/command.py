"""Commands, their parsers, and the options that all of them have.

A `Command` is light: it declares options. The function that runs it is in another module, which is imported once the
command is chosen. So `--help` and usage errors load no stage of the generator. This module knows no command.
"""

from __future__ import annotations

import argparse
import importlib
import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NoReturn, cast

from gen_client import exit_codes
from gen_client.diagnostics import Refusal, suggest
from gen_client.text import escape_unprintable, quote

if TYPE_CHECKING:
    from gen_client.terminal.console import Console

ENVIRONMENT: Final = (
    ("CLARIFAI_PAT", "the credential; else CLARIFAI_SESSION_TOKEN"),
    ("CLARIFAI_CONTEXT", "else the context of `clarifai login` that is used"),
    ("CLARIFAI_API_BASE", "the platform's API"),
    ("CLARIFAI_ROOT_CERTIFICATES_PATH", "a PEM file with the certificates to trust"),
    ("CLARIGEN_TRUSTED_HOSTS", "servers in pyproject.toml that may get the credential"),
    ("NO_COLOR", "no colors"),
    ("FORCE_COLOR", "colors even if the output is no terminal, as in the logs of CI"),
)
"""The environment variables that the help lists, each with its meaning."""
_HELP_WIDTH: Final = 79


@dataclass(frozen=True, slots=True)
class Command:
    """One command, as its parser and its help need it.

    Attributes:
        name: The word that selects it; empty for `gen-client` without a command.
        summary: What it does, in one line.
        examples: Examples for its help: the purpose, and the command line.
        declare: Adds its options to a parser.
        usage: Its usage, after its name; empty to derive the usage from the options.
    """

    name: str
    summary: str
    examples: tuple[tuple[str, str], ...]
    declare: Callable[[argparse.ArgumentParser], None]
    usage: str = ""

    def run(self, arguments: argparse.Namespace, console: Console) -> int:
        """Run the command, with the context of `clarifai login` that the arguments name; return the exit code.

        The module `NAME_run` is imported first.
        """
        module = importlib.import_module(f"gen_client.commands.{self.name or 'generate'}_run")
        run = cast("Callable[[argparse.Namespace, Console], int]", module.run)
        if getattr(arguments, "context", None) is None:
            return run(arguments, console)
        from gen_client.source.login import use_context

        with use_context(arguments.context):
            return run(arguments, console)


class Parser(argparse.ArgumentParser):
    """A parser whose errors are two printable lines instead of the whole usage.

    Attributes:
        unknown_option_remedy: What to do about an option that is like none of the parser's; empty for its help.
    """

    unknown_option_remedy: str = ""

    def parse_args(  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]
        self, args: Sequence[str]
    ) -> argparse.Namespace:
        """Parse the words of a command line.

        Raises:
            Refusal: Exit 2: they are wrong. If an option is unknown, the message names the nearest one.
        """
        for word in args:
            if word == "--":
                break
            option = word.partition("=")[0]
            if option.startswith("--") and option not in self._option_string_actions:
                raise self._refuse_option(option)
        return self.parse_intermixed_args(args)

    def _refuse_option(self, option: str) -> Refusal:
        options = [name for name in self._option_string_actions if name.startswith("--")]
        fallback = self.unknown_option_remedy or f"{self.prog} --help lists the options"
        return Refusal(
            f"there is no option {quote(option)}",
            exit_code=exit_codes.USAGE,
            remedy=suggest(option, options, fallback=fallback, cutoff=0.7),
        )

    def error(self, message: str) -> NoReturn:
        """Raise a `Refusal` with argparse's message."""
        raise Refusal(
            escape_unprintable(message),
            exit_code=exit_codes.USAGE,
            remedy=f"{self.prog} --help lists the options",
        )


def build_parser(command: Command, others: Sequence[Command] = ()) -> Parser:
    """Build the parser of a command.

    Args:
        command: The command.
        others: The other commands that its help lists.
    """
    name = f"gen-client {command.name}".rstrip()
    parser = Parser(
        prog=name,
        usage=f"{name} {command.usage}" if command.usage else None,
        description=_wrap(command.summary),
        epilog="\n".join(_epilog_lines(command, others)),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    command.declare(parser)
    output = parser.add_argument_group("output").add_mutually_exclusive_group()
    output.add_argument("-q", "--quiet", action="store_true", help="print only errors and findings")
    output.add_argument("-v", "--verbose", action="store_true", help="print each step as it starts")
    return parser


def _epilog_lines(command: Command, others: Sequence[Command]) -> Iterator[str]:
    if others:
        yield "commands:"
        for other in others:
            yield _wrap(other.summary, f"  {other.name:<12} ", " " * 15)
        yield ""
        yield "environment:"
        for variable, meaning in ENVIRONMENT:
            yield f"  {variable}\n      {meaning}"
        yield ""
    yield "examples:"
    for purpose, line in command.examples:
        yield f"  # {purpose}"
        yield f"  {line}"
    yield ""
    yield "exit codes:"
    for code, meaning in exit_codes.MEANINGS.items():
        yield f"  {code}  {meaning}"


def _wrap(text: str, first_indent: str = "", later_indent: str = "") -> str:
    return textwrap.fill(
        text, _HELP_WIDTH, initial_indent=first_indent, subsequent_indent=later_indent
    )
