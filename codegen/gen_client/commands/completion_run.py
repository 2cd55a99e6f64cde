"""`gen-client completion`: prints the completion script of a shell, or completes a line for such a script.

shtab makes the script from one parser of all commands. What an argument takes is known by its metavar: files and
folders are completed by the shell, methods of a model by `complete`.
"""

from __future__ import annotations

import argparse
import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import Final

import shtab

from gen_client.commands.command import build_parser
from gen_client.commands.completion_words import build_completer, finish_bash_script
from gen_client.commands.generate import declare_options
from gen_client.commands.registry import COMMANDS, GENERATE
from gen_client.exit_codes import DONE
from gen_client.terminal.console import Console

FILES: Final = frozenset({"FILE", "OTHER", "PATH", "SOURCE", "SRC"})
"""Metavars of arguments that take a file or a package."""
FOLDERS: Final = frozenset({"DIR"})
"""Metavars of arguments that take a folder."""
METHODS: Final = "METHOD"
"""A metavar of arguments that take a model and a method of it."""
_NAMES: Final = ("gen-client", "clarigen")
"""The names that the command is installed by. A script completes the one by which it was asked for."""


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Print the completion script, or the words that may follow, and return the exit code."""
    if arguments.line is not None:
        from gen_client.commands.complete import complete_line

        console.print_script("".join(f"{word}\n" for word in complete_line(arguments.line)))
        return DONE
    parser = build_whole_parser()
    script = shtab.complete(parser, arguments.shell)
    if arguments.shell == "zsh":  # shtab 1.13 completes only the first of many paths.
        script = script.replace('"(*)::', '"*:')
    elif arguments.shell == "bash":
        script += finish_bash_script(parser.prog)
    console.print_script(script + "\n")
    return DONE


def build_whole_parser() -> argparse.ArgumentParser:
    """Build one parser with all commands as its subcommands."""
    # A SOURCE stands where a command does: the script completes commands there.
    whole = build_parser(replace(GENERATE, declare=declare_options))
    name = Path(sys.argv[0]).stem
    whole.prog = name if name in _NAMES else whole.prog
    subparsers = whole.add_subparsers()
    for command in COMMANDS:
        subparsers.add_parser(
            command.name, parents=[build_parser(command)], add_help=False, help=command.summary
        )
    for parser in (whole, *subparsers.choices.values()):
        complete_arguments(parser, whole.prog)
    return whole


def complete_arguments(parser: argparse.ArgumentParser, program: str) -> list[argparse.Action]:
    """Let the shell complete the values of arguments; return all arguments of the parser.

    Args:
        parser: The parser of a command.
        program: The name by which gen-client is installed.
    """
    arguments = list(parser._actions)  # argparse has no public list of them
    for action in arguments:
        _complete_values(action, program)
    return arguments


def _complete_values(action: argparse.Action, program: str) -> None:
    """Let the shell complete an argument that takes a path, a model's method or the name of a command."""
    words = set(re.findall(r"[A-Z]+", str(action.metavar or "")))
    if METHODS in words:
        action.complete = build_completer(program)  # type: ignore[attr-defined]
    elif words & FILES:
        action.complete = shtab.FILE  # type: ignore[attr-defined]
    elif words & FOLDERS:
        action.complete = shtab.DIRECTORY  # type: ignore[attr-defined]
    elif "COMMAND" in words:
        action.choices = [command.name for command in COMMANDS]
