"""What callers can do about the error of a call. Loaded once a call has failed."""

from __future__ import annotations

from .._model_ref import ModelRef
from .._text import escape_unprintable
from ..errors import (
    AuthenticationError,
    NotFoundError,
    PermissionDeniedError,
    UnavailableError,
)
from .grpc_status import CallError


def add_remedy(error: CallError, reference: ModelRef | None) -> None:
    """Add to an error's message what to check, if that is known.

    Args:
        error: The error that ends a call, with its number of attempts.
        reference: The model that was called; None if the client does not name it.
    """
    remedy = ""
    match error:
        case AuthenticationError():
            remedy = "check CLARIFAI_PAT, or pat= in a program; tokens are made in the account's security settings"
        case NotFoundError() | PermissionDeniedError() if reference is not None:
            remedy = f"the client calls {reference.user_id}/{reference.app_id}/models/{reference.model_id}"
            remedy += "; ids are case-sensitive" if isinstance(error, NotFoundError) else ""
        case UnavailableError(attempts=0, details=details) if str(error).endswith(details):
            remedy = "is the server running, and are host, port and proxy right?"
        case UnavailableError(code="CANCELLED"):
            remedy = "the server dropped the call: very many calls wait for it, or it stops"
        case _:
            pass
    if remedy:
        error.args = (f"{error}; {escape_unprintable(remedy)}", *error.args[1:])
