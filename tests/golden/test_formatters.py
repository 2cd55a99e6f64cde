"""Formatters and linters, run as users run them, change nothing in generated files and report nothing."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from golden.packages import GENERATED
from support import run

TOOLS = {
    "black": ["-m", "black", "--line-length", "79", "--skip-string-normalization", "."],
    "ruff format": ["-m", "ruff", "format", "--config", "line-length=60", "."],
    # All rules of ruff except the one that requires `noqa` to name rules: ours names none.
    "ruff check": [
        "-m",
        "ruff",
        "check",
        "--fix",
        "--unsafe-fixes",
        "--select",
        "ALL",
        "--ignore",
        "PGH004",
        ".",
    ],
}

UNTIDY = "x = {  'a':1 }\nimport os\n"


@pytest.mark.parametrize("tool", TOOLS)
def test_tool_changes_nothing(tool: str, tmp_path: Path) -> None:
    folder = shutil.copytree(GENERATED, tmp_path / "app")
    (folder / "own.py").write_text(UNTIDY, "utf-8")
    done = run(sys.executable, *TOOLS[tool], cwd=folder)
    changed = {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*.py")
        if path.name == "own.py"
        or path.read_bytes() != (GENERATED / path.relative_to(folder)).read_bytes()
    }
    assert changed == {"own.py"}
    assert (folder / "own.py").read_text("utf-8") != UNTIDY, done.stderr
    assert "client.py" not in done.stdout
