"""From configuration to an endpoint: which server, which credential, which time limits and retries.

Credentials stay in one object whose repr is empty; they are sent as metadata, which is never logged. Nothing
here imports grpc or opens a connection.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final, NamedTuple

from .._version import __version__
from ..errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .._calls.retry import Policy

DEFAULT_BASE_URL: Final = "https://api.clarifai.com"

_SCHEMES: Final = {"https": True, "grpcs": True, "http": False, "grpc": False}

_MAX_TIMEOUT: Final = 1e9
"""The longest timeout, in seconds, some thirty years: gRPC takes much longer ones for the past."""

DEFAULT_TIMEOUT: Final = 600.0
"""How long a call may take if nothing else is said, in seconds: enough for a model to start."""


DEFAULT_RETRIES: Final = 4
"""How often a call is sent again if nothing else is said."""


class Target(NamedTuple):
    """A server.

    Attributes:
        address: Host and port, as grpc reads them.
        secure: Whether the connection is TLS.
        loopback: Whether the server is on this machine.
    """

    address: str
    secure: bool
    loopback: bool

    @classmethod
    def parse(cls, base_url: str) -> Target:
        """Read a base URL: `https://api.clarifai.com`, `grpc://127.0.0.1:8000`, or a host alone.

        Without a scheme the connection is TLS, but plain to this machine.

        Raises:
            ConfigError: It is no such URL.
        """
        from urllib.parse import urlsplit

        try:
            parts = urlsplit(base_url if "://" in base_url else f"//{base_url}")
            host, port = parts.hostname or "", parts.port
            if port == 0:
                raise ValueError(port)
        except ValueError:
            raise ConfigError(
                f"{base_url!r} is not a base URL: its host or port is wrong"
            ) from None
        if "@" in parts.netloc:
            raise ConfigError(
                "a base URL with user:password@ is refused; give the credential by pat="
            )
        if parts.scheme and parts.scheme not in _SCHEMES:
            raise ConfigError(
                f"{base_url!r}: use https:// or grpcs:// (TLS), http:// or grpc:// (plain)"
            )
        if parts.path.strip("/") or parts.query or parts.fragment:
            raise ConfigError(f"{base_url!r} has a path; a base URL is scheme, host and port alone")
        if not host or any(
            character.isspace() or not character.isprintable() for character in host
        ):
            raise ConfigError(
                f"{base_url!r} has no host; expected {DEFAULT_BASE_URL} or grpc://HOST:PORT"
            )
        loopback = _is_loopback(host)
        secure = _SCHEMES.get(parts.scheme, not loopback)
        name = f"[{host}]" if ":" in host else host
        return cls(f"{name}:{port or (443 if secure else 80)}", secure, loopback)


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


class Credentials:
    """What a call proves itself with. Shows nothing of it.

    Attributes:
        metadata: The metadata of every call.
    """

    __slots__ = ("metadata",)

    def __init__(self, *pairs: tuple[str, str]) -> None:
        self.metadata: tuple[tuple[str, str], ...] = (
            *pairs,
            ("x-clarifai-request-id-prefix", f"clarigen-{__version__}"),
        )

    def __repr__(self) -> str:
        return "Credentials()"

    def __reduce__(self) -> str:
        raise TypeError("credentials are not pickled")

    @classmethod
    def find(cls, target: Target, pat: str | None, session_token: str | None) -> Credentials:
        """The credential for a target: the one given, or CLARIFAI_PAT, or CLARIFAI_SESSION_TOKEN.

        A plain connection to another machine would show it to everybody on the way: what is given
        for one is refused, what stands in the environment stays there.

        Raises:
            ConfigError: There is none and the target needs one, there are two, or the target must
                not get it.
        """
        if pat and session_token:
            raise ConfigError("give pat or session_token, not both")
        exposed = not target.secure and not target.loopback
        if exposed and (pat or session_token):
            raise ConfigError(
                f"{target.address} is a plain connection: use https:// to send a credential"
            )
        if not (pat or session_token or exposed):
            pat = os.environ.get("CLARIFAI_PAT")
            session_token = None if pat else os.environ.get("CLARIFAI_SESSION_TOKEN")
        for name, value in (("the PAT", pat), ("the session token", session_token)):
            if value and not (value.isascii() and value.isprintable()):
                raise ConfigError(
                    f"{name} has characters that no credential has; was it copied whole?"
                )
        if pat:
            return cls(("authorization", f"Key {pat.strip()}"))
        if session_token:
            return cls(("x-clarifai-session-token", session_token.strip()))
        if target.secure and not target.loopback:
            raise ConfigError("no credential: set CLARIFAI_PAT, or give pat=")
        return cls()


def find_base_url(given: str | None) -> str:
    """The base URL: the one given, or CLARIFAI_API_BASE, or the platform's."""
    return given or os.environ.get("CLARIFAI_API_BASE") or DEFAULT_BASE_URL


class Endpoint(NamedTuple):
    """Where a client's calls go.

    Attributes:
        target: The server.
        credentials: What the calls prove themselves with.
        policy: How long a call may take and how often it is sent.
        interceptors: What stands between the calls and the connection.
    """

    target: Target
    credentials: Credentials
    policy: Policy
    interceptors: tuple[object, ...] = ()

    @classmethod
    def find(
        cls,
        base_url: str | None = None,
        *,
        pat: str | None = None,
        session_token: str | None = None,
        timeout: float | None = DEFAULT_TIMEOUT,
        max_retries: int = DEFAULT_RETRIES,
        idempotent: bool = False,
        interceptors: Sequence[object] = (),
    ) -> Endpoint:
        """The endpoint for these arguments and, where they are left out, the environment.

        Raises:
            ConfigError: The address, the credential or the timeout is missing or wrong.
        """
        target = Target.parse(find_base_url(base_url))
        credentials = Credentials.find(target, pat, session_token)
        its_policy = make_policy(target, timeout, max_retries, idempotent=idempotent)
        return cls(target, credentials, its_policy, tuple(interceptors))


def _is_number(value: object) -> bool:
    """Whether it is one at all: options often come from an environment, as text."""
    return isinstance(value, (int, float))


def make_policy(
    target: Target, timeout: float | None, max_retries: int, *, idempotent: bool = False
) -> Policy:
    """How long a call to a server may take and how often it is sent.

    Raises:
        ConfigError: The timeout or the number of retries is none.
    """
    from .._calls.retry import Policy
    from .._calls.throttle import throttle_for

    if timeout is not None and not (_is_number(timeout) and 0 < timeout <= _MAX_TIMEOUT):
        raise ConfigError(
            f"timeout is {timeout!r}; it must be seconds above 0, or None for no limit"
        )
    if not (_is_number(max_retries) and max_retries >= 0):
        raise ConfigError(f"max_retries is {max_retries!r}; it must be a number from 0")
    return Policy(timeout, max_retries, throttle_for(target), idempotent=idempotent)
