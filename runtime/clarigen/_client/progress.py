"""A bar that shows how far a batch is, where rich is installed.

What lives here: the only place that knows rich, and it is loaded when a bar is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sized
from contextlib import contextmanager

from ..errors import ConfigError


@contextmanager
def progress_bar(
    name: str, inputs: object, *, shown: bool
) -> Generator[Callable[[], None], None, None]:
    """Draw a bar on standard error while the block runs; what it gives is called for each result.

    Args:
        name: What is drawn beside it.
        inputs: What is worked off; its length is the whole, if it has one.
        shown: Whether to draw it.

    Raises:
        ConfigError: rich is not installed.
    """
    if not shown:
        yield lambda: None
        return
    try:
        from rich import progress
        from rich.console import Console
    except ImportError:
        raise ConfigError("progress=True draws with rich: pip install rich") from None
    columns = (
        progress.TextColumn("{task.description}", markup=False),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TextColumn("{task.fields[rate]}", markup=False),
        progress.TimeRemainingColumn(),
    )
    total = len(inputs) if isinstance(inputs, Sized) else None
    with progress.Progress(*columns, console=Console(stderr=True)) as drawn:
        task = drawn.add_task(name, total=total, rate="")

        def advance() -> None:
            drawn.advance(task)
            speed = drawn.tasks[task].speed
            drawn.update(task, rate=f"{speed:.0f}/s" if speed else "")

        yield advance
