"""Several models at once: threads for what waits. What computes takes its turn, since what models have in common is
then made once: processes of their own were slower.

What lives here: on how many workers; not what is done. Results come in the order of what they are of. The threads
are daemons, which a pool's are not: an interrupted command ends at once, whatever they wait for.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from typing import Final, TypeVar

A = TypeVar("A")
R = TypeVar("R")

MAX_WORKERS: Final = 16
"""How many models are asked at once."""

_TICK: Final = 0.2
"""How long an interrupt may be unheard, in seconds: one that comes as a wait begins does not end that wait."""


def run_concurrently(work: Callable[[A], R], items: Sequence[A]) -> list[R]:
    """Do what waits for others."""
    if len(items) < 2:
        return [work(item) for item in items]
    results: list[Future[R]] = [Future() for _ in items]
    left = deque(zip(items, results, strict=True))
    for _ in range(min(MAX_WORKERS, len(items))):
        threading.Thread(target=_worker, args=(work, left), daemon=True).start()
    try:
        while wait(results, timeout=_TICK).not_done:
            pass
        return [result.result() for result in results]
    except BaseException:
        left.clear()
        raise


def _worker(work: Callable[[A], R], left: deque[tuple[A, Future[R]]]) -> None:
    """Take one after another, until nothing is left."""
    while left:
        try:
            item, result = left.popleft()
        except IndexError:  # another worker was faster
            return
        try:
            result.set_result(work(item))
        except BaseException as error:  # noqa: BLE001  it is raised where the result is wanted
            result.set_exception(error)
