"""The installed wheel generates outside the checkout, and the package needs only the runtime."""

from __future__ import annotations

import json
import sys
import zipfile
from pathlib import Path

import pytest

from support import CORPUS, ROOT, run

CALL = """
import importlib.util, json, sys
from held import AsyncHeld, Held
import held.examples

absent = ["jinja2", "libcst", "black", "rich", "yaml", "numpy", "PIL"]
assert not [name for name in absent if importlib.util.find_spec(name)]

class Model:
    def predict(self, image: "Image", threshold: float = 0.5) -> "list[Region]":
        return [Region(box=Box(0.0, 0.0, 0.5, 0.5), value=threshold)]

from clarigen import Box, Image, Region
from clarigen.testing import serve
with serve(Model()) as server, Held(base_url=server.url) as model:
    print(model.predict(Image(bytes=b"x"), threshold=0.25)[0].value)
import clarigen, gen_client
print(clarigen.__file__)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the checkout."""
    out = tmp_path_factory.mktemp("dist")
    built = run(sys.executable, "-m", "build", "--wheel", "--outdir", out, ROOT)
    assert built.returncode == 0, built.stdout + built.stderr
    (path,) = out.glob("*.whl")
    return path


def environment(folder: Path, requirement: str) -> Path:
    """Create an environment with one requirement installed and return its folder of commands."""
    assert run(sys.executable, "-m", "venv", folder).returncode == 0
    installed = run(folder / "bin" / "python", "-m", "pip", "install", "--quiet", requirement)
    assert installed.returncode == 0, installed.stderr
    return folder / "bin"


def test_contents_of_the_wheel(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {f"gen_client/templates/{path.name}" for path in (ROOT / "templates").iterdir()} <= names
    assert {"clarigen/py.typed", "gen_client/py.typed", "clarigen/_proto/clarigen_pb2.pyi"} <= names
    assert "clarigen_pytest.py" in names
    assert "clarigen/__main__.py" in names
    assert "clarigen/_proto/compile.py" not in names
    assert not [name for name in names if name.startswith(("tests", "examples", "generated"))]


def test_package_from_one_environment_runs_in_another(wheel: Path, tmp_path: Path) -> None:
    generator = environment(tmp_path / "generator", f"{wheel}[codegen]")
    user = environment(tmp_path / "user", str(wheel))
    work = tmp_path / "work"
    work.mkdir()
    clean = {"PYTHONPATH": "", "PYTHONSAFEPATH": ""}

    signatures = str(CORPUS / "docs" / "detector.json")
    generation = run(
        *(generator / "gen-client", "--signatures", signatures, "--name", "held"),
        cwd=work,
        env=clean,
    )
    assert generation.returncode == 0, generation.stderr
    assert json.loads((work / "held" / "signatures.json").read_text("utf-8"))["format"] == 1

    (work / "call.py").write_text(CALL, "utf-8")
    called = run(user / "python", "call.py", cwd=work, env=clean)
    assert called.returncode == 0, called.stderr
    value, where = called.stdout.split()
    assert value == "0.25"
    assert Path(where).is_relative_to(tmp_path / "user")

    for command in (("clarigen",), ("python", "-m", "clarigen"), ("python", "-m", "gen_client")):
        shown = run(generator / command[0], *command[1:], "--version", cwd=work, env=clean)
        assert shown.stdout.startswith("gen-client 0.")

    refusal = run(user / "gen-client", "--signatures", signatures, cwd=work, env=clean)
    assert refusal.returncode == 2
    assert "clarigen[codegen]" in refusal.stderr
    assert "Traceback" not in refusal.stderr
