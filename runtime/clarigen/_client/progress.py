"""The progress of a batch: a bar drawn by rich, or a line of text in a notebook that cannot show rich's bar.

No other module uses rich. This one is loaded when progress is shown for the first time.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Final

from ..errors import ConfigError

_LINE_SECONDS: Final = 0.1
"""The shortest time between two states of the line."""


@contextmanager
def progress_bar(label: str, total: int | None) -> Generator[Callable[[], None], None, None]:
    """Show progress on standard error while the block runs.

    Args:
        label: The text next to the bar.
        total: The number of inputs; None if it is not known.

    Yields:
        A function to call for each result.

    Raises:
        ConfigError: rich is not installed.
    """
    try:
        from rich import progress
        from rich.console import Console
    except ImportError:
        raise ConfigError("progress=True needs rich: pip install rich") from None
    console = Console(stderr=True)
    if console.is_jupyter and find_spec("ipywidgets") is None:
        line = _Line(label, total)
        try:
            yield line.advance
        finally:
            line.end()
        return
    columns = (
        progress.TextColumn("{task.description}", markup=False),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TextColumn("{task.fields[rate]}", markup=False),
        progress.TimeRemainingColumn(),
    )
    with progress.Progress(*columns, console=console) as bar:
        task = bar.add_task(label, total=total, rate="")

        def advance() -> None:
            bar.advance(task)
            speed = bar.tasks[task].speed
            bar.update(task, rate=f"{speed:.0f}/s" if speed else "")

        yield advance


class _Line:
    """A line that is written again and again: notebooks, too, understand a carriage return.

    Args:
        label: The text at its start.
        total: The number of inputs; None if it is not known.
    """

    def __init__(self, label: str, total: int | None) -> None:
        self._label = label
        self._total = "" if total is None else f"/{total}"
        self._count = 0
        self._start = self._shown = time.monotonic()
        self._write()

    def advance(self) -> None:
        """Count a result."""
        self._count += 1
        now = time.monotonic()
        if now - self._shown >= _LINE_SECONDS:
            self._shown = now
            self._write()

    def end(self) -> None:
        """Write the last state."""
        self._write("\n")

    def _write(self, end: str = "") -> None:
        seconds = time.monotonic() - self._start
        rate = f", {self._count / seconds:.0f}/s" if self._count and seconds else ""
        sys.stderr.write(f"\r{self._label}: {self._count}{self._total}{rate}   {end}")
        sys.stderr.flush()
