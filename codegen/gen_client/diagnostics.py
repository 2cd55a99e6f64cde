"""Warnings and refusals, as values.

Stages collect warnings in a `Report` and raise a `Refusal` to end the run. Nothing is printed here.
"""

from __future__ import annotations

import difflib
import enum
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from clarigen import __version__
from gen_client.exit_codes import UNUSABLE
from gen_client.text import escape_unprintable, quote


class ProgressCallback(Protocol):
    """A function that is called with the name of each stage as it starts."""

    def __call__(self, text: str, /, *, is_notice: bool = False) -> None:
        """Show a text.

        Args:
            text: The name of a stage, or a sentence.
            is_notice: Whether the text is a sentence that the user must see, such as that a call may be billed.
        """


def label_progress(progress: ProgressCallback, label: str) -> ProgressCallback:
    """Return a callback that puts a label before each text."""

    def show(text: str, /, *, is_notice: bool = False) -> None:
        progress(f"{label}: {text}", is_notice=is_notice)

    return show


_LIST_LIMIT: Final = 400
"""Characters of a list of known words that a remedy repeats."""


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """A note, a warning or a refusal. All its text is printable.

    Attributes:
        severity: Whether the run goes on.
        message: A sentence without a full stop.
        location: The method and field that it is about (`detect.threshold`), a file or a key; or empty.
        remedy: What the user can do about it, or empty.
        exit_code: The exit code of a refusal, 1 to 4; 0 for a note and for a warning.
    """

    severity: Severity
    message: str
    location: str = ""
    remedy: str = ""
    exit_code: int = 0

    def __str__(self) -> str:
        """Return one line, or two if there is a remedy."""
        location = f"{self.location}: " if self.location else ""
        remedy = f"\n  {self.remedy}" if self.remedy else ""
        return f"{self.severity.value}: {location}{self.message}{remedy}"


class Severity(enum.Enum):
    """What a diagnostic does to the run. The values are printed."""

    NOTE = "note"
    """Nothing. It is printed with `-v` alone."""
    WARNING = "warning"
    """Nothing, unless `--strict` makes it a refusal."""
    REFUSAL = "error"
    """It ends the run."""


class Report:
    """Collects the warnings of a run, in the order in which they came, each once.

    Attributes:
        warnings: The warnings.
        notes: What is worth knowing, but nothing that the user can change: printed if verbose.
    """

    def __init__(self) -> None:
        self.warnings: list[Diagnostic] = []
        self.notes: list[Diagnostic] = []

    def note(self, message: str, *, location: str = "") -> None:
        """Add a note. The arguments are those of `Diagnostic`."""
        diagnostic = Diagnostic(Severity.NOTE, message, location)
        if diagnostic not in self.notes:
            self.notes.append(diagnostic)

    def warn(self, message: str, *, location: str = "", remedy: str = "") -> None:
        """Add a warning. The arguments are those of `Diagnostic`."""
        self.extend([Diagnostic(Severity.WARNING, message, location, remedy)])

    def extend(self, warnings: Iterable[Diagnostic]) -> None:
        """Add warnings, except those that the report already has."""
        for warning in warnings:
            if warning not in self.warnings:
                self.warnings.append(warning)

    def raise_if_warnings(self) -> None:
        """Raise `Refusal` if there were warnings (`--strict`)."""
        if self.warnings:
            subject = "there was a warning" if len(self.warnings) == 1 else "there were warnings"
            raise Refusal(
                f"{subject}, and --strict allows none; nothing was written",
                exit_code=UNUSABLE,
                remedy="mend what the warnings say, or leave out --strict",
            )


class Refusal(Exception):
    """Ends the run: what the user asked for cannot be done.

    Attributes:
        diagnostic: The message, and the exit code.
    """

    def __init__(
        self, message: str, *, exit_code: int, location: str = "", remedy: str = ""
    ) -> None:
        self.diagnostic = Diagnostic(Severity.REFUSAL, message, location, remedy, exit_code)
        super().__init__(str(self.diagnostic))


def diagnose_bug(error: BaseException) -> Diagnostic:
    """Return the diagnostic of an unexpected exception, with what a bug report needs."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    line = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else ""
    return Diagnostic(
        Severity.REFUSAL,
        f"a bug in gen-client {__version__}: {type(error).__name__} at {line}",
        remedy="nothing more was written; please report it, together with the model's signatures",
        exit_code=UNUSABLE,
    )


def suggest(
    word: str, candidates: Iterable[str], *, fallback: str = "", cutoff: float = 0.6
) -> str:
    """Return a remedy for an unknown word: "did you mean …?", or the words that are known.

    Args:
        word: The unknown word.
        candidates: The known words.
        fallback: The remedy if no candidate is close; empty for the list of all candidates.
        cutoff: How alike a candidate must be, from 0 to 1; see `difflib.get_close_matches`.
    """
    names = list(candidates)
    close = difflib.get_close_matches(word, names, 1, cutoff)
    if close:
        return f"did you mean {quote(close[0])}?"
    if fallback or not names:
        return fallback
    return escape_unprintable(f"expected one of {', '.join(names)}", _LIST_LIMIT)
