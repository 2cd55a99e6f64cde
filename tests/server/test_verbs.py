"""The verbs of the command on the official server."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gen_client import cli
from server.conftest import Served


def test_diff_of_what_is_served(
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
