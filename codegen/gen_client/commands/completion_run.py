"""`gen-client completion`: prints the completion script of a shell.

shtab makes the script from one parser of all commands.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import shtab

from gen_client.commands.command import build_parser
from gen_client.commands.generate import declare_options
from gen_client.commands.registry import COMMANDS, GENERATE
from gen_client.exit_codes import DONE
from gen_client.terminal.console import Console


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Print the completion script and return the exit code."""
    console.print_script(shtab.complete(_build_whole_parser(), arguments.shell) + "\n")
    return DONE


def _build_whole_parser() -> argparse.ArgumentParser:
    """Build one parser with all commands as its subcommands."""
    # A SOURCE stands where a command does: the script completes commands there.
    whole = build_parser(replace(GENERATE, declare=declare_options))
    subparsers = whole.add_subparsers()
    for command in COMMANDS:
        subparsers.add_parser(
            command.name, parents=[build_parser(command)], add_help=False, help=command.summary
        )
    return whole
