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
    SingleDeploymentResponse,
    SingleModelResponse,
    SingleModelVersionResponse,
    SingleUserResponse,
    Status,
    UnreadableError,
    UserAppIDSet,
)
from ..errors import DecodeError
from .actions import Send
from .status import status_error

UNKNOWN_CALL: Final = "UNIMPLEMENTED"
"""What a local runner, which knows its model and nothing else, says to all questions but the last."""

DISABLED: Final = 1
"""The status of a deployment that was disabled."""


class _Response(Protocol):
    def ParseFromString(self, serialized: bytes) -> int: ...  # noqa: N802 - protobuf's name

    @property
    def status(self) -> Status: ...


_T = TypeVar("_T")
_M = TypeVar("_M", bound=_Response)

Question: TypeAlias = Generator[Send, Any, _T]


def owner(timeout: float | None) -> Question[str]:
    """The id of the credential's owner."""
    request = GetUserRequest(user_app_id=UserAppIDSet(user_id=ME))
    response = yield from _asked(
        "GetUser", request.SerializeToString(), SingleUserResponse(), timeout
    )
    return response.user.id


def latest_version(reference: ModelRef, timeout: float | None) -> Question[ModelVersion]:
    """The latest version of a model: of it, no more than the id is certain to be told."""
    request = GetModelRequest(user_app_id=_app(reference), model_id=reference.model_id)
    response = yield from _asked(
        "GetModel", request.SerializeToString(), SingleModelResponse(), timeout
    )
    return response.model.model_version


def version(reference: ModelRef, version_id: str, timeout: float | None) -> Question[ModelVersion]:
    """A version of a model by its id, with its state and its methods."""
    request = GetModelVersionRequest(
        user_app_id=_app(reference), model_id=reference.model_id, version_id=version_id
    )
    response = yield from _asked(
        "GetModelVersion", request.SerializeToString(), SingleModelVersionResponse(), timeout
    )
    return response.model_version


def deployment(deployment_id: str, user_id: str, timeout: float | None) -> Question[Deployment]:
    """A deployment by its id and its owner's."""
    request = GetDeploymentRequest(
        user_app_id=UserAppIDSet(user_id=user_id), deployment_id=deployment_id
    )
    response = yield from _asked(
        "GetDeployment", request.SerializeToString(), SingleDeploymentResponse(), timeout
    )
    return response.deployment


def methods(address: bytes, timeout: float | None) -> Question[MultiOutputResponse]:
    """What a model answers that is asked for its methods: it has to run for that.

    Args:
        address: The part of the request that says which model is meant.
        timeout: The deadline, in seconds from now; None for none.
    """
    reply = yield Send("PostModelOutputs", address + method_question(), timeout)
    return _read("PostModelOutputs", MultiOutputResponse(), reply)


def method_question() -> bytes:
    """The request that asks a model for its methods, without its address."""
    request = PostModelOutputsRequest()
    data = request.inputs.add().data
    data.metadata.fields["_method_name"].string_value = "_GET_SIGNATURES"
    data.parts.add()
    return request.SerializeToString()


def _asked(
    rpc: str, request: bytes, response: _M, timeout: float | None
) -> Generator[Send, Any, _M]:
    reply = yield Send(rpc, request, timeout)
    return _read(rpc, response, reply)


def _read(rpc: str, response: _M, reply: bytes) -> _M:
    """The answer, into an empty message; ModelError if it is a failure."""
    try:
        response.ParseFromString(reply)
    except UnreadableError as error:
        raise DecodeError(f"{rpc}: the answer is not a message: {error}") from None
    failed = status_error(response.status, rpc)
    if failed is not None:
        raise failed
    return response


def _app(reference: ModelRef) -> UserAppIDSet:
    return UserAppIDSet(user_id=reference.user_id, app_id=reference.app_id)
