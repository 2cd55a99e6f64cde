"""Generation: the time of `gen-client --check --offline` for many locked models.

The first run is compared with one pass of black and one of libcst over the same files, in one process. A second
run, which finds everything in the cache, is compared with the first. Each reading is a fresh process, including
its start and imports.
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
    """Measure several numbers of models; the ratio must not grow with them."""
    for count in (10,) if quick else (10, 100, 1000):
        with tempfile.TemporaryDirectory() as folder:
            models = Models(Path(folder), count)
            rounds = 1 if count > 100 else 3
            first: dict[str, list[float]] = {OURS: [], HAND: []}
            again: dict[str, list[float]] = {OURS: [], HAND: first[OURS]}
            for _round in range(rounds):
                first[HAND].append(models.time_format())
                shutil.rmtree(models.cache, ignore_errors=True)
                first[OURS].append(models.time_check())
                again[OURS].append(models.time_check())
            yield Row(f"--check --offline, {count:,} models: to black and libcst", "ms", first)
            yield Row(f"the same with the cache, {count:,} models: to the first run", "ms", again)


class Models:
    """A repository with `count` generated packages, from the real signature files in rotation."""

    def __init__(self, folder: Path, count: int) -> None:
        folder = folder / "repository"
        self.folder = folder
        self.cache = folder.parent / "cache"  # one inside the repository is not used
        (folder / ".git").mkdir(parents=True)
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

    def time_check(self) -> float:
        """Run a check and return its duration, in seconds."""
        start = time.perf_counter()
        self._run("--check", "--offline")
        return time.perf_counter() - start

    def time_format(self) -> float:
        """Run black and libcst over the same files and return their duration, in seconds."""
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", _PASS, self.folder], check=True)
        return time.perf_counter() - start

    def _run(self, *options: str) -> None:
        environment = {**os.environ, "XDG_CACHE_HOME": str(self.cache)}
        command = [sys.executable, "-m", "gen_client", "--quiet", *options]
        subprocess.run(command, cwd=self.folder, env=environment, check=True)
