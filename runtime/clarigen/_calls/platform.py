"""Queries to the platform, and one query that the model itself answers: `get_signatures_response`.

The platform is asked for the credential's owner, for models, their types and versions, and for deployments. Each query
is a flow (see `call`) of one attempt, which returns the answer or raises the error. Its `timeout` is that of the request,
in seconds; None means no limit. When to send it, how often, and what follows from the answer is up to the caller.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, Final, Protocol, TypeAlias, TypeVar

from .._model_ref import ME, ModelRef
from .._proto import (
    Deployment,
    GetDeploymentRequest,
    GetModelRequest,
    GetModelTypeRequest,
    GetModelVersionRequest,
    GetUserRequest,
    Model,
    ModelType,
    ModelVersion,
    MultiOutputResponse,
    PostModelOutputsRequest,
    ProtobufDecodeError,
    SingleDeploymentResponse,
    SingleModelResponse,
    SingleModelTypeResponse,
    SingleModelVersionResponse,
    SingleUserResponse,
    Status,
    UserAppIDSet,
)
from ..errors import DecodeError
from .actions import Send
from .status import raise_for_status

UNIMPLEMENTED: Final = "UNIMPLEMENTED"
"""gRPC status with which a local runner answers every query except `get_signatures_response`, because it knows only
its own model."""

DISABLED_STATE: Final = 1
"""The `status` of a `Deployment` that is disabled."""

SIGNATURES_RPC: Final = "PostModelOutputs"
"""The RPC of `get_signatures_response`, which is also that of predictions."""


class _Request(Protocol):
    def SerializeToString(self) -> bytes: ...  # noqa: N802 - protobuf's name


class _Response(Protocol):
    def ParseFromString(self, serialized: bytes) -> int: ...  # noqa: N802 - protobuf's name

    @property
    def status(self) -> Status: ...


_T = TypeVar("_T")
_ResponseT = TypeVar("_ResponseT", bound=_Response)

Query: TypeAlias = Generator[Send, Any, _T]
"""The flow of one request. It raises `DecodeError` if the reply is not a message and, except for
`get_signatures_response`, `ModelError` if the status of the response is a failure."""


def get_user_id(timeout: float | None) -> Query[str]:
    """Return the id of the credential's owner."""
    request = GetUserRequest(user_app_id=UserAppIDSet(user_id=ME))
    response = yield from _query("GetUser", request, SingleUserResponse(), timeout)
    return response.user.id


def get_model(reference: ModelRef, version_id: str, timeout: float | None) -> Query[Model]:
    """Return a model with one version, the latest if `version_id` is empty.

    Raises:
        ModelError: The platform does not have the version.
    """
    request = GetModelRequest(
        user_app_id=_to_user_app_id(reference), model_id=reference.model_id, version_id=version_id
    )
    response = yield from _query("GetModel", request, SingleModelResponse(), timeout)
    return response.model


def get_version_id(reference: ModelRef, version_id: str, timeout: float | None) -> Query[str]:
    """Return the id of a version of a model; see `get_model`."""
    model = yield from get_model(reference, version_id, timeout)
    return version_id or model.model_version.id


def get_model_type(
    reference: ModelRef, model_type_id: str, timeout: float | None
) -> Query[ModelType]:
    """Return a model type, given a model of this type."""
    request = GetModelTypeRequest(
        user_app_id=_to_user_app_id(reference), model_type_id=model_type_id
    )
    response = yield from _query("GetModelType", request, SingleModelTypeResponse(), timeout)
    return response.model_type


def get_version(reference: ModelRef, version_id: str, timeout: float | None) -> Query[ModelVersion]:
    """Return a version of a model, with its status and its signatures."""
    request = GetModelVersionRequest(
        user_app_id=_to_user_app_id(reference), model_id=reference.model_id, version_id=version_id
    )
    response = yield from _query("GetModelVersion", request, SingleModelVersionResponse(), timeout)
    return response.model_version


def get_deployment(deployment_id: str, owner: str, timeout: float | None) -> Query[Deployment]:
    """Return a deployment, given the user id of its owner."""
    request = GetDeploymentRequest(
        user_app_id=UserAppIDSet(user_id=owner), deployment_id=deployment_id
    )
    response = yield from _query("GetDeployment", request, SingleDeploymentResponse(), timeout)
    return response.deployment


def get_signatures_response(
    address_fields: bytes, timeout: float | None
) -> Query[MultiOutputResponse]:
    """Return the response in which a running model states its signatures, or whose status says why it does not.

    Args:
        address_fields: The fields of the request that address the model, from `Address.resolve`.
        timeout: Timeout of the request, in seconds; None for no limit.
    """
    reply = yield Send(SIGNATURES_RPC, address_fields + encode_signatures_request(), timeout)
    return _parse_response(SIGNATURES_RPC, MultiOutputResponse(), reply)


def encode_signatures_request() -> bytes:
    """Encode the request for a model's signatures, without its address."""
    request = PostModelOutputsRequest()
    data = request.inputs.add().data
    data.metadata.fields["_method_name"].string_value = "_GET_SIGNATURES"
    data.parts.add()
    return request.SerializeToString()


def _query(
    rpc: str, request: _Request, response: _ResponseT, timeout: float | None
) -> Generator[Send, Any, _ResponseT]:
    reply = yield Send(rpc, request.SerializeToString(), timeout)
    _parse_response(rpc, response, reply)
    raise_for_status(response.status, rpc)
    return response


def _parse_response(rpc: str, response: _ResponseT, reply: bytes) -> _ResponseT:
    """Parse a reply into an empty message, and return that message."""
    try:
        response.ParseFromString(reply)
    except ProtobufDecodeError as error:
        raise DecodeError(f"{rpc}: the response is not a protobuf message: {error}") from None
    return response


def _to_user_app_id(reference: ModelRef) -> UserAppIDSet:
    return UserAppIDSet(user_id=reference.user_id, app_id=reference.app_id)
