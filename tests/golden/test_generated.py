"""The packages under `generated/` are what gen-client generates now, byte for byte."""

from __future__ import annotations

from pathlib import Path

import pytest

from gen_client import cli
from golden.packages import GENERATED, PACKAGES, files
from support import run_python

NAMES = sorted(PACKAGES)


def test_folders_are_the_listed_packages() -> None:
    assert sorted(path.name for path in GENERATED.iterdir() if path.is_dir()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_package_is_generated_from_its_lock(name: str, tmp_path: Path) -> None:
    lock = GENERATED / name / "signatures.json"
    assert cli.main(["--signatures", str(lock), "--out", str(tmp_path), "--name", name]) == 0
    assert files(tmp_path / name) == files(GENERATED / name)


@pytest.mark.parametrize("name", NAMES)
def test_package_is_generated_from_its_signatures(name: str, tmp_path: Path) -> None:
    arguments = ["--signatures", str(PACKAGES[name]), "--out", str(tmp_path), "--name", name]
    assert cli.main(arguments) == 0
    assert files(tmp_path / name) == files(GENERATED / name)


def test_import_warns_of_nothing_and_loads_neither_grpc_nor_protobuf() -> None:
    imports = "; ".join(f"import {name}, {name}.examples" for name in NAMES)
    code = f"""
import sys, warnings
warnings.simplefilter("error")
sys.path.insert(0, {str(GENERATED)!r})
{imports}
print(*(name for name in ("grpc", "google.protobuf", "numpy", "asyncio") if name in sys.modules))
"""
    done = run_python(code)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == ""
