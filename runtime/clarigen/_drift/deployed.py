"""The signatures of a deployed model: whether the platform or the model is asked for them, and what they answer.

Only the generator and comparisons load this module.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from .._calls import platform
from .._calls.actions import GrpcFailure, Send
from .._calls.address import Address
from .._calls.platform import (
    SIGNATURES_RPC,
    UNIMPLEMENTED,
    get_signatures_response,
    get_version,
    get_version_id,
)
from .._calls.retry import Deadline
from .._calls.status import INPUT_UNSUPPORTED_FORMAT, SUCCESS, raise_for_status
from .._model_ref import ModelRef
from ..errors import DecodeError
from .derived_signatures import derive_signatures
from .interface import Method
from .model_type import UnknownModelTypeError, convert_model_type
from .signature import read_signatures

if TYPE_CHECKING:
    from .._proto import MethodSignature, ModelType, ModelTypeField, MultiOutputResponse, Status

__all__ = [
    "DeployedSignatures",
    "fetch_methods",
    "get_deployed_signatures",
    "get_model_type",
    "parse_methods",
    "read_response_text",
]

_NOT_AN_IMAGE: Final = "cannot identify image file"
"""The start of the error of the oldest models, which mistake the request for an image."""

_NO_METHODS: Final = ("", "{}")
"""The answers of a model without signatures."""


class DeployedSignatures(NamedTuple):
    """The signatures of a deployed model, as the platform or the model sent them.

    Attributes:
        version_id: The version that they belong to; empty if unknown.
        stored: The signatures that the platform stores for the version.
        response: The model's own answer, which may be a failure; None if the platform stores signatures.
    """

    version_id: str
    stored: Sequence[MethodSignature] = ()
    response: MultiOutputResponse | None = None


def get_deployed_signatures(
    address: Address,
    remaining: Callable[[], float | None],
    *,
    pin_version: bool = False,
    check_version: Callable[[str, Status], None] | None = None,
) -> Generator[Send, Any, DeployedSignatures]:
    """Get the signatures that the platform stores for a model or, if it stores none, ask the model itself.

    If the address has a deployment or nodepool but no version, only the model is asked, because the platform does
    not say which version runs there. The model is also asked if a local runner answers the query to the platform
    with UNIMPLEMENTED.

    Args:
        address: The model.
        remaining: Returns the time left for a request, in seconds; None for no limit.
        pin_version: Whether all requests are about one version. If so, the platform must confirm the version of
            the address, if it has one, and the request to the model names the version.
        check_version: Called with the version's id and its status on the platform. It may raise an exception.

    Raises:
        GrpcFailure: A request failed.
        ModelError: The platform refused a request.
    """
    reference, version_id = address.reference, address.version_id
    if reference is not None and (version_id or not address.routing.is_set):
        try:
            if pin_version or not version_id:
                version_id = yield from get_version_id(reference, version_id, remaining())
            version = yield from get_version(reference, version_id, remaining())
        except GrpcFailure as failure:
            if failure.code != UNIMPLEMENTED:
                raise
        else:
            if check_version is not None:
                check_version(version_id, version.status)
            if version.method_signatures:
                return DeployedSignatures(version_id, version.method_signatures)
    if pin_version:
        address = Address(reference, version_id, address.routing)
    address_fields = yield from address.resolve(remaining)
    response = yield from get_signatures_response(address_fields, remaining())
    return DeployedSignatures(version_id, response=response)


def read_response_text(response: MultiOutputResponse) -> str:
    """Return the signatures in a model's own response, as JSON text; empty if the model has none.

    Raises:
        ModelError: The model failed.
    """
    output = response.outputs[0] if response.outputs else None
    has_failed = response.status.code != SUCCESS
    if response.status.code == INPUT_UNSUPPORTED_FORMAT:
        return ""
    if has_failed and output is not None and output.status.description.startswith(_NOT_AN_IMAGE):
        return ""
    raise_for_status(response.status, SIGNATURES_RPC)
    text = output.data.text.raw if output is not None else ""
    return "" if text.strip() in _NO_METHODS else text


def get_model_type(
    reference: ModelRef | None, version_id: str, remaining: Callable[[], float | None]
) -> Generator[Send, Any, tuple[ModelType, Sequence[ModelTypeField]] | None]:
    """Get the type of a model and the parameters that the model has in addition.

    Args:
        reference: The model; None for the only one that a runner serves.
        version_id: Its version; empty for the latest.
        remaining: Returns the time left for a request, in seconds; None for no limit.

    Returns:
        The type and the parameters; None if a runner serves the model, or the model has no type.

    Raises:
        Failure: A request failed.
        ModelError: The platform refused a request.
    """
    if reference is None:
        return None
    try:
        model = yield from platform.get_model(reference, version_id, remaining())
        if not model.model_type_id:
            return None
        type_ = yield from platform.get_model_type(reference, model.model_type_id, remaining())
    except GrpcFailure as failure:
        if failure.code != UNIMPLEMENTED:
            raise
        return None
    return type_, model.model_version.output_info.params_specs


def fetch_methods(
    address: Address, deadline: Deadline
) -> Generator[Send, Any, tuple[str, dict[str, Method]]]:
    """Get the methods of the model at an address, by name, and the version that they belong to; empty if unknown.

    Raises:
        GrpcFailure: A request failed.
        ModelError: The platform or the model refused a request.
        DecodeError: The model's response holds no signatures.
    """
    version_id, stored, response = yield from get_deployed_signatures(address, deadline.remaining)
    if response is None:
        return version_id, read_signatures(stored)
    text = read_response_text(response)
    if text:
        return version_id, parse_methods(text)
    answer = yield from get_model_type(address.reference, version_id, deadline.remaining)
    return version_id, {} if answer is None else _derive_signatures(*answer)


def parse_methods(text: str) -> dict[str, Method]:
    """Return the methods in a model's own response; raise `DecodeError` if it holds none."""
    try:
        content: Mapping[str, Any] = json.loads(text)
        return read_signatures({"name": name, **entry} for name, entry in content.items())
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise DecodeError("the model's response holds no signatures") from None


def _derive_signatures(
    model_type: ModelType, params_specs: Sequence[ModelTypeField]
) -> dict[str, Method]:
    """Return the signatures that a model type stands for; none if no method can be derived from it."""
    if model_type.method_signatures:
        return read_signatures(model_type.method_signatures)
    try:
        document = convert_model_type(model_type, params_specs)
        return read_signatures(derive_signatures(document))
    except UnknownModelTypeError:
        return {}
