"""Four type checkers, each asked in the same way: where in a folder it finds an error.

What lives here: how each is started and how its answer is read. All find the project's own packages, and
whatever else a test names; none is told to be lenient.
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
"""A file's name inside the folder, and a line, from 1."""

Checker: TypeAlias = Callable[[Path, Sequence[Path]], dict[Location, str]]
"""Takes a folder, and where else packages are; tells each place of an error, and what it says there."""


def mypy(folder: Path, search: Sequence[Path] = ()) -> dict[Location, str]:
    """mypy --strict."""
    cache = str(folder / ".mypy_cache")
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", cache, "."]
    done = run(*command, cwd=folder, env={"MYPYPATH": ":".join(_search_paths(search))})
    assert done.returncode in (0, 1), done.stderr
    return _parse_errors(done.stdout, r"^(.+?):(\d+): error: (.*)$", folder)


def pyright(folder: Path, search: Sequence[Path] = ()) -> dict[Location, str]:
    """pyright in its strict mode."""
    settings = {
        "typeCheckingMode": "strict",
        "extraPaths": _search_paths(search),
        "pythonVersion": "3.11",
        "reportUnusedExpression": False,  # of callers written for a test
    }
    (folder / "pyrightconfig.json").write_text(json.dumps(settings), "utf-8")
    command = [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable]
    report = json.loads(run(*command, "-p", str(folder)).stdout)
    return {
        (_relative_to(one["file"], folder), one["range"]["start"]["line"] + 1): one["message"]
        for one in report["generalDiagnostics"]
    }


def pyrefly(folder: Path, search: Sequence[Path] = ()) -> dict[Location, str]:
    """pyrefly as it comes."""
    settings = {
        "project-includes": ["."],
        "search-path": [str(folder), *_search_paths(search)],
        "python-version": "3.11",
    }
    lines = [f"{name} = {json.dumps(value)}\n" for name, value in settings.items()]
    (folder / "pyrefly.toml").write_text("".join(lines), "utf-8")
    command = [_tool_path("pyrefly"), "check", "--python-interpreter-path", sys.executable]
    done = run(*command, "--output-format", "min-text", cwd=folder)
    assert done.returncode in (0, 1), done.stderr
    return _parse_errors(done.stdout, r"^ERROR (.+?):(\d+):[\d-]+: (.*)$", folder)


def ty(folder: Path, search: Sequence[Path] = ()) -> dict[Location, str]:
    """ty as it comes."""
    command = [_tool_path("ty"), "check", "--python", sys.executable, "--python-version", "3.11"]
    for path in _search_paths(search):
        command += ["--extra-search-path", path]
    done = run(*command, "--output-format", "concise", ".", cwd=folder)
    assert done.returncode in (0, 1), done.stderr
    return _parse_errors(done.stdout, r"^(.+?):(\d+):\d+: error\[(.*)$", folder)


CHECKERS: dict[str, Checker] = {"mypy": mypy, "pyright": pyright, "pyrefly": pyrefly, "ty": ty}


def _search_paths(search: Sequence[Path]) -> list[str]:
    return [*SOURCES.split(":"), *map(str, search)]


def _tool_path(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


def _parse_errors(said: str, pattern: str, folder: Path) -> dict[Location, str]:
    found = re.findall(pattern, said, re.MULTILINE)
    return {(_relative_to(file, folder), int(line)): message for file, line, message in found}


def _relative_to(file: str, folder: Path) -> str:
    return str((folder / file).resolve().relative_to(folder.resolve()))
