"""Completion for clients of MCP models; also with three hundred tools, in a time that nobody waits for."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from editors.language_server import Editor
from gen_client.diagnostics import Report
from gen_client.pipeline import build_package
from many_tools import make_document

LAB = "from lab_tools import LabTools\nmodel = LabTools()\n"
MANY = "from many import Many\nmodel = Many()\n"


@pytest.fixture(scope="module")
def editor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Editor]:
    folder = tmp_path_factory.mktemp("folder")
    package = build_package(make_document(300), "many", Report(), formatter=str)
    (folder / "many").mkdir()
    for name, text in package.files.items():
        (folder / "many" / name).write_text(text, "utf-8")
    with Editor(folder) as editor:
        yield editor


def test_tools_complete_with_their_documentation(editor: Editor) -> None:
    items = editor.complete(f"{LAB}model.|\n")
    labels = [item.label for item in items if not item.label.startswith("_")]
    assert labels[:4] == ["add", "add_batch", "adopt", "adopt_batch"]
    (area,) = [item for item in items if item.label == "area"]
    assert "precision: Digits. 0 to 10." in editor.resolve(area)


def test_keys_and_choices_of_arguments_complete(editor: Editor) -> None:
    items = editor.complete(f"{LAB}model.area({{'|'}})\n")
    assert {item.label for item in items} == {"'color'", "'origin'", "'points'"}
    items = editor.complete(f"{LAB}model.area({{'points': []}}, unit='|')\n")
    assert [item.label for item in items] == ["'ft2'", "'m2'"]


def test_keys_of_a_result_complete(editor: Editor) -> None:
    items = editor.complete(f"{LAB}model.area({{'points': []}})['|']\n")
    assert [item.label for item in items] == ["'area'", "'corners'", "'unit'"]


def test_three_hundred_tools_complete_at_once(editor: Editor) -> None:
    """The best of some attempts counts: others share this machine."""
    seconds: list[float] = []
    for _ in range(12):
        start = time.perf_counter()
        items = editor.complete(f"{MANY}model.|\n")
        seconds.append(time.perf_counter() - start)
        assert len({item.label for item in items if item.label.startswith("add_")}) == 50
    assert min(seconds) < 0.2, seconds
