"""The options of a client, and the endpoint that they name: a server, its credential and the interceptors.

This module neither imports grpc nor opens a connection, so that a URL can be checked without either.
"""

from __future__ import annotations

import os
import re
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from .._text import quote_address, show
from .._types import SERVER_DEFAULT, Default
from ..errors import ConfigError
from .credentials import Credential, CredentialArguments

if TYPE_CHECKING:
    from urllib.parse import SplitResult

    from .._calls.batch import BatchLimits
    from .._calls.response import Observer
    from .._calls.retry import Policy
    from .._model_ref import ModelRef

DEFAULT_BASE_URL: Final = "https://api.clarifai.com"

_MAX_TIMEOUT: Final = 1e9
"""The longest timeout, in seconds (30 years): gRPC reads much longer ones as a time in the past."""

_RUNNER_PORT: Final = 8000
"""The port of the official model server."""
_WRONG_HOST: Final = "is not a base URL: its host or port is wrong"

_IS_SECURE: Final = {"https": True, "grpcs": True, "http": False, "grpc": False}
"""The schemes of base URLs, and whether they mean TLS."""


_MAX_PORT: Final = 65535

_PLAIN_URL: Final = "(?:(https?|grpcs?)://)?([A-Za-z0-9.-]+)(?::([1-9][0-9]{0,4}))?/?"
"""The form of nearly all base URLs, with the groups scheme, host and port."""


def split_url(text: str) -> SplitResult:
    """Split a URL whose scheme may be missing.

    Raises:
        ValueError: The host or the port is invalid.
    """
    from urllib.parse import urlsplit

    url = urlsplit(text if "://" in text else f"//{text}")
    _ = url.port  # raises ValueError if it is not a number
    return url


class Target(NamedTuple):
    """A server.

    Attributes:
        address: Host and port, as grpc reads them.
        secure: Whether the connection uses TLS.
        loopback: Whether the server is on this machine.
        max_reply_bytes: The size of the largest message that is received; 0 for that of calls.
    """

    address: str
    secure: bool
    loopback: bool
    max_reply_bytes: int = 0

    @property
    def base_url(self) -> str:
        """The base URL of the server, in the form that `parse` accepts."""
        return (
            f"https://{self.address.removesuffix(':443')}"
            if self.secure
            else f"grpc://{self.address}"
        )

    @classmethod
    def parse(cls, base_url: str) -> Target:
        """Parse a base URL: `https://api.clarifai.com`, `grpc://127.0.0.1:8000`, or only a host.

        Without a scheme, the connection uses TLS unless the host is this machine. Without a port, it is 443 with TLS,
        80 for `http://`, and else 8000, that of a local runner.

        Raises:
            ConfigError: The text is not a base URL.
        """
        scheme, host, port = _split_base_url(base_url)
        loopback = _is_loopback(host)
        secure = _IS_SECURE.get(scheme, not loopback)
        name = f"[{host}]" if ":" in host else host
        usual_port = 443 if secure else 80 if scheme == "http" else _RUNNER_PORT
        return cls(f"{name}:{port or usual_port}", secure, loopback)


def _split_base_url(base_url: str) -> tuple[str, str, int]:
    """Return scheme, host and port of a base URL; the scheme may be empty, and the port 0.

    Raises:
        ConfigError: The text is not a base URL.
    """
    # Without `urllib.parse`, whose import takes 2 ms: benchmark "fresh process to first prediction".
    plain = re.fullmatch(_PLAIN_URL, base_url)
    if plain is not None and int(plain[3] or 0) <= _MAX_PORT:
        return plain[1] or "", plain[2].lower(), int(plain[3] or 0)
    try:
        url = split_url(base_url)
    except ValueError:
        raise ConfigError(f"{_quote_url(base_url)} {_WRONG_HOST}") from None
    fault = _find_fault(base_url, url)
    if fault is not None:
        raise ConfigError(fault)
    return url.scheme, url.hostname or "", url.port or 0


def _find_fault(base_url: str, url: SplitResult) -> str | None:
    """Return what is wrong with a base URL; None if nothing is."""
    if "@" in base_url:  # the message does not contain the URL: it may contain a password
        return "a base URL with user:password@ is refused; pass the credential as pat="
    if url.scheme not in ("", *_IS_SECURE):
        return (
            f"{_quote_url(base_url)}: use https:// or grpcs:// (TLS), http:// or grpc:// (no TLS)"
        )
    if url.path.strip("/") or url.query or url.fragment:
        return f"{_quote_url(base_url)} has a path; a base URL is scheme, host and port alone"
    host = url.hostname or ""
    if not host or any(c.isspace() or not c.isprintable() for c in host):
        return (
            f"{_quote_url(base_url)} has no host; expected {DEFAULT_BASE_URL} or grpc://HOST:PORT"
        )
    if url.port == 0:
        return f"{_quote_url(base_url)} {_WRONG_HOST}"
    return None


def _quote_url(base_url: str) -> str:
    return quote_address(base_url, "the base URL")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    import socket

    try:
        if ":" in host:
            return socket.inet_pton(socket.AF_INET6, host) == bytes(15) + b"\x01"
        return socket.inet_pton(socket.AF_INET, host)[0] == 127
    except OSError:
        return False


def find_base_url(base_url: str | None) -> str:
    """Return the base URL: the argument, or CLARIFAI_API_BASE, or that of CLARIFAI_CONTEXT, or the platform's."""
    chosen = base_url or os.environ.get("CLARIFAI_API_BASE")
    name = os.environ.get("CLARIFAI_CONTEXT")
    if chosen or not name:
        return chosen or DEFAULT_BASE_URL
    from .login import read_context

    return read_context(name).base_url or DEFAULT_BASE_URL


class Endpoint:
    """A server, with the credential and the interceptors of the calls to it.

    Attributes:
        target: The server.
        credential: The credential of the calls.
        interceptors: gRPC's interceptors, the outermost first.
    """

    __slots__ = ("credential", "interceptors", "target")

    def __init__(
        self, target: Target, credential: Credential, interceptors: tuple[object, ...] = ()
    ) -> None:
        self.target = target
        self.credential = credential
        self.interceptors = interceptors

    @classmethod
    def find(
        cls,
        base_url: str | None,
        credentials: CredentialArguments,
        interceptors: tuple[object, ...] = (),
    ) -> Endpoint:
        """Return the endpoint: from the arguments, or else from the environment.

        Raises:
            ConfigError: The base URL is wrong, or the credential is missing or wrong.
        """
        target = Target.parse(find_base_url(base_url))
        return cls(target, Credential.find(target, credentials), interceptors)


class ClientOptions(NamedTuple):
    """The configuration of a client, without its credential.

    The fields are arguments of the client's constructor and of `with_options`, and are documented there.
    """

    base_url: str | None
    model: ModelRef | str | None
    version_id: str | None
    deployment_id: str | None
    deployment_user_id: str | None
    compute_cluster_id: str | None
    nodepool_id: str | None
    timeout: float | None
    max_retries: int
    idempotent: bool
    verify: bool | None
    on_response: Observer | None
    interceptors: tuple[object, ...]
    idle_timeout: float | Default | None = SERVER_DEFAULT
    stream_timeout: float | None = None
    batch_size: int | None = None
    concurrency: int | None = None

    @property
    def is_platform(self) -> bool:
        """Whether the server is the platform itself."""
        return find_base_url(self.base_url) == DEFAULT_BASE_URL

    @property
    def time_limits(self) -> dict[str, Any]:
        """The time limits, as arguments of a policy."""
        is_default = isinstance(self.idle_timeout, Default)
        return {
            "timeout": self.timeout,
            "idle_timeout": self.timeout if is_default else self.idle_timeout,
            "stream_timeout": self.stream_timeout,
        }

    @property
    def batch_limits(self) -> BatchLimits:
        """The limits of a batch."""
        from .._calls.batch import BatchLimits

        return BatchLimits(self.batch_size, self.concurrency)

    def check(self) -> None:
        """Raise `ConfigError` if an option is out of its range."""
        from .._calls.batch import MAX_INPUTS

        for name, seconds in self.time_limits.items():
            check_timeout(seconds, name)
        if not (_is_number(self.max_retries) and self.max_retries >= 0):
            raise ConfigError(
                f"`max_retries` must be a number of at least 0, not {show(self.max_retries)}"
            )
        if self.batch_size is not None and not 1 <= self.batch_size <= MAX_INPUTS:
            raise ConfigError(
                f"`batch_size` must be a number from 1 to {MAX_INPUTS}, not {show(self.batch_size)}"
            )
        if self.concurrency is not None and self.concurrency < 1:
            raise ConfigError(
                f"`concurrency` must be a number of at least 1, not {show(self.concurrency)}"
            )

    def make_policy(self, endpoint: Endpoint, reference: ModelRef | None) -> Policy:
        """Return the policy of calls to a model: their time limit and retries.

        Args:
            endpoint: The server.
            reference: The model; None for the model that a local runner serves.

        Raises:
            ConfigError: An option is out of its range.
        """
        from .._calls.capacity_queue import get_queue
        from .._calls.retry import Policy
        from .._calls.retry_throttle import get_throttle

        self.check()
        target = endpoint.target
        throttle = get_throttle((target, reference, hash(endpoint.credential.metadata)))
        return Policy(
            max_retries=self.max_retries,
            throttle=throttle,
            idempotent=self.idempotent,
            queue=get_queue(target),
            **self.time_limits,
        )


def check_timeout(timeout: float | None, name: str = "timeout") -> None:
    """Raise `ConfigError` if a timeout is neither None nor a number of seconds above 0."""
    if timeout is not None and not (_is_number(timeout) and 0 < timeout <= _MAX_TIMEOUT):
        raise ConfigError(
            f"`{name}` must be seconds above 0, or None for no limit, not {show(timeout)}"
        )


def _is_number(value: object) -> bool:
    # Checked although options are annotated: callers often read them from the environment, as text.
    return isinstance(value, (int, float))


def import_grpc() -> None:
    """Import grpc so that its C++ code does not write to standard error, unless GRPC_VERBOSITY or GRPC_TRACE is set.

    What it writes are reasons of failures, which our errors also state. grpc reads the variable when it is imported,
    so it is removed again, and child processes do not see it.
    """
    if "grpc" in sys.modules or not {"GRPC_VERBOSITY", "GRPC_TRACE"}.isdisjoint(os.environ):
        return
    os.environ["GRPC_VERBOSITY"] = "NONE"
    try:
        import_module("grpc")
    finally:
        os.environ.pop("GRPC_VERBOSITY", None)
