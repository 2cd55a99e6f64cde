"""What a run has to say: warnings and refusals, as values.

What lives here: `Diagnostic`, the `Report` that collects warnings on the way, the `Refusal` that ends
a run, `bug`, which is what is said of any other end, and `shown`, which makes a stranger's text fit to be printed. Nothing here prints: the command
alone does. Knows no other module of the generator.
"""

from __future__ import annotations

import enum
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from clarigen import __version__

DIFFERENT = 1
"""Exit code: something is not as it should be."""
USAGE = 2
"""Exit code: the command line or the configuration is wrong."""
UNREACHABLE = 3
"""Exit code: the model could not be reached, or refused the credentials."""
UNUSABLE = 4
"""Exit code: the signatures cannot become a safe client."""

SHOWN_LIMIT = 80
"""How much of a stranger's text a message repeats, in characters."""


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
    what: str
    where: str = ""
    remedy: str = ""
    exit_code: int = 0

    def __str__(self) -> str:
        """One line, or two where there is a remedy."""
        place = f"{self.where}: " if self.where else ""
        remedy = f"\n  {self.remedy}" if self.remedy else ""
        return f"{self.severity.value}: {place}{self.what}{remedy}"


class Report:
    """Collects the warnings of a run, in the order they came, each once.

    Attributes:
        warnings: What was collected.
    """

    def __init__(self) -> None:
        self.warnings: list[Diagnostic] = []

    def warn(self, what: str, *, where: str = "", remedy: str = "") -> None:
        """Add a warning. The arguments are those of `Diagnostic`."""
        diagnostic = Diagnostic(Severity.WARNING, what, where, remedy)
        if diagnostic not in self.warnings:
            self.warnings.append(diagnostic)

    def insist(self) -> None:
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

    def __init__(self, what: str, *, exit_code: int, where: str = "", remedy: str = "") -> None:
        self.diagnostic = Diagnostic(Severity.REFUSAL, what, where, remedy, exit_code)
        super().__init__(str(self.diagnostic))


def bug(error: BaseException) -> Diagnostic:
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


def shown(text: str, limit: int = SHOWN_LIMIT) -> str:
    """A stranger's text in quotes, for a message: one printable line that a terminal cannot obey.

    Control, bidirectional, zero-width, separator and unassigned characters, lone surrogates and
    combining marks at the start stand as escapes; what is longer than `limit` characters is cut.

    Args:
        text: Any text.
        limit: How many of its characters are shown at most.
    """
    cut = text if len(text) <= limit else text[:limit]
    body = "".join(map(_escaped, cut))
    if body and unicodedata.combining(cut[0]):
        body = _escape(cut[0]) + "".join(map(_escaped, cut[1:]))
    return f"'{body}'" if cut is text else f"'{body}'…"


def printable(text: str, limit: int = SHOWN_LIMIT) -> str:
    """A sentence that another program wrote, without quotes; otherwise as `shown`."""
    cut = "".join(c if c.isprintable() else _escape(c) for c in text[:limit])
    return cut if len(text) <= limit else f"{cut}…"


def _escaped(character: str) -> str:
    if character in "\\'":
        return "\\" + character
    return character if character.isprintable() else _escape(character)


def _escape(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")


def label(name: str) -> str:
    """A name for the place of a diagnostic: as it is if it is a short identifier, else `shown`."""
    return name if name.isidentifier() and len(name) <= SHOWN_LIMIT else shown(name)
