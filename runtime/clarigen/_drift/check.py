"""Whether the deployed model is still the one that a client was generated for.

With `verify=True`, the first call compares the model's methods with the lock, and a call of a method that would break
raises. Otherwise the first answer of another version starts a comparison in the background, which logs what would break
(see `watch`). In addition, after an error that a changed model may have caused, the model's version is queried, once; if it
changed, the error says so. All checks are flows without I/O, see `_calls`. The code that reads locks and queries the
platform is imported on first use.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from contextlib import suppress
from logging import WARNING
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from .._after_fork import register_resettable
from .._calls.actions import GrpcFailure, Send, Sleep
from .._calls.address import Address
from .._calls.retry import Deadline
from .._calls.status import classify_status
from .._log import LOGGER
from .._text import escape_unprintable
from ..errors import ClarigenError, ConfigError, DecodeError, ModelError, SignatureMismatchError

if TYPE_CHECKING:
    from .._calls.call import UnaryFlow
    from .._calls.driver import Driver
    from .._wire.method import Method
    from .breaking import Breaks
    from .lock import Lock

Start: TypeAlias = "Callable[[Callable[[Driver], None]], None]"
"""A function that starts a job in the background, with a driver of its own."""

_POLL_SECONDS: Final = 0.02
"""Interval, in seconds, at which a call checks whether the comparison that another call runs is done."""

_VERSION_TIMEOUT: Final = 5.0
"""Timeout of the query for the model's version, in seconds."""

_DRIFT_PHRASES: Final = (
    "not found in model class",
    "required positional argument",
    "required keyword-only argument",
    "missing required",
    "unexpected keyword argument",
    "missing part with key",
    "expected tuple of length",
)
"""What the errors of a model contain, in lower case, if it lacks the method or does not take the arguments."""


def find_package(client: type[Any], base: type[Any]) -> str:
    """Return the full name of the package that a client's class was generated into; empty if there is none.

    Args:
        client: The generated class, or an application's subclass of it.
        base: The base class of all clients.
    """
    own = __name__.partition(".")[0]
    for cls in reversed(client.__mro__):
        if issubclass(cls, base) and cls.__module__.partition(".")[0] != own:
            return cls.__module__.rpartition(".")[0]
    return ""


_compared: Final[dict[tuple[object, ...], dict[str, object]]] = {}
"""The versions that were compared in the background, in this process, by package, server and model.

Each has a value of the client that noticed it first: `setdefault` decides between threads without a lock."""

_MAX_VERSIONS: Final = 16
"""Maximum number of versions of a model that are compared: some servers tell another one with each answer."""


class DriftChecker:
    """What a client and its copies from `with_options` know about changes of the model. Thread-safe.

    Attributes:
        unverified: Whether a call must run `verify_once` first.
        is_watching: Whether `note_answer` must be called if an answer tells another version than `seen_version`.
        seen_version: The version that the last answer told; empty if it told none, None before the first answer.
    """

    def __init__(
        self, package: str, *, verify: bool | None, server: str = "", start: Start | None = None
    ) -> None:
        """Create the state of a client that has made no call.

        Args:
            package: Full name of the package that the client was generated into; empty if there is none.
            verify: Whether the first call compares the model's methods with the lock. None to compare in the
                background, once an answer tells another version, and log what would break.
            server: The server's address.
            start: Starts a job in the background; None if the version of the calls is fixed.

        Raises:
            ConfigError: `verify` is true, and the package has no lock that can be read.
        """
        self.unverified = verify is True
        self.is_watching = verify is not False and start is not None and bool(package)
        self.seen_version: str | None = None
        self._verify = verify is True
        self._package = package
        self._server = server
        self._start = start
        self._lock: Lock | None = None
        self._breaks: Breaks | None = None
        self._verified_versions: set[str] = set()
        self._comparison_mutex = threading.Lock()
        self._has_fetched_version = False
        self._latest_version = ""
        if verify:  # imported now, so that the first call does not have to
            from . import breaking, deployed, offered
            from .lock import read_lock

            del breaking, deployed, offered
            self._lock = read_lock(package)
            register_resettable(self)

    def reset_after_fork(self) -> None:
        """Replace the mutex, which a thread of the parent may have held."""
        self._comparison_mutex = threading.Lock()

    def verify_once(
        self, method: Method[Any], address: Address, deadline: Deadline
    ) -> UnaryFlow[None]:
        """Compare the model's methods with the lock unless that has been done. Calls in the meantime wait for it.

        Args:
            method: The method that is called.
            address: The model.
            deadline: The deadline of the call.

        Raises:
            SignatureMismatchError: A change of the method would break its callers.
            GrpcFailure: A request failed, or the deadline passed.
            ClarigenError: The methods of the model could not be read.
        """
        while self._breaks is None:
            mutex = self._comparison_mutex  # a fork in the meantime replaces it
            if mutex.acquire(blocking=False):
                try:
                    yield from self._compare(address, deadline)
                finally:
                    mutex.release()
            elif deadline.expires_within(_POLL_SECONDS):
                raise GrpcFailure("DEADLINE_EXCEEDED", "")
            else:
                yield Sleep(_POLL_SECONDS)
        from .breaking import select_breaks

        differences = select_breaks(self._breaks, method)
        if differences:
            problem = f"the model is not the one that {self._package} was generated for"
            remedy = "run gen-client again, or give the version_id that it was generated from"
            raise SignatureMismatchError(f"{problem}; {remedy}:", differences=differences)

    def _compare(self, address: Address, deadline: Deadline) -> UnaryFlow[None]:
        if self._breaks is not None:
            return  # another call was faster
        from .breaking import find_breaks
        from .deployed import fetch_methods
        from .offered import fetch_offered

        assert self._lock is not None
        if self.seen_version and not address.version_id and address.reference is not None:
            address = Address(address.reference, self.seen_version, address.routing)
        version_id, methods = yield from fetch_methods(address, deadline)
        offered = yield from fetch_offered(self._lock, address, deadline)
        self._breaks = find_breaks(self._lock, methods, offered)
        self._verified_versions.add(version_id)
        self.unverified = bool(self._breaks)

    def note_answer(self, version_id: str, address: Address) -> None:
        """Take notice of the version that an answer tells, if it is another one than `seen_version`.

        Args:
            version_id: The version; empty if the answer tells none.
            address: The model that was called.
        """
        is_first, self.seen_version = self.seen_version is None, version_id
        if self._verify:
            versions = self._verified_versions
            if is_first and versions == {""}:  # the model was asked, and did not tell its version
                versions.add(version_id)
            elif version_id and version_id not in versions:
                self._breaks, self.unverified = None, True
            return
        compared = _compared.setdefault((self._package, self._server, address.reference), {})
        if len(compared) >= _MAX_VERSIONS:
            self.is_watching = False
        elif LOGGER.isEnabledFor(WARNING):
            entry = object()
            if compared.setdefault(version_id, entry) is entry:
                self._start_comparison(version_id, address)

    def _start_comparison(self, version_id: str, address: Address) -> None:
        """Compare the model with the lock in the background, and log what would break."""

        def compare(driver: Driver) -> None:
            from .watch import warn_if_broken

            lock = self._find_lock()
            if lock is not None:
                warn_if_broken(driver, self._package, lock, address, version_id)

        if self._start is not None:
            self._start(compare)

    def add_hint(
        self, error: ClarigenError, address: Address, deadline: Deadline, version_id: str
    ) -> UnaryFlow[None]:
        """Add to an error's message that the model has changed, if that may be the cause.

        Args:
            error: The error.
            address: The model that was called.
            deadline: The deadline of the call.
            version_id: The version that answered the call; empty if unknown.
        """
        if self._verify or not may_be_drift(error):
            return
        lock = self._find_lock()
        if lock is None or lock.reference is None or not lock.version_id:
            return
        change = ""
        if address.reference != lock.reference:
            change = "the client was generated for another model" if address.reference else ""
        else:
            version = address.version_id or version_id
            version = version or (yield from self._fetch_latest_version(address, deadline))
            if version not in ("", lock.version_id):
                change = (
                    "the model changed: the client was generated from version"
                    f" {lock.version_id}, but version {version} answered"
                )
        if change:
            message = f"{error}; {escape_unprintable(change)}; run gen-client again"
            error.args = (message, *error.args[1:])

    def _find_lock(self) -> Lock | None:
        """Return the lock of the client's package, if it can be read."""
        from .lock import read_lock

        if self._lock is None:
            try:
                self._lock = read_lock(self._package)
            except ConfigError:
                return None
        return self._lock

    def _fetch_latest_version(
        self, address: Address, deadline: Deadline
    ) -> Generator[Send, Any, str]:
        """Return the id of the model's latest version, which is queried once; empty if unknown."""
        if (
            not self._has_fetched_version
            and address.reference is not None
            and not address.routing.is_set
        ):
            from .._calls.platform import get_version_id

            self._has_fetched_version = True
            remaining = deadline.remaining()
            timeout = _VERSION_TIMEOUT if remaining is None else min(remaining, _VERSION_TIMEOUT)
            # The caller needs the error of the call, not that of this query.
            with suppress(GrpcFailure, ClarigenError):
                self._latest_version = yield from get_version_id(address.reference, "", timeout)
        return self._latest_version


def may_be_drift(error: ClarigenError) -> bool:
    """Return whether a change of the model may have caused an error."""
    if not isinstance(error, ModelError):
        return isinstance(error, DecodeError)
    status = classify_status(error.code)
    if status.is_exception:
        details = error.details.lower()
        return any(phrase in details for phrase in _DRIFT_PHRASES)
    return status.suggests_drift
