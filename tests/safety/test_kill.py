"""A run killed at a random moment leaves the old package or the new one, and the next run completes it."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

from gen_client import cli
from gen_client.layout import FIRST_LINE
from gen_client.output import write
from support import CORPUS

FILES = dict.fromkeys(
    ("__init__.py", "client.py", "examples.py"), f"{FIRST_LINE}\n{'x = 1' * 50000}\n"
) | {"py.typed": "", "signatures.json": '{"format": 1, "method_signatures": []}\n'}
NEWER = {name: text.replace("x = 1", "y = 2") for name, text in FILES.items()}
KILLS = 60


def contents(out: Path) -> dict[str, str]:
    """Return the text of the files of the package, by name."""
    return {file.name: file.read_text() for file in (out / "pkg").iterdir()}


def test_killed_write_leaves_a_whole_package(tmp_path: Path) -> None:
    write.write_package(tmp_path, "pkg", FILES)
    seeded = random.Random(5)
    seen: set[str] = set()

    def both() -> None:
        for files in (NEWER, FILES):
            write.write_package(tmp_path, "pkg", files)

    for _ in range(KILLS):
        _kill_one(both, seeded.uniform(0, 0.02))
        current = contents(tmp_path)
        assert current in (FILES, NEWER)
        seen.add(current["client.py"][-6:])
        assert {entry.name for entry in tmp_path.iterdir()} <= {"pkg", ".pkg.gen-client"}
    files = NEWER if contents(tmp_path) == FILES else FILES
    write.write_package(tmp_path, "pkg", files)
    assert contents(tmp_path) == files
    assert [entry.name for entry in tmp_path.iterdir()] == ["pkg"]
    assert len(seen) == 2


def _kill_one(work: Callable[[], object], after: float) -> None:
    """Fork a process that repeats its work, and kill it some time after it has started."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:  # nothing of the test may run in the child
        try:
            os.write(writing, b"r")
            while True:
                work()
        finally:
            os._exit(1)
    os.close(writing)
    try:
        assert os.read(reading, 1) == b"r"
        time.sleep(after)  # the time is random
    finally:
        os.close(reading)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def test_killed_command_leaves_a_whole_package(tmp_path: Path) -> None:
    """Kill the whole command, from reading signatures to its last output."""

    def generate(model: str) -> dict[str, str]:
        file = str(CORPUS / "docs" / f"{model}.json")
        words = ["--signatures", file, "--name", "pkg", "--out", str(tmp_path)]
        assert cli.main([*words, "--no-cache", "--quiet"]) == 0
        return contents(tmp_path)

    models = ("detector", "sensors")
    packages = [generate(model) for model in models]
    seeded = random.Random(7)
    seen: set[int] = set()
    for _ in range(KILLS // 2):
        _kill_one(lambda: [generate(model) for model in models], seeded.uniform(0, 0.4))
        seen.add(packages.index(contents(tmp_path)))
    assert len(seen) == 2
    assert [generate(model) for model in models] == packages
    assert [entry.name for entry in tmp_path.iterdir()] == ["pkg"]


def test_concurrent_runs_do_not_mix(tmp_path: Path) -> None:
    """Four processes write two packages in turn while the test reads them."""
    write.write_package(tmp_path, "pkg", FILES)
    children = [_writer(tmp_path, turn) for turn in range(4)]
    try:
        for _ in range(1000):
            text = _read(tmp_path / "pkg" / "client.py")
            assert text in (None, FILES["client.py"], NEWER["client.py"])
    finally:
        codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    assert codes == [0] * 4
    assert contents(tmp_path) in (FILES, NEWER)
    assert [entry.name for entry in tmp_path.iterdir()] == ["pkg"]


def _writer(out: Path, turn: int) -> int:
    child = os.fork()
    if child == 0:
        code = 1
        try:
            for number in range(60):
                write.write_package(out, "pkg", FILES if (turn + number) % 2 else NEWER)
            code = 0
        finally:
            os._exit(code)
    return child


def _read(file: Path) -> str | None:
    try:
        return file.read_text()
    except FileNotFoundError:
        return None
