"""The JSON that commands print for scripts has the form of its published schema, whatever is found."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

import jsonschema
import pytest

from command import RunResult, run_command
from support import ROOT

SCHEMAS: Final = ROOT / "codegen" / "gen_client" / "schemas"
PACKAGES: Final = ROOT / "generated"

GenClient = Callable[..., RunResult]


@pytest.fixture
def gen_client(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> GenClient:
    """Return a function that runs the command in this process, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CLARIFAI_PAT", raising=False)
    return partial(run_command, capsys)


def validate(text: str, name: str) -> Any:
    """Return the parsed text, which must have the form of a schema."""
    schema = json.loads((SCHEMAS / f"{name}.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    value = json.loads(text)
    jsonschema.validate(value, schema)
    return value


@pytest.mark.parametrize("package", ["detector", "speech_studio", "lab_tools", "gpt_5_1"])
def test_show(gen_client: GenClient, package: str) -> None:
    code, out, _ = gen_client("show", PACKAGES / package, "--format", "json")
    assert code == 0
    validate(out, "show")
    assert gen_client("show", PACKAGES / package, "--json")[1] == out


def test_doctor(gen_client: GenClient) -> None:
    shutil.copytree(PACKAGES / "detector", "detector")
    Path("detector/client.py").write_text("")
    code, out, _ = gen_client(
        "doctor", "detector", "--format", "json", "--api-base", "grpc://127.0.0.1:1"
    )
    value = validate(out, "doctor")
    assert code == 1
    assert {finding["state"] for finding in value["findings"]} == {"ok", "note", "fault"}
