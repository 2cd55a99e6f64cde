"""JSON-RPC over `mcp_transport`: requests as text, and answers that are results or errors."""

from __future__ import annotations

import json
from typing import Any

import pytest

from clarigen import DecodeError, InputError, ModelError
from clarigen._proto import Data, PostModelOutputsRequest
from clarigen._wire.json_rpc import rpc_method
from clarigen._wire.large_payloads import NO_PAYLOADS

LIST_TOOLS = rpc_method("tools/list")


def sent(params: object) -> dict[str, Any]:
    """Return the message that a call sends."""
    request = PostModelOutputsRequest.FromString(b"".join(LIST_TOOLS.encode_request([params])))
    data = request.inputs[0].data
    assert data.metadata.fields["_method_name"].string_value == "mcp_transport"
    (part,) = data.parts
    assert part.id == "msg"
    message: dict[str, Any] = json.loads(part.data.string_value)
    return message


def decode(answer: str) -> Any:
    """Return the result of a call that is answered with a text."""
    return LIST_TOOLS.decode_result(Data(string_value=answer), NO_PAYLOADS)


def test_a_request_has_the_method_and_an_id() -> None:
    assert sent(None) == {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}


def test_parameters_are_sent_as_they_are() -> None:
    params = {"cursor": "é\u2028", "n": 1.5}
    assert sent(params)["params"] == params


@pytest.mark.parametrize("value", [float("nan"), object(), "\ud800"])
def test_parameters_must_be_json(value: object) -> None:
    with pytest.raises(InputError, match="tools/list: `params`"):
        sent({"x": value})


@pytest.mark.item(57)
def test_an_answer_is_the_bare_result() -> None:
    assert decode('{"tools": []}') == {"tools": []}


@pytest.mark.item(57)
def test_an_envelope_around_a_result_is_removed() -> None:
    assert decode('{"jsonrpc": "2.0", "id": 1, "result": {"tools": []}}') == {"tools": []}


def test_an_error_has_the_code_of_json_rpc() -> None:
    error = {"code": -32601, "message": "Method not found"}
    with pytest.raises(ModelError, match=r"tools/list: .*-32601 METHOD_NOT_FOUND") as caught:
        decode(json.dumps({"jsonrpc": "2.0", "id": 1, "error": error}))
    assert (caught.value.code, caught.value.name) == (-32601, "METHOD_NOT_FOUND")
    assert caught.value.details == "Method not found"


@pytest.mark.parametrize("error", [None, "text", {"code": True, "message": 3}, {}])
def test_a_malformed_error_is_an_error(error: object) -> None:
    with pytest.raises(ModelError, match="JSON-RPC error 0"):
        decode(json.dumps({"jsonrpc": "2.0", "id": 1, "error": error}))


@pytest.mark.parametrize(
    "answer", ["", "no JSON", "[]", "3", "[" * 100_000, '{"jsonrpc": "2.0", "result": 1}']
)
def test_an_answer_that_is_no_object_is_refused(answer: str) -> None:
    with pytest.raises(DecodeError, match="tools/list: the result"):
        decode(answer)
