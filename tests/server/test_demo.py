"""The demo runs from any folder, calls every method, and leaves no files."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from support import ROOT, SOURCES, run


def _files() -> set[Path]:
    return {
        path for path in (ROOT / "examples").rglob("*") if "__pycache__" not in path.parts
    } | set(ROOT.iterdir())


def _demo(folder: Path, **env: str) -> subprocess.CompletedProcess[str]:
    demo = ROOT / "examples" / "demo.py"
    return run(sys.executable, demo, cwd=folder, env={"PYTHONPATH": SOURCES, **env})


def test_the_environment_of_the_demo_has_what_it_imports() -> None:
    """`make demo` does not use `.venv`, which has everything."""
    makefile = (ROOT / "Makefile").read_text("utf-8")
    assert "--editable '.[codegen,openai]'" in makefile.split("$(DEMO): ")[1].split("\n\n")[0]


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_demo_runs(tmp_path: Path, encoding: str) -> None:
    before = _files()
    demo = _demo(tmp_path, PYTHONIOENCODING=encoding)
    assert demo.returncode == 0, demo.stderr
    for text in (
        "$ gen-client --url grpc://127.0.0.1:",
        "text_stats/client.py",
        "  33 words, 8.25 seconds to read",
        "  - He prayed for the moon to give him light!",
        "  FollowResult(lines=2, words=17, longest='morning')",
        "  Image(bytes=<",
        "  17 words",
        "did you mean 'frequency'?",
        "  the the\n",
        "  analyze: attempts 1, status 10000\n  sentences: attempts 1, status 10000\n",
        "  2 words",
        "  [17, 16]",
        "  One. Two. [Call(method='sentences', arguments={'text': 'any text'})]",
        "  the model is not the one that text_stats was generated for",
        "sentences.text: is called `document` now",
        "text_tools/client.py",
        "def count_words(",
        "  33 words\n  the 4\n  a 2\n",
        "small_chat/client.py",
        "  You said 5 words.\n  You| said| 5| words.||\n",
    ):
        assert text in demo.stdout
    assert "Traceback" not in demo.stderr
    assert "\x1b" not in demo.stdout
    assert _files() == before
    assert list(tmp_path.iterdir()) == []


def test_demo_uses_colors_on_a_terminal(tmp_path: Path) -> None:
    demo = _demo(tmp_path, FORCE_COLOR="1", TERM="xterm-256color")
    assert demo.returncode == 0, demo.stderr
    assert "\x1b[" in demo.stdout
