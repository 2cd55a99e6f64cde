"""The failures of gRPC: what is known of each, and the errors that they become.

`status` has the statuses of the platform. Like it, this module imports neither grpc nor protobuf.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple, TypeAlias

from ..errors import (
    AuthenticationError,
    DeadlineExceededError,
    ModelError,
    ModelNotReadyError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    TransportError,
    UnavailableError,
)
from .actions import GrpcFailure
from .status import Retryability, classify_status

CallError: TypeAlias = ModelError | TransportError | DeadlineExceededError
"""The error of a call that was sent. It has the number of attempts and the duration of the call."""


class FailureInfo(NamedTuple):
    """What is known of a gRPC status.

    Attributes:
        error: Class of the error.
        retryability: Whether the call may be sent again.
    """

    error: type[ModelError] | type[TransportError] | type[DeadlineExceededError]
    retryability: Retryability = Retryability.NEVER


_NO_CONNECTION: Final = FailureInfo(UnavailableError)
_NO_CONNECTION_IN_TIME: Final = FailureInfo(DeadlineExceededError)
_CONNECTION_LOST: Final = FailureInfo(UnavailableError, Retryability.IF_IDEMPOTENT)
_STREAM_RESET: Final = FailureInfo(TransportError, Retryability.IF_IDEMPOTENT)
_RATE_LIMITED: Final = FailureInfo(RateLimitError, Retryability.TRANSIENT)
_OVERLOADED: Final = FailureInfo(UnavailableError, Retryability.OVERLOADED)
_EXHAUSTED: Final = FailureInfo(UnavailableError, Retryability.IF_IDEMPOTENT)
_TOO_LARGE: Final = FailureInfo(TransportError)
_OTHER: Final = FailureInfo(TransportError)
_BY_CODE: Final[Mapping[str, FailureInfo]] = {
    "DEADLINE_EXCEEDED": FailureInfo(DeadlineExceededError),
    "UNAUTHENTICATED": FailureInfo(AuthenticationError),
    "PERMISSION_DENIED": FailureInfo(PermissionDeniedError),
    "NOT_FOUND": FailureInfo(NotFoundError),
}

_RESET_DETAILS: Final = ("received rst_stream", "stream removed")
"""First words of the details of a stream that was reset, in lower case."""

_SIZE_DETAILS: Final = "larger than max"
"""Words in the details of a message that is too large."""

_CONCURRENCY_DETAILS: Final = "Concurrent RPC limit exceeded!"
"""The whole details with which a gRPC server in Python refuses a call before it starts it."""

_HTTP_STATUS: Final = "Received http2 header with status: "
"""The whole details, before the number, if something else than a gRPC server answered, such as a proxy."""

_LOST_BEHIND_PROXY: Final = (
    "the model may have run it, so only a client with idempotent=True sends it again"
)
_PROXY_REMEDIES: Final[Mapping[str, str]] = {
    _HTTP_STATUS + "404": "no gRPC server answers at this address",
    _HTTP_STATUS + "413": "a proxy limits the size of requests",
    _HTTP_STATUS + "429": "a proxy limits the rate of requests",
    _HTTP_STATUS + "502": _LOST_BEHIND_PROXY,
    _HTTP_STATUS + "503": _LOST_BEHIND_PROXY,
    _HTTP_STATUS + "504": _LOST_BEHIND_PROXY,
}


def classify_failure(failure: GrpcFailure) -> FailureInfo:
    """Return what is known of a gRPC status.

    Whether the request has run is not read from the details: the server, the model and gRPC itself may say anything.
    What was not sent is known from the connection, and everything else may have run. The exceptions are the exact
    refusals of a server that is full, and of a proxy that limits the rate.
    """
    if failure.is_unsent:
        is_late = failure.code == "DEADLINE_EXCEEDED"
        return _NO_CONNECTION_IN_TIME if is_late else _NO_CONNECTION
    match failure.code:
        case "UNAVAILABLE" if failure.details == _HTTP_STATUS + "429":
            return _RATE_LIMITED
        case "UNAVAILABLE":
            return _CONNECTION_LOST
        case "CANCELLED" if failure.details == failure.code:  # a server has dropped the call
            return _CONNECTION_LOST
        case "INTERNAL" | "UNKNOWN" if failure.details.lower().startswith(_RESET_DETAILS):
            return _STREAM_RESET
        case "RESOURCE_EXHAUSTED" if failure.details == _CONCURRENCY_DETAILS:
            return _OVERLOADED
        case "RESOURCE_EXHAUSTED":
            return _TOO_LARGE if _SIZE_DETAILS in failure.details.lower() else _EXHAUSTED
        case code:
            return _BY_CODE.get(code, _OTHER)


_NOT_RUN: Final = (
    AuthenticationError,
    PermissionDeniedError,
    NotFoundError,
    RateLimitError,
    ModelNotReadyError,
)
"""The errors of requests that the platform refuses before a model gets them."""


def may_have_run(failure: GrpcFailure | ModelError) -> bool:
    """Return whether the model may have run the request of an attempt that failed."""
    if isinstance(failure, GrpcFailure):
        return not failure.is_unsent and classify_failure(failure) not in (
            _OVERLOADED,
            _RATE_LIMITED,
        )
    info = classify_status(failure.code)
    return info.retryability is Retryability.NEVER and not issubclass(info.error, _NOT_RUN)


def failure_from_grpc(error: Any) -> GrpcFailure:
    """Convert an `RpcError` of grpc or grpc.aio to a `GrpcFailure`."""
    code = error.code()
    return GrpcFailure(code.name if code is not None else "UNKNOWN", error.details() or "")


def error_from_failure(
    failure: GrpcFailure, subject: str, *, timeout: float | None, has_results: bool = False
) -> CallError:
    """Convert a gRPC status to an error.

    Args:
        failure: The status.
        subject: First words of the message, such as the name of a method.
        timeout: Timeout of the call, in seconds, if it is over; None if the server has ended the call, or if there
            is no limit.
        has_results: Whether the call is a stream that has delivered results.
    """
    code, details = failure.code, failure.details
    error = classify_failure(failure).error
    if issubclass(error, DeadlineExceededError):
        if failure.idle_timeout is not None:
            return error(f"{subject}: {details}", timeout=failure.idle_timeout)
        cause = details or "DEADLINE_EXCEEDED"
        if timeout is not None and not failure.is_unsent:
            cause = "the stream did not end" if has_results else "no answer"
            cause += f" within {timeout:g} seconds"
        return error(f"{subject}: {cause}", timeout=timeout)
    remedy = _PROXY_REMEDIES.get(details)
    message = ": ".join(filter(None, (subject, code, details))) + (f"; {remedy}" if remedy else "")
    if issubclass(error, ModelError):
        return error(message, name=code, details=details)
    return error(message, code=code, details=details)
