"""The limit of a stream's silence: how long its reader waits for the next reply.

gRPC's deadline limits a call as a whole, and a long stream may be healthy. So the wait for each reply is measured here,
and a call that is silent for too long is canceled. A reader that is busy with a result does not wait. An input that the
caller's iterator gives is no silence either. Timers of asyncio are checked by their event loop, all others by a thread.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from math import inf
from queue import Empty, SimpleQueue
from typing import Any, Final

from .._after_fork import register_resettable
from .._calls.actions import GrpcFailure, Open
from .connecting import GRACE_SECONDS

_LONGEST_SLEEP: Final = 3600.0


class ReadTimer:
    """The timer of one attempt of a stream. Times are those of `time.monotonic`.

    The reader sets the public attributes: methods would cost more per reply (benchmark "long stream").

    Attributes:
        has_reply: Whether there was a reply.
        wait_start: When the reader began to wait; 0 while it does not wait.
        last_input: When the caller's iterator gave an input last; 0 before.
        inner_call: grpc's own call, if an interceptor may have replaced it; else None.
        is_lazy: Whether an interceptor has replaced the call, and may make it when the first reply is taken.
        failure: The failure of the call; None unless the call was canceled because it was silent for too long.
        expire: Cancels the call. If its argument is true, that was done before, and the reader still waits: the wait
            must be ended by force. It must not block.
    """

    __slots__ = (
        "_deadline",
        "_expiry",
        "_idle_timeout",
        "_start",
        "_timeout",
        "expire",
        "failure",
        "has_reply",
        "inner_call",
        "is_lazy",
        "last_input",
        "wait_start",
    )

    def __init__(self, attempt: Open) -> None:
        self._start = time.monotonic()
        self._timeout = inf if attempt.timeout is None else attempt.timeout
        self._idle_timeout = inf if attempt.idle_timeout is None else attempt.idle_timeout
        self._deadline = inf if attempt.deadline is None else attempt.deadline
        self.wait_start = self.last_input = self._expiry = 0.0
        self.has_reply = False
        self.inner_call: Any = None
        self.is_lazy = False
        self.failure: GrpcFailure | None = None
        self.expire: Callable[[bool], object] | None = None

    @property
    def period(self) -> float:
        """Longest time between two checks, in seconds; infinite if there is no limit."""
        return min(self._timeout, self._idle_timeout, self._deadline)

    def begin(self, expire: Callable[[bool], object]) -> None:
        """Begin to check the call, which was started after a wait for its connection."""
        self._timeout = max(self._timeout - (time.monotonic() - self._start), 0.001)
        self.expire = expire

    def check(self, now: float) -> float:
        """Cancel the call if it is silent for too long. Return when to check again.

        Args:
            now: The time.
        """
        start, expire = self.wait_start, self.expire
        if not start or expire is None:
            return now + self.period
        if self._expiry:
            if now >= self._expiry + GRACE_SECONDS:
                expire(True)
            return now + GRACE_SECONDS
        timeout = self._idle_timeout if self.has_reply else self._timeout
        due = max(start, self.last_input) + timeout
        end = self._start + self._deadline + GRACE_SECONDS  # gRPC's own deadline comes first
        if now < min(due, end):
            return min(due, end, now + self.period)
        self.failure = self._make_failure() if due < end else GrpcFailure("DEADLINE_EXCEEDED", "")
        self._expiry = now
        expire(False)
        return now + GRACE_SECONDS

    def _make_failure(self) -> GrpcFailure:
        if not self.has_reply:
            return GrpcFailure("DEADLINE_EXCEEDED", "")
        details = f"no result within {self._idle_timeout:g} seconds after the last"
        return GrpcFailure("DEADLINE_EXCEEDED", details, idle_timeout=self._idle_timeout)


class _CurrentTimer(threading.local):
    timer: ReadTimer | None = None


CURRENT: Final = _CurrentTimer()
"""The timer of the stream that this thread starts or reads, for `stream_recorder`."""


class ReadWatchdog:
    """The thread that checks the timers of all synchronous streams. It starts with the first one that has a limit.

    Attributes:
        timers: The timers. Only atomic operations are used, because garbage collection may remove a timer.
        wake_time: When the thread wakes up; infinite while it looks at the timers.
    """

    def __init__(self) -> None:
        self.reset_after_fork()
        register_resettable(self)

    def reset_after_fork(self) -> None:
        """Forget the parent's timers and its thread."""
        self.timers: set[ReadTimer] = set()
        self.wake_time = inf
        self._start_lock = threading.RLock()
        # An event has a state that an exception of a signal handler could leave half made. A queue has none.
        self._wakeups: SimpleQueue[None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    def add(self, timer: ReadTimer) -> None:
        """Check a timer until it is removed.

        Raises:
            RuntimeError: The thread cannot be started.
        """
        self.timers.add(timer)
        if self._thread is None:
            self._start()
        elif time.monotonic() + timer.period < self.wake_time:
            self._wakeups.put(None)

    def _start(self) -> None:
        with self._start_lock:
            if self._thread is None:
                thread = threading.Thread(target=self._run, name="clarigen-streams", daemon=True)
                thread.start()
                self._thread = thread

    def _run(self) -> None:
        while True:
            self.wake_time = inf
            now = time.monotonic()
            dues = [timer.check(now) for timer in list(self.timers)]
            wake_time = self.wake_time = min(dues, default=inf)
            with suppress(Empty):
                self._wakeups.get(timeout=min(max(wake_time - now, 0.0), _LONGEST_SLEEP))


READ_WATCHDOG: Final = ReadWatchdog()
"""The watchdog of this process."""


def run_aside(function: partial[None]) -> None:
    """Run a function in a thread of its own, because a channel whose state is broken may block whoever uses it."""
    with suppress(RuntimeError):  # no thread can be started; the next check tries again
        threading.Thread(target=function, name="clarigen-cancel", daemon=True).start()
