"""The synchronous calls that grpc has under way: what a fork waits for, and what ends with the program.

What lives here: who they are, and who waits for whom. What a call sends and what its answer means is
not known here.
"""

from __future__ import annotations

import atexit
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from types import GeneratorType
from typing import Any, Final
from weakref import WeakKeyDictionary, WeakSet

_background_calls: Final[WeakKeyDictionary[Any, int | None]] = WeakKeyDictionary()
"""Calls that go on by themselves, and whom each needs for it; None once it is known to end without."""

_reader_threads: Final[WeakSet[threading.Thread]] = WeakSet()
"""The threads in which grpc takes the messages of streams."""

_FORK_TIMEOUT: Final = 1.0
"""How long a fork waits for calls, and a call for forks, in seconds."""

_EXIT_TIMEOUT: Final = 0.5
"""How long a program that ends waits for what it has ended, in seconds."""


class ForkGate:
    """Keeps calls and forks apart; a context in which a thread uses grpc.

    grpc prepares itself for a fork only while no thread is within it. Else it says so on standard error, and a
    child that calls may crash or wait for ever. So a fork waits for the calls under way, and new ones for the fork.

    Neither waits long: an open stream ends when its reader likes, who may be waiting for the fork.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Begin anew, as in a forked child: it has none of the other threads, and nobody who leaves their locks."""
        # Entered by itself, not as the condition's: a KeyboardInterrupt finds it free or within its block.
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        self._owners: list[int] = []
        self._forking_threads: list[int] = []

    def enter(self, owner: int) -> None:
        """A call begins.

        Args:
            owner: The thread that it needs to come to its end; 0 for none.
        """
        with self._lock:
            if self._forking_threads and threading.get_ident() not in self._forking_threads:
                self._changed.wait_for(lambda: not self._forking_threads, _FORK_TIMEOUT)
            self._owners.append(owner)

    def leave(self, owner: int) -> None:
        """A call of this owner is over."""
        with self._lock:
            if owner in self._owners:  # else it began before a fork, in the parent
                self._owners.remove(owner)
            if self._forking_threads:
                self._changed.notify_all()

    def __enter__(self) -> None:
        self.enter(threading.get_ident())

    def __exit__(self, *_: object) -> None:
        self.leave(threading.get_ident())

    def before_fork(self) -> None:
        """Wait until none is under way but the thread's own, for which it would wait in vain."""
        here = threading.get_ident()
        with self._lock:
            self._forking_threads.append(here)
            self._changed.wait_for(
                lambda: all(each == here for each in self._owners), _FORK_TIMEOUT
            )

    def after_fork(self) -> None:
        """Let calls begin again."""
        with self._lock:
            self._forking_threads.remove(threading.get_ident())
            self._changed.notify_all()


fork_gate: Final = ForkGate()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=fork_gate.before_fork,
        after_in_parent=fork_gate.after_fork,
        after_in_child=fork_gate.reset,
    )


def start_call(start: Callable[[], Any], owner: int) -> Any:
    """Start a call that goes on by itself until `end`, or until the program ends.

    Args:
        start: What starts it.
        owner: The thread that takes its answers; 0 if it ends without: it is to be `left` then.
    """
    fork_gate.enter(owner)
    try:
        call = start()
    except BaseException:
        fork_gate.leave(owner)
        raise
    if _is_call(call) or _is_generator(call):
        _background_calls[call] = owner
    else:
        fork_gate.leave(owner)
    return call


def cancel(call: Any) -> None:
    """End a call.

    An interceptor may give a stream's answers in place of the call, as OpenTelemetry's does: a generator of
    them lets go of the call, which grpc ends then.
    """
    if _is_call(call):
        let_finish(call)
        call.cancel()
    elif _is_generator(call):
        # Where another thread waits in it, it goes on until the next answer, or the deadline.
        with suppress(ValueError):
            call.close()
        _release(_background_calls.pop(call, None))


def let_finish(call: Any) -> Any:
    """The same call, which comes to its end by itself."""
    # Not as a stream is started: Ctrl-C just then would find grpc with the lock of the call.
    owner, _background_calls[call] = _background_calls.get(call), None
    call.add_done_callback(partial(_release, owner))
    return call


def _release(owner: int | None, _: object = None) -> None:
    if owner is not None:
        fork_gate.leave(owner)


def _is_call(call: Any) -> bool:
    return hasattr(call, "add_done_callback")


def _is_generator(call: object) -> bool:
    return isinstance(call, GeneratorType)


def track_reader(messages: Iterator[bytes]) -> Iterator[bytes]:
    """The same messages, of which it is known who takes them."""
    _reader_threads.add(threading.current_thread())
    yield from messages


def _cancel_and_wait(call: Any) -> threading.Event:
    """End a call; set when grpc has done with it."""
    done = threading.Event()

    def told(_: object) -> None:
        done.set()

    if _is_call(call):
        call.add_done_callback(told)
    else:
        done.set()
    cancel(call)
    return done


@atexit.register
def _cancel_all() -> None:
    # While grpc's threads still run, and until they have let go: they stop with the interpreter, and whoever
    # touches a call of which one has the lock then, as grpc's own calls do when they are collected, waits for ever.
    last = time.monotonic() + _EXIT_TIMEOUT
    for done in [_cancel_and_wait(call) for call in list(_background_calls)]:
        done.wait(max(last - time.monotonic(), 0))
    for reader in list(_reader_threads):
        reader.join(max(last - time.monotonic(), 0))
