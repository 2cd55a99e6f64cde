"""Shows on a terminal what takes its time: nothing for the first second, then a line that moves.

Only on stderr, and only if that is a terminal. rich is imported when there is something to show.
Knows nothing of what it shows but its name.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from rich.status import Status
    from rich.text import Text

DELAY_SECONDS = 1.0
"""Seconds that pass before anything is shown."""


class ProgressDisplay:
    """A context in which `stage` says what goes on. Its text is never a model's.

    Args:
        told: Is told every stage as it begins.
        shown: Whether there may be a line that moves.
    """

    def __init__(
        self, on_stage: Callable[[str], None] | None = None, *, enabled: bool = True
    ) -> None:
        self._told = on_stage
        self._shown = enabled
        self._lock = threading.Lock()
        self._text = ""
        self._ended = False
        self._status: Status | None = None
        self._timer = threading.Timer(DELAY_SECONDS, self._show)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        if self._shown and sys.stderr.isatty():
            self._timer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._timer.cancel()
        with self._lock:
            self._ended = True
            if self._status is not None:
                self._status.stop()
                self._status = None

    def start_stage(self, text: str) -> None:
        """Say what begins now."""
        if self._told is not None:
            self._told(text)
        with self._lock:
            self._text = text
            if self._status is not None:
                self._status.update(_plain(text))

    def wait(self) -> None:
        """Wait until it is shown, or will not be."""
        if self._timer.is_alive():
            self._timer.join()

    def _show(self) -> None:
        from rich.console import Console

        with self._lock:
            if not self._ended:
                self._status = Console(stderr=True).status(_plain(self._text))
                self._status.start()


def _plain(text: str) -> Text:
    """Text that is no markup: an address may have brackets."""
    from rich.text import Text

    return Text(text)
