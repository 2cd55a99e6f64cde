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
    def find(cls, target: Target, pat: str | None, session_token: str | None) -> Credential:
        """Return the credential for a target: the argument, CLARIFAI_PAT or CLARIFAI_SESSION_TOKEN.

        On a connection without TLS to another machine, anybody on the way could read the credential. So for
        such a target, the arguments must be empty, and the environment is not read.

        Raises:
            ConfigError: The credential is missing, malformed or ambiguous, or the target must not receive it.
        """
        if pat and session_token:
            raise ConfigError("pass either pat or session_token, not both")
        is_exposed = not target.secure and not target.loopback
        if is_exposed and (pat or session_token):
            raise ConfigError(
                f"{target.address} is a plain connection: use https:// to send a credential"
            )
        if not (pat or session_token or is_exposed):
            pat = os.environ.get("CLARIFAI_PAT")
            session_token = None if pat else os.environ.get("CLARIFAI_SESSION_TOKEN")
        for name, value in (("the PAT", pat), ("the session token", session_token)):
            if value and not (value.isascii() and value.isprintable()):
                raise ConfigError(
                    f"{name} has characters that no credential has; copy it again, as a whole"
                )
        if pat:
            return cls(("authorization", f"Key {pat.strip()}"))
        if session_token:
            return cls(("x-clarifai-session-token", session_token.strip()))
        if target.secure and not target.loopback:
            raise ConfigError("no credential: set CLARIFAI_PAT, or pass pat=")
        return cls()
