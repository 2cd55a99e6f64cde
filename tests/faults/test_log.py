"""The log: one line per retry, and never a credential."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from clarigen import RateLimitError
from faults.platform_standin import PAT, Standin
from support import run_python


def test_each_retry_is_logged(
    package: Any, platform: Standin, caplog: pytest.LogCaptureFixture
) -> None:
    platform.failing["PostModelOutputs"] = (11005, "slow\x1b[31m\ndown")
    with caplog.at_level(logging.DEBUG), package.PlatformEcho(max_retries=2) as model:
        with pytest.raises(RateLimitError):
            model.predict("secret prompt")
        platform.failing.clear()
        model.predict("secret prompt")
    lines = [record.getMessage() for record in caplog.records if record.name == "clarigen"]
    assert [line.split(";")[1].split(" in ")[0] for line in lines[:2]] == [
        " attempt 2 follows",
        " attempt 3 follows",
    ]
    assert lines[2:] == ["predict: success at attempt 1"]
    assert all(line.isprintable() for line in lines)
    assert PAT not in caplog.text
    assert "secret prompt" not in caplog.text


def test_handler_is_attached_only_on_request() -> None:
    code = "import clarigen._log, logging; print(len(logging.getLogger('clarigen').handlers))"
    assert run_python(code).stdout.strip() == "0"
    prefix = "import os; os.environ['CLARIGEN_LOG'] = 'debug'; "
    assert run_python(prefix + code).stdout.strip() == "1"


def test_environment_variable_enables_logging_to_stderr(
    package: Any, platform: Standin, tmp_path: Path
) -> None:
    code = f"""
import os, sys
os.environ["CLARIGEN_LOG"] = "info"
sys.path.insert(0, {str(Path(package.__file__).parents[1])!r})
from clarigen import RateLimitError
from platform_echo import PlatformEcho
with PlatformEcho(max_retries=1) as model:
    try:
        model.predict("x")
    except RateLimitError as error:
        print(error.attempts)
"""
    platform.failing["PostModelOutputs"] = (11005, "slow down")
    done = run_python(code)
    assert done.stdout.strip() == "2"
    assert (
        "clarigen INFO predict: 11005 CONN_THROTTLED: slow down; attempt 2 follows" in done.stderr
    )
    assert PAT not in done.stderr
