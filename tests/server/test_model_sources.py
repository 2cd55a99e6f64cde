"""Signatures that are read from a model's source are those of the official SDK, or it is said that they are not sure.

`model_sources.txt` has sources that are hard to read without running them; `sdk_reader.py` asks the SDK for its answers:
what an import of the file gives, and what an upload publishes.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from gen_client.diagnostics import Report
from gen_client.interface.read import read_model
from gen_client.source.document import Document
from gen_client.source.model_file.findings import Code, Level
from gen_client.source.model_file.libraries import load_sdk
from gen_client.source.model_file.read import Reading, read_model_file
from support import ROOT

pytestmark = pytest.mark.official_server

SERVER: Final = ROOT / "tests" / "server"
SOURCES: Final = SERVER / "model_sources.txt"
REAL: Final = sorted(
    path
    for path in (ROOT / "tests").rglob("1/model.py")
    if "mcp_models" not in path.parts  # these need an environment of their own
)
"""Sources of the models that other tests serve."""


def read_cases() -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the name and the files of each case."""
    for case in SOURCES.read_text("utf-8").split("=== ")[1:]:
        name, _, text = case.partition("\n")
        first, *others = text.split("--- ")
        files = {"model.py": first}
        for other in others:
            file, _, content = other.partition("\n")
            files[file] = content
        yield name, files


CASES: Final = dict(read_cases())


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Write the cases and return their folders, and those of the real sources, by name."""
    root = tmp_path_factory.mktemp("sources")
    for name, files in CASES.items():
        (root / name / "1").mkdir(parents=True)
        for file, text in files.items():
            (root / name / "1" / file).write_bytes(text.encode())
    found = {name: root / name for name in CASES}
    return found | {str(path.relative_to(ROOT)): path.parent.parent for path in REAL}


@pytest.fixture(scope="module")
def answers(folders: dict[str, Path]) -> dict[str, dict[str, Any]]:
    """Return the SDK's answers for all sources, by name."""
    process = subprocess.run(
        [sys.executable, str(SERVER / "sdk_reader.py")],
        input="".join(f"{folder}\n" for folder in folders.values()),
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert process.returncode == 0, process.stderr[-2000:]
    lines = process.stdout.splitlines()
    return dict(zip(folders, map(json.loads, lines), strict=True))


def read_source(folder: Path) -> Reading:
    """Read a source as the command does."""
    siblings = {path.stem for path in (folder / "1").iterdir()} - {"model"}
    return read_model_file((folder / "1" / "model.py").read_bytes(), siblings)


def encode(reading: Reading) -> list[str] | None:
    """Return the signatures of a reading as protobuf bytes, in hexadecimal; None if there are none."""
    from clarifai_grpc.grpc.api import resources_pb2
    from google.protobuf.json_format import ParseDict

    if reading.signatures is None:
        return None
    messages = (ParseDict(dict(s), resources_pb2.MethodSignature()) for s in reading.signatures)
    return [message.SerializeToString(deterministic=True).hex() for message in messages]


NAMES: Final = [*CASES, *(str(path.relative_to(ROOT)) for path in REAL)]


@pytest.mark.parametrize("name", NAMES)
def test_a_source_reads_as_the_sdk_reads_it_or_is_not_sure(
    name: str, folders: dict[str, Path], answers: dict[str, dict[str, Any]]
) -> None:
    reading = read_source(folders[name])
    imported, uploaded = answers[name]["import"], answers[name]["upload"]
    levels = {finding.level for finding in reading.findings}
    signatures = encode(reading)
    if signatures is None:
        assert levels & {Level.UNSURE, Level.ERROR}
        if Level.UNSURE not in levels:  # it says that this source is refused
            assert "error" in imported or "error" in uploaded
        return
    assert imported.get("signatures") == signatures
    if uploaded.get("signatures") != signatures:
        codes = {finding.code for finding in reading.findings}
        assert Level.ERROR in levels or codes & {Code.LOST_METHOD, Code.MOCKED_DEFAULT}


def test_most_plain_sources_are_sure(folders: dict[str, Path]) -> None:
    sure = [name for name in NAMES if read_source(folders[name]).signatures is not None]
    assert len(sure) > len(NAMES) / 4
    assert "tests/server/official/1/model.py" in sure


@pytest.mark.parametrize(
    "name",
    ["fields-subclass", "fields-subclass-nested", "default-special-floats", "types-of-builtins"],
)
def test_a_source_is_sure(name: str, folders: dict[str, Path]) -> None:
    assert read_source(folders[name]).signatures is not None


def test_the_signatures_can_become_a_client(folders: dict[str, Path]) -> None:
    reading = read_source(folders["types-all"])
    assert reading.signatures is not None
    model = read_model(Document(None, "", tuple(reading.signatures)), Report())
    assert [method.name for method in model.methods] == ["predict"]


@pytest.mark.parametrize("form", ["latin-1", "bom", "crlf"])
def test_sources_in_other_encodings_are_read(form: str) -> None:
    text = CASES["default-join"]["model.py"].replace("'a' 'b'", "'\xe9'")
    contents = {
        "latin-1": ("# -*- coding: latin-1 -*-\n" + text).encode("latin-1"),
        "bom": text.encode("utf-8-sig"),
        "crlf": text.replace("\n", "\r\n").encode(),
    }
    reading = read_model_file(contents[form])
    assert reading.signatures is not None
    field: Any = reading.signatures[0]["input_fields"]
    assert field[0]["default"] == "\xe9"


def test_the_table_of_the_sdk_is_that_of_the_installed_one() -> None:
    process = subprocess.run(
        [sys.executable, str(SERVER / "sdk_table.py")], capture_output=True, text=True, check=False
    )
    assert process.returncode == 0, process.stderr[-2000:]
    table = ROOT / "codegen" / "gen_client" / "source" / "model_file" / "sdk.json"
    assert json.loads(process.stdout) == json.loads(table.read_text("utf-8"))
    assert load_sdk().version in process.stdout
