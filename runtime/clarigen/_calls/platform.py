"""What is asked of the platform beside calls: who `me` is, which version a model has, what state it is in.

What lives here: these questions, and the one that a model answers itself, each as a flow of `_call` that
makes one attempt: it ends with the answer, or raises what came in its place. When to ask, how often, and
what follows from an answer is for others to say.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, Final, Protocol, TypeAlias, TypeVar

from .._model_ref import ME, ModelRef
from .._proto import (
    Deployment,
    GetDeploymentRequest,
    GetModelRequest,
    GetModelVersionRequest,
    GetUserRequest,
    ModelVersion,
    MultiOutputResponse,
    PostModelOutputsRequest,
    ProtobufDecodeError,
    SingleDeploymentResponse,
    SingleModelResponse,
    SingleModelVersionResponse,
    SingleUserResponse,
    Status,
    UserAppIDSet,
)
from ..errors import DecodeError
from .actions import Send
from .status import error_from_status

UNIMPLEMENTED: Final = "UNIMPLEMENTED"
"""What a local runner, which knows its model and nothing else, says to all questions but the last."""

DEPLOYMENT_DISABLED: Final = 1
"""The status of a deployment that was disabled."""

_SIGNATURES_RPC: Final = "PostModelOutputs"


class _Response(Protocol):
    def ParseFromString(self, serialized: bytes) -> int: ...  # noqa: N802 - protobuf's name

    @property
    def status(self) -> Status: ...


_T = TypeVar("_T")
_ResponseT = TypeVar("_ResponseT", bound=_Response)

Query: TypeAlias = Generator[Send, Any, _T]


def get_user_id(timeout: float | None) -> Query[str]:
    """The id of the credential's owner."""
    request = GetUserRequest(user_app_id=UserAppIDSet(user_id=ME))
    response = yield from _ask(
        "GetUser", request.SerializeToString(), SingleUserResponse(), timeout
    )
    return response.user.id


def get_version_id(reference: ModelRef, version_id: str, timeout: float | None) -> Query[str]:
    """Return the id of a model's latest version, or `version_id` itself once the model is known to have it.

    Args:
        reference: The model.
        version_id: A version of it; empty for the latest.
        timeout: The deadline, in seconds from now; None for none.
    """
    request = GetModelRequest(
        user_app_id=_to_user_app_id(reference), model_id=reference.model_id, version_id=version_id
    )
    response = yield from _ask(
        "GetModel", request.SerializeToString(), SingleModelResponse(), timeout
    )
    return version_id or response.model.model_version.id


def get_version(reference: ModelRef, version_id: str, timeout: float | None) -> Query[ModelVersion]:
    """A version of a model by its id, with its state and its methods."""
    request = GetModelVersionRequest(
        user_app_id=_to_user_app_id(reference), model_id=reference.model_id, version_id=version_id
    )
    response = yield from _ask(
        "GetModelVersion", request.SerializeToString(), SingleModelVersionResponse(), timeout
    )
    return response.model_version


def get_deployment(deployment_id: str, user_id: str, timeout: float | None) -> Query[Deployment]:
    """A deployment by its id and its owner's."""
    request = GetDeploymentRequest(
        user_app_id=UserAppIDSet(user_id=user_id), deployment_id=deployment_id
    )
    response = yield from _ask(
        "GetDeployment", request.SerializeToString(), SingleDeploymentResponse(), timeout
    )
    return response.deployment


def get_signatures(address: bytes, timeout: float | None) -> Query[MultiOutputResponse]:
    """Return a model's own answer to the question for its methods. The model must run for that.

    Args:
        address: The part of the request that names the model.
        timeout: The deadline, in seconds from now; None for none.

    Raises:
        ModelError: The answer is a failure.
    """
    response = yield from get_signatures_response(address, timeout)
    raise_if_failed(response.status, _SIGNATURES_RPC)
    return response


def get_signatures_response(address: bytes, timeout: float | None) -> Query[MultiOutputResponse]:
    """Return the same answer, which may be a failure. The arguments are those of `get_signatures`."""
    reply = yield Send(_SIGNATURES_RPC, address + encode_signatures_request(), timeout)
    return _parse_response(_SIGNATURES_RPC, MultiOutputResponse(), reply)


def encode_signatures_request() -> bytes:
    """The request that asks a model for its methods, without its address."""
    request = PostModelOutputsRequest()
    data = request.inputs.add().data
    data.metadata.fields["_method_name"].string_value = "_GET_SIGNATURES"
    data.parts.add()
    return request.SerializeToString()


def _ask(
    rpc: str, request: bytes, response: _ResponseT, timeout: float | None
) -> Generator[Send, Any, _ResponseT]:
    reply = yield Send(rpc, request, timeout)
    _parse_response(rpc, response, reply)
    raise_if_failed(response.status, rpc)
    return response


def raise_if_failed(status: Status, rpc: str) -> None:
    """Raise the error of a status, if it is a failure.

    Args:
        status: The status of a response.
        rpc: The RPC that was called, for the message.

    Raises:
        ModelError: The status is a failure.
    """
    error = error_from_status(status, rpc)
    if error is not None:
        raise error


def _parse_response(rpc: str, response: _ResponseT, reply: bytes) -> _ResponseT:
    """Parse an answer into an empty message, and return it."""
    try:
        response.ParseFromString(reply)
    except ProtobufDecodeError as error:
        raise DecodeError(f"{rpc}: the answer is not a message: {error}") from None
    return response


def _to_user_app_id(reference: ModelRef) -> UserAppIDSet:
    return UserAppIDSet(user_id=reference.user_id, app_id=reference.app_id)
