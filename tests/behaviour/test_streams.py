"""The command with broken standard streams: closed ones, a full disk, a closed pipe, a removed working folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support import CORPUS, SOURCES

DETECTOR = CORPUS / "docs" / "detector.json"
COMMAND = f"{sys.executable} -m gen_client"
COMMANDS = [f"show {DETECTOR}", "completion bash", "doctor", f"--signatures {DETECTOR} --check"]


def run_shell(folder: Path, line: str) -> subprocess.CompletedProcess[str]:
    """Run a line of bash in a folder."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": SOURCES, "HOME": str(folder)}
    return subprocess.run(
        ["bash", "-c", f"set -o pipefail; {line}"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", ">&- 2>&-", ">&- 2>&- <&-"])
def test_closed_streams_are_no_failure(tmp_path: Path, closed: str) -> None:
    done = run_shell(tmp_path, f"{COMMAND} --signatures {DETECTOR} {closed}")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("\n") == (0 if closed.startswith(">") else 5)
    files = {path.name: path.read_text("utf-8") for path in tmp_path.glob("detector/*")}
    assert len(files) == 5
    assert not any("gen-client: " in text or "detector/" in text for text in files.values())
    again = run_shell(tmp_path, f"{COMMAND} --check --signatures {DETECTOR}")
    assert again.returncode == 0, again.stdout


@pytest.mark.parametrize("words", ["--signatures -", "--nonsense"])
@pytest.mark.parametrize("closed", ["<&-", ">&- <&-", ">&- 2>&- <&-"])
def test_a_refusal_keeps_its_code_with_closed_streams(
    tmp_path: Path, words: str, closed: str
) -> None:
    done = run_shell(tmp_path, f"{COMMAND} {words} {closed}")
    assert done.returncode == (2 if words == "--nonsense" else 4)
    assert "Traceback" not in done.stderr
    assert "a bug" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is full")
@pytest.mark.parametrize("words", COMMANDS)
def test_a_full_disk_is_reported(tmp_path: Path, words: str) -> None:
    done = run_shell(tmp_path, f"{COMMAND} {words} > /dev/full")
    assert done.returncode == 2
    (line,) = [line for line in done.stderr.splitlines() if "error" in line]
    assert line.startswith("gen-client: error: standard output cannot be written: No space")
    silent = run_shell(tmp_path, f"{COMMAND} --signatures nothing.json 2> /dev/full")
    assert (silent.returncode, silent.stdout) == (2, "")


@pytest.mark.parametrize("words", [*COMMANDS[:3], "--help", "--version"])
def test_a_closed_pipe_is_no_error(tmp_path: Path, words: str) -> None:
    done = run_shell(tmp_path, f"{COMMAND} {words} | head -c 1")
    assert done.returncode == 0
    assert "error" not in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("words", ["", "--check", "doctor", "diff", "init a/b/models/c"])
def test_a_removed_working_folder_is_reported(tmp_path: Path, words: str) -> None:
    done = run_shell(tmp_path, f"mkdir gone && cd gone && rmdir ../gone && {COMMAND} {words}")
    assert done.returncode == (1 if words == "doctor" else 2)
    assert "the working folder does not exist any more" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
