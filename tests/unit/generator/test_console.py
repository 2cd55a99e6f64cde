"""What a terminal shows of a diagnostic: sentences break between words, commands do not break."""

from __future__ import annotations

import fcntl
import os
import struct
import sys
import termios
from pathlib import Path

import pytest

from gen_client.diagnostics import Refusal
from gen_client.terminal.console import Console

MESSAGE = "there is nothing to do: no model is named, and the file 'a-b-c/d' was not found anywhere"
REMEDY = "gen-client a/very/long/path/of/a/model --out another/very/long/path --name eye"


def test_a_sentence_breaks_between_words_and_a_command_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    main, other = os.openpty()
    fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 60, 0, 0))
    with open(other, "w", encoding="utf-8") as terminal:  # noqa: PTH123  a descriptor
        monkeypatch.setattr(sys, "stderr", terminal)
        monkeypatch.setenv("NO_COLOR", "1")
        Console().report(Refusal(MESSAGE, exit_code=2, remedy=REMEDY).diagnostic)
        terminal.flush()
        lines = os.read(main, 4096).decode().splitlines()
    os.close(main)
    assert len(lines) == 3
    assert all(len(line) <= 60 for line in lines[:-1])
    assert " ".join(line.strip() for line in lines[:-1]) == f"gen-client: error: {MESSAGE}"
    assert lines[-1] == f"  {REMEDY}"


def test_a_sentence_in_a_file_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (tmp_path / "log").open("w") as log:
        monkeypatch.setattr(sys, "stderr", log)
        Console().report(Refusal(MESSAGE, exit_code=2).diagnostic)
    assert (tmp_path / "log").read_text() == f"gen-client: error: {MESSAGE}\n"
