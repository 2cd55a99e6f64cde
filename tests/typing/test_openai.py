"""Packages of OpenAI-compatible models under strict type checkers, with the library `openai` and without it."""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from golden.packages import GENERATED
from support import ROOT, SOURCES, run
from type_checkers import mypy, pyright

WITHOUT_OPENAI = ROOT / ".venv" / "oldest" / "bin" / "python"

CALLER = """
from typing import assert_type

from gpt_5_1 import AsyncGpt5_1, Gpt5_1
from openai import AsyncOpenAI, OpenAI

assert_type(Gpt5_1().openai(), OpenAI)
assert_type(AsyncGpt5_1().openai(), AsyncOpenAI)
assert_type(Gpt5_1().openai().chat.completions.create(model="m", messages=[]).id, str)
wrong: int = Gpt5_1().name
Gpt5_1().openai().chat.completions.create(messages=3)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a package and a file that has an error."""
    shutil.copytree(GENERATED / "gpt_5_1", tmp_path / "gpt_5_1")
    (tmp_path / "wrong.py").write_text("wrong: int = ''\n", "utf-8")
    return tmp_path


def test_pyright_finds_no_error_without_the_library(folder: Path) -> None:
    settings = {
        "typeCheckingMode": "strict",
        "extraPaths": SOURCES.split(":"),
        "pythonVersion": "3.11",
    }
    (folder / "pyrightconfig.json").write_text(json.dumps(settings), "utf-8")
    command = [
        "-m",
        "pyright",
        "--outputjson",
        "--pythonpath",
        str(WITHOUT_OPENAI),
        "-p",
        str(folder),
    ]
    done = run(sys.executable, *command)
    errors: list[dict[str, Any]] = json.loads(done.stdout)["generalDiagnostics"]
    assert [Path(error["file"]).name for error in errors] == ["wrong.py"], errors


def test_mypy_finds_no_error_without_the_library(folder: Path) -> None:
    options = ["--follow-imports=silent", "--cache-dir", str(folder / ".cache")]
    command = ["-m", "mypy", "--strict", *options, "--python-executable", str(WITHOUT_OPENAI), "."]
    done = run(sys.executable, *command, cwd=folder, env={"MYPYPATH": SOURCES})
    files = re.findall(r"^(.+?):\d+: error: ", done.stdout, re.MULTILINE)
    assert {file for file in files if not Path(folder / file).is_relative_to(ROOT)} == {"wrong.py"}


@pytest.mark.parametrize("checker", [mypy, pyright], ids=["mypy", "pyright"])
def test_with_the_library_the_comments_of_examples_hide_nothing(folder: Path, checker: Any) -> None:
    examples = folder / "gpt_5_1" / "examples.py"
    text = examples.read_text("utf-8")
    without = re.sub(r"^# pyright: .*\n", "", text, flags=re.MULTILINE)
    assert without != text
    examples.write_text(without, "utf-8")
    assert list(checker(folder, ())) == [("wrong.py", 1)]


@pytest.mark.parametrize("checker", [mypy, pyright], ids=["mypy", "pyright"])
def test_callers_see_the_types_of_the_library(folder: Path, checker: Any) -> None:
    (folder / "wrong.py").write_text(CALLER, "utf-8")
    lines = {line for file, line in checker(folder, ()) if file == "wrong.py"}
    assert lines == {10, 11}
