"""A generated package and a runtime that do not fit each other say so when they are imported."""

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
    """The last line of what an import of a package in a folder says."""
    where = {"PYTHONPATH": f"{folder}:{SOURCES}"}
    done = run("python", "-c", code, cwd=folder, env=where)
    return done.stderr.strip().rpartition("\n")[2]


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A generated package that a test may change."""
    shutil.copytree(GENERATED / "detector", tmp_path / "detector")
    return tmp_path / "detector"


def test_a_package_that_fits_says_nothing(package: Path) -> None:
    assert imported(package.parent) == ""


def test_a_newer_package_asks_for_a_newer_runtime_before_it_needs_one(package: Path) -> None:
    """Though it imports names that this runtime does not have, in both of its modules."""
    init, client = package / "__init__.py", package / "client.py"
    number = f"require_format({wire.FORMAT}"
    text = init.read_text().replace(number, f"require_format({wire.FORMAT + 1}")
    init.write_text(text.replace("import Box,", "import Hologram, Box,"))
    client.write_text(client.read_text().replace("    AsyncBatch,\n", "    AsyncHologram,\n", 1))
    said = imported(package.parent)
    assert said.startswith("ImportError: detector was generated for a newer clarigen")
    assert said.endswith(f"supports {wire.FORMAT}: pip install -U clarigen")


def test_an_older_package_asks_to_be_generated_again(package: Path) -> None:
    said = imported(package.parent, OTHER.format((wire.FORMAT + 2, wire.FORMAT + 1)))
    assert said.startswith("ImportError: detector was generated for an older clarigen")
    assert said.endswith(f"supports {wire.FORMAT + 1} and later: run gen-client again")


def test_a_runtime_knows_older_packages_that_it_still_reads(package: Path) -> None:
    assert imported(package.parent, OTHER.format((wire.FORMAT + 2, wire.FORMAT))) == ""


@pytest.mark.parametrize("name", PACKAGES)
def test_a_package_and_its_lock_have_the_same_format(name: str) -> None:
    lock = json.loads((GENERATED / name / "signatures.json").read_text())
    assert lock["format"] == wire.FORMAT
    assert (
        f"require_format({lock['format']}, __name__)"
        in (GENERATED / name / "__init__.py").read_text()
    )
