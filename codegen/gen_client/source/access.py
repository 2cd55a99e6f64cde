"""How a place on the network is reached, and what it means when it is not.

What lives here: `Access`, the user's options for it; `open_connection`, a connection whose errors are refusals
in words. Decides nothing about signatures.
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
"""How long one call may take, in seconds, unless the user says something else."""

_MAX_DETAILS: Final = 300
"""How much of a server's own words a message repeats, in characters."""
_CHECK_SERVER: Final = "is the server running, and are host, port and scheme right?"
_CHECK_CREDENTIAL: Final = "check CLARIFAI_PAT; tokens are made in the account's security settings"


def _ignore_progress(_: str) -> None:
    """Nobody wants to know."""


@dataclass(frozen=True, slots=True)
class Access:
    """How to reach the platform or a runner.

    Attributes:
        api_base: The platform's base URL; None for CLARIFAI_API_BASE or the public one.
        pat: A personal access token; None for CLARIFAI_PAT.
        session_token: A session token; None for CLARIFAI_SESSION_TOKEN.
        timeout: How long one call may take, in seconds, above 0.
        progress: Progress callback.
    """

    api_base: str | None = None
    pat: str | None = field(default=None, repr=False)
    session_token: str | None = field(default=None, repr=False)
    timeout: float = DEFAULT_TIMEOUT
    progress: ProgressCallback = _ignore_progress


@contextmanager
def open_connection(base_url: str | None, access: Access) -> Generator[Connection]:
    """A connection for the block; whatever a call in it raises leaves the block as a `Refusal`."""
    try:
        connection = _tooling.connect(
            base_url,
            pat=access.pat,
            session_token=access.session_token,
            timeout=access.timeout,
        )
    except errors.ConfigError as error:
        raise Refusal(_one_line(error), exit_code=USAGE) from None
    with connection:
        try:
            yield connection
        except errors.ClarigenError as error:
            raise explain_failure(error, connection.target.address) from None


def explain_failure(error: errors.ClarigenError, address: str) -> Refusal:
    """An error of a call, in words.

    Args:
        error: The error.
        address: The server's host and port.
    """
    details = getattr(error, "details", "") or getattr(error, "description", "")
    said = f": {quote(details, _MAX_DETAILS)}" if details else ""
    code = getattr(error, "code", "")
    exit_code, what, remedy = UNREACHABLE, f"{address} answered {code}{said}", ""
    match error:
        case errors.ConfigError():
            exit_code, what = USAGE, _one_line(error)
        case errors.AuthenticationError():
            what, remedy = f"{address} refused the credential{said}", _CHECK_CREDENTIAL
        case errors.PermissionDeniedError():
            what = f"{address}: the credential may not see this model{said}"
            remedy = "is the model private, or the token limited to other apps?"
        case errors.NotFoundError():
            what = f"{address} knows no such model or version{said}"
            remedy = "check user, app, model and version; ids are case-sensitive"
        case errors.ModelNotReadyError():
            what = f"the model is not running yet{said}"
            remedy = "deploy it, or try again in a minute"
        case errors.RateLimitError():
            what, remedy = f"{address} takes no more calls for now{said}", "try again later"
        case errors.PredictionError():
            exit_code, what = UNUSABLE, f"the model could not tell its methods{said}"
        case errors.DeadlineExceededError():
            seconds = f" within {error.timeout:g} seconds" if error.timeout else ""
            what, remedy = f"{address} did not answer{seconds}", _CHECK_SERVER
        case errors.UnavailableError():
            what, remedy = f"{address} cannot be reached{said}", _CHECK_SERVER
        case errors.TransportError(code="UNIMPLEMENTED"):
            what, remedy = f"{address} is no model server: it does not know the call", _CHECK_SERVER
        case errors.DecodeError():
            what, remedy = f"{address} gave an answer that cannot be read", _CHECK_SERVER
        case _:
            pass
    return Refusal(what, remedy=remedy, exit_code=exit_code)


def _one_line(error: Exception) -> str:
    """The text of an error of ours, which quotes the user's own words safely."""
    return " ".join(str(error).split())
