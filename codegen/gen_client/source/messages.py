"""The platform's messages as plain values, and the question that a model itself answers.

What lives here: `plain`, from a `MethodSignature` message to its JSON form; `ask_model`, the call of
`_GET_SIGNATURES`. Shared by the places that speak the protocol; protobuf goes no further.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, TypeVar

from clarigen import ModelRef
from clarigen.errors import DecodeError
from gen_client import json_text, limits
from gen_client.diagnostics import Refusal
from gen_client.exit_codes import UNUSABLE
from gen_client.source.forms import signatures_by_name
from gen_client.text import escape_unprintable

if TYPE_CHECKING:
    from clarigen import _proto
    from clarigen._sync.connection import Connection

    _M = TypeVar(
        "_M",
        _proto.MultiOutputResponse,
        _proto.SingleModelResponse,
        _proto.SingleModelVersionResponse,
        _proto.SingleUserResponse,
    )

_UNSUPPORTED_FORMAT: Final = 30101
_OLD: Final = "cannot identify image file"
"""How the models of the oldest kind begin their answer: they take the question for a picture."""


def parsed(kind: type[_M], reply: bytes) -> _M:
    """The message in an answer.

    Raises:
        DecodeError: It is none.
    """
    try:
        return kind.FromString(reply)
    except Exception as error:  # noqa: BLE001  protobuf's own class differs from version to version
        raise DecodeError(f"the answer is not a message: {error}") from None


def ask_model(
    connection: Connection, reference: ModelRef | None, version_id: str
) -> tuple[Mapping[str, object], ...]:
    """The signatures that the running model gives itself.

    Args:
        connection: The server.
        reference: Which model; None for a server that has only one.
        version_id: Which version, or empty.

    Raises:
        ClarigenError: The call did not get through, or the answer is a failure.
        Refusal: Exit 4: the model is of the older kind, or its answer cannot be read.
    """
    from clarigen import _proto
    from clarigen._calls.platform import encode_signatures_request
    from clarigen._calls.status import error_from_status

    request = _proto.PostModelOutputsRequest(version_id=version_id)
    if reference is not None:
        request.user_app_id.user_id = reference.user_id
        request.user_app_id.app_id = reference.app_id
        request.model_id = reference.model_id
    reply = connection.call_rpc(
        "PostModelOutputs", request.SerializeToString() + encode_signatures_request()
    )
    response = parsed(_proto.MultiOutputResponse, reply)
    error = error_from_status(response.status)
    first = response.outputs[0] if response.outputs else _proto.Output()
    if response.status.code == _UNSUPPORTED_FORMAT or (
        error is not None and first.status.description.startswith(_OLD)
    ):
        raise _legacy()
    if error is not None:
        raise error
    if not first.data.text.raw:
        raise _legacy()
    return _read(first.data.text.raw)


def plain(signature: _proto.MethodSignature) -> Mapping[str, object]:
    """A signature in its JSON form; enums stay numbers."""
    return {
        "name": signature.name,
        "method_type": signature.method_type,
        "description": signature.description,
        "input_fields": [_field(field) for field in signature.input_fields],
        "output_fields": [_field(field) for field in signature.output_fields],
    }


def _field(field: _proto.ModelTypeField) -> Mapping[str, object]:
    """A field in its JSON form. protobuf reads no deeper than 100, so this ends."""
    bounds = field.model_type_range_info
    return {
        "name": field.name,
        "type": field.type,
        "type_args": [_field(argument) for argument in field.type_args],
        "required": field.required,
        "default": field.default,
        "description": field.description,
        "iterator": field.iterator,
        "is_param": field.is_param,
        "internal_only": field.internal_only,
        "model_type_range_info": {"min": bounds.min, "max": bounds.max, "step": bounds.step},
        "model_type_enum_options": [
            {"id": option.id, "description": option.description}
            for option in field.model_type_enum_options
        ],
    }


def _read(text: str) -> tuple[Mapping[str, object], ...]:
    if len(text) > limits.SIZE:
        raise Refusal(f"the signatures are larger than {limits.SIZE >> 20} MB", exit_code=UNUSABLE)
    try:
        return signatures_by_name(json_text.parse(text, levels=limits.LEVELS))
    except ValueError as error:
        raise Refusal(
            f"the model's answer holds no signatures: {escape_unprintable(str(error), 200)}",
            exit_code=UNUSABLE,
        ) from None


def _legacy() -> Refusal:
    return Refusal(
        "the model is of the older kind, without typed methods",
        remedy="only models with method signatures can become a typed client",
        exit_code=UNUSABLE,
    )
