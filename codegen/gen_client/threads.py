"""Threads for work that waits for the network.

The threads are daemons, unlike those of a pool, so that an interrupted command ends at once. Work that computes runs
on one thread: its results are cached and shared, and several processes were slower.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from typing import Final, TypeVar

T = TypeVar("T")
R = TypeVar("R")

MAX_WORKERS: Final = 16
"""The number of models that are asked at once."""

_INTERRUPT_POLL_SECONDS: Final = 0.2
"""Seconds between checks for an interrupt: one that comes just as a wait begins does not end that wait."""


def run_concurrently(work: Callable[[T], R], items: Sequence[T]) -> list[R]:
    """Apply a function to all items, up to `MAX_WORKERS` at once, and return the results in the order of the items.

    Raises:
        Exception: The function failed for an item; the exception of the first such item.
    """
    if len(items) < 2:
        return [work(item) for item in items]
    results: list[Future[R]] = [Future() for _ in items]
    pending = deque(zip(items, results, strict=True))
    for _ in range(min(MAX_WORKERS, len(items))):
        threading.Thread(target=_work_until_empty, args=(work, pending), daemon=True).start()
    try:
        while wait(results, timeout=_INTERRUPT_POLL_SECONDS).not_done:
            pass
        return [result.result() for result in results]
    except BaseException:
        pending.clear()
        raise


def _work_until_empty(work: Callable[[T], R], pending: deque[tuple[T, Future[R]]]) -> None:
    while pending:
        try:
            item, result = pending.popleft()
        except IndexError:  # Another worker was faster.
            return
        try:
            result.set_result(work(item))
        except BaseException as error:  # noqa: BLE001  Raised where the result is asked for.
            result.set_exception(error)
