"""`gen-client call`: calls a method of a model and prints its results as lines of JSON.

The package `call` reads arguments and makes the calls, and `call_output` prints results. Here the model and the method are
chosen, and errors are explained.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any, Final

from clarigen import ModelRef, errors
from gen_client.call.describe import CallableMethod
from gen_client.call.run import Caller, ModelClient, Values, open_client
from gen_client.call.words import STDIN, ArgumentReader, StandardInput
from gen_client.commands.call_methods import find_method
from gen_client.commands.call_output import Meter, Printer
from gen_client.commands.resolve_model import (
    Interface,
    find_address,
    is_lock_of_package,
    read_interface,
)
from gen_client.commands.sample_server import start_sample_server
from gen_client.diagnostics import Diagnostic, Refusal, Report, Severity
from gen_client.exit_codes import DIFFERENT, DONE, UNREACHABLE, USAGE
from gen_client.source import Access, Document, Source, resolve_address
from gen_client.source.address import (
    Address,
    LocalAddress,
    ModelAddress,
    RunnerAddress,
    parse_address,
)
from gen_client.source.foreign_settings import ignore_foreign_settings
from gen_client.source.local import EXPECTED
from gen_client.terminal.console import Console, is_terminal
from gen_client.terminal.progress import show_progress
from gen_client.text import quote

_PROGRESS_LINES: Final = 100
"""Lines of a batch after which the progress is shown again."""
_END: Final = object()


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Call the method and return the exit code."""
    words = list(arguments.words)
    has_option = arguments.url is not None or arguments.signatures is not None
    address = find_address(arguments, words.pop(0) if words and not has_option else None)
    if address is None:
        raise Refusal("no model is named", exit_code=USAGE, remedy=EXPECTED)
    if not 0 < arguments.timeout < math.inf:
        raise Refusal("--timeout must be a number of seconds above 0", exit_code=USAGE)
    report, ignored = Report(), Report()
    with show_progress(console) as display:
        access = Access(api_base=arguments.api_base, progress=display.start_stage)
        source = _OwnSettings(resolve_address(address, access, report), ignored)
        interface = read_interface(source, None, report)
    console.report_warnings(ignored)
    method = find_method(interface, words.pop(0) if words else None)
    _report_warnings(report, method, interface, console)
    reader = ArgumentReader(method, StandardInput(is_used=address == LocalAddress(STDIN)))
    values = reader.read_words(words)
    meter = Meter()
    try:
        with ExitStack() as stack:
            options = _choose_model(arguments, address, interface)
            if arguments.samples:
                options["base_url"] = stack.enter_context(start_sample_server(interface.model)).url
                options["pat"] = "none"  # no credential leaves, not even to this process
            client = stack.enter_context(_start_client(options, arguments, meter))
            caller = Caller(client, method, reader)
            printer = Printer(arguments, method, console)
            if arguments.batch is not None:
                return _run_batch(caller, values, arguments.batch, printer, console)
            _run_call(caller, values, printer, console)
            return DONE
    except errors.ClarigenError as error:
        raise _explain(error, method) from None
    finally:
        meter.report(console)


def _report_warnings(
    report: Report, method: CallableMethod, interface: Interface, console: Console
) -> None:
    """Print the warnings, except those about other methods."""
    others = {own.wire.name for own in interface.methods} - {method.wire_name}
    for warning in report.warnings:
        if warning.location.partition(".")[0] not in others:
            console.report(warning)


class _OwnSettings:
    """A source whose settings count only if they are those of a generated package.

    Args:
        source: The source.
        report: Collects the warnings about settings that are ignored.
    """

    def __init__(self, source: Source, report: Report) -> None:
        self._source = source
        self._report = report

    def fetch(self) -> Document:
        """Fetch the signatures."""
        document = self._source.fetch()
        if is_lock_of_package(document.path):
            return document
        return ignore_foreign_settings(document, Path(), self._report)


def _choose_model(
    arguments: argparse.Namespace, address: Address, interface: Interface
) -> dict[str, Any]:
    """Return the model to call, the options of its client's class, and the server."""
    model, class_options = interface.model.reference, dict(interface.model.client_options)
    base_url = arguments.api_base
    if isinstance(address, RunnerAddress):
        base_url = address.base_url
    if isinstance(address, ModelAddress) and address.version_id:
        class_options["version_id"] = address.version_id
    if arguments.model is not None:
        model, class_options = _parse_model(arguments.model)
    return {"model": model, "class_options": class_options, "base_url": base_url}


def _start_client(
    options: Mapping[str, Any], arguments: argparse.Namespace, meter: Meter
) -> AbstractContextManager[ModelClient]:
    """Create the client.

    Raises:
        Refusal: Exit 2: no model is known for the platform.
        ConfigError: There is no credential, or an option is wrong.
    """
    try:
        return open_client(
            **options,
            deployment_id=arguments.deployment,
            timeout=arguments.timeout,
            on_response=meter,
        )
    except errors.ConfigError as error:
        if options["model"] is not None or "model reference" not in str(error):
            raise
        raise Refusal(
            "the signatures name no model to call",
            exit_code=USAGE,
            remedy="name it with --model, a runner with --api-base, or try --samples",
        ) from None


def _parse_model(text: str) -> tuple[ModelRef, dict[str, str]]:
    """Return the model of `--model` and its version, if it names one."""
    match parse_address(text):
        case ModelAddress(reference, version_id):
            return reference, {"version_id": version_id} if version_id else {}
        case _:
            raise Refusal(
                "--model takes a model of the platform",
                exit_code=USAGE,
                remedy="a runner is named with --api-base",
            )


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


# Errors


_UNREACHABLE_ERRORS: Final = (
    errors.AuthenticationError,
    errors.PermissionDeniedError,
    errors.NotFoundError,
    errors.RateLimitError,
    errors.ModelNotReadyError,
    errors.ServerError,
    errors.TransportError,
    errors.DeadlineExceededError,
)


def _explain(error: errors.ClarigenError, method: CallableMethod) -> Refusal:
    """Return the refusal for an error of a call."""
    remedy, code = "", DIFFERENT
    if isinstance(error, errors.InputError):
        remedy, code = _describe_arguments(method), USAGE
    elif isinstance(error, errors.ConfigError):
        code = USAGE
    elif isinstance(error, _UNREACHABLE_ERRORS):
        code = UNREACHABLE
    return Refusal(str(error), exit_code=code, remedy=remedy)


def _describe_arguments(method: CallableMethod) -> str:
    """Return which arguments a method takes, the optional ones in brackets."""
    names: Sequence[str] = [
        argument.name if argument.is_required else f"[{argument.name}]"
        for argument in method.arguments
    ]
    return f"it takes {', '.join(names[:12]) or 'no arguments'}{', …' if len(names) > 12 else ''}"
