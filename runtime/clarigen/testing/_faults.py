"""Faults: what goes wrong with the calls of a server, when, and how often.

What lives here: `Fault`, the list of them, and which of them a call meets. Nothing here knows grpc or
sockets: `_server` does to a call what its faults say.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Final

from .._calls.status import CODES_BY_NAME
from ..errors import ConfigError

_CODES: Final = range(2**31)
_LOST_CONNECTION: Final = ("UNAVAILABLE", "Socket closed")
"""What gRPC says of a call whose connection was lost."""


@dataclass(eq=False, slots=True)
class Fault:
    """Something that goes wrong; made by `Faults.add`, which says what its attributes mean.

    Attributes:
        met: How many calls have met it.
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
        """Whether a call that meets it ends there."""
        return self.status is not None

    @property
    def code(self) -> int | None:
        """The platform's number of the status; None if it is one of gRPC, or if there is none."""
        return self.status if isinstance(self.status, int) else CODES_BY_NAME.get(self.status or "")


class Faults:
    """The faults of a server, in the order in which they were added. Thread-safe.

    A call meets those that fit it in this order, until one of them ends it: so nothing here is left
    to chance. Discovery meets none.

    Args:
        methods: Tells the methods that there are, and whether each answers with a stream.
        transport: The names of gRPC's statuses.
    """

    def __init__(self, methods: Callable[[], dict[str, bool]], transport: Collection[str]) -> None:
        self._methods = methods
        self._transport = transport
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def add(
        self,
        *,
        status: str | int | None = None,
        details: str = "",
        delay: float = 0.0,
        drop: bool = False,
        method: str | None = None,
        item: int | None = None,
        after: bool = False,
        times: int | None = None,
    ) -> Fault:
        """Let something go wrong, from now on.

            server.faults.add(status="MODEL_DEPLOYING", times=2)  # then it is ready
            server.faults.add(status="UNAVAILABLE", method="predict")
            server.faults.add(delay=0.5)
            server.faults.add(drop=True, method="generate", item=3)

        Args:
            status: Answer with a status of the platform, by its name or number (`MODEL_DEPLOYING`,
                21351), or of gRPC, by its name (`UNAVAILABLE`).
            details: The words that go with the status.
            delay: Wait so many seconds, from 0; alone, or before the status or the drop.
            drop: End the call as a lost connection does: without a status, so that the caller cannot
                know whether it ran. The connection itself stays, or it would take other calls with
                it; to lose all of them, close the server and serve on its port again.
            method: The method whose calls meet it; by default those of all methods.
            item: The item of a stream at which it happens, from 0: in its place, or after it. A call
                whose stream is shorter does not meet the fault. By default it happens at the call itself.
            after: Whether it happens once the method has run, or the item was sent: what the
                caller is told to have failed has run. By default before.
            times: How many calls meet it, from 1; by default all.

        Returns:
            The fault, which counts the calls that have `met` it.

        Raises:
            ConfigError: Nothing would go wrong, a name is unknown, or a number is out of range.
        """
        if status is None and not drop and delay == 0:
            raise ConfigError("a fault needs status=, delay= or drop=True: nothing would go wrong")
        if status is not None and drop:
            raise ConfigError("give status= or drop=True: a lost connection tells no status")
        if not 0 <= delay < float("inf"):
            raise ConfigError(f"delay is {delay!r}; it must be seconds from 0")
        if times is not None and times < 1:
            raise ConfigError(f"times is {times!r}; it must be a number from 1, or None for always")
        if (
            isinstance(status, str)
            and status not in CODES_BY_NAME
            and status not in self._transport
        ):
            raise ConfigError(_unknown_name("status", status, [*CODES_BY_NAME, *self._transport]))
        if isinstance(status, int) and status not in _CODES:
            raise ConfigError(f"status is {status!r}; it must be a number from 0 to 2**31 - 1")
        self._check_place(method, item)
        if drop:
            status, details = _LOST_CONNECTION
        fault = Fault(status, details, delay, method, item, after, times)
        with self._lock:
            self._faults.append(fault)
        return fault

    def _check_place(self, method: str | None, item: int | None) -> None:
        streams = self._methods()
        if method is not None and method not in streams:
            raise ConfigError(_unknown_name("method", method, streams))
        if item is None:
            return
        if item < 0:
            raise ConfigError(f"item is {item!r}; it must be a number from 0")
        if method is None and not any(streams.values()):
            raise ConfigError(f"item={item}: no method answers with a stream")
        if method is not None and not streams[method]:
            raise ConfigError(f"item={item}: {method} answers with one result, not with a stream")

    def remove(self, fault: Fault) -> None:
        """Let it happen no more. Does nothing if it is not among them."""
        with self._lock:
            self._faults = [other for other in self._faults if other is not fault]

    def clear(self) -> None:
        """Let nothing go wrong any more."""
        with self._lock:
            self._faults = []

    def __iter__(self) -> Iterator[Fault]:
        with self._lock:
            return iter(self._faults.copy())

    def match(self, method: str, *, item: int | None = None, after: bool = False) -> list[Fault]:
        """The faults that a call meets at a place of its way; they are counted.

        Args:
            method: The method that is called.
            item: The item that the call is at; None for the call itself.
            after: Whether the method has run, or the item was sent.
        """
        found: list[Fault] = []
        with self._lock:
            for fault in self._faults:
                if (fault.item, fault.after) != (item, after):
                    continue
                if fault.method not in (None, method) or fault.met == fault.times:
                    continue
                fault.met += 1
                found.append(fault)
                if fault.ends_call:
                    break
        return found


def _unknown_name(kind: str, name: str, known: Iterable[str]) -> str:
    """That there is no such name, with the nearest one where one is near."""
    spelled = {one.lower(): one for one in known}
    near = get_close_matches(name.lower(), spelled, n=1)
    hint = f"; did you mean {spelled[near[0]]!r}?" if near else ""
    return f"there is no {kind} {name!r}{hint}"
