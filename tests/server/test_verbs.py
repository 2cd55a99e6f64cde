"""The subcommands of `gen-client` on the official server."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import pytest

from clarigen.testing import Samples, serve
from gen_client import cli
from gen_client.diagnostics import Refusal, Report
from gen_client.interface.model import TypeKind
from gen_client.interface.read import read_model
from gen_client.show import prototype
from gen_client.source import Document
from golden.packages import GENERATED
from server.conftest import Served
from support import CORPUS


def test_diff_of_a_served_model(
    official: Served, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lock = official.folder / "signatures.json"
    assert cli.main(["diff", str(lock), "--url", official.url]) == 0
    assert capsys.readouterr().out.endswith("no difference for callers\n")
    content = json.loads(lock.read_text())
    first, second, *rest = content["method_signatures"]
    content["method_signatures"] = [{**second, "description": "Old."}, *rest]
    (tmp_path / "old.json").write_text(json.dumps(content))
    assert cli.main(["diff", str(tmp_path / "old.json"), "--url", official.url]) == 1
    out = capsys.readouterr().out
    assert f"  compatible     {first['name']}: is new\n" in out
    assert f"  documentation  {second['name']}: its description changed\n" in out


@pytest.mark.official_server
def test_show_prints_signatures_like_the_sdk() -> None:
    """Compare all signatures of the corpus, except those with bytes, whose defaults the SDK prints wrong."""
    from clarifai.runners.utils.method_signatures import get_method_signature
    from clarifai_grpc.grpc.api import resources_pb2
    from google.protobuf import json_format

    compared = 0
    for path in sorted(CORPUS.glob("docs/*.json")) + sorted(CORPUS.glob("real/*.json")):
        signatures = json.loads(path.read_text()).get("method_signatures", [])
        document = Document(None, "", tuple(signatures))
        try:
            methods = read_model(document, Report()).methods
        except Refusal:
            continue
        messages = {
            signature["name"]: json_format.ParseDict(
                signature, resources_pb2.MethodSignature(), ignore_unknown_fields=True
            )
            for signature in signatures
        }
        for method in methods:
            if not any(parameter.type.kind is TypeKind.BYTES for parameter in method.parameters):
                assert prototype.format_prototype(method) == get_method_signature(
                    messages[method.name]
                )
                compared += 1
    assert compared > 30


def test_show_of_a_served_model(official: Served, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["show", "--url", official.url, "--json"]) == 0
    served = json.loads(capsys.readouterr().out)
    assert cli.main(["show", str(official.folder), "--json"]) == 0
    locked = json.loads(capsys.readouterr().out)
    assert served["methods"] == locked["methods"]


@pytest.mark.official_server
def test_the_sdk_can_call_a_sample_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK's client finds the methods of `Samples`, and decodes the same results as our client."""
    from clarifai.client.model_client import ModelClient

    lock = json.loads((GENERATED / "text_stats" / "signatures.json").read_text())
    with serve(Samples(lock["method_signatures"])) as server:
        theirs = ModelClient.from_local_grpc(port=server.port)
        theirs.fetch()
        names = [signature["name"] for signature in lock["method_signatures"]]
        assert sorted(theirs.available_methods()) == sorted(names)
        monkeypatch.syspath_prepend(str(GENERATED))
        ours = importlib.import_module("text_stats").TextStats
        with ours(base_url=server.url) as model:
            arguments = {"text": "a", "top": 3, "order": "length"}
            assert theirs.analyze(**arguments).words == model.analyze(**arguments).words
            assert list(theirs.sentences("a")) == list(model.sentences("a"))
