"""Each command line of the README is run, and its Python, in a repository where what they name is there."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from clarigen.examples import IMAGE
from clarigen.testing import serve
from gen_client import cli
from support import CORPUS, ROOT, SOURCES, run

README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMAND = re.compile(r"^(?: {4}|\$ | {4}\$ |.*- run: )(gen-client(?: .*)?)$", re.MULTILINE)


def command_lines() -> list[str]:
    """What stands after `gen-client` in every command line: options in brackets given, alternatives each."""
    found = []
    for line in COMMAND.findall(README):
        words = re.split(r"\s+#|\s{3,}", line)[0].removeprefix("gen-client").strip()
        words = words.replace("FILE|-", "FILE").replace("[", "").replace("]", "")
        found.append(words)
    return list(dict.fromkeys(found))


class Chat:
    def predict(self, prompt: str, max_tokens: int = 256) -> str:
        """Answer."""
        return prompt


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An application as the README has it, and a platform on this machine."""
    monkeypatch.chdir(tmp_path)
    with serve(Chat()) as server:
        monkeypatch.setenv("CLARIFAI_API_BASE", server.url)
        monkeypatch.setenv("PYTHONPATH", SOURCES)
        who = ("-c", "user.name=me", "-c", "user.email=me@example.com")
        run("git", "init", "--quiet", "--initial-branch", "main")
        init = "init", "openai/chat-completion/models/o4-mini", "--out", "src/app/models", "-q"
        assert cli.main(list(init)) == 0
        assert cli.main(["-q"]) == 0
        run("git", "add", "--all")
        run("git", *who, "commit", "--quiet", "--message", "first")
        run("git", "update-ref", "refs/remotes/origin/main", "HEAD")
        for name in ("FILE", "old.json", "new.json"):
            Path(name).write_bytes((CORPUS / "docs" / "detector.json").read_bytes())
        yield tmp_path


@pytest.mark.parametrize("words", command_lines())
def test_a_command_line_of_the_readme_works(
    words: str, repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for placeholder, value in {
        "URL": "openai/chat-completion/models/o4-mini",
        "DIR": "src/app/models",
        "NAME": "o4_mini",
        "REF": "openai/chat-completion/models/o4-mini",
    }.items():
        words = re.sub(rf"\b{placeholder}\b", value, words)
    if words.startswith("serve "):
        _serves(shlex.split(words))
    else:
        code = cli.main(shlex.split(words))
        assert code == 0, capsys.readouterr().err


def _serves(words: list[str]) -> None:
    """A server is started, says where it is, and is stopped."""
    if "--port" in words:
        words[words.index("--port") + 1] = "0"
    command = [sys.executable, "-u", "-m", "gen_client", *words]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=dict(os.environ)
    )
    assert process.stdout is not None
    try:
        assert "127.0.0.1" in process.stdout.readline()
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)


PROGRAM = """
import sys
from app.models.o4_mini import O4Mini
from clarigen import Image
from clarigen.testing import fake
from generated.detector import Detector

model = O4Mini()
detector = fake(Detector, predict=lambda image, threshold: [])
image = other = Image(url="https://example.com/a.png")
paths = sys.argv[1:]
"""
"""What an application has around the pieces of Python that the README shows before it speaks of tests."""


def pieces() -> list[str]:
    """Those pieces."""
    before = README.split("## Testing an application")[0]
    return re.findall(r"^```python\n(.*?)^```", before, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("piece", pieces(), ids=range(len(pieces())))
def test_the_python_of_the_readme_runs(
    piece: str, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [SOURCES, str(repository / "src"), str(ROOT)]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(paths))
    Path("a.jpg").write_bytes(IMAGE.bytes)
    done = run(sys.executable, "-c", PROGRAM + piece, "a.jpg")
    assert (done.returncode, done.stderr) == (0, "")
    assert bool(done.stdout) == ("print" in piece)


def test_the_readme_shows_the_workflow_that_is_tested() -> None:
    example = (ROOT / "examples" / "workflows" / "clients.yml").read_text(encoding="utf-8")
    assert example.split("\n", 2)[2] in README


def test_there_are_command_lines() -> None:
    found = command_lines()
    assert "--check --offline --diff" in found
    assert "" in found
    assert json.dumps(found).count("--url") > 1
    assert len(pieces()) > 3
