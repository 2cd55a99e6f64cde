"""The statuses of the platform, what is known of each, and the errors that they become; `grpc_status` has those of gRPC.

This is the only table of status codes. Retries, readiness, drift and errors use it, and list no codes of their own.
It imports neither grpc nor protobuf, so that a status can be looked up without them.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

from ..errors import (
    AuthenticationError,
    ModelError,
    ModelNotReadyError,
    NotFoundError,
    PermissionDeniedError,
    PredictionError,
    RateLimitError,
    ServerError,
)

if TYPE_CHECKING:
    from .._proto import Status

SUCCESS: Final = 10000
MIXED_STATUS: Final = 10010
FAILURE: Final = 10020
MODEL_TRAINED: Final = 21100
DEPLOYMENT_DISABLED: Final = 25903
INPUT_UNSUPPORTED_FORMAT: Final = 30101


class Retryability(Enum):
    """Whether a call that failed may be sent again.

    A prediction is billed and has no idempotency key. So by default it is sent again only if it cannot have run.
    """

    NEVER = auto()
    """The call would fail again, or it has run."""

    IF_IDEMPOTENT = auto()
    """The call may have run: like `TRANSIENT` if the client is idempotent, else like `NEVER`."""

    TRANSIENT = auto()
    """The call has not run and may succeed. `max_retries` and the retry throttle limit the attempts."""

    OVERLOADED = auto()
    """The server is at capacity: like `TRANSIENT`, but without limit while it makes progress with other calls."""

    STARTING = auto()
    """The model is starting. Only the deadline limits the attempts."""


Component: TypeAlias = Literal["version", "deployment"]
"""A part of a model that must be ready before the model can be called."""


class StatusInfo(NamedTuple):
    """What is known of a status of the platform.

    Attributes:
        name: Name in the platform's enum; empty for a code that the table does not list.
        error: Class of the error.
        retryability: Whether the call may be sent again.
        not_ready_reason: Why the model is not ready, as a clause; empty if this is not the problem.
        resolves_itself: Whether a model that is not ready becomes ready by itself.
        component: What is not ready; None if `not_ready_reason` is empty.
        proves_running: Whether only a running model answers with this status.
        suggests_drift: Whether the request does not suit the model, which may therefore have changed.
        is_exception: Whether the model's code raised an exception. Then the details say whether to suspect drift.
    """

    name: str
    error: type[ModelError]
    retryability: Retryability = Retryability.NEVER
    not_ready_reason: str = ""
    resolves_itself: bool = False
    component: Component | None = None
    proves_running: bool = False
    suggests_drift: bool = False
    is_exception: bool = False


def _starting_status(name: str, reason: str) -> StatusInfo:
    """Return the row of a model that is starting; calls are retried until it has started."""
    return StatusInfo(name, ModelNotReadyError, Retryability.STARTING, reason, True, "deployment")


def _temporary_status(name: str, component: Component, reason: str) -> StatusInfo:
    """Return the row of a model that becomes ready by itself; `wait_until_ready` waits for it, calls do not."""
    return StatusInfo(name, ModelNotReadyError, Retryability.NEVER, reason, True, component)


def _permanent_status(name: str, component: Component, reason: str) -> StatusInfo:
    """Return the row of a model that is not ready, and does not become ready by itself."""
    return StatusInfo(name, ModelNotReadyError, Retryability.NEVER, reason, False, component)


def _mismatch_status(name: str, error: type[ModelError]) -> StatusInfo:
    """Return the row of a request that does not suit the model."""
    return StatusInfo(name, error, suggests_drift=True)


def _exception_status(name: str) -> StatusInfo:
    """Return the row of an exception in the model's code."""
    return StatusInfo(name, PredictionError, proves_running=True, is_exception=True)


STATUSES: Final[Mapping[int, StatusInfo]] = {
    0: StatusInfo("ZERO", ServerError),
    10010: StatusInfo("MIXED_STATUS", PredictionError, proves_running=True),
    10020: _exception_status("FAILURE"),
    10030: StatusInfo("TRY_AGAIN", ServerError, Retryability.TRANSIENT),
    10040: _mismatch_status("NOT_IMPLEMENTED", ModelError),
    10050: StatusInfo("MOVED", ModelError),
    10070: StatusInfo("ACCEPTED", ModelError),
    11000: StatusInfo("CONN_ACCOUNT_ISSUES", PermissionDeniedError),
    11001: StatusInfo("CONN_TOKEN_INVALID", AuthenticationError),
    11002: StatusInfo("CONN_CREDENTIALS_INVALID", AuthenticationError),
    11003: StatusInfo("CONN_EXCEED_HOURLY_LIMIT", RateLimitError, Retryability.TRANSIENT),
    11004: StatusInfo("CONN_EXCEED_MONTHLY_LIMIT", RateLimitError),
    11005: StatusInfo("CONN_THROTTLED", RateLimitError, Retryability.TRANSIENT),
    11006: StatusInfo("CONN_EXCEEDS_LIMITS", RateLimitError),
    11007: StatusInfo("CONN_INSUFFICIENT_SCOPES", PermissionDeniedError),
    11008: StatusInfo("CONN_KEY_INVALID", AuthenticationError),
    11009: StatusInfo("CONN_KEY_NOT_FOUND", AuthenticationError),
    11100: _mismatch_status("CONN_BAD_REQUEST_FORMAT", ModelError),
    11101: StatusInfo("CONN_DOES_NOT_EXIST", NotFoundError),
    11102: _mismatch_status("CONN_INVALID_REQUEST", ModelError),
    11103: StatusInfo("CONN_METHOD_NOT_ALLOWED", ModelError),
    11104: StatusInfo("CONN_NO_GDPR_CONSENT", PermissionDeniedError),
    11105: StatusInfo("CONN_INVALID_RANGE", ModelError),
    11200: StatusInfo("CONN_AUTH_METHOD_DISABLED", AuthenticationError),
    21101: _temporary_status("MODEL_TRAINING", "version", "it is being trained"),
    21102: _permanent_status("MODEL_UNTRAINED", "version", "it has not been trained"),
    21103: _temporary_status("MODEL_QUEUED_FOR_TRAINING", "version", "it waits to be trained"),
    21104: _temporary_status("MODEL_UPLOADING", "version", "it is being uploaded"),
    21105: _permanent_status("MODEL_UPLOADING_FAILED", "version", "its upload failed"),
    21106: _permanent_status("MODEL_TRAINING_FAILED", "version", "its training failed"),
    21107: _temporary_status("MODEL_BUILDING", "version", "it is being built"),
    21108: _permanent_status("MODEL_BUILDING_FAILED", "version", "its build failed"),
    21109: _permanent_status(
        "MODEL_BUILD_UNEXPECTED_ERROR", "version", "its build failed unexpectedly"
    ),
    21200: StatusInfo("MODEL_DOES_NOT_EXIST", NotFoundError),
    21201: StatusInfo("MODEL_PERMISSION_DENIED", PermissionDeniedError),
    21202: _mismatch_status("MODEL_INVALID_ARGUMENT", PredictionError),
    21203: _mismatch_status("MODEL_INVALID_REQUEST", PredictionError),
    21313: _exception_status("MODEL_PREDICTION_FAILED"),
    21350: _permanent_status("MODEL_DEPLOYMENT_FAILED", "deployment", "its deployment failed"),
    21351: _starting_status("MODEL_DEPLOYING", "it is being deployed"),
    21352: _temporary_status(
        "MODEL_QUEUED_FOR_DEPLOYMENT", "deployment", "it is queued to be deployed"
    ),
    21353: _permanent_status("MODEL_NOT_DEPLOYED", "deployment", "it is not deployed"),
    21354: _starting_status("MODEL_BUSY_PLEASE_RETRY", "it is busy"),
    21355: _starting_status("MODEL_LOADING", "it is being loaded"),
    25600: StatusInfo("RUNNER_DOES_NOT_EXIST", NotFoundError),
    25601: StatusInfo("RUNNER_PERMISSION_DENIED", PermissionDeniedError),
    25602: _mismatch_status("RUNNER_INVALID_ARGUMENT", ModelError),
    25603: _mismatch_status("RUNNER_INVALID_REQUEST", ModelError),
    25604: StatusInfo("RUNNER_NEEDS_RETRY", ServerError, Retryability.TRANSIENT),
    25605: StatusInfo("RUNNER_STREAM_START", ServerError),
    25606: StatusInfo("RUNNER_STREAM_END", ServerError),
    25607: StatusInfo("RUNNER_ITEM_CANCELLED", ServerError),
    25608: _exception_status("RUNNER_PROCESSING_FAILED"),
    25609: StatusInfo("RUNNER_SPECIAL_HANDLING_NOT_COMPLETE", ModelError),
    25700: StatusInfo("NODEPOOL_DOES_NOT_EXIST", NotFoundError),
    25800: StatusInfo("COMPUTE_CLUSTER_DOES_NOT_EXIST", NotFoundError),
    25900: StatusInfo("DEPLOYMENT_DOES_NOT_EXIST", NotFoundError),
    25903: _permanent_status("DEPLOYMENT_DISABLED", "deployment", "the deployment is disabled"),
    30002: StatusInfo("INPUT_DOWNLOAD_FAILED", PredictionError),
    30101: StatusInfo("INPUT_UNSUPPORTED_FORMAT", PredictionError, proves_running=True),
    30102: StatusInfo("INPUT_DOES_NOT_EXIST", PredictionError),
    30104: _mismatch_status("INPUT_INVALID_ARGUMENT", PredictionError),
    30105: StatusInfo("INPUT_OVER_LIMIT", PredictionError),
    30106: StatusInfo("INPUT_INVALID_URL", PredictionError),
    30300: StatusInfo("ALL_INPUT_INVALID_BYTES", PredictionError),
    39999: _mismatch_status("INPUT_INVALID_REQUEST", PredictionError),
    40001: _mismatch_status("PREDICT_INVALID_REQUEST", PredictionError),
    40030: StatusInfo("RPC_REQUEST_QUEUE_FULL", ServerError, Retryability.TRANSIENT),
    40031: StatusInfo("RPC_SERVER_UNAVAILABLE", ServerError, Retryability.TRANSIENT),
    40032: StatusInfo("RPC_REQUEST_TIMEOUT", ServerError),
    40033: StatusInfo("RPC_MAX_MESSAGE_SIZE_EXCEEDED", PredictionError),
    90500: StatusInfo("SERVER_ERROR", ServerError),
    99009: StatusInfo("INTERNAL_UNCATEGORIZED", ServerError),
}
"""The statuses that a client of models can get, from the platform's public `StatusCode` enum, by code."""

CODES_BY_NAME: Final[Mapping[str, int]] = {info.name: code for code, info in STATUSES.items()}

_UNLISTED: Final = StatusInfo("", ModelError)
_UNLISTED_INTERNAL: Final = StatusInfo("", ServerError)
_INTERNAL_CODES: Final = range(98000, 99000)  # errors inside the platform, none in the table


def classify_status(code: int) -> StatusInfo:
    """Return what is known of a status of the platform, even if the table does not list its code."""
    unlisted = _UNLISTED_INTERNAL if code in _INTERNAL_CODES else _UNLISTED
    return STATUSES.get(code, unlisted)


_CLOSED_SERVER: Final = "ClosedResourceError"
"""The exception, without a message, that the SDK raises if a model's MCP server has ended."""


def error_from_status(status: Status, subject: str = "") -> ModelError | None:
    """Convert a status of the platform to an error; return None for success.

    Args:
        status: The status of a response or of one of its outputs.
        subject: First words of the message, such as the name of a method.
    """
    if status.code == SUCCESS:
        return None
    info = classify_status(status.code)
    label = f"{status.code} {info.name}".rstrip()
    # Some servers give the cause in `internal_details` alone.
    details = status.details or status.internal_details or _explain_trace(status)
    cause = ": ".join(text for text in (status.description, details) if text)
    message = f"{label}: {cause}" if cause else label
    if status.req_id:
        message += f" [request {status.req_id}]"
    return info.error(
        f"{subject}: {message}" if subject else message,
        code=status.code,
        name=info.name,
        description=status.description,
        details=details,
        request_id=status.req_id,
        stack_trace=tuple(status.stack_trace),
    )


def _explain_trace(status: Status) -> str:
    """Return the cause of a failure without a text of its own, from its stack trace; empty if unknown."""
    trace = status.stack_trace
    if not any(_CLOSED_SERVER in line for line in trace[-2:]):
        return ""
    from .._wire.json_rpc import STOPPED_SERVER, TRANSPORT_METHOD

    return STOPPED_SERVER if any(TRANSPORT_METHOD in line for line in trace) else ""


def raise_for_status(status: Status, subject: str = "") -> None:
    """Raise an error if a status of the platform is not success.

    Args:
        status: The status of a response or of one of its outputs.
        subject: First words of the message, such as the name of a method.

    Raises:
        ModelError: The status is not success.
    """
    error = error_from_status(status, subject)
    if error is not None:
        raise error
