"""The log of calls that a server or a fake keeps.

A call is logged when it starts; a stream among its arguments is logged while the function consumes it.
This module must not know how functions are called: servers and fakes call them differently.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import AsyncIterator, Iterator
from typing import Any, NamedTuple


class Call(NamedTuple):
    """A call of a served method or of a fake's function. Equal to the tuple `(method, arguments)`.

    Attributes:
        method: The method's name.
        arguments: The arguments by name, as the function received them. A stream of inputs is replaced
            by a list of the items that the function has consumed so far.
    """

    method: str
    arguments: dict[str, Any]


class CallLog:
    """The calls in the order in which they started. Thread-safe.

    Args:
        limit: How many of the latest calls to keep, from 0; None keeps all.
    """

    def __init__(self, limit: int | None = None) -> None:
        self._calls: deque[Call] = deque(maxlen=limit)
        self._lock = threading.Lock()

    def add(self, method: str, arguments: dict[str, Any], stream: str | None = None) -> None:
        """Log a call that starts.

        Args:
            method: The method's name.
            arguments: The arguments. In this dict, a stream is replaced by an iterator that logs its items.
            stream: The name of the argument that is a stream, if there is one.
        """
        logged_arguments = dict(arguments)
        if stream is not None:
            items, consumed_items = arguments[stream], list[Any]()
            logged_arguments[stream] = consumed_items
            log_items = _log_async_items if hasattr(items, "__anext__") else _log_items
            arguments[stream] = log_items(items, consumed_items)
        with self._lock:
            self._calls.append(Call(method, logged_arguments))

    def list_calls(self) -> list[Call]:
        """Return the calls that are kept."""
        with self._lock:
            return list(self._calls)


def _log_items(items: Iterator[Any], consumed_items: list[Any]) -> Iterator[Any]:
    for item in items:
        consumed_items.append(item)
        yield item


async def _log_async_items(
    items: AsyncIterator[Any], consumed_items: list[Any]
) -> AsyncIterator[Any]:
    async for item in items:
        consumed_items.append(item)
        yield item
