"""Commands print no control sequences for hostile models."""

from __future__ import annotations

from pathlib import Path

import pytest

from gen_client import cli
from support import CORPUS

FILES = sorted((CORPUS / "hostile").glob("*.json"))
PLAIN = CORPUS / "docs" / "detector.json"
CODES = {0, 1, 2, 4}
OURS = ("::error file=", "::warning file=", "::notice file=", "gen-client: ")
"""The starts of our lines for GitHub; an injected workflow command would start differently."""


def said(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """Return what a command printed, after checking that no line has a control character."""
    code = cli.main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    assert code in CODES, captured
    assert "Traceback" not in captured.err
    assert "a bug in" not in captured.err, captured.err
    for line in (captured.out + captured.err).split("\n"):
        assert line.isprintable(), repr(line)
    return captured.out


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_show_and_diff_print_no_control_sequences(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    file: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    for more in ([], ["--json"], ["--json-schema"], ["--snippet"]):
        said(capsys, "show", "--signatures", file, *more)
    said(capsys, "diff", PLAIN, file)
    said(capsys, "diff", file, PLAIN)
    for form in ("json", "markdown", "github"):
        lines = said(capsys, "diff", PLAIN, file, "--format", form).splitlines()
        assert form != "github" or all(line.startswith(OURS) for line in lines)
    assert list(tmp_path.iterdir()) == []
