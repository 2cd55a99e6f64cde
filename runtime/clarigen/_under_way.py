"""The synchronous calls that grpc has under way, and their end with the program.

What lives here: who they are, and what waits for them. What a call sends and what its answer means is
not known here.
"""

from __future__ import annotations

import atexit
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from types import GeneratorType
from typing import Any, Final
from weakref import WeakSet

_calls: Final[WeakSet[Any]] = WeakSet()
_readers: Final[WeakSet[threading.Thread]] = WeakSet()
"""The threads in which grpc takes the messages of streams."""

_MOMENT: Final = 0.5
"""How long a program that ends waits for what it has ended, in seconds."""


def noted(call: Any) -> Any:
    """The same call, which is ended with the program if it is under way by then."""
    if _is_call(call) or _is_generator(call):
        _calls.add(call)
    return call


def end(call: Any) -> None:
    """End a call.

    An interceptor may give a stream's answers in place of the call, as OpenTelemetry's does: a generator of
    them lets go of the call, which grpc ends then.
    """
    if _is_call(call):
        call.cancel()
    elif _is_generator(call):
        with suppress(
            ValueError
        ):  # another thread waits in it: until the next answer, or the deadline
            call.close()


def _is_call(call: Any) -> bool:
    return hasattr(call, "add_done_callback")


def _is_generator(call: object) -> bool:
    return isinstance(call, GeneratorType)


def read(messages: Iterator[bytes]) -> Iterator[bytes]:
    """The same messages, of which it is known who takes them."""
    _readers.add(threading.current_thread())
    yield from messages


def _ended(call: Any) -> threading.Event:
    """End a call; set when grpc has done with it."""
    done = threading.Event()

    def told(_: object) -> None:
        done.set()

    if _is_call(call):
        call.add_done_callback(told)
    else:
        done.set()
    end(call)
    return done


@atexit.register
def _end_all() -> None:
    # While grpc's threads still run, and until they have let go: they stop with the interpreter, and whoever
    # touches a call of which one has the lock then, as grpc's own calls do when they are collected, waits for ever.
    last = time.monotonic() + _MOMENT
    for done in [_ended(call) for call in list(_calls)]:
        done.wait(max(last - time.monotonic(), 0))
    for reader in list(_readers):
        reader.join(max(last - time.monotonic(), 0))
