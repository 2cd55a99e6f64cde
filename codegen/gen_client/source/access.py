"""Connections to the platform or to a runner.

`Access` holds the user's options; `open_connection` turns the runtime's errors into refusals with a remedy. This
module knows nothing of signatures.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from clarigen import _tooling, errors
from gen_client.diagnostics import ProgressCallback, Refusal
from gen_client.exit_codes import UNREACHABLE, UNUSABLE, USAGE
from gen_client.text import quote

if TYPE_CHECKING:
    from clarigen._tooling import Connection

DEFAULT_TIMEOUT: Final = 60.0
"""Seconds that one call may take, unless the user sets another limit."""

_MAX_DETAILS: Final = 300
"""Characters of a server's message that a refusal repeats."""
_CHECK_SERVER: Final = "is the server running, and are host, port and scheme right?"
_CHECK_CREDENTIAL: Final = "check CLARIFAI_PAT; tokens are made in the account's security settings"


def _ignore_progress(_: str, /, *, is_notice: bool = False) -> None:
    """Show nothing."""


@dataclass(frozen=True, slots=True)
class Access:
    """How to reach the platform or a runner.

    Attributes:
        api_base: The platform's base URL; None for CLARIFAI_API_BASE or the public platform.
        pat: A personal access token; None for CLARIFAI_PAT.
        session_token: A session token; None for CLARIFAI_SESSION_TOKEN.
        timeout: Seconds that one call may take; above 0.
        progress: Called with a short text before each call, and with what the user must know of it.
    """

    api_base: str | None = None
    pat: str | None = field(default=None, repr=False)
    session_token: str | None = field(default=None, repr=False)
    timeout: float = DEFAULT_TIMEOUT
    progress: ProgressCallback = _ignore_progress


@contextmanager
def open_connection(base_url: str | None, access: Access) -> Generator[Connection]:
    """Open a connection for the block.

    Args:
        base_url: The server's URL; None for CLARIFAI_API_BASE or the public platform.
        access: Credential and timeout.

    Raises:
        Refusal: Opening the connection, or a call in the block, raised a `ClarigenError`.
    """
    try:
        connection = _tooling.connect(
            base_url,
            pat=access.pat,
            session_token=access.session_token,
            timeout=access.timeout,
        )
    except errors.ConfigError as error:
        raise Refusal(_format_error(error), exit_code=USAGE) from None
    with connection:
        try:
            yield connection
        except errors.ClarigenError as error:
            raise _explain_failure(error, connection.target.address) from None


def _explain_failure(error: errors.ClarigenError, address: str) -> Refusal:
    """Return the refusal for an error of a call.

    Args:
        error: The error.
        address: The server's host and port.
    """
    details = getattr(error, "details", "") or getattr(error, "description", "")
    quoted = f": {quote(details, _MAX_DETAILS)}" if details else ""
    message = f"{address} answered {getattr(error, 'code', '')}{quoted}"
    exit_code, remedy = UNREACHABLE, ""
    match error:
        case errors.ConfigError():
            exit_code, message = USAGE, _format_error(error)
        case errors.AuthenticationError():
            message, remedy = f"{address} refused the credential{quoted}", _CHECK_CREDENTIAL
        case errors.PermissionDeniedError():
            message = f"{address}: the credential may not see this model{quoted}"
            remedy = "is the model private, or the token limited to other apps?"
        case errors.NotFoundError():
            message = f"{address} knows no such model or version{quoted}"
            remedy = "check user, app, model and version; ids are case-sensitive"
        case errors.ModelNotReadyError():
            message = f"the model is not running yet{quoted}"
            remedy = "deploy it, or try again in a minute"
        case errors.RateLimitError():
            message, remedy = f"{address} accepts no more calls for now{quoted}", "try again later"
        case errors.PredictionError():
            exit_code, message = UNUSABLE, f"the model could not list its methods{quoted}"
        case errors.DeadlineExceededError():
            limit = f" within {error.timeout:g} seconds" if error.timeout else ""
            message, remedy = f"{address} did not answer{limit}", _CHECK_SERVER
        case errors.UnavailableError():
            message, remedy = f"{address} cannot be reached{quoted}", _CHECK_SERVER
        case errors.TransportError(code="UNIMPLEMENTED"):
            message = f"{address} is not a model server: it does not know the call"
            remedy = _CHECK_SERVER
        case errors.DecodeError():
            message, remedy = f"{address} sent an answer that cannot be read", _CHECK_SERVER
        case _:
            pass
    return Refusal(message, remedy=remedy, exit_code=exit_code)


def _format_error(error: Exception) -> str:
    """Return the text of one of our own errors on one line; user text in it is already escaped."""
    return " ".join(str(error).split())
