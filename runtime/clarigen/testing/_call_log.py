"""What was called: the record that servers and fakes keep.

What lives here: `Call`, and the list of them. Nothing here knows how anything is called.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import AsyncIterator, Iterator
from typing import Any, NamedTuple


class Call(NamedTuple):
    """A call of a function that stands for a method of a model. Equal to a plain tuple of the two.

    Attributes:
        method: The method's name.
        arguments: The arguments by name, as the function got them. In place of a stream of inputs
            there is a list of the items that the function has taken.
    """

    method: str
    arguments: dict[str, Any]


class CallLog:
    """The calls that there were, in order. Thread-safe.

    Args:
        limit: How many are kept, the last ones; None for all.
    """

    def __init__(self, limit: int | None = None) -> None:
        self._calls: deque[Call] = deque(maxlen=limit)
        self._lock = threading.Lock()

    def add(self, method: str, arguments: dict[str, Any], stream: str | None = None) -> None:
        """Note a call that begins. From here on, a stream among its arguments is noted as it is taken.

        Args:
            method: The method's name.
            arguments: What its function is called with; the stream is replaced in it.
            stream: The argument that is a stream, if one is.
        """
        noted = dict(arguments)
        if stream is not None:
            items, taken = arguments[stream], list[Any]()
            noted[stream] = taken
            note = _log_async_items if hasattr(items, "__anext__") else _log_items
            arguments[stream] = note(items, taken)
        with self._lock:
            self._calls.append(Call(method, noted))

    def calls(self) -> list[Call]:
        """All of them that are kept."""
        with self._lock:
            return list(self._calls)


def _log_items(items: Iterator[Any], taken: list[Any]) -> Iterator[Any]:
    for item in items:
        taken.append(item)
        yield item


async def _log_async_items(items: AsyncIterator[Any], taken: list[Any]) -> AsyncIterator[Any]:
    async for item in items:
        taken.append(item)
        yield item
