"""Faults that a server injects into its calls: statuses, delays and lost connections.

This module holds the faults and decides which of them apply to a call; `_handlers` applies them. It must
not import grpc, which is loaded only when something is served.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from .. import errors
from .._calls.status import CODES_BY_NAME
from .._text import show
from ..errors import ClarigenError, ConfigError, suggest

_CODES: Final = range(2**31)
_LOST_CONNECTION: Final = ("UNAVAILABLE", "Socket closed")
"""gRPC's status and details of a call whose connection was lost."""

_STATUSES_BY_ERROR: Final[Mapping[type[ClarigenError], str]] = {
    errors.AuthenticationError: "CONN_KEY_INVALID",
    errors.PermissionDeniedError: "CONN_INSUFFICIENT_SCOPES",
    errors.NotFoundError: "MODEL_DOES_NOT_EXIST",
    errors.RateLimitError: "CONN_THROTTLED",
    errors.ModelNotReadyError: "MODEL_NOT_DEPLOYED",
    errors.PredictionError: "FAILURE",
    errors.ServerError: "INTERNAL_UNCATEGORIZED",
    errors.UnavailableError: "UNAVAILABLE",
    errors.TransportError: "INTERNAL",
    errors.DeadlineExceededError: "DEADLINE_EXCEEDED",
}
"""The usual status of each error that a server can cause."""


@dataclass(eq=False, slots=True)
class Fault:
    """A fault. `Faults.add` creates it, and documents the attributes that are not listed here.

    Attributes:
        met: How many calls it has been injected into.
    """

    status: str | int | None
    details: str
    delay: float
    method: str | None
    item: int | None
    after: bool
    times: int | None
    met: int = field(default=0, init=False)

    @property
    def ends_call(self) -> bool:
        """Whether it ends the calls that it is injected into."""
        return self.status is not None

    @property
    def code(self) -> int | None:
        """The number of the platform's status; None if the status is one of gRPC, or if there is none."""
        return self.status if isinstance(self.status, int) else CODES_BY_NAME.get(self.status or "")


class Faults:
    """The faults of a server, in the order in which they were added. Thread-safe.

    The faults that match a call are injected in this order until one of them ends the call. Nothing is
    random. Discovery requests are exempt.

    Args:
        methods: Function that returns whether each served method returns a stream, by name.
        grpc_statuses: The names of gRPC's statuses.
    """

    def __init__(
        self, methods: Callable[[], dict[str, bool]], grpc_statuses: Collection[str]
    ) -> None:
        self._methods = methods
        self._grpc_statuses = grpc_statuses
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def add(
        self,
        *,
        status: str | int | None = None,
        error: type[ClarigenError] | None = None,
        details: str = "",
        delay: float = 0.0,
        drop: bool = False,
        method: str | None = None,
        item: int | None = None,
        after: bool = False,
        times: int | None = None,
    ) -> Fault:
        """Add a fault; it applies to the calls that follow.

            server.faults.add(status="MODEL_DEPLOYING", times=2)  # then the model is ready
            server.faults.add(error=RateLimitError)
            server.faults.add(status="UNAVAILABLE", method="predict")
            server.faults.add(delay=0.5)
            server.faults.add(drop=True, method="generate", item=3)

        Args:
            status: Status to answer with: of the platform, by name or number (`MODEL_DEPLOYING`,
                21351), or of gRPC, by name (`UNAVAILABLE`).
            error: The class of the error that callers get, in place of a status: `RateLimitError`.
            details: Details of the status.
            delay: Seconds to wait, from 0. With a status or a drop, the wait comes first.
            drop: End the call like a lost connection: without a status from the server, so that the
                caller cannot know whether the method ran. The connection itself stays open, because
                other calls use it. To lose every call, close the server and serve on its port again.
            method: Method whose calls are affected; by default all methods.
            item: Index, from 0, of the item of the returned stream at which to inject the fault. Shorter
                streams are not affected. By default the fault is injected at the call itself.
            after: Inject the fault after the method has run or, with `item`, after the item was sent, to
                test a call that fails although it had an effect. By default the fault is injected before.
            times: Number of calls that are affected, from 1; by default all.

        Returns:
            The fault; its `met` counts the calls that it has been injected into.

        Raises:
            ConfigError: The fault has no effect, a name is unknown, or a number is out of range.
        """
        if error is not None:
            if status is not None:
                raise ConfigError("an error has its own status; pass status= or error=, not both")
            status = _status_of(error)
        if status is None and not drop and delay == 0:
            raise ConfigError(
                "a fault without an effect; pass status=, error=, delay= or drop=True"
            )
        if status is not None and drop:
            raise ConfigError(
                "a lost connection has no status; pass status= or drop=True, not both"
            )
        if not 0 <= delay < float("inf"):
            raise ConfigError(f"`delay` must be a number of seconds from 0, not {delay!r}")
        if times is not None and times < 1:
            raise ConfigError(f"`times` must be a number from 1, or None for always, not {times!r}")
        if (
            isinstance(status, str)
            and status not in CODES_BY_NAME
            and status not in self._grpc_statuses
        ):
            raise ConfigError(
                _format_unknown_name("status", status, [*CODES_BY_NAME, *self._grpc_statuses])
            )
        if isinstance(status, int) and status not in _CODES:
            raise ConfigError(f"`status` must be a number from 0 to 2**31 - 1, not {status!r}")
        self._check_method_and_item(method, item)
        if drop:
            status, details = _LOST_CONNECTION
        fault = Fault(status, details, delay, method, item, after, times)
        with self._lock:
            self._faults.append(fault)
        return fault

    def _check_method_and_item(self, method: str | None, item: int | None) -> None:
        streams = self._methods()
        if method is not None and method not in streams:
            raise ConfigError(_format_unknown_name("method", method, streams))
        if item is None:
            return
        if item < 0:
            raise ConfigError(f"`item` must be a number from 0, not {item!r}")
        if method is None and not any(streams.values()):
            raise ConfigError(f"item={item}: no method returns a stream")
        if method is not None and not streams[method]:
            raise ConfigError(f"item={item}: {method} returns one result, not a stream")

    def remove(self, fault: Fault) -> None:
        """Remove a fault. Do nothing if it was removed before."""
        with self._lock:
            self._faults = [other for other in self._faults if other is not fault]

    def clear(self) -> None:
        """Remove all faults."""
        with self._lock:
            self._faults = []

    def __iter__(self) -> Iterator[Fault]:
        with self._lock:
            return iter(self._faults.copy())

    def match(self, method: str, *, item: int | None = None, after: bool = False) -> list[Fault]:
        """Return the faults to inject at one point of a call, and count them as injected.

        Args:
            method: The method that is called.
            item: Index of the item that the call has reached; None for the call itself.
            after: Whether the method has run, or the item was sent.
        """
        matches: list[Fault] = []
        with self._lock:
            for fault in self._faults:
                if (fault.item, fault.after) != (item, after):
                    continue
                if fault.method not in (None, method) or fault.met == fault.times:
                    continue
                fault.met += 1
                matches.append(fault)
                if fault.ends_call:
                    break
        return matches


def _status_of(error: type[ClarigenError]) -> str:
    """Return a status of which the client makes an error.

    Raises:
        ConfigError: There is none.
    """
    if error not in _STATUSES_BY_ERROR:
        names = ", ".join(cls.__name__ for cls in _STATUSES_BY_ERROR)
        raise ConfigError(
            f"`error` must be a class of which a status has errors, not {show(error)}: one of {names}"
        )
    return _STATUSES_BY_ERROR[error]


def _format_unknown_name(kind: str, name: str, candidates: Iterable[str]) -> str:
    """Return the message for an unknown name, with the closest known one as a suggestion."""
    return f"there is no {kind} {name!r}{suggest(name, candidates)}"
