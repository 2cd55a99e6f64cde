"""A generated package fails on import if the runtime does not support its format."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from clarigen import wire
from golden.packages import GENERATED, PACKAGES
from support import SOURCES, run

OTHER = "from clarigen import wire; wire.FORMAT, wire.OLDEST_FORMAT = {}; import detector.client"


def imported(folder: Path, code: str = "import detector.client") -> str:
    """Import a package in a folder and return the last line of the output."""
    where = {"PYTHONPATH": f"{folder}:{SOURCES}"}
    done = run("python", "-c", code, cwd=folder, env=where)
    return done.stderr.strip().rpartition("\n")[2]


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A copy of a generated package, which a test may change."""
    shutil.copytree(GENERATED / "detector", tmp_path / "detector")
    return tmp_path / "detector"


def test_supported_package_imports_silently(package: Path) -> None:
    assert imported(package.parent) == ""


def test_newer_package_asks_for_a_newer_runtime(package: Path) -> None:
    """The message comes before an import of a name that this runtime does not have."""
    init, client = package / "__init__.py", package / "client.py"
    number = f"require_format({wire.FORMAT}"
    text = init.read_text().replace(number, f"require_format({wire.FORMAT + 1}")
    init.write_text(text.replace("import Box,", "import Hologram, Box,"))
    client.write_text(client.read_text().replace("    AsyncBatch,\n", "    AsyncHologram,\n", 1))
    said = imported(package.parent)
    assert said.startswith("ImportError: detector was generated for a newer clarigen")
    assert said.endswith(f"supports {wire.FORMAT}: pip install -U clarigen")


def test_older_package_asks_to_be_generated_again(package: Path) -> None:
    said = imported(package.parent, OTHER.format((wire.FORMAT + 2, wire.FORMAT + 1)))
    assert said.startswith("ImportError: detector was generated for an older clarigen")
    assert said.endswith(f"supports {wire.FORMAT + 1} and later: run gen-client again")


def test_older_package_imports_if_the_runtime_supports_it(package: Path) -> None:
    assert imported(package.parent, OTHER.format((wire.FORMAT + 2, wire.FORMAT))) == ""


@pytest.mark.parametrize("name", PACKAGES)
def test_package_and_lock_have_the_same_format(name: str) -> None:
    lock = json.loads((GENERATED / name / "signatures.json").read_text())
    assert lock["format"] == wire.FORMAT
    assert (
        f"require_format({lock['format']}, __name__)"
        in (GENERATED / name / "__init__.py").read_text()
    )
