"""Every hostile model gives the expected result, and none of its text runs, whatever is done with its package."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from support import CORPUS, ROOT, SOURCES, run

FILES = sorted((CORPUS / "hostile").glob("*.json"))
BATCHES = 2
CODES = {"ok": {0}, "reject": {2, 4}, "ok-or-reject": {0, 2, 4}}


@pytest.fixture(scope="module")
def visited(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """The observations for each file, by its name."""
    seen: dict[str, dict[str, Any]] = {}
    for batch in range(BATCHES):
        folder = tmp_path_factory.mktemp("visit")
        done = run(
            *(sys.executable, "-X", "utf8", "-m", "safety.visitor", folder / "out"),
            *FILES[batch::BATCHES],
            cwd=folder,
            env={"PYTHONPATH": f"{SOURCES}:{ROOT / 'tests'}", "HOME": str(folder)},
        )
        assert done.returncode == 0, done.stderr[-2000:]
        assert "Traceback" not in done.stderr, done.stderr[-2000:]
        for line in done.stdout.splitlines():
            result = json.loads(line)
            seen[result["file"]] = result
        assert {entry.name for entry in folder.iterdir()} == {"out"}
        packages = {result["name"] for result in seen.values() if result["code"] == 0}
        assert {entry.name for entry in (folder / "out").iterdir()} <= packages | {"warm"}
    return seen


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_expectation_holds_and_no_text_runs(visited: dict[str, dict[str, Any]], file: Path) -> None:
    result = visited[file.stem]
    assert result["code"] in CODES[json.loads(file.read_text("utf-8"))["expect"]], result["said"]
    assert result["generating"] == []
    assert result["using"] == []
    assert result["problem"] == ""
    assert result["said"].replace("\n", "").isprintable()
    assert "a bug" not in result["said"]
    if result["code"]:
        assert "error: " in result["said"]


ATTACKS = {
    "a file": "open('PWNED', 'w')",
    "a program": "__import__('os').system('true')",
    "another": "__import__('subprocess').Popen(['true'])",
    "a connection": "__import__('socket').create_connection(('127.0.0.1', 9))",
    "code": "exec(compile('1', 'stranger', 'exec'))",
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_watch_notices_an_attack(tmp_path: Path, attack: str) -> None:
    """Run the attack itself, to prove that the watch notices it."""
    code = (
        "from pathlib import Path\n"
        "from safety.watch import Watch\n"
        "watch = Watch(Path('out'))\n"
        f"try:\n    {ATTACKS[attack]}\nexcept OSError:\n    pass\n"
        "print(len(watch.taken()))"
    )
    (tmp_path / "attack.py").write_text(code, "utf-8")
    done = run(
        *(sys.executable, "attack.py"),
        cwd=tmp_path,
        env={"PYTHONPATH": f"{SOURCES}:{ROOT / 'tests'}"},
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= 1
