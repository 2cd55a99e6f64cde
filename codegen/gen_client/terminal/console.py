"""What the command prints: results to stdout, everything else to stderr, and how much of it.

No line that is printed has a control character, whoever wrote it; colour stands on a terminal only, and
not where NO_COLOR says so. Knows diagnostics; knows nothing of what the lines say.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, TextIO

from gen_client.diagnostics import Diagnostic, Refusal, Severity
from gen_client.exit_codes import USAGE
from gen_client.text import escape_unprintable

if TYPE_CHECKING:
    from rich.console import RenderableType

Color = Literal["red", "green", "yellow", "cyan"]
_CODES: Final[dict[Color, str]] = {"red": "31", "green": "32", "yellow": "33", "cyan": "36"}
_STYLES: Final = ("bold", "cyan", "", "green", "")
"""The columns of a table: what it is called, its type, and so on."""
_ANY_WIDTH: Final = 100_000
"""Where nobody looks at a terminal, nothing is folded."""


class Console:
    """Prints lines: of a quiet command errors and findings alone, of a verbose one what goes on as well."""

    def __init__(self, *, quiet: bool = False, verbose: bool = False) -> None:
        self.quiet = quiet
        self.verbose = verbose

    def print_finding(self, line: str, color: Color | None = None) -> None:
        """A line of the answer that was asked for: on stdout, even of a quiet command."""
        _say(sys.stdout, line, color)

    def print_table(self, rows: Sequence[Sequence[str]]) -> None:
        """Rows of the answer, as many cells each: within a terminal's width, elsewhere a line a row."""
        from rich.table import Table
        from rich.text import Text

        table = Table.grid(padding=(0, 2))
        shown = [index for index in range(len(rows[0])) if any(row[index] for row in rows)]
        for row in rows:
            cells = zip(_STYLES, row, strict=False)
            styled = [Text(escape_unprintable(cell), style) for style, cell in cells]
            table.add_row(*(styled[index] for index in shown))
        _say_rich(table)

    def print_code(self, lines: Sequence[str]) -> None:
        """Lines of Python, to read or to copy."""
        if not _coloured(sys.stdout):
            for line in lines:
                self.print_finding(line)
            return
        from rich.syntax import Syntax

        syntax = Syntax("", "python", theme="ansi_dark", background_color="default")
        _say_rich(syntax.highlight("\n".join(map(escape_unprintable, lines))))

    def print_result(self, line: str) -> None:
        """Something that was done: on stdout."""
        if not self.quiet:
            _say(sys.stdout, line)

    def print_script(self, text: str) -> None:
        """A text of ours that another program reads: on stdout, as it is."""
        with _written(sys.stdout):
            sys.stdout.write(text)

    def print_note(self, line: str = "") -> None:
        """Words for people: on stderr."""
        if not self.quiet:
            _say(sys.stderr, line)

    def print_detail(self, line: str) -> None:
        """What goes on, for those who asked for it: on stderr."""
        if self.verbose:
            _say(sys.stderr, f"gen-client: {line}")

    def print_remedy(self, line: str) -> None:
        """What to do about a finding: on stderr, even of a quiet command."""
        _say(sys.stderr, f"gen-client: {line}")

    def report(self, diagnostic: Diagnostic, about: str = "") -> int:
        """Print a diagnostic, and give the exit code that it asks for.

        Args:
            diagnostic: What to say.
            about: Which of several models it is about, or empty.
        """
        warning = diagnostic.severity is Severity.WARNING
        if not (warning and self.quiet):
            with suppress(OSError, Refusal):  # what cannot be seen there is told here all the same
                self.flush()
            lines = str(diagnostic).split("\n")
            place = f"{about}: " if about else ""
            _say(sys.stderr, f"gen-client: {place}{lines[0]}", "yellow" if warning else "red")
            for line in lines[1:]:
                _say(sys.stderr, line)
        return diagnostic.exit_code

    def flush(self) -> None:
        """Let what was printed be seen before what comes.

        Raises:
            Refusal: Exit 2: it cannot be.
            BrokenPipeError: Whoever read it has gone.
        """
        with _written(sys.stdout):
            sys.stdout.flush()


@contextmanager
def _written(stream: TextIO) -> Generator[None]:
    """Where something is written to a stream. Nobody can be told that stderr takes nothing."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        discard_output(stream)
        if stream is not sys.stderr:
            raise Refusal(
                f"standard output cannot be written: {error.strerror}", exit_code=USAGE
            ) from None


def discard_output(stream: TextIO) -> None:
    """Let what is still to be written to a stream go nowhere, at the end of the process too."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def open_missing_streams() -> None:
    """Open the streams that whoever started us has closed: they come from nowhere, and go there.

    Else files that are opened later would be in their place.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115


def is_terminal() -> bool:
    """Whether somebody reads stdout at a terminal."""
    return sys.stdout.isatty()


def _coloured(stream: TextIO) -> bool:
    return (
        stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM", "") != "dumb"
    )


def _say_rich(what: RenderableType) -> None:
    """Print what rich lays out; its text is printable already."""
    from rich.console import Console as Rich

    coloured = _coloured(sys.stdout)
    buffer = io.StringIO()
    rich = Rich(
        file=buffer,
        force_terminal=coloured,
        color_system="standard" if coloured else None,
        width=None if is_terminal() else _ANY_WIDTH,
        highlight=False,
        markup=False,
        emoji=False,
    )
    rich.print(what, soft_wrap=not is_terminal())
    for line in buffer.getvalue().rstrip("\n").split("\n"):
        _write(sys.stdout, line.rstrip())


def _say(stream: TextIO, line: str, colour: Color | None = None) -> None:
    line = escape_unprintable(line)
    if colour and _coloured(stream):
        line = f"\x1b[{_CODES[colour]}m{line}\x1b[0m"
    _write(stream, line)


def _write(stream: TextIO, line: str) -> None:
    with _written(stream):
        try:
            print(line, file=stream)
        except UnicodeEncodeError:  # a terminal or a locale that lacks a character
            encoding = stream.encoding or "ascii"
            print(line.encode(encoding, "backslashreplace").decode(encoding), file=stream)
