"""Every error that a client raises, in one small tree.

What lives here: the classes and what they carry. It knows nothing of gRPC, protobuf or the
platform's numbers; which status becomes which class is decided in `_status`. No error ever holds a
credential.

    ClarigenError
    ├── ConfigError                a client that cannot work as configured
    ├── InputError (ValueError)    a value that does not fit; nothing was sent
    ├── ModelError                 the platform or the model answered with a failure
    │   ├── AuthenticationError    the credential is missing, unknown or expired
    │   ├── PermissionDeniedError  the credential may not do this
    │   ├── NotFoundError          no such model, version or deployment
    │   ├── RateLimitError         throttled, or a quota is used up
    │   ├── ModelNotReadyError     the model is starting, queued or not deployed
    │   ├── PredictionError        the model failed on this input
    │   └── ServerError            the platform failed
    ├── TransportError             the call did not get through
    │   └── UnavailableError       the server cannot be reached or takes no more calls
    ├── DeadlineExceededError (TimeoutError)
    ├── DecodeError                an answer that is not what the signature says
    └── SignatureMismatchError     the model is not the one the client was generated for
"""

from __future__ import annotations

__all__ = [
    "AuthenticationError",
    "ClarigenError",
    "ConfigError",
    "DeadlineExceededError",
    "DecodeError",
    "InputError",
    "ModelError",
    "ModelNotReadyError",
    "NotFoundError",
    "PermissionDeniedError",
    "PredictionError",
    "RateLimitError",
    "ServerError",
    "SignatureMismatchError",
    "TransportError",
    "UnavailableError",
]


class ClarigenError(Exception):
    """Base of every error raised by a client."""


class ConfigError(ClarigenError):
    """A credential, an address or an option of a client is missing or wrong."""


class InputError(ClarigenError, ValueError):
    """A value that does not fit its parameter. Raised before anything is sent.

    Attributes:
        method: The method that was called.
        parameter: The parameter, with the path inside it (`points[3].x`).
    """

    def __init__(self, message: str, *, method: str = "", parameter: str = "") -> None:
        super().__init__(message)
        self.method = method
        self.parameter = parameter


class ModelError(ClarigenError):
    """The platform or the model answered with a failure.

    Attributes:
        code: The platform's status code, for example 10020; 0 where gRPC itself refused the call.
        name: The code's name, for example `FAILURE`.
        description: The platform's short text for the code.
        details: The cause in words, often the text of the model's own exception.
        request_id: The platform's id of the request; quote it when asking for help.
        attempts: How often the request was sent.
        elapsed: How long the call took with all its attempts, in seconds.
        stack_trace: Where the model itself failed, line by line, if it tells. It stands nowhere else:
            it may hold what the model's owner keeps private.
    """

    def __init__(
        self,
        message: str,
        *,
        code: int = 0,
        name: str = "",
        description: str = "",
        details: str = "",
        request_id: str = "",
        attempts: int = 1,
        elapsed: float = 0.0,
        stack_trace: tuple[str, ...] = (),
    ) -> None:
        super().__init__(message)
        self.code = code
        self.name = name
        self.description = description
        self.details = details
        self.request_id = request_id
        self.attempts = attempts
        self.elapsed = elapsed
        self.stack_trace = stack_trace


class AuthenticationError(ModelError):
    """The credential is missing, unknown or expired."""


class PermissionDeniedError(ModelError):
    """The credential is known, but may not do this."""


class NotFoundError(ModelError):
    """There is no such model, version or deployment."""


class RateLimitError(ModelError):
    """Too many requests, or a quota is used up."""


class ModelNotReadyError(ModelError):
    """The model is starting, queued, busy or not deployed."""


class PredictionError(ModelError):
    """The model failed on this input."""


class ServerError(ModelError):
    """The platform failed."""


class TransportError(ClarigenError):
    """The call did not get through to the model.

    Attributes:
        code: The name of the gRPC status, for example `UNIMPLEMENTED`.
        details: What gRPC says of the cause.
        attempts: How often the request was sent.
        elapsed: How long the call took with all its attempts, in seconds.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str = "",
        details: str = "",
        attempts: int = 1,
        elapsed: float = 0.0,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.details = details
        self.attempts = attempts
        self.elapsed = elapsed


class UnavailableError(TransportError):
    """The server cannot be reached, or takes no more calls."""


class DeadlineExceededError(ClarigenError, TimeoutError):
    """The call took longer than its timeout.

    Attributes:
        timeout: The timeout, in seconds.
        attempts: How often the request was sent.
        elapsed: How long the call took with all its attempts, in seconds.
    """

    def __init__(
        self,
        message: str,
        *,
        timeout: float | None = None,
        attempts: int = 1,
        elapsed: float = 0.0,
    ) -> None:
        super().__init__(message)
        self.timeout = timeout
        self.attempts = attempts
        self.elapsed = elapsed


class DecodeError(ClarigenError):
    """An answer that is not what the method's signature says."""


class SignatureMismatchError(ClarigenError):
    """The deployed model is not the one that the client was generated for.

    Attributes:
        differences: What differs, in words, one entry each.
    """

    def __init__(self, message: str, *, differences: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.differences = differences
