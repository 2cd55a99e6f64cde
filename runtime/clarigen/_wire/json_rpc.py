"""JSON-RPC over a model's method `mcp_transport`, which takes a request as text and returns an answer as text.

The answer is the bare result, or an envelope with an error. `rpc_method` describes one method of the Model
Context Protocol, such as `tools/list`; clients call it like any other unary method.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from ..errors import ModelError
from .codec import Codec, CodecError, describe, is_instance
from .method import Field, Unary
from .scalars import STR

if TYPE_CHECKING:
    from .._proto import Data
    from .large_payloads import LargePayloads
    from .protobuf_writer import Buffers

TRANSPORT_METHOD: Final = "mcp_transport"
"""The method of a model that carries JSON-RPC."""

MESSAGE_PARAMETER: Final = "msg"
"""Its only parameter."""

REQUEST_ID: Final = 1
"""Every request is a call of its own, so they can all have the same id."""

STOPPED_SERVER: Final = "the model's MCP server has stopped; redeploy the model"
"""The explanation if a model answers `CONNECTION_CLOSED`, or fails because the connection to its server is closed."""

_CONNECTION_CLOSED: Final = -32000

METHOD_NOT_FOUND: Final = -32601
"""The server does not have a method of the protocol."""

INTERNAL_ERROR: Final = -32603
"""The server failed."""

_ERROR_NAMES: Final = {
    _CONNECTION_CLOSED: "CONNECTION_CLOSED",
    -32700: "PARSE_ERROR",
    -32600: "INVALID_REQUEST",
    METHOD_NOT_FOUND: "METHOD_NOT_FOUND",
    -32602: "INVALID_PARAMS",
    INTERNAL_ERROR: "INTERNAL_ERROR",
}


def format_request(rpc: str, params: Mapping[str, Any] | None = None) -> str:
    """Format a request.

    Args:
        rpc: The method of the protocol, such as `tools/call`.
        params: Its parameters: JSON; None for none.

    Raises:
        CodecError: The parameters are not JSON, with the path to the value that is not.
    """
    request: dict[str, Any] = {"jsonrpc": "2.0", "id": REQUEST_ID, "method": rpc}
    if params is not None:
        request["params"] = params
    return format_json(request)


def format_json(value: Any) -> str:
    """Format JSON without spaces and escapes.

    Raises:
        CodecError: The value is not JSON.
    """
    import json  # here, not at the top: benchmark "import of a generated package"

    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError) as error:
        raise CodecError(f"must be JSON: {error}") from None


def parse_json(text: str) -> dict[str, Any]:
    """Parse a message: a JSON object.

    Raises:
        CodecError: The text is not a JSON object.
    """
    import json

    try:
        message: Any = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise CodecError(f"is not JSON: {error}") from None
    if not is_instance(message, dict):
        raise CodecError(f"must be a JSON object, not {describe(message)}")
    content: dict[str, Any] = message
    return content


def parse_response(text: str, method: str) -> dict[str, Any]:
    """Return the result in an answer.

    Args:
        text: The answer.
        method: Name of the method in Python, for messages.

    Raises:
        ModelError: The answer is an error; `code` is that of JSON-RPC.
        CodecError: The answer is not a JSON object.
    """
    answer: Any = parse_json(text)
    if "jsonrpc" in answer and "error" in answer:
        raise _read_error(answer["error"], method)
    # Servers answer with the bare result. An envelope around it is allowed, too.
    result = answer["result"] if "jsonrpc" in answer and "result" in answer else answer
    if not is_instance(result, dict):
        raise CodecError(f"must be a JSON object, not {describe(result)}")
    content: dict[str, Any] = result
    return content


def _read_error(error: Any, method: str) -> ModelError:
    """Return the error that an envelope holds."""
    content: dict[str, Any] = error if is_instance(error, dict) else {}
    code, text = content.get("code"), content.get("message")
    number = code if isinstance(code, int) and not isinstance(code, bool) else 0
    details = text if isinstance(text, str) else ""
    if number == _CONNECTION_CLOSED:
        details = f"{details}: {STOPPED_SERVER}" if details else STOPPED_SERVER
    name = _ERROR_NAMES.get(number, "")
    label = f"JSON-RPC error {number} {name}".rstrip()
    cause = f": {details}" if details else ""
    return ModelError(
        f"{method}: the MCP server answered with {label}{cause}",
        code=number,
        name=name,
        description="JSON-RPC error",
        details=details,
    )


def rpc_method(rpc_name: str, name: str = "") -> Unary[Any]:
    """Describe a method of the protocol: one parameter `params`, a JSON object or None; the result is JSON.

    Args:
        rpc_name: The method of the protocol, such as `tools/list`.
        name: The name in errors, logs and recordings, if it differs.
    """
    name = name or rpc_name

    def encode_params(value: Any, out: Buffers) -> int:
        return STR.encode(format_request(rpc_name, value), out)

    def decode_params(data: Data, payloads: LargePayloads) -> Any:
        return parse_json(STR.decode(data, payloads)).get("params")

    def encode_result(value: Any, out: Buffers) -> int:
        return STR.encode(format_json(value), out)

    def decode_result(data: Data, payloads: LargePayloads) -> Any:
        return parse_response(STR.decode(data, payloads), name)

    params = Codec("a JSON object", encode_params, decode_params)
    result = Codec("a JSON object", encode_result, decode_result)
    field = Field(MESSAGE_PARAMETER, "params", params)
    return Unary(TRANSPORT_METHOD, name, "PostModelOutputs", (field,), result)
