"""A signature file decides neither which module the first call imports nor who receives the calls."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gen_client import cli

TYPES = {"predict.return": "setup:Answer"}
CLIENTS = [
    {"deployment_id": "summaries", "deployment_user_id": "mallory"},
    {"nodepool_id": "pool", "compute_cluster_id": "cluster", "deployment_user_id": "mallory"},
    {"version_id": "theirs"},
]
CONFIGURATION = (
    '[tool.gen-client]\n[[tool.gen-client.models]]\nurl = "u/a/models/m"\nname = "pkg"\n'
)


def write_signatures(path: Path, **settings: Any) -> None:
    signature = {
        "name": "predict",
        "method_type": "UNARY_UNARY",
        "input_fields": [{"name": "prompt", "type": "STR", "required": True}],
        "output_fields": [{"name": "return", "type": "JSON_DATA"}],
    }
    model = {"user_id": "u", "app_id": "a", "model_id": "m"}
    path.write_text(json.dumps({"model": model, "method_signatures": [signature], **settings}))


@pytest.fixture(autouse=True)
def _repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)


def client_text() -> str:
    return Path("pkg/client.py").read_text()


@pytest.mark.parametrize("name", ["s.json", "signatures.json", "other/signatures.json", "s.yaml"])
def test_the_types_of_a_file_are_ignored_and_said(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("other").mkdir()
    write_signatures(Path(name), types=TYPES)
    assert cli.main(["--signatures", name, "--name", "pkg"]) == 0
    assert "setup" not in client_text()
    assert "setup" not in Path("pkg/signatures.json").read_text()
    said = capsys.readouterr().err
    assert "warning" in said
    assert "setup:Answer" in said


@pytest.mark.parametrize("client", CLIENTS)
def test_the_deployment_of_a_file_is_ignored_and_said(
    client: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    write_signatures(Path("s.json"), client=client)
    assert cli.main(["--signatures", "s.json", "--name", "pkg"]) == 0
    text = client_text() + Path("pkg/signatures.json").read_text()
    said = capsys.readouterr().err
    for value in client.values():
        assert value not in text
        assert value in said


@pytest.mark.parametrize("settings", [{"types": TYPES}, *({"client": c} for c in CLIENTS)])
def test_strict_refuses_them(settings: Any, capsys: pytest.CaptureFixture[str]) -> None:
    write_signatures(Path("s.json"), **settings)
    assert cli.main(["--signatures", "s.json", "--name", "pkg", "--strict"]) == 4
    assert "--strict allows none" in capsys.readouterr().err
    assert not Path("pkg").exists()


def test_a_link_to_the_lock_is_not_its_place() -> None:
    write_signatures(Path("s.json"))
    assert cli.main(["--signatures", "s.json", "--name", "pkg", "--quiet"]) == 0
    write_signatures(Path("theirs.json"), types=TYPES)
    assert cli.main(["--signatures", "theirs.json", "--name", "pkg", "--quiet"]) == 0
    assert "setup" not in client_text()


def test_the_lock_of_the_package_keeps_what_the_configuration_said(
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_signatures(Path("s.json"))
    assert cli.main(["--signatures", "s.json", "--name", "pkg", "--quiet"]) == 0
    more = 'deployment-id = "mine"\n[tool.gen-client.models.types]\n"predict.return" = "app:T"\n'
    Path("pyproject.toml").write_text(CONFIGURATION + more)
    assert cli.main(["--offline", "--strict"]) == 0
    text = client_text()
    assert 'deployment_id="mine"' in text
    assert "from app import T" in text
    assert cli.main(["--signatures", "pkg/signatures.json", "--name", "pkg", "--check"]) == 0
    assert cli.main(["--signatures", "pkg/signatures.json", "--name", "pkg", "--strict"]) == 0
    assert client_text() == text
    assert cli.main(["doctor", "pkg"]) in (0, 1)
    assert "ignored" not in capsys.readouterr().err
