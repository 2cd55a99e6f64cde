"""Completion of a model's methods and parameters, in real shells; and that it neither sends nor runs anything."""

from __future__ import annotations

import os
import pty
import select
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from gen_client.commands.complete import FILES, complete_line
from support import ROOT, SOURCES

TIME_LIMIT: Final = 60.0
"""Seconds after which a shell counts as stuck."""
MODEL_FILE: Final = """\
from clarifai.runners.models.model_class import ModelClass

class Echo(ModelClass):
    @ModelClass.method
    def repeat(self, text: str, loud: bool = False) -> str:
        return text
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Change to a folder with packages, a model, a few files, and the command on the path."""
    monkeypatch.chdir(tmp_path)
    for name in ("detector", "speech_studio", "gpt_5_1", "lab_tools"):
        source = ROOT / "generated" / name / "signatures.json"
        (tmp_path / "src" / name).mkdir(parents=True)
        shutil.copy(source, tmp_path / "src" / name)
    (tmp_path / "echo" / "1").mkdir(parents=True)
    (tmp_path / "echo" / "1" / "model.py").write_text(MODEL_FILE)
    for name in ("picture one.png", "zoo.json"):
        (tmp_path / name).touch()
    os.mkfifo(tmp_path / "pipe.json")
    command = tmp_path / "bin" / "gen-client"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m gen_client "$@"\n')
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{command.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", SOURCES)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    return tmp_path


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("call ", [FILES]),
        ("call src/det", [FILES]),
        ('call "src/det', [FILES]),
        ("show ", [FILES]),
        ("show src/detector ", ["predict", "generate"]),
        ("show src/detector predict ", []),
        ("call src/detector p", ["predict"]),
        ('call "src/detector" p', ["predict"]),
        ("call --out x src/detector --text p", ["predict"]),
        ("call --signatures src/detector p", ["predict"]),
        ("call --signatures=src/detector p", ["predict"]),
        ("call src/detector predict ", ["image=", "threshold="]),
        ("call src/detector predict image=@x ", ["threshold="]),
        ("call src/detector predict image=", ["image=@"]),
        ("call src/detector predict image=@p", [f"{FILES}image=@"]),
        ("call src/speech_studio transcribe lang", ["language="]),
        ("call src/speech_studio transcribe language=", [f"language={c}" for c in ("auto", "en", "de", "fr")]),
        ("call src/gpt_5_1 ch", ["chat"]),
        ("call src/gpt_5_1 chat temp", ["temperature="]),
        ("call src/lab_tools area un", ["unit="]),
        ("call src/lab_tools area unit=f", ["unit=ft2"]),
        ("call echo re", ["repeat"]),
        ("call echo/1/model.py repeat loud=t", ["loud=true"]),
        # Nothing is asked that is not in a file.
        ("call - ", []),
        ("call pipe.json ", []),
        ("call grpc://127.0.0.1:1 ", []),
        ("call acme/vision/models/eye ", []),
        ("call --url acme/vision/models/eye ", []),
        ("call nothing.json ", []),
        ("call zoo.json ", []),
        ("call src/detector nothing ", []),
        ("diff ", []),
        ("", []),
    ],
)  # fmt: skip
def test_words_at_the_end_of_a_line(line: str, words: list[str]) -> None:
    assert complete_line(f"gen-client {line}") == words


def test_no_text_of_a_model_is_a_command_of_the_shell() -> None:
    for path in sorted((ROOT / "tests" / "corpus" / "hostile").glob("*.json"))[::4]:
        if path.stat().st_size > 100_000:
            continue
        for method in complete_line(f"gen-client call {path} "):
            assert method.isidentifier()
            for word in complete_line(f"gen-client call {path} {method} "):
                assert word.removesuffix("=").isidentifier()
                for value in complete_line(f"gen-client call {path} {method} {word}"):
                    assert not set(value) & set("$`\\\"'();|&<> \t\n*?[]{}!#~")


class Shell:
    """An interactive shell on a terminal of its own, with the completion script.

    Args:
        name: bash or zsh.
    """

    def __init__(self, name: str) -> None:
        self._main, other = pty.openpty()
        words = {"bash": ["bash", "--norc", "--noprofile", "-i"], "zsh": ["zsh", "-f", "-i"]}[name]
        environment = {**os.environ, "TERM": "dumb", "PS1": "$ ", "COLUMNS": "200"}
        self._process = subprocess.Popen(
            words, stdin=other, stdout=other, stderr=other, env=environment, start_new_session=True
        )
        os.close(other)
        start = "autoload -U compinit; compinit -u -D; " if name == "zsh" else ""
        self.type(f"{start}eval \"$(cat script.{name})\"; echo rea''dy\n", until="ready")

    def type(self, text: str, *, until: str) -> str:
        """Type a text, and return what the shell shows until it has shown another text."""
        screen = ""
        os.write(self._main, text.encode())
        while until not in screen:
            readable, _, _ = select.select([self._main], [], [], TIME_LIMIT)
            assert readable, f"{screen!r} has no {until!r}"
            screen += os.read(self._main, 65536).decode(errors="replace")
        return screen

    def close(self) -> None:
        """End the shell."""
        self._process.kill()
        self._process.wait()
        os.close(self._main)


def write_script(shell: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    with Path(f"script.{shell}").open("w") as file:
        subprocess.run(["gen-client", "completion", shell], stdout=file, check=True)


@pytest.fixture(params=["bash", "zsh"])
def shell(request: pytest.FixtureRequest, folder: Path) -> Iterator[Shell]:
    """Start a shell."""
    write_script(request.param)
    shell = Shell(request.param)
    yield shell
    shell.close()


def test_an_interactive_shell_completes(shell: Shell) -> None:
    for typed, shown in (
        ("gen-client comp\t", "completion "),
        ("gen-client call src/det\t", "detector/"),
        ("gen-client call --ou\t", "--out "),
        ("gen-client call src/detector pre\t", "predict "),
        # No blank follows: the value is typed next.
        ("gen-client call src/detector predict im\tX", "image=X"),
        ("gen-client call src/detector predict image=@pic\t", "picture\\ one.png"),
        ("gen-client call src/speech_studio transcribe language=a\t", "auto "),
    ):
        shell.type(typed, until=shown)
        shell.type("\x15", until="")  # Ctrl-U clears the line


def test_fish_completes() -> None:
    write_script("fish")
    lines = {
        "comp": "completion",
        "call src/det": "src/detector/",
        "call --ou": "--out",
        "call src/detector pre": "predict",
        "call src/detector predict image=@pic": "image=@picture one.png",
        "call src/speech_studio transcribe language=a": "language=auto",
    }
    program = "source script.fish; " + "; ".join(
        f'complete -C "gen-client {line}"; echo ---' for line in lines
    )
    done = subprocess.run(
        ["fish", "--no-config", "-c", program], capture_output=True, text=True, check=True
    )
    answers = done.stdout.split("---\n")
    for (line, word), answer in zip(lines.items(), answers, strict=False):
        assert word in [text.partition("\t")[0] for text in answer.splitlines()], (line, done)
