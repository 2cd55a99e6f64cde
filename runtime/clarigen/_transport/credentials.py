"""The credential of a client: where it comes from, and which servers may receive it.

A credential stays in one object, whose repr does not show it and which cannot be pickled. It is sent as metadata,
which is never logged.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from .._version import __version__
from ..errors import ConfigError

if TYPE_CHECKING:
    from .endpoint import Target


class CredentialArguments:
    """The credentials that a caller passes. Its repr does not show them.

    Tools that print the local variables of a traceback print this object, and never a credential.

    Attributes:
        pat: The personal access token, or None.
        session_token: The session token, or None.
    """

    __slots__ = ("pat", "session_token")

    def __init__(self, pat: str | None = None, session_token: str | None = None) -> None:
        # A mounted secret often ends in a newline.
        self.pat = pat and pat.strip()
        self.session_token = session_token and session_token.strip()

    def __repr__(self) -> str:
        return "CredentialArguments()"

    def __bool__(self) -> bool:
        return bool(self.pat or self.session_token)

    def __reduce__(self) -> str:
        raise TypeError("a credential cannot be pickled")

    def find_malformed(self) -> str:
        """Return which of them has characters that no credential has; empty if none has."""
        for name, value in (("the PAT", self.pat), ("the session token", self.session_token)):
            if value and not (value.isascii() and value.isprintable()):
                return name
        return ""


class Credential:
    """The credential of a client's calls. Its repr does not show it, and it cannot be pickled.

    Attributes:
        metadata: The gRPC metadata of every call.
    """

    __slots__ = ("metadata",)

    def __init__(self, *pairs: tuple[str, str]) -> None:
        self.metadata: tuple[tuple[str, str], ...] = (
            *pairs,
            ("x-clarifai-request-id-prefix", f"clarigen-{__version__}"),
        )

    def __repr__(self) -> str:
        return "Credential()"

    def __reduce__(self) -> str:
        raise TypeError("a credential cannot be pickled")

    @classmethod
    def find(cls, target: Target, arguments: CredentialArguments) -> Credential:
        """Return the credential for a target: the argument, CLARIFAI_PAT, CLARIFAI_SESSION_TOKEN or CLARIFAI_CONTEXT.

        On a connection without TLS to another machine, anybody on the way could read the credential. So for
        such a target, the arguments must be empty, and the environment is not read.

        Raises:
            ConfigError: The credential is missing, malformed or ambiguous, or the target must not receive it.
        """
        if arguments.pat and arguments.session_token:
            raise ConfigError("pass either pat or session_token, not both")
        is_exposed = not target.secure and not target.loopback
        if is_exposed and arguments:
            raise ConfigError(
                f"{target.address} is a plain connection: use https:// to send a credential"
            )
        if not (arguments or is_exposed):
            arguments = _read_environment()
        if malformed := arguments.find_malformed():
            raise ConfigError(
                f"{malformed} has characters that no credential has; copy it again, as a whole"
            )
        if arguments.pat:
            return cls(("authorization", f"Key {arguments.pat}"))
        if arguments.session_token:
            return cls(("x-clarifai-session-token", arguments.session_token))
        if target.secure and not target.loopback:
            raise ConfigError(_describe_missing())
        return cls()


def _read_environment() -> CredentialArguments:
    pat = os.environ.get("CLARIFAI_PAT")
    if pat:
        return CredentialArguments(pat)
    session_token = os.environ.get("CLARIFAI_SESSION_TOKEN")
    name = os.environ.get("CLARIFAI_CONTEXT")
    if session_token or not name:
        return CredentialArguments(None, session_token)
    from .login import read_context

    context = read_context(name)
    return CredentialArguments(context.pat, context.session_token)


def _describe_missing() -> str:
    from .login import FILE, has_login_file

    text = "no credential: set CLARIFAI_PAT, or pass pat= in a program; tokens are made in the account's security settings"
    if not has_login_file():
        return text
    return f"{text}. Or set CLARIFAI_CONTEXT to the name of a context of `clarifai login` in {FILE}"
