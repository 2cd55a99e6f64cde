"""The command: finds which of `commands` is meant, runs it, and turns whatever happens into an exit code.

Nothing is raised and no traceback is printed. Nothing heavy is imported before a command runs.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from gen_client.commands.command import Command, build_parser
from gen_client.commands.table import COMMANDS, GENERATE
from gen_client.diagnostics import Diagnostic, Refusal, Severity, diagnose_bug, suggest
from gen_client.exit_codes import DONE, INTERRUPTED, USAGE
from gen_client.terminal.console import Console, discard_output, open_missing_streams
from gen_client.text import quote

_EXTRA = ("black", "jinja2", "libcst", "platformdirs", "rich", "shtab", "tomlkit", "yaml")
"""The libraries that `clarigen[codegen]` brings. They are imported when they are needed."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    open_missing_streams()
    console = Console()
    try:
        command, words = _command(sys.argv[1:] if arguments is None else list(arguments))
        others = COMMANDS if command is GENERATE else ()
        options = build_parser(command, others).parse_args(words)
        console = Console(quiet=options.quiet, verbose=options.verbose)
        code = command.load()(options, console)
        console.flush()
        return code
    except SystemExit as leaving:  # argparse, after --help, --version or a usage error
        return leaving.code if isinstance(leaving.code, int) else DONE
    except Refusal as refusal:
        return console.report(refusal.diagnostic)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # whoever read our stdout has gone; the files are written
        discard_output(sys.stdout)
        return DONE
    except ModuleNotFoundError as error:
        return console.report(_without_extra(error))
    except Exception as error:  # noqa: BLE001  a bug of ours: say so, in our words
        return console.report(diagnose_bug(error))


def _command(words: list[str]) -> tuple[Command, list[str]]:
    """Which command is meant, and the words for it."""
    for command in COMMANDS:
        if words[:1] == [command.name]:
            return command, words[1:]
    if words and not words[0].startswith("-"):
        raise _unknown(words[0])
    return GENERATE, words


def _unknown(word: str) -> Refusal:
    """What to say of a word that is no command."""
    remedy = suggest(word, (command.name for command in COMMANDS))
    if "/" in word:
        remedy = "a model is named with --url, a signature file with --signatures"
    return Refusal(f"there is no command {quote(word)}", exit_code=USAGE, remedy=remedy)


def _without_extra(error: ModuleNotFoundError) -> Diagnostic:
    """What to say when a module is not there."""
    if error.name not in _EXTRA:
        return diagnose_bug(error)
    return Diagnostic(
        Severity.REFUSAL,
        f"{error.name} is not installed: the runtime alone generates nothing",
        remedy="pip install 'clarigen[codegen]'",
        exit_code=USAGE,
    )
