"""The output of the command: results to stdout, everything else to stderr, subject to `--quiet` and `--verbose`.

No printed line has a control character or a command for a CI runner, whatever its text contains. Colors are used only on a terminal or if
FORCE_COLOR is set, and never if NO_COLOR is. This module knows diagnostics, but not what the other lines say.
"""

from __future__ import annotations

import io
import os
import sys
import textwrap
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, TextIO

from gen_client.diagnostics import Diagnostic, Refusal, Report, Severity
from gen_client.exit_codes import USAGE
from gen_client.readers import escape_line_start
from gen_client.text import escape_unprintable

if TYPE_CHECKING:
    from rich.console import RenderableType

Color = Literal["red", "green", "yellow", "cyan"]
_MIN_WIDTH: Final = 40
"""Columns of a terminal below which sentences are not broken further."""
_ANSI_CODES: Final[Mapping[Color, str]] = {"red": "31", "green": "32", "yellow": "33", "cyan": "36"}


class Console:
    """The output of one run.

    Args:
        quiet: Whether to print only errors and findings.
        verbose: Whether to print each step as well.
    """

    def __init__(self, *, quiet: bool = False, verbose: bool = False) -> None:
        self.quiet = quiet
        self.verbose = verbose
        self._text: TextIO | None = None

    def print_finding(self, line: str, color: Color | None = None) -> None:
        """Print to stdout a line that the user asked for, even if quiet."""
        _print_line(sys.stdout, line, color)

    def print_code(self, lines: Sequence[str]) -> None:
        """Print lines of Python to stdout, highlighted on a terminal. None is wrapped, so that a copy is the same."""
        if not _supports_color(sys.stdout):
            for line in lines:
                self.print_finding(line)
            return
        # rich takes long to load, so it is imported only where it is used.
        from rich.syntax import Syntax

        syntax = Syntax("", "python", theme="ansi_dark", background_color="default")
        if lines:
            _print_rich(syntax.highlight("\n".join(map(escape_unprintable, lines))))

    def print_result(self, line: str) -> None:
        """Print to stdout what was done, unless quiet."""
        if not self.quiet:
            _print_line(sys.stdout, line)

    def print_script(self, text: str) -> None:
        """Print to stdout, unchanged, a text of our own for another program."""
        with _writing_to(sys.stdout):
            sys.stdout.write(text)

    def print_piece(self, text: str) -> None:
        """Print to stdout a model's text, of several lines perhaps, which the next piece continues."""
        from clarigen._tooling import make_printable

        if self._text is None:
            self._text = make_printable(sys.stdout)
        with _writing_to(sys.stdout):
            self._text.write(text)

    def print_annotation(self, line: str) -> None:
        """Print to stdout a command of ours for GitHub's runner (`::warning …`), even if quiet."""
        _write_line(sys.stdout, escape_unprintable(line), is_command=True)

    def print_note(self, line: str = "") -> None:
        """Print to stderr a line for people, unless quiet."""
        if not self.quiet:
            _print_line(sys.stderr, line)

    def print_detail(self, line: str) -> None:
        """Print to stderr a step, if verbose."""
        if self.verbose:
            _print_line(sys.stderr, f"gen-client: {line}")

    def print_remedy(self, line: str) -> None:
        """Print to stderr what to do about findings, even if quiet."""
        _print_line(sys.stderr, f"gen-client: {line}")

    def report(self, diagnostic: Diagnostic, label: str = "") -> int:
        """Print a diagnostic to stderr, and return its exit code. If quiet, a warning is not printed.

        Args:
            diagnostic: The diagnostic.
            label: The model that it is about, if there are several.
        """
        is_warning = diagnostic.severity is not Severity.REFUSAL
        if not (is_warning and self.quiet):
            with suppress(OSError, Refusal):  # The diagnostic is printed even if stdout is broken.
                self.flush()
            first, *others = str(diagnostic).split("\n")
            prefix = f"{label}: " if label else ""
            color: Color = "yellow" if is_warning else "red"
            for line in _wrap_for_terminal(f"gen-client: {prefix}{first}", sys.stderr):
                _print_line(sys.stderr, line, color)
            for line in others:  # They hold commands to copy, which no line may break.
                _print_line(sys.stderr, line)
        return diagnostic.exit_code

    def report_warnings(self, report: Report, label: str = "") -> None:
        """Print the warnings of a report to stderr, unless quiet; and its notes, if verbose.

        Args:
            report: The report.
            label: The model that they are about, if there are several.
        """
        for diagnostic in report.warnings + (report.notes if self.verbose else []):
            self.report(diagnostic, label)

    def flush(self) -> None:
        """Flush stdout, so that what follows on stderr comes after it.

        Raises:
            Refusal: Exit 2: stdout cannot be written.
        """
        with _writing_to(sys.stdout):
            sys.stdout.flush()


@contextmanager
def _writing_to(stream: TextIO) -> Generator[None]:
    """Turn an error of writing to stdout into a `Refusal`; ignore one of stderr, where nothing can be reported.

    Output that nobody reads is discarded. The command goes on: a check that fails must fail behind a pipe, too.
    """
    try:
        yield
    except (
        BrokenPipeError
    ):  # The reader has gone: what follows is not printed, and the exit code stays.
        discard_output(stream)
    except OSError as error:
        discard_output(stream)
        if stream is not sys.stderr:
            raise Refusal(
                f"standard output cannot be written: {error.strerror}", exit_code=USAGE
            ) from None


def discard_output(stream: TextIO) -> None:
    """Discard what is still to be written to a stream, also at the end of the process."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def open_missing_streams() -> None:
    """Replace standard streams that are closed by the null device.

    Otherwise the next files that are opened would get their file descriptors.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115


def is_terminal() -> bool:
    """Return whether stdout is a terminal."""
    return sys.stdout.isatty()


def _supports_color(stream: TextIO) -> bool:
    """Return whether to write colors: NO_COLOR wins over FORCE_COLOR (https://force-color.org), which wins over all."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM", "") != "dumb"


def _print_rich(renderable: RenderableType) -> None:
    """Print what rich lays out; its text must be printable."""
    from rich.console import Console as RichConsole

    has_color = _supports_color(sys.stdout)
    buffer = io.StringIO()
    rich = RichConsole(
        file=buffer,
        force_terminal=has_color,
        color_system="standard" if has_color else None,
        highlight=False,
        markup=False,
        emoji=False,
    )
    rich.print(renderable, soft_wrap=True)
    for line in buffer.getvalue().rstrip("\n").split("\n"):
        _write_line(sys.stdout, line.rstrip())


def _wrap_for_terminal(text: str, stream: TextIO) -> list[str]:
    """Return the lines of a sentence, between whose words a terminal breaks it; one line if the stream is no terminal."""
    if not stream.isatty():
        return [text]
    try:
        width = os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError):
        return [text]
    return textwrap.wrap(
        text,
        max(width, _MIN_WIDTH),
        subsequent_indent="    ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _print_line(stream: TextIO, line: str, color: Color | None = None) -> None:
    line = escape_unprintable(line)
    if color and _supports_color(stream):
        line = f"\x1b[{_ANSI_CODES[color]}m{line}\x1b[0m"
    _write_line(stream, line)


def _write_line(stream: TextIO, line: str, *, is_command: bool = False) -> None:
    if not is_command:
        line = escape_line_start(line)
    with _writing_to(stream):
        try:
            print(line, file=stream)
        except UnicodeEncodeError:  # The terminal or the locale lacks a character.
            encoding = stream.encoding or "ascii"
            print(line.encode(encoding, "backslashreplace").decode(encoding), file=stream)
