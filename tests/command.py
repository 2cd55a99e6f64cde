"""The command, run in the process of a test."""

from __future__ import annotations

import io
import re
import sys
from typing import Final

import pytest

from gen_client import cli

RunResult = tuple[int, str, str]
"""Exit code, stdout and stderr."""

FOREGROUND: Final = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # the test runner may ignore it
from gen_client import cli
sys.exit(cli.main())
"""
"""A program for `python -c` that runs the command as a shell's foreground does, so that SIGINT interrupts it."""


def run_command(
    capsys: pytest.CaptureFixture[str],
    *words: object,
    stdin: str | None = None,
    colors: str = r"0|3[1-6]",
) -> RunResult:
    """Run the command. Check that all its output is printable, and that it met no bug.

    Args:
        capsys: The fixture of pytest.
        words: The arguments.
        stdin: The content of standard input; None to leave that as it is.
        colors: The ANSI codes that output may have, as a pattern, if the test makes stdout a terminal.
    """
    capsys.readouterr()
    with pytest.MonkeyPatch.context() as patch:
        if stdin is not None:
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        code = cli.main([str(word) for word in words])
    out, err = capsys.readouterr()
    plain = re.sub(rf"\x1b\[({colors})m", "", out) if sys.stdout.isatty() else out
    assert all(line.isprintable() for line in (plain + err).split("\n")), out + err
    assert "a bug" not in err
    return code, out, err
