"""What keeping packages current costs: `gen-client --check --offline` over many locked models.

The measure of the first run is one pass of black and one of libcst over the same files, in one process: what
formatting and parsing alone would take. That of the second run, which finds everything in the cache, is the
first. Each reading is a fresh process, start and imports included.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from benchmarks.measure import HAND, OURS, Row
from benchmarks.stage import Stage

ROOT: Final = Path(__file__).parent.parent
WITHOUT_METHODS: Final = ("dummy-runner-proto-model.json", "sdk-visual-detector-class.json")
REAL: Final = [
    file
    for file in sorted((ROOT / "tests" / "corpus" / "real").glob("*.json"))
    if file.name not in WITHOUT_METHODS
]
_PASS: Final = """
import pathlib, sys, black, libcst
mode = black.Mode({black.TargetVersion.PY311}, 100)
for file in sorted(pathlib.Path(sys.argv[1]).rglob("*.py")):
    text = file.read_text()
    black.format_str(text.replace("# fmt: off", "#"), mode=mode)
    libcst.parse_module(text)
"""


def rows(_: Stage, *, quick: bool) -> Iterator[Row]:
    """Several sizes; the ratio is to stay the same."""
    for count in (10,) if quick else (10, 100, 1000):
        with tempfile.TemporaryDirectory() as folder:
            models = Models(Path(folder), count)
            rounds = 1 if count > 100 else 3
            first: dict[str, list[float]] = {OURS: [], HAND: []}
            again: dict[str, list[float]] = {OURS: [], HAND: first[OURS]}
            for _round in range(rounds):
                first[HAND].append(models.formatted())
                shutil.rmtree(models.cache, ignore_errors=True)
                first[OURS].append(models.checked())
                again[OURS].append(models.checked())
            yield Row(f"--check --offline, {count:,} models: to black and libcst", "ms", first)
            yield Row(f"the same once more, {count:,} models: to the first", "ms", again)


class Models:
    """A repository with so many generated packages, of the real signature files in turn."""

    def __init__(self, folder: Path, count: int) -> None:
        self.folder = folder
        self.cache = folder / "cache"
        (folder / ".git").mkdir()
        entries = ["[tool.gen-client]\n"]
        for index in range(count):
            name = f"m{index}"
            (folder / name).mkdir()
            shutil.copy(REAL[index % len(REAL)], folder / name / "signatures.json")
            entries.append(
                f'[[tool.gen-client.models]]\nurl = "grpc://127.0.0.1:1"\nname = "{name}"\n'
            )
        (folder / "pyproject.toml").write_text("".join(entries))
        self._run("--offline", "--force")

    def checked(self) -> float:
        """Seconds that a check takes."""
        start = time.perf_counter()
        self._run("--check", "--offline")
        return time.perf_counter() - start

    def formatted(self) -> float:
        """Seconds that black and libcst take for the same files."""
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", _PASS, self.folder], check=True)
        return time.perf_counter() - start

    def _run(self, *words: str) -> None:
        environment = {**os.environ, "XDG_CACHE_HOME": str(self.cache)}
        command = [sys.executable, "-m", "gen_client", "--quiet", *words]
        subprocess.run(command, cwd=self.folder, env=environment, check=True)
