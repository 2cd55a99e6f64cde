"""What more than one folder of tests uses: where things are, and fresh interpreters."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

ROOT = Path(__file__).parent.parent
CORPUS = ROOT / "tests" / "corpus"
SOURCES = os.pathsep.join([str(ROOT / "runtime"), str(ROOT / "codegen")])


def run(
    *command: str | Path,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    timeout: float = 600,
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end and return what it said; a failure is not an exception.

    Args:
        command: The command.
        cwd: Where it runs.
        env: Variables that it has beside, or in place of, ours.
        timeout: Seconds after which it is killed.
    """
    return subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=timeout,
    )


def run_python(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run code in a fresh interpreter that finds both packages."""
    return run(sys.executable, "-c", code, *arguments, env={"PYTHONPATH": SOURCES})


def file_stamps(files: Iterable[Path]) -> dict[Path, tuple[int, int, int]]:
    """What changes when a file is written, replaced or changed in any other way; reading is none."""
    stats = {file: file.stat() for file in files}
    return {file: (its.st_ino, its.st_mtime_ns, its.st_ctime_ns) for file, its in stats.items()}
