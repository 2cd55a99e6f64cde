"""The entry point of `gen-client`: selects a command, runs it, and turns every outcome into an exit code.

No exception leaves `main` and no traceback is printed. This module imports no stage and no library; the module that
runs a command is imported once the command is chosen.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from gen_client.commands.command import Command, build_parser
from gen_client.commands.registry import COMMANDS, GENERATE, find_command
from gen_client.diagnostics import Diagnostic, Refusal, Severity, diagnose_bug
from gen_client.exit_codes import DONE, INTERRUPTED, USAGE
from gen_client.terminal.console import Console, discard_output, open_missing_streams

_NAMES: Final = frozenset(command.name for command in COMMANDS)
CODEGEN_MODULES: Final = (
    "black",
    "jinja2",
    "libcst",
    "markupsafe",
    "packaging",
    "platformdirs",
    "rich",
    "shtab",
    "tomlkit",
    "yaml",
)
"""The modules that the extra `clarigen[codegen]` installs."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code.

    Args:
        arguments: The words after `gen-client`; None for those of the process.
    """
    open_missing_streams()
    console = Console()
    try:
        command, remaining = _select_command(sys.argv[1:] if arguments is None else arguments)
        others = COMMANDS if command is GENERATE else ()
        options = build_parser(command, others).parse_args(remaining)
        console = Console(quiet=options.quiet, verbose=options.verbose)
        code = command.run(options, console)
        console.flush()
        return code
    except SystemExit as exit_:  # argparse raises it after --help and --version.
        return exit_.code if isinstance(exit_.code, int) else DONE
    except Refusal as refusal:
        return console.report(refusal.diagnostic)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # The reader of the help has closed our stdout.
        discard_output(sys.stdout)
        return DONE
    except ModuleNotFoundError as error:
        return console.report(_diagnose_missing_module(error))
    except Exception as error:  # noqa: BLE001  A bug of ours is reported without a traceback.
        return console.report(diagnose_bug(error))


def _select_command(arguments: Sequence[str]) -> tuple[Command, Sequence[str]]:
    """Return the command that the first argument names, and the remaining arguments; without a name, `GENERATE`."""
    first = arguments[0] if arguments else "-"
    if first.startswith("-") or (not _is_word(first) and first not in _NAMES):
        return GENERATE, arguments
    return find_command(first), arguments[1:]


def _is_word(text: str) -> bool:
    """Return whether a text can only be meant as a command: no address has this form, and no file this name."""
    return text.replace("-", "").replace("_", "").isalpha() and not Path(text).exists()


def _diagnose_missing_module(error: ModuleNotFoundError) -> Diagnostic:
    """Return how to install a missing library, or the diagnostic of a bug if the module is none of them."""
    if error.name not in CODEGEN_MODULES:
        return diagnose_bug(error)
    return Diagnostic(
        Severity.REFUSAL,
        f"{error.name} is not installed, and the generator needs it; the runtime does not",
        remedy="pip install 'clarigen[codegen]', or run it with uvx 'clarigen[codegen]'",
        exit_code=USAGE,
    )
