"""The same signatures give the same bytes for any hash seed, locale, time zone, folder and Python version."""

from __future__ import annotations

import os
import shutil
import sys
import tomllib
from pathlib import Path

import pytest

from golden.packages import PACKAGES, files
from support import CORPUS, ROOT, SOURCES, run

FILES = {
    **PACKAGES,
    "hostile": CORPUS / "hostile" / "default-code-in-every-type.json",
    "unicode": CORPUS / "hostile" / "unicode-identifiers.json",
    "newer": CORPUS / "hostile" / "names-of-a-newer-unicode.json",
    "joiners": CORPUS / "hostile" / "names-with-joiners.json",
    "underscores": CORPUS / "hostile" / "names-of-underscores.json",
    "defaults": CORPUS / "kitchen_sink" / "defaults.json",
    "named": CORPUS / "kitchen_sink" / "named-fields.json",
}
GENERATE = """
import sys
from gen_client import cli
out, *pairs = sys.argv[1:]
for pair in pairs:
    name, path = pair.split("=", 1)
    assert cli.main(["--signatures", path, "--out", out, "--name", name]) == 0
"""


def generated(out: Path, *names: str, python: str = sys.executable, **env: str) -> dict[str, bytes]:
    """Generate packages, by default all, in a fresh interpreter and return their files."""
    out.mkdir()
    pairs = [f"{name}={FILES[name]}" for name in names or FILES]
    done = run(python, "-c", GENERATE, out, *pairs, cwd=out, env={"PYTHONPATH": SOURCES, **env})
    assert done.returncode == 0, done.stderr
    return files(out)


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files as this environment generates them."""
    return generated(tmp_path_factory.mktemp("usual") / "out", PYTHONHASHSEED="0")


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONHASHSEED": "1", "LC_ALL": "C", "TZ": "Asia/Tokyo"},
        {"PYTHONHASHSEED": "4711", "LC_ALL": "C.UTF-8", "TZ": "America/Lima", "PYTHONUTF8": "0"},
        {"PYTHONHASHSEED": "2", "COLUMNS": "20", "NO_COLOR": "1", "SOURCE_DATE_EPOCH": "0"},
    ],
    ids=["seed", "locale", "terminal"],
)
def test_the_environment_changes_nothing(
    reference: dict[str, bytes], tmp_path: Path, environment: dict[str, str]
) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.black]\nline-length = 40\n", "utf-8")
    assert generated(tmp_path / "öut here", **environment) == reference


def test_a_new_release_changes_nothing(reference: dict[str, bytes], tmp_path: Path) -> None:
    sources = tmp_path / "sources"
    ignored = shutil.ignore_patterns("__pycache__")
    for folder in ("runtime", "codegen", "templates"):
        shutil.copytree(ROOT / folder, sources / folder, ignore=ignored)
    version = sources / "runtime" / "clarigen" / "_version.py"
    version.write_text('__version__ = "99.0.0"\n', "utf-8")
    path = os.pathsep.join([str(sources / "runtime"), str(sources / "codegen")])
    assert generated(tmp_path / "out", PYTHONPATH=path) == reference


def other_pythons() -> list[str]:
    """Return other installed Pythons that are recent enough, the newest first."""
    commands: dict[int, str] = {}
    for minor in range(20, 10, -1):
        for place in (
            f"python3.{minor}",
            *Path.home().glob(f".pyenv/versions/3.{minor}.*/bin/python"),
        ):
            command = shutil.which(str(place))
            if (
                minor != sys.version_info.minor
                and command
                and run(command, "-c", "").returncode == 0
            ):
                commands.setdefault(minor, command)
    return list(commands.values())


def test_another_python_changes_nothing(reference: dict[str, bytes], tmp_path: Path) -> None:
    """Generate with the newest other Python, or with a new environment of this one if there is none."""
    python = (other_pythons() or [sys.executable])[0]
    assert run(python, "-m", "venv", tmp_path / "venv").returncode == 0
    other = str(tmp_path / "venv" / "bin" / "python")
    installed = run(other, "-m", "pip", "install", "--quiet", f"{ROOT}[codegen]")
    assert installed.returncode == 0, installed.stderr
    assert generated(tmp_path / "out", python=other) == reference


def test_the_oldest_black_gives_the_same_files(reference: dict[str, bytes], tmp_path: Path) -> None:
    """Users may have black in the same environment, for their own code, in another version."""
    folder = tmp_path / "black"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    [bound] = [line for line in project["optional-dependencies"]["codegen"] if "black" in line]
    installed = run(
        *(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", folder),
        bound.replace(">=", "=="),
    )
    assert installed.returncode == 0, installed.stderr
    shown = run(sys.executable, "-m", "black", "--version", env={"PYTHONPATH": str(folder)})
    assert bound.removeprefix("black>=") in shown.stdout
    path = os.pathsep.join([str(folder), SOURCES])
    files_ = generated(tmp_path / "out", "detector", "speech_studio", "hostile", PYTHONPATH=path)
    assert files_.items() <= reference.items()
