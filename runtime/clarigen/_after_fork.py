"""Forked child processes: state that belongs to the threads of the parent is reset.

A child has one thread, the one that forked. Locks that other threads held are never released there, and calls
that they waited for never end. One hook resets the registered objects before anything else runs in the child.
It does not know what the objects are for, so that every layer can use it.
"""

from __future__ import annotations

import os
from typing import Final, Protocol
from weakref import WeakSet


class Resettable(Protocol):
    """An object with state that is invalid in a forked child."""

    def reset_after_fork(self) -> None:
        """Replace the state that belongs to the parent's threads."""


_objects: Final[WeakSet[Resettable]] = WeakSet()


def register_resettable(obj: Resettable) -> None:
    """Have `obj.reset_after_fork()` called in each forked child, as long as the object exists."""
    _objects.add(obj)


def _reset_all() -> None:
    for obj in list(_objects):
        obj.reset_after_fork()


if hasattr(os, "register_at_fork"):  # not on Windows, which has no fork
    os.register_at_fork(after_in_child=_reset_all)
