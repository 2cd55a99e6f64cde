"""A generator that several threads share: one at a time runs it, and any may close it.

Python raises ValueError if a generator is run or closed while another thread is running it.
"""

from __future__ import annotations

import threading
from collections.abc import Generator
from typing import Any, Generic, Self, TypeVar

_GeneratorT = TypeVar("_GeneratorT", bound=Generator[Any, Any, Any])


class SharedGenerator(Generic[_GeneratorT]):
    """A generator and its lock. In a `with` block, the generator belongs to this thread alone.

    If another thread calls `close` in the meantime, the generator is closed at the end of the block.
    """

    def __init__(self, generator: _GeneratorT) -> None:
        self._generator = generator
        # Reentrant, because a callback of the generator may close it.
        self._lock = threading.RLock()
        self._is_closed = False

    def __enter__(self) -> _GeneratorT:
        self._lock.acquire()
        return self._generator

    def __exit__(self, *_: object) -> None:
        self._lock.release()
        if self._is_closed:
            self._try_to_close()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Any:
        with self as generator:
            return next(generator)

    def close(self) -> bool:
        """Close the generator. Return False if it is running, and is closed later for that reason."""
        self._is_closed = True
        return self._try_to_close()

    def _try_to_close(self) -> bool:
        if not self._lock.acquire(blocking=False):
            return False
        try:
            self._generator.close()
        except ValueError:  # this thread is running it
            return False
        finally:
            self._lock.release()
        return True
