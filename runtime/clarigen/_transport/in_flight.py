"""Synchronous gRPC calls in flight: what a fork waits for, and what is canceled when the program ends.

Every synchronous use of grpc passes through `FORK_GATE`, which keeps it apart from forks. Calls that run in the
background are recorded until they end. Jobs, which no call waits for, run in threads that keep no program alive.
This module does not know what a call sends or what its reply means.
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

from .._after_fork import register_resettable

_background_calls: Final[WeakKeyDictionary[Any, int | None]] = WeakKeyDictionary()
"""The calls that run in the background, each with its owner thread (see `start_call`).

It is None if a callback of the call leaves the gate for it (see `leave_when_done`)."""

_reader_threads: Final[WeakSet[threading.Thread]] = WeakSet()
"""grpc's threads that read the messages of request streams."""

_FORK_TIMEOUT: Final = 1.0
"""The longest time, in seconds, that a fork waits for calls, or that a new call waits for a fork."""

_EXIT_TIMEOUT: Final = 0.5
"""The longest time, in seconds, that the end of the program waits for jobs, and then for canceled calls."""

JOB_DELAY: Final = 0.25
"""The time before a job begins, in seconds: the start of a program needs the processor for its first calls."""

_jobs: Final[WeakSet[threading.Thread]] = WeakSet()
"""The threads of jobs. A forked child does not have them."""


class ForkGate:
    """A gate that keeps forks and uses of grpc apart. As a context manager, it encloses a use of grpc.

    grpc can prepare for a fork only while no thread is inside it. Otherwise it prints an error, and calls in
    the child may crash or hang. So a fork waits for the calls in flight, and new calls wait for the fork.

    Both waits have a short limit, because without one they could deadlock: an open stream ends only when its
    reader has finished, and the reader may be waiting for the fork.

    Attributes:
        timeout: The longest time, in seconds, of either wait.
        lock: Guards the record of calls and forks.
        owner_threads: For each call in flight, the id of the thread that must run so that the call can finish;
            0 if the call finishes by itself.
    """

    def __init__(self, timeout: float = _FORK_TIMEOUT) -> None:
        self.timeout = timeout
        self.reset_after_fork()
        register_resettable(self)

    def reset_after_fork(self) -> None:
        """Forget the parent's calls and locks."""
        # Use `with self.lock`, not `with self._changed`: the condition's own `__enter__` is Python code, in
        # which a KeyboardInterrupt could leave the lock acquired.
        self.lock = threading.RLock()
        self._changed = threading.Condition(self.lock)
        self.owner_threads: list[int] = []
        self._job_calls: WeakSet[Any] = WeakSet()
        self._forking_threads: list[int] = []

    def enter(self, owner_thread: int) -> None:
        """Record the start of a call, after waiting for forks in other threads.

        Args:
            owner_thread: The id of the thread that must run so that the call can finish; 0 if it finishes by
                itself.
        """
        with self.lock:
            if self._forking_threads and threading.get_ident() not in self._forking_threads:
                self._changed.wait_for(lambda: not self._forking_threads, self.timeout)
            self.owner_threads.append(owner_thread)

    def leave(self, owner_thread: int) -> None:
        """Record the end of a call that `enter` has recorded for the same thread."""
        with self.lock:
            # It is not recorded if the call began before the fork, in the parent.
            if owner_thread in self.owner_threads:
                self.owner_threads.remove(owner_thread)
            if self._forking_threads:
                self._changed.notify_all()

    def add_job_call(self, call: Any) -> None:
        """Record a call of a job. A fork cancels it, and does not wait for its answer."""
        self._job_calls.add(call)
        if self._forking_threads:  # the fork may have looked before
            call.cancel()

    def __enter__(self) -> None:
        self.enter(threading.get_ident())

    def __exit__(self, *_: object) -> None:
        self.leave(threading.get_ident())

    def before_fork(self) -> None:
        """Wait for all calls but those that this thread owns, which cannot finish while it waits."""
        thread = threading.get_ident()
        with self.lock:
            self._forking_threads.append(thread)
        for call in list(self._job_calls):
            call.cancel()
        with self.lock:
            self._changed.wait_for(
                lambda: all(owner == thread for owner in self.owner_threads), self.timeout
            )

    def after_fork(self) -> None:
        """Admit new calls again."""
        with self.lock:
            self._forking_threads.remove(threading.get_ident())
            self._changed.notify_all()


FORK_GATE: Final = ForkGate()
"""The gate of this process: every synchronous use of grpc goes through it."""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=FORK_GATE.before_fork, after_in_parent=FORK_GATE.after_fork)


def start_call(start: Callable[[], Any], owner_thread: int) -> Any:
    """Start a background call, and record it, so that it is canceled when the program ends.

    Args:
        start: Starts the call and returns it.
        owner_thread: The id of the thread that reads its replies. 0 if it finishes without a reader: then pass
            the call to `leave_when_done`.
    """
    FORK_GATE.enter(owner_thread)
    try:
        call = start()
    except BaseException:
        FORK_GATE.leave(owner_thread)
        raise
    if _is_call(call) or _is_generator(call):
        _background_calls[call] = owner_thread
    else:
        FORK_GATE.leave(owner_thread)
    return call


def cancel_call(call: Any) -> None:
    """Cancel a background call.

    An interceptor may replace the call of a stream by a generator of its replies, as OpenTelemetry's does.
    Closing the generator drops the call, and grpc then cancels it.
    """
    if _is_call(call):
        leave_when_done(call)
        call.cancel()
    elif _is_generator(call):
        # ValueError: another thread is running the generator, and gets the error of the call (see `stream_recorder`).
        with suppress(ValueError):
            call.close()
        _leave_gate(_background_calls.pop(call, None))


def leave_when_done(call: Any) -> Any:
    """Add a callback to a background call that leaves the gate when the call is done. Return the call."""
    # A stream must not be passed when it starts: Ctrl-C in `add_done_callback` would leave the lock that grpc has
    # per call acquired.
    owner_thread, _background_calls[call] = _background_calls.get(call), None
    call.add_done_callback(partial(_leave_gate, owner_thread))
    return call


def _leave_gate(owner_thread: int | None, _: object = None) -> None:
    if owner_thread is not None:
        FORK_GATE.leave(owner_thread)


def _is_call(call: Any) -> bool:
    return hasattr(call, "add_done_callback")


def _is_generator(call: object) -> bool:
    return isinstance(call, GeneratorType)


def track_reader(messages: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the messages of a request stream, and record the thread that reads them."""
    _reader_threads.add(threading.current_thread())
    yield from messages


def _begin_cancellation(call: Any) -> threading.Event:
    """Cancel a call, without waiting. Return an event that is set once grpc has finished with it."""
    done = threading.Event()

    def on_done(_: object) -> None:
        done.set()

    if _is_call(call):
        call.add_done_callback(on_done)
    else:
        done.set()
    cancel_call(call)
    return done


_is_ending = threading.Event()
"""Set when the program is about to end: jobs that have not begun begin at once."""


def start_job(job: Callable[[], None]) -> None:
    """Run a function in a thread that keeps no program alive. What it raises is logged at DEBUG.

    The end of the program gives it a moment to finish.
    """

    def run() -> None:
        _is_ending.wait(JOB_DELAY)
        try:
            job()
        except Exception:  # noqa: BLE001 - nobody waits for it
            from .._log import LOGGER

            park_at_exit()
            LOGGER.debug("a job in the background failed", exc_info=True)

    thread = threading.Thread(target=run, name="clarigen-job", daemon=True)
    with suppress(RuntimeError):  # there are no more threads, or the interpreter ends
        thread.start()
        _jobs.add(thread)


_is_exiting = threading.Event()


def park_at_exit() -> None:
    """If the program is ending, stop here for good unless this is the main thread.

    All calls are canceled then. A thread that still reads one is a daemon, and would print the error.
    """
    if _is_exiting.is_set() and threading.current_thread() is not threading.main_thread():
        threading.Event().wait()


@atexit.register
def _cancel_all() -> None:
    _is_ending.set()
    deadline = time.monotonic() + _EXIT_TIMEOUT
    with suppress(KeyboardInterrupt):  # nobody waits for a job who presses Ctrl-C
        for job in list(_jobs):
            if job.is_alive():
                job.join(max(deadline - time.monotonic(), 0))
    _is_exiting.set()
    # grpc's threads still run here, and stop with the interpreter. If one stops while it holds the lock of a
    # call, whatever uses this call later hangs, even grpc when the call is garbage-collected. So all calls are
    # canceled now, and grpc gets the time to finish with them.
    deadline = time.monotonic() + _EXIT_TIMEOUT
    for done in [_begin_cancellation(call) for call in list(_background_calls)]:
        done.wait(max(deadline - time.monotonic(), 0))
    for reader in list(_reader_threads):
        reader.join(max(deadline - time.monotonic(), 0))
