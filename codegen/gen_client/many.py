"""Several models at once: threads for what waits. What computes takes its turn, since what models have in common is
then made once: processes of their own were slower.

What lives here: on how many workers; not what is done. Results come in the order of what they are of.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

A = TypeVar("A")
R = TypeVar("R")

WAITING: Final = 16
"""How many models are asked at once."""


def waiting(work: Callable[[A], R], items: Sequence[A]) -> list[R]:
    """Do what waits for others."""
    if len(items) < 2:
        return [work(item) for item in items]
    with ThreadPoolExecutor(min(WAITING, len(items))) as pool:
        try:
            return list(pool.map(work, items))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
