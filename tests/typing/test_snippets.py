"""mypy in strict mode accepts every program that `gen-client show` prints."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from gen_client import cli
from golden.packages import GENERATED, PACKAGES
from support import SOURCES, run

FORMS = ("sync", "async", "batch")


def test_mypy_accepts_every_program(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in PACKAGES:
        assert cli.main(["show", str(GENERATED / name), "--json"]) == 0
        for method in json.loads(capsys.readouterr().out)["methods"]:
            for form in FORMS:
                words = [str(GENERATED / name), method["name"], f"--snippet={form}"]
                has_it = form != "batch" or method["batch"] is not None
                assert cli.main(["show", *words]) == (0 if has_it else 2)
                program = capsys.readouterr().out
                if has_it:
                    (tmp_path / f"{name}_{method['name']}_{form}.py").write_text(program)
    programs = sorted(path.name for path in tmp_path.glob("*.py"))
    assert len(programs) > 30
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / ".cache")]
    done = run(*command, *programs, cwd=tmp_path, env={"MYPYPATH": f"{SOURCES}:{GENERATED}"})
    assert done.returncode == 0, done.stdout
