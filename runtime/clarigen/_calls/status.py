"""What the platform's and gRPC's statuses mean, as errors.

What lives here: the only tables from a status to an error class, and the wording of those errors.
The numbers are those of the platform's public StatusCode enum that a client of models can meet; any
other becomes a plain `ModelError` with its number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

from ..errors import (
    AuthenticationError,
    DeadlineExceededError,
    ModelError,
    ModelNotReadyError,
    NotFoundError,
    PermissionDeniedError,
    PredictionError,
    RateLimitError,
    ServerError,
    TransportError,
    UnavailableError,
)
from .actions import Failure

if TYPE_CHECKING:
    from .._proto import Status

SUCCESS: Final = 10000
MIXED_STATUS: Final = 10010
MODEL_TRAINED: Final = 21100
INPUT_UNSUPPORTED_FORMAT: Final = 30101

_CODES: Final[dict[int, tuple[str, type[ModelError]]]] = {
    0: ("ZERO", ServerError),
    10010: ("MIXED_STATUS", PredictionError),
    10020: ("FAILURE", PredictionError),
    10030: ("TRY_AGAIN", ServerError),
    10040: ("NOT_IMPLEMENTED", ModelError),
    10050: ("MOVED", ModelError),
    10070: ("ACCEPTED", ModelError),
    11000: ("CONN_ACCOUNT_ISSUES", PermissionDeniedError),
    11001: ("CONN_TOKEN_INVALID", AuthenticationError),
    11002: ("CONN_CREDENTIALS_INVALID", AuthenticationError),
    11003: ("CONN_EXCEED_HOURLY_LIMIT", RateLimitError),
    11004: ("CONN_EXCEED_MONTHLY_LIMIT", RateLimitError),
    11005: ("CONN_THROTTLED", RateLimitError),
    11006: ("CONN_EXCEEDS_LIMITS", RateLimitError),
    11007: ("CONN_INSUFFICIENT_SCOPES", PermissionDeniedError),
    11008: ("CONN_KEY_INVALID", AuthenticationError),
    11009: ("CONN_KEY_NOT_FOUND", AuthenticationError),
    11100: ("CONN_BAD_REQUEST_FORMAT", ModelError),
    11101: ("CONN_DOES_NOT_EXIST", NotFoundError),
    11102: ("CONN_INVALID_REQUEST", ModelError),
    11103: ("CONN_METHOD_NOT_ALLOWED", ModelError),
    11104: ("CONN_NO_GDPR_CONSENT", PermissionDeniedError),
    11105: ("CONN_INVALID_RANGE", ModelError),
    11200: ("CONN_AUTH_METHOD_DISABLED", AuthenticationError),
    21101: ("MODEL_TRAINING", ModelNotReadyError),
    21102: ("MODEL_UNTRAINED", ModelNotReadyError),
    21103: ("MODEL_QUEUED_FOR_TRAINING", ModelNotReadyError),
    21104: ("MODEL_UPLOADING", ModelNotReadyError),
    21105: ("MODEL_UPLOADING_FAILED", ModelNotReadyError),
    21106: ("MODEL_TRAINING_FAILED", ModelNotReadyError),
    21107: ("MODEL_BUILDING", ModelNotReadyError),
    21108: ("MODEL_BUILDING_FAILED", ModelNotReadyError),
    21109: ("MODEL_BUILD_UNEXPECTED_ERROR", ModelNotReadyError),
    21200: ("MODEL_DOES_NOT_EXIST", NotFoundError),
    21201: ("MODEL_PERMISSION_DENIED", PermissionDeniedError),
    21202: ("MODEL_INVALID_ARGUMENT", PredictionError),
    21203: ("MODEL_INVALID_REQUEST", PredictionError),
    21313: ("MODEL_PREDICTION_FAILED", PredictionError),
    21350: ("MODEL_DEPLOYMENT_FAILED", ModelNotReadyError),
    21351: ("MODEL_DEPLOYING", ModelNotReadyError),
    21352: ("MODEL_QUEUED_FOR_DEPLOYMENT", ModelNotReadyError),
    21353: ("MODEL_NOT_DEPLOYED", ModelNotReadyError),
    21354: ("MODEL_BUSY_PLEASE_RETRY", ModelNotReadyError),
    21355: ("MODEL_LOADING", ModelNotReadyError),
    25600: ("RUNNER_DOES_NOT_EXIST", NotFoundError),
    25601: ("RUNNER_PERMISSION_DENIED", PermissionDeniedError),
    25602: ("RUNNER_INVALID_ARGUMENT", ModelError),
    25603: ("RUNNER_INVALID_REQUEST", ModelError),
    25604: ("RUNNER_NEEDS_RETRY", ServerError),
    25605: ("RUNNER_STREAM_START", ServerError),
    25606: ("RUNNER_STREAM_END", ServerError),
    25607: ("RUNNER_ITEM_CANCELLED", ServerError),
    25608: ("RUNNER_PROCESSING_FAILED", PredictionError),
    25609: ("RUNNER_SPECIAL_HANDLING_NOT_COMPLETE", ModelError),
    25700: ("NODEPOOL_DOES_NOT_EXIST", NotFoundError),
    25800: ("COMPUTE_CLUSTER_DOES_NOT_EXIST", NotFoundError),
    25900: ("DEPLOYMENT_DOES_NOT_EXIST", NotFoundError),
    25903: ("DEPLOYMENT_DISABLED", ModelNotReadyError),
    30002: ("INPUT_DOWNLOAD_FAILED", PredictionError),
    30101: ("INPUT_UNSUPPORTED_FORMAT", PredictionError),
    30102: ("INPUT_DOES_NOT_EXIST", PredictionError),
    30104: ("INPUT_INVALID_ARGUMENT", PredictionError),
    30105: ("INPUT_OVER_LIMIT", PredictionError),
    30106: ("INPUT_INVALID_URL", PredictionError),
    30300: ("ALL_INPUT_INVALID_BYTES", PredictionError),
    39999: ("INPUT_INVALID_REQUEST", PredictionError),
    40001: ("PREDICT_INVALID_REQUEST", PredictionError),
    40030: ("RPC_REQUEST_QUEUE_FULL", ServerError),
    40031: ("RPC_SERVER_UNAVAILABLE", ServerError),
    40032: ("RPC_REQUEST_TIMEOUT", ServerError),
    40033: ("RPC_MAX_MESSAGE_SIZE_EXCEEDED", PredictionError),
    90500: ("SERVER_ERROR", ServerError),
    99009: ("INTERNAL_UNCATEGORIZED", ServerError),
}
_INTERNAL: Final = range(98000, 99000)

CODES_BY_NAME: Final[dict[str, int]] = {name: code for code, (name, _) in _CODES.items()}
"""The same codes by name."""

UNREADY: Final[dict[int, tuple[str, bool]]] = {
    21101: ("it is being trained", True),
    21102: ("it has not been trained", False),
    21103: ("it waits to be trained", True),
    21104: ("it is being uploaded", True),
    21105: ("its upload failed", False),
    21106: ("its training failed", False),
    21107: ("it is being built", True),
    21108: ("its build failed", False),
    21109: ("its build failed unexpectedly", False),
    21350: ("its deployment failed", False),
    21351: ("it is being deployed", True),
    21352: ("it is queued to be deployed", True),
    21353: ("it is not deployed", False),
    21354: ("it is busy", True),
    21355: ("it is being loaded", True),
    25903: ("the deployment is disabled", False),
}
"""Why a model cannot be called, in words, and whether that passes by itself: up to 21109 of a version, then
of where it runs."""

CallError: TypeAlias = ModelError | TransportError | DeadlineExceededError
"""The errors of what was sent: `Attempts.told` fills in how often, and how long it took."""

_GRPC: Final[dict[str, type[ModelError]]] = {
    "UNAUTHENTICATED": AuthenticationError,
    "PERMISSION_DENIED": PermissionDeniedError,
    "NOT_FOUND": NotFoundError,
}


def failure_from_grpc(error: Any) -> Failure:
    """The failure that an `RpcError` of either grpc stands for."""
    code = error.code()
    return Failure(code.name if code is not None else "UNKNOWN", error.details() or "")


def error_from_status(status: Status, subject: str = "") -> ModelError | None:
    """The error that a status of the platform stands for; None for success.

    Args:
        status: The status of a response or of one output.
        what: What was asked, as the first word of the message: a method's name.
    """
    if status.code == SUCCESS:
        return None
    name, kind = _CODES.get(
        status.code, ("", ServerError if status.code in _INTERNAL else ModelError)
    )
    known = f"{status.code} {name}".rstrip()
    # Some servers give the cause in `internal_details` alone.
    details = status.details or status.internal_details
    words = ": ".join(text for text in (status.description, details) if text)
    message = f"{known}: {words}" if words else known
    if status.req_id:
        message += f" [request {status.req_id}]"
    return kind(
        f"{subject}: {message}" if subject else message,
        code=status.code,
        name=name,
        description=status.description,
        details=details,
        request_id=status.req_id,
        stack_trace=tuple(status.stack_trace),
    )


def error_from_failure(failure: Failure, subject: str, *, timeout: float | None) -> CallError:
    """The error that a gRPC status stands for.

    Args:
        failure: The status.
        what: What was asked, as the first word of the message: a method's name.
        timeout: The timeout that the call had, in seconds.
    """
    code, details = failure.code, failure.details
    if code == "DEADLINE_EXCEEDED":
        message = (
            f"{subject}: no answer within {timeout:g} seconds"
            if timeout
            else f"{subject}: {details}"
        )
        return DeadlineExceededError(message, timeout=timeout)
    message = f"{subject}: {code}: {details}"
    if code in _GRPC:
        return _GRPC[code](message, name=code, details=details)
    refused = code == "RESOURCE_EXHAUSTED" and "larger than max" not in details
    kind = UnavailableError if code == "UNAVAILABLE" or refused else TransportError
    return kind(message, code=code, details=details)
