"""Functions that replace the methods of the parrot."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def say(text: str, times: int) -> str:
    return text * times


def count(n: int) -> Iterator[int]:
    yield from range(n)


def double(items: Iterator[int]) -> Iterator[int]:
    for item in items:
        yield 2 * item


PARROT: dict[str, Any] = {"say": say, "count": count, "double": double}
