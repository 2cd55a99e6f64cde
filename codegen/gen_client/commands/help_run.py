"""`gen-client help`: prints what `--help` of a command prints."""

from __future__ import annotations

import argparse

from gen_client.commands.command import build_parser
from gen_client.commands.registry import COMMANDS, GENERATE, find_command
from gen_client.exit_codes import DONE
from gen_client.terminal.console import Console


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Print the help and return the exit code."""
    command = GENERATE if arguments.topic is None else find_command(arguments.topic)
    others = COMMANDS if command is GENERATE else ()
    console.print_script(build_parser(command, others).format_help())
    return DONE
