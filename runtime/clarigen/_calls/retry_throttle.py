"""Retry throttling: what limits the retries of all calls to one model together.

For each model of a server and each credential there is one `RetryThrottle`, which all clients of a process share,
synchronous or async: a model that fails does not spend the retries of others behind the same address. It holds the
token bucket of gRPC's retry design (gRFC A6). It knows neither statuses nor time.
"""

from __future__ import annotations

import threading
from collections.abc import Hashable
from typing import Final

from .._after_fork import register_resettable


class RetryThrottle:
    """The token bucket of one model. Thread-safe.

    Each call adds a tenth of a token and each retry takes one. Once the initial tokens are gone, a model that
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
        self.reset_after_fork()
        register_resettable(self)

    def reset_after_fork(self) -> None:
        """Replace the lock, which one of the parent's threads may have held."""
        self.lock = threading.Lock()

    def add_tokens(self) -> None:
        """Add the tokens of a call that begins."""
        # The bucket is usually full. Then no lock is taken (benchmark "small call, 64 at once").
        if self._tokens < self.MAX_TOKENS:
            with self.lock:
                self._tokens = min(self._tokens + self.TOKEN_RATIO, self.MAX_TOKENS)

    def take_token(self) -> bool:
        """Take the token of a retry; return False if there is none."""
        with self.lock:
            if self._tokens < 1:
                return False
            self._tokens -= 1
            return True


_throttles: Final[dict[Hashable, RetryThrottle]] = {}

_MAX_THROTTLES: Final = 1000
"""The number of throttles that are kept, so that a program with ever new credentials does not grow."""


def get_throttle(key: Hashable) -> RetryThrottle:
    """Return the throttle of a server, a model and a credential, the same one for every caller."""
    throttle = _throttles.get(key)
    if throttle is None:
        for oldest in list(_throttles)[: max(len(_throttles) + 1 - _MAX_THROTTLES, 0)]:
            _throttles.pop(oldest, None)
        throttle = _throttles.setdefault(key, RetryThrottle())
    return throttle
