"""The output of `gen-client call`: results on standard output, what the calls used on standard error."""

from __future__ import annotations

import argparse
from typing import Any

from clarigen import Response, Text, ToolResult, Usage, errors
from gen_client.call.chat import find_text
from gen_client.call.describe import CallableMethod
from gen_client.call.readers import format_json
from gen_client.call.results import Files, to_json
from gen_client.diagnostics import Refusal
from gen_client.terminal.console import Console
from gen_client.text import quote


class Printer:
    """Prints results to standard output."""

    def __init__(
        self, arguments: argparse.Namespace, method: CallableMethod, console: Console
    ) -> None:
        self._files = None if arguments.out is None else Files(arguments.out, method.name)
        self._method = method.name
        self._is_text = arguments.text
        self._is_chat = method.transports is not None
        self._console = console
        self._line_is_open = False

    def print_result(self, result: Any, *, is_line: bool = False) -> None:
        """Print a result, on a line of its own.

        Args:
            result: The result.
            is_line: Whether it must stay on one line, so that a text is printed as JSON.
        """
        text = None if is_line else self._find_text(result)
        if text is None:
            self._console.print_finding(self._format(result))
        else:
            self._write_text(text)
            self.finish()
        self._console.flush()

    def print_outcome(self, outcome: Any) -> bool:
        """Print the result of a line of a batch, or the error in its place; return whether it is a result."""
        error = outcome
        if not isinstance(outcome, (errors.ClarigenError, Refusal)):
            try:
                self.print_result(outcome, is_line=True)
            except errors.DecodeError as decode_error:
                error = decode_error
            else:
                return True
        self.print_error(error)
        return False

    def print_piece(self, result: Any) -> None:
        """Print a result of a stream: a line of JSON, or a text that continues the one before."""
        text = self._find_text(result)
        if text is None:
            self.finish()
            self.print_result(result)
        else:
            self._write_text(text)
            self._console.flush()

    def _format(self, result: Any) -> str:
        """Return a result as a line of JSON.

        Raises:
            DecodeError: The model sent JSON with more levels than Python can go through.
        """
        try:
            return format_json(to_json(result, self._files))
        except RecursionError:
            raise errors.DecodeError(
                f"{self._method}: the result is nested too deeply to be printed"
            ) from None

    def print_error(self, error: errors.ClarigenError | Refusal) -> None:
        """Print an error in place of a result."""
        content = {"type": "InputError", "message": ""}
        if isinstance(error, Refusal):
            content["message"] = error.diagnostic.message
        else:
            content |= {"type": type(error).__name__, "message": str(error)}
        self._console.print_finding(format_json({"error": content}))
        self._console.flush()

    def finish(self) -> None:
        """End the line of a text."""
        if self._line_is_open:
            self._write_text("\n")

    def _write_text(self, text: str) -> None:
        if text:
            self._console.print_piece(text)
            self._line_is_open = not text.endswith("\n")

    def _find_text(self, result: Any) -> str | None:
        """Return the text of a result, if texts are printed as they are."""
        if not self._is_text:
            return None
        if self._is_chat:
            return find_text(result) or ("" if "choices" in result else None)
        if isinstance(result, ToolResult):
            return result.text
        return str(result) if isinstance(result, (str, Text)) else None


class Meter:
    """Adds up what calls used; it is the observer of a client.

    Attributes:
        usage: The sum.
    """

    def __init__(self) -> None:
        self.usage = Usage()
        self._count = 0
        self._last: Response | None = None

    def __call__(self, response: Response) -> None:
        """Count a response."""
        self.usage += response.usage
        self._count += 1
        self._last = response

    def report(self, console: Console) -> None:
        """Print to standard error what the calls used."""
        names = (("prompt", 0), ("completion", 1), ("cached", 2))
        counts = [f"{self.usage[i]} {name} tokens" for name, i in names if self.usage[i]]
        if counts:
            console.print_note(f"gen-client: {', '.join(counts)}")
        if self._last is not None:
            request = f", request {quote(self._last.request_id)}" if self._last.request_id else ""
            console.print_detail(
                f"{self._count} requests, the last in {self._last.elapsed:.2f} s{request}"
            )
