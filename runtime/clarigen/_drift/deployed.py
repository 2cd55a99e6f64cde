"""The signatures of a deployed model: whether the platform or the model is asked for them, and what they answer.

Only the generator and clients with `verify=True` load this module. It re-exports `read_lock` and
`describe_differences`, so that a comparison needs one import.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

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
from .._calls.status import raise_for_status
from ..errors import DecodeError
from .difference import describe_differences
from .lock import read_lock
from .signature import Signature, read_signatures

if TYPE_CHECKING:
    from .._proto import MethodSignature, MultiOutputResponse, Status

__all__ = [
    "DeployedSignatures",
    "describe_differences",
    "fetch_signatures",
    "get_deployed_signatures",
    "read_lock",
]


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


def fetch_signatures(
    address: Address, deadline: Deadline
) -> Generator[Send, Any, dict[str, Signature]]:
    """Get the signatures of the model at an address and read them. Return them by the name of the method.

    Raises:
        GrpcFailure: A request failed.
        ModelError: The platform or the model refused a request.
        DecodeError: The model's response holds no signatures.
    """
    _, stored, response = yield from get_deployed_signatures(address, deadline.remaining)
    if response is None:
        return read_signatures(stored)
    raise_for_status(response.status, SIGNATURES_RPC)
    text = response.outputs[0].data.text.raw if response.outputs else ""
    if not text:
        return {}  # a legacy model, without typed methods
    try:
        content = json.loads(text)
        return read_signatures({"name": name, **entry} for name, entry in content.items())
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise DecodeError("the model's response holds no signatures") from None
