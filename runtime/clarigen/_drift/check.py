"""Whether the model that answers is the one that a client was generated for.

What lives here: `Drift`, what a client and its views know of that, and which package a client is of. With `verify=True` the first call
compares the model's methods with the lock, once, and no other goes before it; without, an error that may
come from a change asks for the model's version, once, and says so. As flows of `_call`. What reads locks and
asks the platform is loaded when there is something to find out.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Generator
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from .._calls.actions import Failure, Send, Sleep
from .._calls.address import Address
from .._calls.retry import Deadline
from .._calls.status import status_info
from .._log import escape_unprintable
from ..errors import ClarigenError, ConfigError, DecodeError, ModelError, SignatureMismatchError

if TYPE_CHECKING:
    from .._proto import MultiOutputResponse
    from .lock import Lock

_POLL_SECONDS: Final = 0.02
"""How long a call waits before it looks whether another one has compared, in seconds."""

_VERSION_TIMEOUT: Final = 5.0
"""How long an error may take at most to find out the model's version, in seconds."""

_DRIFT_PHRASES: Final = (
    "not found in model class",
    "required positional argument",
    "required keyword-only argument",
    "missing required",
    "unexpected keyword argument",
    "missing part with key",
    "expected tuple of length",
)
"""What a model says that is called with a method or arguments which it does not have."""

Flow = Generator[Send | Sleep, Any, None]


def find_package(client: type[Any], base: type[Any]) -> str:
    """The package that a client's class was generated into; empty if there is none.

    Args:
        client: The class, or one that an application derives from it.
        base: The class that all clients stand on.
    """
    own = __name__.partition(".")[0]
    for made in reversed(client.__mro__):
        if issubclass(made, base) and made.__module__.partition(".")[0] != own:
            return made.__module__.rpartition(".")[0]
    return ""


class Drift:
    """What a client and its views know of how their model has changed. Thread-safe.

    Attributes:
        verify: Whether the client verifies its model.
        unverified: Whether a call has to go through `verified` first.
    """

    def __init__(self, package: str, *, verify: bool) -> None:
        """Begin to know.

        Args:
            package: The package that the client was generated into.
            verify: Whether the first call shall compare.

        Raises:
            ConfigError: It shall, and there is nothing to compare with.
        """
        self.is_required = self.unverified = verify
        self._package = package
        self._lock: Lock | None = None
        self._differences: list[str] = []
        self._comparing = threading.Lock()
        self._process = os.getpid()
        self._has_asked = False
        self._latest = ""
        if verify:  # here, so that the first call imports nothing
            from .deployed import read_lock

            self._lock = read_lock(package)

    def verify_once(self, address: Address, deadline: Deadline) -> Flow:
        """Compare the model's methods with the lock, unless that was done. One call does; others wait.

        Raises:
            SignatureMismatchError: They differ.
        """
        if self._process != os.getpid():  # whoever had its turn in the parent is not here
            self._process, self._comparing = os.getpid(), threading.Lock()
        while self.unverified and not self._differences:
            if self._comparing.acquire(blocking=False):
                try:
                    yield from self._compare(address, deadline)
                finally:
                    self._comparing.release()
            elif (deadline.remaining() or _POLL_SECONDS) < _POLL_SECONDS:
                raise Failure("DEADLINE_EXCEEDED", "")
            else:
                yield Sleep(_POLL_SECONDS)
        if self._differences:
            what = f"the model is not the one that {self._package} was generated for"
            remedy = "run gen-client again, or give the version_id that it was generated from"
            raise SignatureMismatchError(
                "\n  ".join([f"{what}; {remedy}:", *self._differences]),
                differences=tuple(self._differences),
            )

    def _compare(self, address: Address, deadline: Deadline) -> Flow:
        if not self.unverified or self._differences:
            return  # another call was faster
        from .deployed import describe_differences, fetch_signatures

        assert self._lock is not None
        self._differences = describe_differences(
            self._lock.methods, (yield from fetch_signatures(address, deadline))
        )
        self.unverified = bool(self._differences)

    def add_hint(
        self,
        error: ClarigenError,
        address: Address,
        deadline: Deadline,
        response: MultiOutputResponse | None = None,
    ) -> Flow:
        """Let an error say so, if it may come of a change of the model. It stays the error that it is.

        Args:
            error: The error.
            address: Which model was called.
            deadline: The deadline of the call.
            response: What it was answered, if anything.
        """
        if self.is_required or not _suggests_drift(error):
            return
        known = self._find_lock()
        if known is None or known.reference is None or not known.version_id:
            return
        if address.reference != known.reference:
            words = "it was generated for another model" if address.reference else ""
        else:
            now = address.version_id or _reported_version(response)
            now = now or (yield from self._fetch_latest_version(address, deadline))
            changed = now and now != known.version_id
            words = f"it was generated from version {known.version_id}, and called {now}"
            words = words if changed else ""
        if words:
            text = f"{error}; does the client still fit? {escape_unprintable(words)}: run gen-client again"
            error.args = (text, *error.args[1:])

    def _find_lock(self) -> Lock | None:
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
        """The latest version of the model, asked for once; empty where it is not known."""
        if not self._has_asked and address.reference is not None and not address.routing.is_set:
            from .._calls.platform import get_version_id

            self._has_asked = True
            left = deadline.remaining()
            timeout = _VERSION_TIMEOUT if left is None else min(left, _VERSION_TIMEOUT)
            with suppress(Failure, ClarigenError):  # the error that is there matters more
                self._latest = yield from get_version_id(address.reference, "", timeout)
        return self._latest


def _reported_version(response: MultiOutputResponse | None) -> str:
    """The version that an answer says it is from; empty if it does not."""
    if response is None or not response.outputs:
        return ""
    return response.outputs[0].model.model_version.id


def _suggests_drift(error: ClarigenError) -> bool:
    """Whether a call fails like this when the model has changed."""
    if not isinstance(error, ModelError):
        return isinstance(error, DecodeError)
    status, details = status_info(error.code), error.details.lower()
    return status.suggests_drift or (
        status.is_exception and any(phrase in details for phrase in _DRIFT_PHRASES)
    )
