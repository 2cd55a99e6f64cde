"""The method that a command calls: its model, its client, and the refusals that errors of its calls become.

`call` and `run` share this. What is called and what becomes of the results is theirs.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Generator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from clarigen import ModelRef, errors
from gen_client.call.describe import CallableMethod
from gen_client.call.run import ModelClient, open_client
from gen_client.call.words import STDIN, ArgumentReader, StandardInput
from gen_client.commands.call_methods import find_method
from gen_client.commands.call_output import Meter
from gen_client.commands.resolve_model import (
    Interface,
    find_address,
    is_lock_of_package,
    read_interface,
)
from gen_client.commands.sample_server import start_sample_server
from gen_client.diagnostics import Refusal, Report
from gen_client.exit_codes import DIFFERENT, UNREACHABLE, USAGE
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
from gen_client.terminal.console import Console
from gen_client.terminal.progress import show_progress


@dataclass(frozen=True, slots=True)
class ChosenMethod:
    """The method that a command line names.

    Attributes:
        interface: The interface of the model.
        address: What the command line names.
        method: The method.
        reader: Reads its arguments.
        words: The words after its name.
    """

    interface: Interface
    address: Address
    method: CallableMethod
    reader: ArgumentReader
    words: Sequence[str]


def choose_method(arguments: argparse.Namespace, console: Console) -> ChosenMethod:
    """Read the signatures that the command line names, and find the method.

    Args:
        arguments: The command line: `words`, the options of `model_options`, and `timeout`.
        console: Shows the progress, and prints the warnings.

    Raises:
        Refusal: No model or no method is named, or the signatures cannot be fetched.
    """
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
    return ChosenMethod(interface, address, method, reader, words)


@contextmanager
def open_model(
    arguments: argparse.Namespace,
    chosen: ChosenMethod,
    console: Console,
    meter: Meter | None = None,
) -> Generator[ModelClient]:
    """Create the client for the calls of the block, and print at the end what they used.

    Args:
        arguments: The command line: the options of the calls.
        chosen: The method.
        console: Prints what the calls used.
        meter: Adds that up; None for a new one.

    Raises:
        Refusal: The client cannot be created, or a `ClarigenError` was raised in the block.
    """
    meter = meter or Meter()
    try:
        with ExitStack() as stack:
            options = _choose_model(arguments, chosen.address, chosen.interface)
            if arguments.samples:
                server = start_sample_server(chosen.interface.model)
                options["base_url"] = stack.enter_context(server).url
                options["pat"] = "none"  # no credential leaves, not even to this process
            yield stack.enter_context(_start_client(options, arguments, meter))
    except errors.ClarigenError as error:
        raise explain(error, chosen.method) from None
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


def explain(error: errors.ClarigenError, method: CallableMethod) -> Refusal:
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
