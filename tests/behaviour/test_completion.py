"""`gen-client completion`: every shell, and paths where an argument takes one."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
import shtab

from gen_client import cli
from gen_client.commands.command import Command, build_parser
from gen_client.commands.completion import SHELLS
from gen_client.commands.completion_run import complete_arguments
from gen_client.commands.registry import COMMANDS, GENERATE
from support import ROOT

NOT_PATHS = {
    *("url", "api_base", "name", "model", "base", "deployment", "timeout", "line"),
    *("column", "result", "error", "context"),
}
"""Arguments that take a text which is no path."""


def test_each_shell_of_the_library_has_a_script(capsys: pytest.CaptureFixture[str]) -> None:
    assert set(SHELLS) == set(shtab.SUPPORTED_SHELLS)
    for shell in SHELLS:
        assert cli.main(["completion", shell]) == 0
        assert "gen-client" in capsys.readouterr().out


@pytest.mark.parametrize("command", [GENERATE, *COMMANDS], ids=lambda command: command.name)
def test_arguments_that_take_a_path_complete_it(command: Command) -> None:
    """An argument with a new metavar must be listed: as a path in `completion_run`, or here."""
    for action in complete_arguments(build_parser(command), "gen-client"):
        takes_text = action.nargs != 0 and action.choices is None and action.type is not int
        if takes_text and action.dest not in NOT_PATHS:
            assert hasattr(action, "complete"), action


def test_the_script_is_that_of_the_name_it_was_asked_by(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["/somewhere/clarigen"])
    assert cli.main(["completion", "bash"]) == 0
    assert "_shtab_clarigen clarigen" in capsys.readouterr().out
    assert build_parser(GENERATE).prog == "gen-client"


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["serve", "gen"], "generated"),
        (["serve", "generated/det"], "generated/detector"),
        (["serve", "generated/detector/sig"], "generated/detector/signatures.json"),
        (["diff", "CHANGE"], "CHANGELOG.md"),
        (["diff", "README.md", "CHANGE"], "CHANGELOG.md"),
        (["doctor", "generated/detector", "generated/text_"], "generated/text_stats"),
        (["init", "a/b/models/c", "--out", "gen"], "generated"),
        (["--signatures", "READ"], "README.md"),
        (["contract", "--python", "READ"], "README.md"),
        (["skeleton", "generated/detector", "--out", "gen"], "generated"),
        (["call", "generated/detector", "predict", "--out", "READ"], "README.md"),
        (["--out", "READ"], ""),
        (["--out", "gen"], "generated"),
        (["--templates", "templ"], "templates"),
        (["comp"], "completion"),
        (["completion", "fi"], "fish"),
    ],
)
def test_bash_completes(
    words: list[str], expected: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert cli.main(["completion", "bash"]) == 0
    script = tmp_path / "script"
    script.write_text(capsys.readouterr().out)
    program = (
        'source "$1"; shift; COMP_WORDS=(gen-client "$@"); COMP_CWORD=$#; COMPREPLY=(); '
        '_shtab_gen_client gen-client "${COMP_WORDS[-1]}" "${COMP_WORDS[-2]}"; '
        'echo "${COMPREPLY[*]}"'
    )
    completed = subprocess.run(
        ["bash", "-c", program, "bash", script, *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert completed.stdout.strip() == expected


def test_zsh_completes_each_of_many_paths(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["completion", "zsh"]) == 0
    out = capsys.readouterr().out
    assert '"*:' in out
    assert '"(*)' not in out
