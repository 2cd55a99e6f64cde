"""Retry throttling: what limits the retries of all calls to one server together.

For each server there is one `RetryThrottle`, which all clients of a process share, synchronous or async. It holds the
token bucket of gRPC's retry design (gRFC A6) and the calls that the server is working on. It knows neither statuses
nor time.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Hashable
from typing import Final, TypeAlias

from .._after_fork import register_resettable

SendMark: TypeAlias = tuple[int, int]
"""The moment at which a call was sent: how many calls had been sent until then, and how many had been answered."""


class RetryThrottle:
    """The token bucket of one server, and the calls that it is working on. Thread-safe.

    Each call adds a tenth of a token and each retry takes one. Once the initial tokens are gone, a server that
    refuses everything gets at most 1.1 requests per call.

    Attributes:
        MAX_TOKENS: Initial and largest number of tokens.
        TOKEN_RATIO: Number of tokens that a call adds.
        lock: Guards the tokens.
    """

    MAX_TOKENS: Final = 10.0
    TOKEN_RATIO: Final = 0.1

    def __init__(self) -> None:
        self._tokens = self.MAX_TOKENS
        self._send_numbers = itertools.count()
        self._answered_count = 0
        self.reset_after_fork()
        register_resettable(self)

    def reset_after_fork(self) -> None:
        """Forget the parent's calls, and replace the lock, which one of its threads may have held."""
        self.lock = threading.Lock()
        self._pending: dict[object, int] = {}

    def add_tokens(self) -> None:
        """Add the tokens of a call that begins."""
        if (
            self._tokens < self.MAX_TOKENS
        ):  # usually not: no lock then (benchmark "small call, 64 at once")
            with self.lock:
                self._tokens = min(self._tokens + self.TOKEN_RATIO, self.MAX_TOKENS)

    def take_token(self) -> bool:
        """Take the token of a retry; return False if there is none."""
        with self.lock:
            if self._tokens < 1:
                return False
            self._tokens -= 1
            return True

    def record_start(self, call: object) -> SendMark:
        """Record that a call is sent, and return the moment for `is_making_progress`."""
        number = self._pending[call] = next(self._send_numbers)
        return number, self._answered_count

    def record_end(self, call: object, *, answered: bool) -> None:
        """Record that the server no longer works on a call.

        Args:
            call: The call. Nothing happens if its start was not recorded, or its end was.
            answered: Whether the server answered it, with a result or an error of its own.
        """
        if self._pending.pop(call, None) is not None:
            self._answered_count += answered

    def is_making_progress(self, since: SendMark, *, pending_are_accepted: bool) -> bool:
        """Return whether the server has answered a call since a moment, or is working on an earlier one.

        Args:
            since: The moment, from `record_start`.
            pending_are_accepted: Whether earlier calls that are still pending count as accepted, because the
                server would have refused them by now.
        """
        number, answered = since
        if self._answered_count != answered:
            return True
        # `list` copies in one step, even while other threads change the dictionary.
        return pending_are_accepted and min(list(self._pending.values()), default=number) < number


_throttles: Final[dict[Hashable, RetryThrottle]] = {}


def get_throttle(server: Hashable) -> RetryThrottle:
    """Return the throttle of a server, the same one for every caller."""
    throttle = _throttles.get(server)
    return throttle if throttle is not None else _throttles.setdefault(server, RetryThrottle())
