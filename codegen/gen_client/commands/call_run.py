"""`gen-client call`: calls a method of a model and prints its results as lines of JSON.

The package `call` reads arguments and makes the calls, `open_method` chooses the method, and `call_output` prints results.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from gen_client.call.run import Caller, Values
from gen_client.call.words import STDIN, ArgumentReader
from gen_client.commands.call_output import Printer
from gen_client.commands.open_method import choose_method, open_model
from gen_client.diagnostics import Diagnostic, Refusal, Severity
from gen_client.exit_codes import DIFFERENT, DONE, USAGE
from gen_client.terminal.console import Console, is_terminal
from gen_client.terminal.progress import show_progress
from gen_client.text import quote

_PROGRESS_LINES: Final = 100
"""Lines of a batch after which the progress is shown again."""
_END: Final = object()


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Call the method and return the exit code."""
    chosen = choose_method(arguments, console)
    values = chosen.reader.read_words(chosen.words)
    with open_model(arguments, chosen, console) as client:
        caller = Caller(client, chosen.method, chosen.reader)
        printer = Printer(arguments, chosen.method, console)
        if arguments.batch is not None:
            return _run_batch(caller, values, arguments.batch, printer, console)
        _run_call(caller, values, printer, console)
        return DONE


# Calls


def _run_call(caller: Caller, values: Values, printer: Printer, console: Console) -> None:
    """Make one call and print its result, or each of its results as it comes."""
    if not caller.is_stream(values):
        with show_progress(console) as display:
            display.start_stage(f"calling {caller.method.name}")
            result = caller.call(values)
        printer.print_result(result)
        return
    results = caller.stream(values)
    with show_progress(console) as display:
        display.start_stage(f"calling {caller.method.name}")
        result = next(results, _END)
    while result is not _END:
        printer.print_piece(result)
        result = next(results, _END)
    printer.finish()


def _run_batch(
    caller: Caller, values: Values, path: str, printer: Printer, console: Console
) -> int:
    """Make a call per line of a file, and print a line for each."""
    count = failed = 0
    with ExitStack() as stack:
        # Two lines that move on one terminal would be in each other's way.
        is_shown = not is_terminal()
        display = stack.enter_context(show_progress(console)) if is_shown else None
        for outcome in caller.run_batch(_open_lines(path, caller.reader, stack), values):
            count += 1
            failed += not printer.print_outcome(outcome)
            if display is not None and count % _PROGRESS_LINES == 0:
                display.start_stage(f"calling {caller.method.name}: {count} lines done")
    if failed:
        diagnostic = Diagnostic(
            Severity.REFUSAL,
            f"{failed} of {count} calls failed",
            remedy='each has a line {"error": …} in place of its result',
            exit_code=DIFFERENT,
        )
        return console.report(diagnostic)
    return DONE


def _open_lines(path: str, reader: ArgumentReader, stack: ExitStack) -> Iterator[bytes]:
    """Return the lines of a file of a batch, without blank ones."""
    if path == STDIN:
        return reader.stdin.iter_lines()
    try:
        file = Path(path).open("rb")  # noqa: SIM115  the stack closes it
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not a path"
        raise Refusal(f"{quote(path, 200)} cannot be read: {reason}", exit_code=USAGE) from None
    return filter(bytes.strip, stack.enter_context(file))
