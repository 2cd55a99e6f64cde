"""Each command line and each piece of Python on the pages for users runs, in a repository that has what they name.

The pages are README.md and those in docs/ that `PAGES` lists.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from clarigen import InputError
from clarigen.examples import IMAGE
from clarigen.testing import OpenAITransports, fake, serve
from gen_client import cli
from support import CORPUS, ROOT, SOURCES, run

PAGES: Final = {
    name: (ROOT / name).read_text(encoding="utf-8")
    for name in (
        "README.md",
        *(
            f"docs/{page}.md"
            for page in (
                *("usage", "configuration", "command", "call", "checking", "testing"),
                "tables",
            )
        ),
    )
}
"""The text of each page."""

COMMAND: Final = re.compile(r"^(?: {4}|\$ | {4}\$ |.*- run: )(gen-client(?: .*)?)$", re.MULTILINE)


def command_lines() -> list[str]:
    """Return the arguments of `gen-client` in each command line."""
    lines = COMMAND.findall("\n".join(PAGES.values()))
    arguments = (re.split(r"\s+#|\s{3,}", line)[0].removeprefix("gen-client") for line in lines)
    return list(dict.fromkeys(text.strip() for text in arguments))


class Chat(OpenAITransports):
    def predict(self, prompt: str, max_tokens: int = 256) -> str:
        """Answer."""
        return prompt

    def generate(self, prompt: str, max_tokens: int = 256) -> Iterator[str]:
        """Answer piece by piece."""
        yield from (prompt, ".")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Create the application of the pages, and a platform on this machine."""
    monkeypatch.chdir(tmp_path)
    with serve(Chat(lambda body: str(body["messages"][-1]["content"]))) as server:
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
        Path("prompt.txt").write_text("Hello")
        Path("inputs.jsonl").write_text('{"prompt": "Hello"}\n')
        Path("messages.json").write_text('[{"role": "user", "content": "Hello"}]')
        yield tmp_path


@pytest.mark.parametrize("words", command_lines())
def test_a_command_line_works(
    words: str, repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for placeholder, value in {
        "SOURCE": "openai/chat-completion/models/o4-mini",
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
    """Assert that the server starts and prints its address, and stop it."""
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


PROGRAM: Final = """
import sys, types
from app.models.o4_mini import O4Mini
from clarigen import Image
from clarigen.testing import fake
from generated import lab_tools
from generated.detector import Detector

model = O4Mini()
detector = fake(Detector, predict=lambda image, threshold: [])
area = {"area": 1.5, "unit": "ft2"}
tools = types.SimpleNamespace(LabTools=lambda: fake(lab_tools.LabTools, area=area))
sys.modules["app.models.lab_tools"] = tools
image = other = Image(url="https://example.com/a.png")
paths = sys.argv[1:]
"""
"""What surrounds each piece of Python, except for the pieces about testing, which are complete."""


def pieces() -> list[tuple[str, str]]:
    """Return the name of the page and the code of each piece."""
    fenced = re.compile(r"^( *)```python\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
    return [
        (name, textwrap.dedent(code))
        for name, text in PAGES.items()
        for _, code in fenced.findall(text)
        if "def test_" not in code  # shows a test of pytest
    ]


@pytest.mark.parametrize(("page", "piece"), pieces(), ids=range(len(pieces())))
def test_a_piece_of_python_runs(
    page: str, piece: str, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [SOURCES, str(repository / "src"), str(ROOT)]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(paths))
    # On a busy machine, grpc's C core may log that a server has closed its connection.
    monkeypatch.setenv("GRPC_VERBOSITY", "ERROR")
    Path("a.jpg").write_bytes(IMAGE.bytes)
    done = run(sys.executable, "-c", PROGRAM + piece, "a.jpg")
    assert (done.returncode, done.stderr) == (0, ""), page
    assert bool(done.stdout) == ("print" in piece)


def test_the_page_shows_the_workflow_that_is_tested() -> None:
    example = (ROOT / "examples" / "workflows" / "clients.yml").read_text(encoding="utf-8")
    assert example.split("\n", 2)[2] in PAGES["docs/checking.md"]


def test_a_wrong_argument_is_reported_as_the_readme_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "generated"))
    model = fake(importlib.import_module("gpt_5_1").Gpt5_1, predict="")
    with pytest.raises(InputError) as raised:
        model.predict("Hello", max_tokens="many")
    assert f"# {raised.value}\n" in PAGES["README.md"]


def test_there_are_command_lines() -> None:
    lines = command_lines()
    assert "--check --offline --diff" in lines
    assert "" in lines
    assert json.dumps(lines).count("/models/o4-mini") > 1
    assert len(pieces()) > 15
