"""The demo runs from anywhere, shows every method, and leaves nothing behind."""

from __future__ import annotations

import sys
from pathlib import Path

from support import ROOT, SOURCES, run


def _files() -> set[Path]:
    return {
        path for path in (ROOT / "examples").rglob("*") if "__pycache__" not in path.parts
    } | set(ROOT.iterdir())


def test_the_demo(tmp_path: Path) -> None:
    before = _files()
    demo = run(
        sys.executable, ROOT / "examples" / "demo.py", cwd=tmp_path, env={"PYTHONPATH": SOURCES}
    )
    assert demo.returncode == 0, demo.stderr
    for words in (
        "$ gen-client --url grpc://127.0.0.1:",
        "text_stats/client.py",
        "  33 words, 8.25 seconds to read",
        "  - He prayed for the moon to give him light!",
        "  FollowResult(lines=2, words=17, longest='morning')",
        "  Image(bytes=<",
        "did you mean 'frequency'?",
        "  [17, 16]",
    ):
        assert words in demo.stdout
    assert "Traceback" not in demo.stderr
    assert _files() == before
    assert list(tmp_path.iterdir()) == []
