"""Failures of a call as responses of OpenAI's API: a status and a JSON body, from which the library makes its errors.

These are pure functions: they know neither the library nor a connection.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple, cast

from .. import errors
from ..errors import ClarigenError, ModelError, PredictionError

BAD_REQUEST: Final = 400
NOT_FOUND: Final = 404
SERVER_ERROR: Final = 500

_STATUSES: Final[tuple[tuple[type[ClarigenError], int], ...]] = (
    (errors.ConfigError, BAD_REQUEST),
    (errors.InputError, BAD_REQUEST),
    (errors.AuthenticationError, 401),
    (errors.PermissionDeniedError, 403),
    (errors.NotFoundError, NOT_FOUND),
    (errors.RateLimitError, 429),
    (errors.ModelNotReadyError, 503),
)
"""The HTTP status of each error; all others have `SERVER_ERROR`."""

_BAD_REQUESTS: Final = frozenset(["CONN_BAD_REQUEST_FORMAT", "CONN_INVALID_REQUEST"])
"""The platform's statuses for requests that it rejects; they have no class of errors."""

_BACKEND_STATUS: Final = re.compile(r"Error code: ([45][0-9]{2})\b")
"""The beginning of the text of an error that the model's own `openai` library raised."""

_DETAILS_STATUSES: Final = (
    (re.compile(r"Unsupported endpoint: "), NOT_FOUND),
    (re.compile(r"Missing required arguments; "), BAD_REQUEST),
    (re.compile(r"[\w.]+\(\) got an unexpected keyword argument "), BAD_REQUEST),
    (re.compile(r"Streaming is only supported for "), BAD_REQUEST),
)
"""The HTTP status of other errors of a model, by the beginning of their text."""


class Reply(NamedTuple):
    """A response of OpenAI's API.

    Attributes:
        status: The HTTP status.
        body: The JSON body.
        request_id: The platform's id of the request; may be empty.
        error: The error behind the response; None if it is a success.
    """

    status: int
    body: bytes
    request_id: str = ""
    error: ClarigenError | None = None

    @property
    def headers(self) -> dict[str, str]:
        """The HTTP headers. Failed calls were retried already, by the client's own rules."""
        headers = {"content-type": "application/json"}
        if self.error is not None:
            headers["x-should-retry"] = "false"
        if self.request_id.isascii() and self.request_id.isprintable() and self.request_id:
            headers["x-request-id"] = self.request_id
        return headers


def make_error_reply(error: ClarigenError, status: int | None = None) -> Reply:
    """Make the response for an error.

    Args:
        error: The error.
        status: The HTTP status; None to choose it by the error.
    """
    if status is None and isinstance(error, ModelError) and error.name in _BAD_REQUESTS:
        status = BAD_REQUEST
    if status is None:
        status = next((code for cls, code in _STATUSES if isinstance(error, cls)), SERVER_ERROR)
    request_id = error.request_id if isinstance(error, ModelError) else ""
    body = json.dumps({"error": describe_error(error)})
    return Reply(status, body.encode(), request_id, error)


def describe_error(error: ClarigenError) -> dict[str, Any]:
    """Return an error in the form of OpenAI's API."""
    code = str(error.code) if isinstance(error, ModelError) and error.code else None
    return {"message": str(error), "type": type(error).__name__, "param": None, "code": code}


class ModelFailure(NamedTuple):
    """An error that a transport returned as its result.

    Attributes:
        error: The error.
        status: The HTTP status that the model's server answered, as far as it is known.
        description: The error in the form of OpenAI's API.
    """

    error: PredictionError
    status: int
    description: Mapping[str, Any]


def find_failure(answer: object, request_id: str = "") -> ModelFailure | None:
    """Return the failure that an answer or an item of a stream stands for; None if it is not one.

    There are two forms: the platform's (`{"code": 21313, "description": …, "details": …}`), and the one of OpenAI's API
    (`{"error": {…}}`), which a model's server sends in the middle of a stream.
    """
    if not isinstance(answer, dict):
        return None
    fields = cast("dict[str, Any]", answer)
    code, details, error = fields.get("code"), fields.get("details"), fields.get("error")
    if isinstance(code, int) and "description" in fields and "details" in fields:
        text = str(details or fields["description"])
        failure = PredictionError(
            text,
            code=code,
            description=str(fields["description"]),
            details=text,
            request_id=request_id,
        )
        return ModelFailure(failure, _find_status(text), describe_error(failure))
    # A response of the endpoint `/responses` has a field `error` as well, but it is an `object`.
    if error and not fields.get("object"):
        description = (
            cast("dict[str, Any]", error) if isinstance(error, dict) else {"message": error}
        )
        text = str(description.get("message") or "the model's server failed")
        failure = PredictionError(text, details=text, request_id=request_id)
        status = description.get("code")
        is_status = isinstance(status, int) and BAD_REQUEST <= status < 600
        return ModelFailure(
            failure, cast("int", status) if is_status else SERVER_ERROR, description
        )
    return None


def make_failure_reply(failure: ModelFailure) -> Reply:
    """Make the response for an error that a transport returned."""
    body = json.dumps({"error": failure.description})
    return Reply(failure.status, body.encode(), failure.error.request_id, failure.error)


def _find_status(details: str) -> int:
    match = _BACKEND_STATUS.match(details)
    if match is not None:
        return int(match[1])
    return next(
        (status for pattern, status in _DETAILS_STATUSES if pattern.match(details)), SERVER_ERROR
    )
