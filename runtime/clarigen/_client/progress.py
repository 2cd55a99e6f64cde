"""The progress bar of a batch, drawn by rich.

No other module uses rich. This one is loaded when a bar is drawn for the first time.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sized
from contextlib import contextmanager

from ..errors import ConfigError


@contextmanager
def progress_bar(label: str, inputs: object) -> Generator[Callable[[], None], None, None]:
    """Draw a progress bar on standard error while the block runs.

    Args:
        label: The text next to the bar.
        inputs: The inputs of the batch; their number is the total, if they have a length.

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
    columns = (
        progress.TextColumn("{task.description}", markup=False),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TextColumn("{task.fields[rate]}", markup=False),
        progress.TimeRemainingColumn(),
    )
    total = len(inputs) if isinstance(inputs, Sized) else None
    with progress.Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(label, total=total, rate="")

        def advance() -> None:
            bar.advance(task)
            speed = bar.tasks[task].speed
            bar.update(task, rate=f"{speed:.0f}/s" if speed else "")

        yield advance
