"""What a run has to say: warnings and refusals, as values.

What lives here: `Diagnostic`, the `Report` that collects warnings on the way, the `Refusal` that ends
a run, `bug`, which is what is said of any other end, and `shown`, which makes a stranger's text fit to be printed. Nothing here prints: the command
alone does. Knows no other module of the generator.
"""

from __future__ import annotations

import difflib
import enum
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from clarigen import __version__
from gen_client.exit_codes import UNUSABLE
from gen_client.text import escape_unprintable, quote

_LIST_LIMIT = 400
"""Characters of a list of known words that a message repeats."""


ProgressCallback = Callable[[str], None]
"""Progress callback, called with the name of each stage as it starts."""


class Severity(enum.Enum):
    """What a diagnostic does to the run."""

    WARNING = "warning"
    REFUSAL = "error"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """Something the user should know. All its text is printable.

    Attributes:
        severity: Whether the run goes on.
        what: What is the case, in a sentence without a full stop.
        where: The method and the field it is about (`detect.threshold`), or empty.
        remedy: What the user can do about it, or empty.
        exit_code: What the command exits with, for a refusal: 1 to 4. 0 for a warning.
    """

    severity: Severity
    message: str
    location: str = ""
    remedy: str = ""
    exit_code: int = 0

    def __str__(self) -> str:
        """One line, or two where there is a remedy."""
        place = f"{self.location}: " if self.location else ""
        remedy = f"\n  {self.remedy}" if self.remedy else ""
        return f"{self.severity.value}: {place}{self.message}{remedy}"


class Report:
    """Collects the warnings of a run, in the order they came, each once.

    Attributes:
        warnings: What was collected.
    """

    def __init__(self) -> None:
        self.warnings: list[Diagnostic] = []

    def warn(self, message: str, *, location: str = "", remedy: str = "") -> None:
        """Add a warning. The arguments are those of `Diagnostic`."""
        diagnostic = Diagnostic(Severity.WARNING, message, location, remedy)
        if diagnostic not in self.warnings:
            self.warnings.append(diagnostic)

    def raise_if_warnings(self) -> None:
        """Refuse (exit 4) what was warned of."""
        if self.warnings:
            what = "there was a warning" if len(self.warnings) == 1 else "there were warnings"
            raise Refusal(
                f"{what}, and --strict takes none; nothing was written", exit_code=UNUSABLE
            )


class Refusal(Exception):
    """Ends the run: what was asked for cannot be done.

    Attributes:
        diagnostic: Why, and the exit code.
    """

    def __init__(
        self, message: str, *, exit_code: int, location: str = "", remedy: str = ""
    ) -> None:
        self.diagnostic = Diagnostic(Severity.REFUSAL, message, location, remedy, exit_code)
        super().__init__(str(self.diagnostic))


def diagnose_bug(error: BaseException) -> Diagnostic:
    """What the user is told of an error that we did not foresee: enough to report it."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else ""
    return Diagnostic(
        Severity.REFUSAL,
        f"a bug in gen-client {__version__}: {type(error).__name__} at {place}",
        remedy="nothing more was written; please report it, together with the model's signatures",
        exit_code=UNUSABLE,
    )


def suggest(
    word: str, candidates: Iterable[str], *, fallback: str = "", cutoff: float = 0.6
) -> str:
    """Return a remedy for an unknown word: "did you mean …?", or what is possible.

    Args:
        word: The unknown word.
        candidates: The known words.
        fallback: Remedy if no candidate is close; empty for the list of all.
        cutoff: How alike a candidate must be, from 0 to 1; see `difflib.get_close_matches`.
    """
    known = list(candidates)
    close = difflib.get_close_matches(word, known, 1, cutoff)
    if close:
        return f"did you mean {quote(close[0])}?"
    if fallback or not known:
        return fallback
    return escape_unprintable(f"expected one of {', '.join(known)}", _LIST_LIMIT)
