"""What the source of a model cannot say: parts of an interface that the official SDK reads from no Python."""

from __future__ import annotations

from gen_client.diagnostics import Refusal
from gen_client.exit_codes import UNUSABLE


class Inexpressible(Exception):
    """A part of a parameter that no source has.

    Attributes:
        reason: Why.
        only_describes: Whether it only describes the interface.
    """

    def __init__(self, reason: str, *, only_describes: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.only_describes = only_describes


class Problems:
    """Collects what a source cannot say."""

    def __init__(self) -> None:
        self._grave: list[tuple[str, str]] = []
        self._descriptions: list[tuple[str, str]] = []

    def add(self, location: str, reason: str, *, only_describes: bool = False) -> None:
        """Add a problem.

        Args:
            location: The method and the field, printable.
            reason: Why no source has it; a sentence without a full stop, printable.
            only_describes: Whether it is about something that only describes the interface.
        """
        (self._descriptions if only_describes else self._grave).append((location, reason))

    def raise_if_any(self) -> None:
        """Raise `Refusal` if there are problems, with the gravest of them (exit 4)."""
        found = [*self._grave, *self._descriptions]
        if not found:
            return
        location, reason = found[0]
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        raise Refusal(
            f"{reason}{more}; nothing was written",
            location=location,
            remedy=(
                "no source of a model has this interface; change a copy of the signatures, and use that"
                if self._grave
                else "--lossy leaves out what only describes the interface"
            ),
            exit_code=UNUSABLE,
        )
