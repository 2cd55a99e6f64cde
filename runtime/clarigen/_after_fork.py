"""Reset of state that a forked child process inherits from the threads of its parent.

A child has one thread, the one that forked. A lock that another thread of the parent held is never released in
the child, and a call that was in progress never ends there. One hook resets the registered objects before
anything else runs in the child. This module does not know what the objects are for, so that every layer can
use it.
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
