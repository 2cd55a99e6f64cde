"""Models without signatures at the platform: what the generator asks, and what it makes of the model type."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from faults.platform_standin import MODEL, SIGNATURES, VERSION, Standin, Version
from gen_client import cli, source
from gen_client.diagnostics import Refusal
from gen_client.source import Access, Document
from support import MODEL_TYPES

URL = "acme/vision/models/echo"


def read_type(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((MODEL_TYPES / f"{name}.json").read_text())
    model_type: dict[str, Any] = content["model_type"]
    return model_type


@pytest.fixture
def platform_without_signatures(platform: Standin) -> Standin:
    platform.versions = {VERSION: Version(signatures=None)}
    platform.own_signatures = ""
    platform.model_type = read_type("visual-classifier")
    return platform


def fetch() -> Document:
    return source.resolve_url(URL, Access(timeout=10)).fetch()


def parameters(document: Document, method: int = 0) -> list[object]:
    fields: Any = document.signatures[method]["input_fields"]
    return [field["name"] for field in fields]


@pytest.mark.item(16)
@pytest.mark.parametrize("status", [0, 30101])
def test_the_model_type_is_asked_last(platform_without_signatures: Standin, status: int) -> None:
    platform = platform_without_signatures
    if status:
        platform.failing["PostModelOutputs"] = (status, "not an image")
    document = fetch()
    assert platform.rpcs == [
        *("GetModel", "GetModelVersion", "PostModelOutputs", "GetModel", "GetModelType")
    ]
    request = platform.calls[-1].request
    assert request.model_type_id == "visual-classifier"
    assert (request.user_app_id.user_id, request.user_app_id.app_id) == ("acme", "vision")
    assert [signature["name"] for signature in document.signatures] == ["predict", "predict_video"]
    assert document.version_id == VERSION
    assert document.model_type is not None
    assert document.model_type["input_fields"] == ["image"]


def test_a_model_that_lists_no_methods_has_no_signatures(
    platform_without_signatures: Standin,
) -> None:
    platform_without_signatures.own_signatures = "{}"
    assert fetch().model_type is not None


def test_parameters_of_the_model_are_added_to_those_of_its_type(
    platform_without_signatures: Standin,
) -> None:
    platform_without_signatures.params_specs = [
        {"path": "output_info.params.crop", "field_type": "BOOLEAN", "default_value": True},
        {"path": "output_info.params.secret", "field_type": "STRING", "internal_only": True},
        {
            "path": "output_info.output_config.max_concepts",
            "field_type": "NUMBER",
            "default_value": 5,
        },
    ]
    document = fetch()
    assert parameters(document) == [
        *("image", "max_concepts", "min_value", "select_concepts", "language", "crop")
    ]
    fields: Any = document.signatures[0]["input_fields"]
    assert fields[1]["default"] == "5"
    assert fields[5]["default"] == "true"


def test_signatures_of_the_model_type_are_used_if_it_has_them(
    platform_without_signatures: Standin,
) -> None:
    platform_without_signatures.model_type = {
        **read_type("visual-classifier"),
        "method_signatures": SIGNATURES,
    }
    document = fetch()
    assert [signature["name"] for signature in document.signatures] == ["predict"]
    assert document.model_type is None


def test_a_model_type_that_cannot_be_used_is_refused(platform_without_signatures: Standin) -> None:
    platform_without_signatures.model_type = read_type("clusterer")
    with pytest.raises(Refusal) as caught:
        fetch()
    assert caught.value.diagnostic.exit_code == 4
    assert "model type 'clusterer' cannot become a client: its output 'clusters'" in str(
        caught.value
    )


def test_a_model_type_that_the_platform_does_not_have(platform_without_signatures: Standin) -> None:
    platform_without_signatures.failing["GetModelType"] = (21200, "no such type")
    with pytest.raises(Refusal, match="no such type") as caught:
        fetch()
    assert caught.value.diagnostic.exit_code == 3


def test_lock_check_offline_frozen_and_diff(
    platform_without_signatures: Standin, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = str(tmp_path)
    assert cli.main(["--url", URL, "--out", out]) == 0
    lock = tmp_path / MODEL / "signatures.json"
    before = lock.read_bytes()
    for options in (["--check"], ["--frozen"], ["--offline", "--check"], ["--offline"]):
        assert cli.main(["--url", URL, "--out", out, *options]) == 0
    assert cli.main(["--signatures", str(lock), "--out", out]) == 0
    assert lock.read_bytes() == before
    assert cli.main(["diff", str(lock)]) == 0
    # What concerns training only is no change; a new default is.
    fields = platform_without_signatures.model_type["model_type_fields"]  # type: ignore[index]
    fields[-1]["default_value"] = 99
    assert cli.main(["--url", URL, "--out", out, "--check"]) == 0
    fields[0]["default_value"] = 7
    assert cli.main(["--url", URL, "--out", out, "--check"]) == 1
    assert cli.main(["--url", URL, "--out", out, "--frozen"]) == 1
    capsys.readouterr()
    assert cli.main(["diff", str(lock)]) in (0, 1)
    assert "max_concepts" in capsys.readouterr().out
