"""The command in the process of a test, in an empty folder."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from command import RunResult, run_command


@pytest.fixture
def gen_client(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., RunResult]:
    """Return a function that runs the command in this process, and checks that its output is printable."""
    monkeypatch.chdir(tmp_path)
    return partial(run_command, capsys)
