"""`gen-client serve`: serves a model with the interface of a lock, a file or another model, on this machine.

The server is that of `clarigen.testing`; it answers sample values.
"""

from __future__ import annotations

import argparse
import logging
import signal
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType
from typing import Final, NoReturn

from clarigen import wire
from gen_client.commands.resolve_model import read_interface, resolve_source
from gen_client.commands.sample_server import start_sample_server
from gen_client.diagnostics import Report
from gen_client.exit_codes import DONE
from gen_client.interface.model import Model
from gen_client.terminal.console import Console
from gen_client.terminal.progress import show_progress
from gen_client.text import format_count, quote

_STOP_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
"""Signals that stop the server. A shell that starts it in the background makes it ignore SIGINT."""


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Serve until a signal arrives, and return the exit code."""
    report = Report()
    with show_progress(console) as display:
        source = resolve_source(arguments, arguments.source, report, display.start_stage)
        model = read_interface(source, None, report).model
    for key, text in model.json_types:
        if key.endswith(f".{wire.RESULT_NAME}"):
            report.warn(
                f"the samples of {quote(key)} are any JSON, and a client with the type {quote(text)} may refuse them",
                remedy="serve an object of yours: clarigen.testing.serve",
            )
    console.report_warnings(report)
    server = start_sample_server(model, port=arguments.port, seed=arguments.seed)
    handlers = {number: signal.signal(number, _interrupt) for number in _STOP_SIGNALS}
    try:
        with server, _printing_calls(console):
            console.print_finding(server.url)
            console.print_note(
                f"gen-client: {format_count(_count_methods(model), 'method')}, sample values; Ctrl-C ends it"
            )
            console.flush()
            server.wait()
    except KeyboardInterrupt:
        pass  # A requested stop is not a failure.
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    return DONE


@contextmanager
def _printing_calls(console: Console) -> Generator[None]:
    """Print a line per call while the block runs, if verbose."""
    logger, handler = logging.getLogger("clarigen.testing"), _CallHandler(console)
    if console.verbose:
        logger.setLevel(logging.DEBUG)
        logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


class _CallHandler(logging.Handler):
    """Prints what the server logs."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console

    def emit(self, record: logging.LogRecord) -> None:
        """Print a line."""
        self._console.print_detail(record.getMessage())


def _count_methods(model: Model) -> int:
    """Return the number of methods that a client has."""
    return len(model.client_methods) + (len(model.tools.tools) if model.tools is not None else 0)


def _interrupt(_: int, __: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt
