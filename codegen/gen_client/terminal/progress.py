"""The current stage of a run on a terminal: nothing for the first second, then a line that moves.

It is shown only on stderr, and only if that is a terminal. rich is imported when there is something to show.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Self

from gen_client.terminal.console import Console
from gen_client.text import escape_unprintable

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID
    from rich.status import Status
    from rich.text import Text

DELAY_SECONDS = 1.0
"""Seconds before anything is shown."""


class ProgressDisplay:
    """A context manager that shows the stage that `start_stage` names.

    A notice is a line of its own, also without a terminal.

    Args:
        on_stage: Called with each stage as well.
        on_notice: Called with each notice, whether or not stages are shown.
        enabled: Whether anything may be shown.
    """

    def __init__(
        self,
        on_stage: Callable[[str], None] | None = None,
        on_notice: Callable[[str], None] | None = None,
        *,
        enabled: bool = True,
    ) -> None:
        self._on_stage = on_stage
        self._on_notice = on_notice
        self._enabled = enabled
        self._lock = threading.Lock()
        self._stage = ""
        self._has_ended = False
        self._status: Status | None = None
        self._timer = threading.Timer(DELAY_SECONDS, self._show)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        if self._enabled and sys.stderr.isatty():
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
            self._has_ended = True
            if self._status is not None:
                self._status.stop()
                self._status = None

    def start_stage(self, name: str, /, *, is_notice: bool = False) -> None:
        """Show a stage that starts now, or a notice; this is a `ProgressCallback`."""
        if is_notice:
            if self._on_notice is not None:
                self._on_notice(f"gen-client: {name}")
            return
        if self._on_stage is not None:
            self._on_stage(name)
        with self._lock:
            self._stage = name
            if self._status is not None:
                self._status.update(to_plain_text(name))

    def wait(self) -> None:
        """Wait until the stage is shown, or it is clear that it will not be."""
        if self._timer.is_alive():
            self._timer.join()

    def _show(self) -> None:
        from rich.console import Console as RichConsole

        with self._lock:
            if not self._has_ended:
                self._status = RichConsole(stderr=True).status(to_plain_text(self._stage))
                self._status.start()


def show_progress(console: Console) -> ProgressDisplay:
    """Return a progress display that prints each stage if the console is verbose, and nothing if it is quiet."""
    return ProgressDisplay(console.print_detail, console.print_note, enabled=not console.quiet)


class ProgressBar:
    """A context manager that shows how many rows are done, how fast, and how many failed.

    Args:
        label: The text before the bar: our own, never a model's.
        enabled: Whether anything may be shown.
    """

    def __init__(self, label: str, *, enabled: bool = True) -> None:
        self._label = label
        self._is_shown = enabled and sys.stderr.isatty()
        self._bar: Progress | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def update(self, done: int, total: int, text: str) -> None:
        """Show how far a run is.

        Args:
            done: The rows that are done.
            total: The number of all rows.
            text: What else to show, in our own words.
        """
        if not self._is_shown:
            return
        if self._bar is None:
            self._start(done, total)
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=done, text=text)

    def _start(self, done: int, total: int) -> None:
        from rich import progress
        from rich.console import Console as RichConsole

        self._bar = progress.Progress(
            progress.TextColumn("{task.description}", markup=False),
            progress.BarColumn(),
            progress.MofNCompleteColumn(),
            progress.TextColumn("{task.fields[text]}", markup=False),
            progress.TimeRemainingColumn(),
            console=RichConsole(stderr=True),
        )
        self._task = self._bar.add_task(self._label, total=total, completed=done, text="")
        self._bar.start()


def show_bar(console: Console, label: str) -> ProgressBar:
    """Return a progress bar that shows nothing if the console is quiet."""
    return ProgressBar(label, enabled=not console.quiet)


def to_plain_text(text: str) -> Text:
    """Return text that rich does not parse and a terminal does not obey: an address may have brackets, a folder any name."""
    from rich.text import Text

    return Text(escape_unprintable(text))
