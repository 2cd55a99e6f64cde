"""Four type checkers with the same interface: find the errors in a folder.

Each function starts one of them and parses its output. All can import the project's packages, and further ones of a
test. None runs in a lenient mode.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

from support import SOURCES, run

Location: TypeAlias = tuple[str, int]
"""A file's name inside the folder, and a line number, from 1."""

Checker: TypeAlias = Callable[[Path, Sequence[Path]], dict[Location, str]]
"""A function that checks a folder, given further search paths, and returns the message at each location."""


def mypy(folder: Path, search: Sequence[Path] = ()) -> dict[Location, str]:
    """Run `mypy --strict`."""
    cache = str(folder / ".mypy_cache")
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", cache, "."]
    completed = run(*command, cwd=folder, env={"MYPYPATH": ":".join(_search_paths(search))})
    assert completed.returncode in (0, 1), completed.stderr
    return _parse_errors(completed.stdout, r"^(.+?):(\d+): error: (.*)$", folder)


def pyright(folder: Path, search: Sequence[Path] = ()) -> dict[Location, str]:
    """Run pyright in strict mode."""
    settings = {
        "typeCheckingMode": "strict",
        "extraPaths": _search_paths(search),
        "pythonVersion": "3.11",
        "reportUnusedExpression": False,  # the tests contain such expressions
    }
    (folder / "pyrightconfig.json").write_text(json.dumps(settings), "utf-8")
    command = [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable]
    report = json.loads(run(*command, "-p", str(folder)).stdout)
    return {
        (_relative_to(error["file"], folder), error["range"]["start"]["line"] + 1): error["message"]
        for error in report["generalDiagnostics"]
    }


def pyrefly(folder: Path, search: Sequence[Path] = ()) -> dict[Location, str]:
    """Run pyrefly with default options."""
    settings = {
        "project-includes": ["."],
        "search-path": [str(folder), *_search_paths(search)],
        "python-version": "3.11",
    }
    lines = [f"{name} = {json.dumps(value)}\n" for name, value in settings.items()]
    (folder / "pyrefly.toml").write_text("".join(lines), "utf-8")
    command = [_tool_path("pyrefly"), "check", "--python-interpreter-path", sys.executable]
    completed = run(*command, "--output-format", "min-text", cwd=folder)
    assert completed.returncode in (0, 1), completed.stderr
    return _parse_errors(completed.stdout, r"^ERROR (.+?):(\d+):[\d-]+: (.*)$", folder)


def ty(folder: Path, search: Sequence[Path] = ()) -> dict[Location, str]:
    """Run ty with default options."""
    command = [_tool_path("ty"), "check", "--python", sys.executable, "--python-version", "3.11"]
    for path in _search_paths(search):
        command += ["--extra-search-path", path]
    completed = run(*command, "--output-format", "concise", ".", cwd=folder)
    assert completed.returncode in (0, 1), completed.stderr
    return _parse_errors(completed.stdout, r"^(.+?):(\d+):\d+: error\[(.*)$", folder)


CHECKERS: dict[str, Checker] = {"mypy": mypy, "pyright": pyright, "pyrefly": pyrefly, "ty": ty}


def _search_paths(search: Sequence[Path]) -> list[str]:
    return [*SOURCES.split(":"), *map(str, search)]


def _tool_path(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


def _parse_errors(output: str, pattern: str, folder: Path) -> dict[Location, str]:
    errors = re.findall(pattern, output, re.MULTILINE)
    return {(_relative_to(file, folder), int(line)): message for file, line, message in errors}


def _relative_to(file: str, folder: Path) -> str:
    return str((folder / file).resolve().relative_to(folder.resolve()))
