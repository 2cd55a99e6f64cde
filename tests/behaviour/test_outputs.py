"""The result of a method whose signature has several outputs, or one that is not named `return`.

The official SDK serializes the answers, so the wire form is its own.
"""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest
from clarifai_grpc.grpc.api import resources_pb2, service_pb2, service_pb2_grpc
from google.protobuf import json_format

from clarigen import DecodeError
from gen_client import cli

pytestmark = pytest.mark.official_server
serialize: Any = pytest.importorskip(
    "clarifai.runners.utils.method_signatures", reason="the official SDK is not installed"
).serialize

SIGNATURES: list[dict[str, Any]] = [
    {
        "name": "split",
        "method_type": "UNARY_UNARY",
        "input_fields": [{"name": "text", "type": "STR", "required": True}],
        "output_fields": [{"name": "head", "type": "STR"}, {"name": "score", "type": "FLOAT"}],
    },
    {
        "name": "renamed",
        "method_type": "UNARY_UNARY",
        "input_fields": [{"name": "text", "type": "STR", "required": True}],
        "output_fields": [{"name": "answer", "type": "STR"}],
    },
    {
        "name": "pieces",
        "method_type": "UNARY_STREAMING",
        "input_fields": [{"name": "text", "type": "STR", "required": True}],
        "output_fields": [
            {"name": "left", "type": "STR", "iterator": True},
            {"name": "right", "type": "INT", "iterator": True},
        ],
    },
]
VALUES: dict[str, list[dict[str, Any]]] = {
    "split": [{"head": "h", "score": 0.0}],
    "renamed": [{"answer": ""}],
    "pieces": [{"left": "a", "right": 1}, {"left": "", "right": 0}],
}


def answer(request: Any, context: Any) -> Iterator[Any]:
    """Yield the values of the called method, as the SDK serializes them."""
    name = request.inputs[0].data.metadata["_method_name"]
    signature = next(signature for signature in SIGNATURES if signature["name"] == name)
    fields = [
        json_format.ParseDict(field, resources_pb2.ModelTypeField())
        for field in signature["output_fields"]
    ]
    for values in VALUES[name]:
        response = service_pb2.MultiOutputResponse(status={"code": 10000})
        output = response.outputs.add(status={"code": 10000})
        output.data.CopyFrom(serialize(values, fields, is_output=True))
        yield response


def make_service() -> Any:
    """Return the official service with these answers."""
    servicer = service_pb2_grpc.V2Servicer()
    servicer.PostModelOutputs = lambda request, context: next(answer(request, context))
    servicer.GenerateModelOutputs = answer
    return servicer


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Yield a client of the interface, with a server that answers it."""
    folder = tmp_path_factory.mktemp("outputs")
    (folder / "signatures.json").write_text(json.dumps(SIGNATURES), "utf-8")
    arguments = ["--signatures", str(folder / "signatures.json"), "--name", "with_outputs"]
    assert cli.main([*arguments, "--out", str(folder)]) == 0
    server = grpc.server(ThreadPoolExecutor(2))
    service_pb2_grpc.add_V2Servicer_to_server(make_service(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", [str(folder), *sys.path])
        module = importlib.import_module("with_outputs")
        with module.WithOutputs(base_url=f"grpc://127.0.0.1:{port}") as client:
            yield client
    server.stop(None).wait()


def package() -> Any:
    return importlib.import_module("with_outputs")


def test_several_outputs_are_a_record(model: Any) -> None:
    assert model.split("x") == package().SplitResult(head="h", score=0.0)


def test_one_output_of_another_name_is_a_record_too(model: Any) -> None:
    assert model.renamed("x") == package().RenamedResult(answer="")


def test_a_stream_of_several_outputs(model: Any) -> None:
    result = package().PiecesResult
    assert list(model.pieces("x")) == [result(left="a", right=1), result(left="", right=0)]


def test_an_output_that_is_missing_is_named(model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(VALUES, "split", VALUES["renamed"])
    monkeypatch.setitem(SIGNATURES[0], "output_fields", SIGNATURES[1]["output_fields"])
    with pytest.raises(DecodeError, match="split: the result has no part 'head'"):
        model.split("x")
