"""Whether the deployed model is still the one that a client was generated for.

With `verify=True`, the first call compares the model's methods with the lock. Otherwise, after an error that a
changed model may have caused, the model's version is queried, once; if it changed, the error says so. Both checks
are flows without I/O, see `_calls`. The code that reads locks and queries the platform is imported on first use.
"""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from .._after_fork import register_resettable
from .._calls.actions import GrpcFailure, Send, Sleep
from .._calls.address import Address
from .._calls.retry import Deadline
from .._calls.status import classify_status
from .._text import escape_unprintable
from ..errors import ClarigenError, ConfigError, DecodeError, ModelError, SignatureMismatchError

if TYPE_CHECKING:
    from .._calls.call import UnaryFlow
    from .lock import Lock

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


class DriftChecker:
    """What a client and its copies from `with_options` know about changes of the model. Thread-safe.

    Attributes:
        unverified: Whether a call must run `verify_once` first.
    """

    def __init__(self, package: str, *, verify: bool) -> None:
        """Create the state of a client that has made no call.

        Args:
            package: Full name of the package that the client was generated into; empty if there is none.
            verify: Whether the first call compares the model's methods with the lock.

        Raises:
            ConfigError: `verify` is true, and the package has no lock that can be read.
        """
        self.unverified = verify
        self._verify = verify
        self._package = package
        self._lock: Lock | None = None
        self._differences: list[str] = []
        self._comparison_mutex = threading.Lock()
        self._has_fetched_version = False
        self._latest_version = ""
        if verify:  # imported now, so that the first call does not have to
            from .deployed import read_lock

            self._lock = read_lock(package)
            register_resettable(self)

    def reset_after_fork(self) -> None:
        """Replace the mutex, which a thread of the parent may have held."""
        self._comparison_mutex = threading.Lock()

    def verify_once(self, address: Address, deadline: Deadline) -> UnaryFlow[None]:
        """Compare the model's methods with the lock unless that has been done. Calls in the meantime wait for it.

        Raises:
            SignatureMismatchError: The methods differ.
            GrpcFailure: A request failed, or the deadline passed.
            ClarigenError: The methods of the model could not be read.
        """
        while self.unverified and not self._differences:
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
        if self._differences:
            problem = f"the model is not the one that {self._package} was generated for"
            remedy = "run gen-client again, or give the version_id that it was generated from"
            raise SignatureMismatchError(
                f"{problem}; {remedy}:", differences=tuple(self._differences)
            )

    def _compare(self, address: Address, deadline: Deadline) -> UnaryFlow[None]:
        if not self.unverified or self._differences:
            return  # another call was faster
        from .deployed import describe_differences, fetch_signatures

        assert self._lock is not None
        deployed = yield from fetch_signatures(address, deadline)
        differences = describe_differences(self._lock.methods, deployed)
        if self._lock.tools is not None:
            differences += yield from _compare_server(self._lock, address, deadline)
        self._differences = differences
        self.unverified = bool(self._differences)

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


def _compare_server(lock: Lock, address: Address, deadline: Deadline) -> UnaryFlow[list[str]]:
    """Ask an MCP model for what the lock has, and return how it differs: tools, prompts and resources."""
    from .._calls.call import CallContext, call_unary
    from .._calls.retry import Policy
    from .mcp_server import McpServer
    from .offer import describe_offer_differences
    from .tools import describe_tool_differences

    context = CallContext(address, Policy(deadline.remaining(), idempotent=True))
    server = McpServer(lambda method, values: call_unary(method, values, context))
    tools = yield from server.list("tools/list", "tools")
    offer = yield from server.list_again(lock.offer)
    differences = describe_tool_differences(lock.tools or [], tools)
    return differences + describe_offer_differences(lock.offer, offer)


def may_be_drift(error: ClarigenError) -> bool:
    """Return whether a change of the model may have caused an error."""
    if not isinstance(error, ModelError):
        return isinstance(error, DecodeError)
    status = classify_status(error.code)
    if status.is_exception:
        details = error.details.lower()
        return any(phrase in details for phrase in _DRIFT_PHRASES)
    return status.suggests_drift
