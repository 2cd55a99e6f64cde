"""Calls of a server without a client: requests and responses as protobuf messages."""

from __future__ import annotations

import json
from typing import Any

import grpc

from clarigen import _proto
from clarigen.testing import Server, serve

PATH = "/clarifai.api.V2/"


def call_rpc(server: Server, rpc: str, request: Any, response_class: Any) -> Any:
    with grpc.insecure_channel(server.url.removeprefix("grpc://")) as channel:
        call: Any = channel.unary_unary(
            PATH + rpc,
            request_serializer=type(request).SerializeToString,
            response_deserializer=response_class.FromString,
        )
        return call(request, timeout=30)


def build_request(*methods: str) -> _proto.PostModelOutputsRequest:
    """Build a request with one input per method name, without arguments."""
    request = _proto.PostModelOutputsRequest()
    for method in methods:
        data = request.inputs.add().data
        data.metadata.fields["_method_name"].string_value = method
        data.parts.add()
    return request


def predict(server: Server, *methods: str) -> Any:
    return call_rpc(server, "PostModelOutputs", build_request(*methods), _proto.MultiOutputResponse)


def read_signatures(implementation: object) -> dict[str, Any]:
    with serve(implementation) as server:
        signatures = json.loads(predict(server, "_GET_SIGNATURES").outputs[0].data.text.raw)
    assert isinstance(signatures, dict)
    return signatures
