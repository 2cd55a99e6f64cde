"""Waiting for a connection: how long a call waits for one, and what its error says if there is none.

A call is handed to gRPC only once the channel is connected. So a call that was not sent is known by this wait, not by
the words of a status, and a call that gRPC ends with UNAVAILABLE may have run. The wait is no retry: it reaches
nobody, and takes no token of the retry throttle.

gRPC's own `wait_for_ready` is not used: a call that loses its connection just before it is sent would wait until its
deadline, without a reason.

There is no I/O here: the connections ask the channel for its state, wait, and ask for the reason.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from enum import IntEnum
from typing import Final

from .._calls.actions import GrpcFailure

FAILURE_SECONDS: Final = 5.0
"""How long a call waits for a connection while the channel reports failures, in seconds. gRPC connects anew about
once per second."""

SILENCE_SECONDS: Final = 20.0
"""How long a call waits for a connection while nobody answers, in seconds."""

REASON_RPC: Final = "/grpc.health.v1.Health/Check"
"""The RPC that asks a channel why it is not connected. Without a connection, it fails with the reason. With one, the
server answers or does not know it: it is no prediction."""

REASON_SECONDS: Final = 0.2
"""The timeout of that RPC, in seconds."""

SETTLE_SECONDS: Final = 0.005
"""The pause after a call that was lost, in seconds: gRPC ends the calls first, and then notes that the connection is
lost."""

GRACE_SECONDS: Final = 1.0
"""How long after its deadline gRPC may take to end a call, in seconds, before our own wait for it ends."""

_FIRST_PAUSE: Final = 0.0005
_PAUSE_GROWTH: Final = 1.3
_LONGEST_PAUSE: Final = 0.05


class ChannelState(IntEnum):
    """The state of a channel, by gRPC's numbers."""

    IDLE = 0
    CONNECTING = 1
    READY = 2
    TRANSIENT_FAILURE = 3
    SHUTDOWN = 4


READY: Final = int(ChannelState.READY)

_REMEDIES: Final = (
    (
        ("certificate_verify_failed", "certificate verify failed", "hostname verification"),
        "the server's certificate is not trusted; name a PEM file with its authority in CLARIFAI_ROOT_CERTIFICATES_PATH",
    ),
    (
        ("wrong_version_number", "packet length too long", "http_request"),
        "the server does not use TLS; use grpc:// if that is right",
    ),
    (
        ("cannot check peer: missing selected alpn", "no_application_protocol"),
        "the server does not offer HTTP/2, which gRPC needs; check the address and the port",
    ),
    (
        ("http1.x server", "http/1", "ssh-", "expected settings frame as the first frame"),
        "the server does not speak gRPC; check the port",
    ),
    (
        ("http proxy returned response code", "http connect handshake"),
        "the proxy that https_proxy names refuses the connection; list the host in no_proxy, or allow it there",
    ),
)
"""Reasons for which no later attempt connects, in lower case, and what to do about each."""


def find_remedy(reason: str) -> str:
    """Return what to do about a reason that waiting does not help; empty if waiting may help."""
    text = reason.lower()
    return next((remedy for marks, remedy in _REMEDIES if any(mark in text for mark in marks)), "")


def get_reason(failure: GrpcFailure) -> str:
    """Return why a channel is not connected, from the failure of `REASON_RPC`; empty if it does not say."""
    return failure.details if failure.code == "UNAVAILABLE" else ""


class ConnectionWait:
    """The wait of one call for a connection.

    Attributes:
        reason: Why the channel is not connected, as gRPC describes it; empty if it is not known.
        pause: Seconds until the channel's state should be read again.
        latest_end: When gRPC must have ended the call, by the clock; None if it has no deadline.
    """

    def __init__(self, timeout: float | None, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin to wait.

        Args:
            timeout: Time limit of the attempt, in seconds; None for no limit.
            clock: Returns the time in seconds since an arbitrary moment.
        """
        self.reason = ""
        self._timeout = timeout
        self._clock = clock
        self._start = clock()
        self.pause = _FIRST_PAUSE
        self.latest_end = None if timeout is None else self._start + timeout + GRACE_SECONDS
        self._has_failed = False
        self._is_first_failure = False

    def elapsed(self) -> float:
        """Return the seconds since the wait began."""
        return self._clock() - self._start

    def remaining(self) -> float | None:
        """Return the time that is left for the attempt, in seconds, at least 0.001; None for no limit."""
        return self.left_of(self._timeout)

    def left_of(self, timeout: float | None) -> float | None:
        """Return what is left of another timeout that began with the wait, at least 0.001; None for no limit."""
        return None if timeout is None else max(timeout - self.elapsed(), 0.001)

    def go_on(self, state: int) -> bool:
        """Return whether to wait for another `pause`, given the state of a channel that is not connected."""
        if state == ChannelState.TRANSIENT_FAILURE:
            self._is_first_failure = not self._has_failed
            self._has_failed = True
        limit = FAILURE_SECONDS if self._has_failed else SILENCE_SECONDS
        if self._timeout is not None:
            limit = min(limit, self._timeout)
        remaining = limit - self.elapsed()
        self.pause = min(self.pause * _PAUSE_GROWTH, _LONGEST_PAUSE, max(remaining, 0.0))
        return remaining > 0

    def asks_reason(self, *, goes_on: bool) -> bool:
        """Return whether to ask the channel why it is not connected: when it fails first, and when the wait is over."""
        asks, self._is_first_failure = self._is_first_failure, False
        return asks or (not goes_on and self._has_failed)

    def is_hopeless(self, reason: str) -> bool:
        """Keep the reason, and return whether waiting does not help."""
        self.reason = reason or self.reason
        return bool(find_remedy(reason))

    def to_failure(self, address: str) -> GrpcFailure:
        """Return the failure of the call, which was not sent.

        Args:
            address: Host and port of the server.
        """
        if self.reason:
            remedy = find_remedy(self.reason)
            details = f"{self.reason}; {remedy}" if remedy else self.reason
            return GrpcFailure("UNAVAILABLE", details.replace("\0", ""), is_unsent=True)
        is_late = self._timeout is not None and self.elapsed() >= self._timeout
        code = "DEADLINE_EXCEEDED" if is_late else "UNAVAILABLE"
        seconds = self._timeout if is_late else self.elapsed()
        return GrpcFailure(
            code, f"no connection to {address} within {seconds:.3g} seconds", is_unsent=True
        )
