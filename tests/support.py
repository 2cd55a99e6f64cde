"""Helpers of several folders of tests: paths, and fresh interpreters."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

ROOT = Path(__file__).parent.parent
CORPUS = ROOT / "tests" / "corpus"
MODEL_TYPES = ROOT / "tests" / "model_types"
SOURCES = os.pathsep.join([str(ROOT / "runtime"), str(ROOT / "codegen")])


def run(
    *command: str | Path,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    timeout: float = 600,
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end and return the completed process; a failure does not raise.

    Args:
        command: The command.
        cwd: The working directory.
        env: Variables to add to our environment, or to replace there.
        timeout: Seconds after which the command is killed.
    """
    return subprocess.run(
        [str(argument) for argument in command],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=timeout,
    )


def run_python(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run code in a fresh interpreter that can import both packages."""
    return run(sys.executable, "-c", code, *arguments, env={"PYTHONPATH": SOURCES})


def file_stamps(files: Iterable[Path]) -> dict[Path, tuple[int, int, int]]:
    """Return values that change when a file is written, replaced or changed in any other way, but not when it is read."""
    stats = {file: file.stat() for file in files}
    return {file: (stat.st_ino, stat.st_mtime_ns, stat.st_ctime_ns) for file, stat in stats.items()}
