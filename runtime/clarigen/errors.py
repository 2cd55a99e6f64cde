"""The errors that clients raise, in one small tree.

The classes know nothing of gRPC, protobuf or the platform's status codes: `_calls/status.py` and
`_calls/grpc_status.py` decide which status becomes which class. No error ever holds a credential.

    ClarigenError
    ├── ConfigError                a client that cannot work as configured
    ├── InputError (ValueError)    a value that does not fit; nothing was sent
    ├── ModelError                 the platform or the model answered with a failure
    │   ├── AuthenticationError    the credential is missing, unknown or expired
    │   ├── PermissionDeniedError  the credential may not do this
    │   ├── NotFoundError          no such model, version or deployment
    │   ├── RateLimitError         throttled, or a quota is used up
    │   ├── ModelNotReadyError     the model is starting, queued, busy or not deployed
    │   ├── PredictionError        the model failed on this input
    │   │   └── ToolError          a tool of an MCP model reported an error
    │   └── ServerError            the platform failed
    ├── TransportError             the call did not get through
    │   └── UnavailableError       the server cannot be reached or accepts no more calls
    ├── DeadlineExceededError (TimeoutError)
    ├── DecodeError                a response that does not match the signature
    └── SignatureMismatchError     the model is not the one the client was generated for
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

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
    "ToolError",
    "TransportError",
    "UnavailableError",
]


class ClarigenError(Exception):
    """Base of every error raised by a client. Its message is one printable line, whatever a server wrote.

    Attributes:
        inputs: Positions, from 0, of the inputs of a batch that the error is about; None if it is not about
            particular inputs. The request that failed may have had several.
    """

    inputs: range | None = None

    def __init__(self, message: str = "") -> None:
        from ._text import escape_unprintable

        super().__init__(escape_unprintable(message))


class ConfigError(ClarigenError):
    """A credential, an address or an option of a client is missing or wrong."""


class InputError(ClarigenError, ValueError):
    """A value does not fit its parameter. Raised before anything is sent.

    Attributes:
        method: Name of the method.
        parameter: Name of the parameter, with the path inside its value (`points[3].x`).
    """

    def __init__(self, message: str, *, method: str = "", parameter: str = "") -> None:
        super().__init__(message)
        self.method = method
        self.parameter = parameter


class ModelError(ClarigenError):
    """The platform or the model answered with a failure.

    Attributes:
        code: The platform's status code, for example 10020; 0 if gRPC refused the call.
        name: Name of the code, for example `FAILURE`.
        description: The platform's short text for the code.
        details: The cause, often the message of the model's own exception.
        request_id: The platform's id of the request; quote it when you ask for help.
        attempts: How often the request was sent; 0 if there was no connection.
        may_have_run: Whether the model may have run the request. False if it certainly has not, so that calling
            again is safe.
        elapsed: Duration of the call with all its attempts, in seconds.
        stack_trace: Traceback of the model's own exception, one entry per line, if the server sends it.
            Not part of the message: it may contain private details.
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
        may_have_run: bool = True,
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
        self.may_have_run = may_have_run
        self.elapsed = elapsed
        self.stack_trace = stack_trace


class AuthenticationError(ModelError):
    """The credential is missing, unknown or expired."""


class PermissionDeniedError(ModelError):
    """The credential is valid, but may not do this."""


class NotFoundError(ModelError):
    """There is no such model, version or deployment."""


class RateLimitError(ModelError):
    """There were too many requests, or a quota is used up."""


class ModelNotReadyError(ModelError):
    """The model is starting, queued, busy or not deployed."""


class PredictionError(ModelError):
    """The model failed on this input."""


class ToolError(PredictionError):
    """A tool of an MCP model reported an error, for example about its arguments.

    Attributes:
        content: The content blocks of the answer, as the server sent them. Their text is in `details`.
    """

    def __init__(
        self, message: str, *, details: str = "", content: Sequence[Mapping[str, Any]] = ()
    ) -> None:
        super().__init__(message, details=details)
        self.content = list(content)


class ServerError(ModelError):
    """The platform failed."""


class TransportError(ClarigenError):
    """The call did not get through to the model.

    Attributes:
        code: Name of the gRPC status, for example `UNIMPLEMENTED`.
        details: The cause, as gRPC describes it.
        attempts: How often the request was sent; 0 if there was no connection.
        may_have_run: Whether the model may have run the request. False if it certainly has not, so that calling
            again is safe.
        elapsed: Duration of the call with all its attempts, in seconds.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str = "",
        details: str = "",
        attempts: int = 1,
        may_have_run: bool = True,
        elapsed: float = 0.0,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.details = details
        self.attempts = attempts
        self.may_have_run = may_have_run
        self.elapsed = elapsed


class UnavailableError(TransportError):
    """The server cannot be reached, or accepts no more calls."""


class DeadlineExceededError(ClarigenError, TimeoutError):
    """The call took longer than its timeout.

    Attributes:
        timeout: The timeout, in seconds.
        attempts: How often the request was sent; 0 if there was no connection.
        may_have_run: Whether the model may have run the request. False if it certainly has not, so that calling
            again is safe.
        elapsed: Duration of the call with all its attempts, in seconds.
    """

    def __init__(
        self,
        message: str,
        *,
        timeout: float | None = None,
        attempts: int = 1,
        may_have_run: bool = True,
        elapsed: float = 0.0,
    ) -> None:
        super().__init__(message)
        self.timeout = timeout
        self.attempts = attempts
        self.may_have_run = may_have_run
        self.elapsed = elapsed


class DecodeError(ClarigenError):
    """A response does not match the signature of its method."""


class SignatureMismatchError(ClarigenError):
    """The deployed model is not the one that the client was generated for.

    Attributes:
        differences: The differences, one entry each.
    """

    def __init__(self, message: str, *, differences: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.differences = differences

    def __str__(self) -> str:
        """Return the message, followed by a line per difference."""
        from ._text import escape_unprintable

        return "\n  ".join([super().__str__(), *map(escape_unprintable, self.differences)])


def suggest(name: str, candidates: Iterable[str], quote: Callable[[str], str] = repr) -> str:
    """Return the end of a message about an unknown name: `; did you mean 'x'?`, or nothing.

    Args:
        name: The unknown name.
        candidates: The known names. The closest one is suggested; case does not matter.
        quote: Quotes the suggested name.
    """
    from difflib import get_close_matches

    by_lower_case = {candidate.lower(): candidate for candidate in candidates}
    closest = get_close_matches(name.lower(), by_lower_case, n=1)
    return f"; did you mean {quote(by_lower_case[closest[0]])}?" if closest else ""
