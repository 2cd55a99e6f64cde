"""Commands print no control sequences for hostile models."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from gen_client import cli
from gen_client.characters import HIDDEN_CHARACTER
from support import CORPUS

FILES = sorted((CORPUS / "hostile").glob("*.json"))
PLAIN = CORPUS / "docs" / "detector.json"
CODES = {0, 1, 2, 4}
OURS = ("::error file=", "::warning file=", "::notice file=", "gen-client: ")
"""The starts of our lines for GitHub; an injected workflow command would start differently."""


def said(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """Return what a command printed, after checking that neither a terminal nor a CI runner obeys a line."""
    code = cli.main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    assert code in CODES, captured
    assert "Traceback" not in captured.err
    assert "a bug in" not in captured.err, captured.err
    for line in (captured.out + captured.err).split("\n"):
        assert line.isprintable(), repr(line)
        assert HIDDEN_CHARACTER.search(line) is None, ascii(line)
        assert not re.search(r"##[\w-]*\[", line), line
        assert not line.lstrip().startswith("::") or line.startswith(OURS), line
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


COMMANDS = (
    "##[set-output name=code]0",
    "##[add-mask]e",
    "x ##[error]y",
    "##vso[task.setvariable variable=PATH]x",
    "##teamcity[buildStatus status='SUCCESS']",
    "####[group]",
    "::add-mask::e",
    "  ::error file=a::b",
    "\u3000::stop-commands::x",
)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_ci_runner_obeys_no_text(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    signature: dict[str, Any] = {
        "name": "predict",
        "method_type": "UNARY_UNARY",
        "description": f"{command}\n  {command}",
        "input_fields": [
            {"name": "x", "type": "STR", "default": command, "description": command},
            {"name": command, "type": "STR", "required": True},
        ],
        "output_fields": [{"name": "return", "type": "STR"}],
    }
    plain = {**signature, "input_fields": signature["input_fields"][:1]}
    named = {**plain, "name": command}
    for name, methods in (
        ("new", [plain, {**signature, "name": "second"}, named]),
        ("old", [{**plain, "description": "x"}]),
    ):
        Path(f"{name}.json").write_text(json.dumps({"method_signatures": methods}))
    for form in ("text", "json", "markdown", "github"):
        said(capsys, "diff", "old.json", "new.json", "--format", form)
    for more in ([], ["--json-schema"], ["--snippet"]):
        said(capsys, "show", "new.json", "predict", *more)
    content = json.loads(said(capsys, "show", "new.json", "--json"))
    assert command in json.dumps(content, ensure_ascii=False)
    said(capsys, "--signatures", "new.json", "--name", "pkg")
    said(capsys, "--signatures", "old.json", "--name", "pkg", "--check", "--diff")
    said(capsys, "show", command)
    said(capsys, "--name", command, "--signatures", "new.json")
