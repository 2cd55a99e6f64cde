"""Completion and hover for generated packages, in pyright's language server and in jedi.

They are a feature: the model's own methods come first, then the few of every client; literals, keys and fields complete;
docstrings read well as Markdown.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import jedi
import pytest

from editors.language_server import Editor
from golden.packages import GENERATED
from support import ROOT

STATS = "from text_stats import AsyncTextStats, TextStats\nmodel = TextStats()\n"
METHODS = ["analyze", "analyze_batch", "chart", "chart_batch", "follow", "sentences"]


@pytest.fixture(scope="module")
def editor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Editor]:
    with Editor(tmp_path_factory.mktemp("folder")) as editor:
        yield editor


def public(labels: list[str]) -> list[str]:
    return [label for label in labels if not label.startswith("_")]


# pyright


@pytest.mark.parametrize("name", ["TextStats", "AsyncTextStats"])
def test_methods_of_the_model_come_first(editor: Editor, name: str) -> None:
    items = editor.complete(f"{STATS}{name}().|\n")
    labels = [item.label for item in items]
    assert labels[: len(METHODS)] == METHODS
    assert len(public(labels)) <= len(METHODS) + 5
    assert labels[: len(public(labels))] == public(labels), "what is private comes last"


def test_completion_has_documentation(editor: Editor) -> None:
    (item_,) = [item for item in editor.complete(STATS + "model.|\n") if item.label == "analyze"]
    documentation = editor.resolve(item_)
    assert "text: str" in documentation
    assert "find the words that stand out" in documentation
    assert "top: How many words to report. 1 to 50." in documentation


def test_choices_complete_inside_a_string(editor: Editor) -> None:
    items = editor.complete(STATS + "model.analyze('x', order='|')\n")
    assert [item.label for item in items] == ["'alphabet'", "'frequency'", "'length'"]


def test_keys_of_a_batch_input_complete(editor: Editor) -> None:
    items = editor.complete(STATS + "model.analyze_batch([{'|'}])\n")
    assert [item.label for item in items] == ["'order'", "'text'", "'top'"]


def test_parameters_complete_in_a_call(editor: Editor) -> None:
    items = editor.complete(STATS + "model.analyze('x', |)\n")
    assert {item.label for item in items[:3]} == {"order=", "text=", "top="}


def test_fields_of_a_record_complete_first(editor: Editor) -> None:
    items = editor.complete(STATS + "model.analyze('x').|\n")
    fields = ["characters", "reading_time", "sentences", "top", "words"]
    assert public([item.label for item in items]) == fields


def test_hover_shows_the_signature_and_the_docstring_as_markdown(editor: Editor) -> None:
    hover = editor.hover(STATS + "model.anal|yze('x')\n")
    assert hover.startswith("```python\n(method) def analyze(")
    assert "order: Literal['frequency', 'length', 'alphabet'] = \"frequency\"" in hover
    assert ") -> AnalyzeResult" in hover
    _, _, doc = hover.partition("```\n---\n")
    assert doc.startswith("Count characters, words and sentences")
    assert "Args:" in doc
    assert "order: What the words are sorted by." in doc


def test_hover_shows_the_docstring_of_a_field(editor: Editor) -> None:
    hover = editor.hover(STATS + "model.analyze('x').reading_ti|me\n")
    assert "reading_time: float" in hover
    assert "Seconds to read it, at 240 words per minute." in hover


def test_hover_over_the_class_shows_its_options(editor: Editor) -> None:
    hover = editor.hover(STATS + "Text|Stats()\n")
    assert "base_url: str | None = None" in hover
    assert "CLARIFAI" in hover


def test_single_input_is_the_first_signature(editor: Editor) -> None:
    first = editor.signatures(STATS + "model.analyze(|\n")[0]
    assert first.label.startswith("(text: str, *, top: int = 5, order: Literal[")
    assert first.label.endswith("-> AnalyzeResult")


def test_definition_of_a_method_is_in_the_generated_file(editor: Editor) -> None:
    path, line = editor.definitions(STATS + "model.sent|ences('x')\n")[0]
    assert path == GENERATED / "text_stats" / "client.py"
    assert line == "    def sentences(self, text: str) -> Stream[str]:"


def test_awaited_results_and_stream_items_have_types(editor: Editor) -> None:
    asynchronous = "async def f(model: AsyncTextStats) -> None:\n    (await model.analyze('x')).|\n"
    labels = [item.label for item in editor.complete(STATS + asynchronous)]
    assert "reading_time" in labels
    streamed = "for total in model.follow(['a']):\n    total.|\n"
    assert public([item.label for item in editor.complete(STATS + streamed)])


# jedi, which IPython, Jupyter and several editors use


@pytest.fixture(scope="module")
def project() -> jedi.Project:
    folders = [str(GENERATED), str(ROOT / "runtime")]
    return jedi.Project(GENERATED, added_sys_path=folders, smart_sys_path=False)


def script(project: jedi.Project, text: str) -> tuple[jedi.Script, int, int]:
    """Return a document for jedi and the position of its cursor."""
    before, _, after = text.partition("|")
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n") - 1
    return jedi.Script(before + after, path=Path("document.py"), project=project), line, column


def test_jedi_offers_the_methods(project: jedi.Project) -> None:
    source, *cursor = script(project, STATS + "model.|\n")
    names = [completion.name for completion in source.complete(*cursor)]
    assert set(METHODS) <= set(names)
    assert len(public(names)) <= len(METHODS) + 5


@pytest.mark.parametrize(
    "code",
    [
        "with TextStats() as model:\n    model.|\n",
        "with TextStats().with_options(timeout=5) as model:\n    model.|\n",
        "TextStats().with_options(timeout=5).|\n",
        "async def f():\n    async with AsyncTextStats() as model:\n        model.|\n",
        "async def f():\n    async with AsyncTextStats().with_options(timeout=5) as m:\n        m.|\n",
        "AsyncTextStats().with_options(timeout=5).|\n",
    ],
)
def test_jedi_offers_the_methods_of_a_client_in_use(project: jedi.Project, code: str) -> None:
    source, *cursor = script(project, STATS + code)
    names = [completion.name for completion in source.complete(*cursor)]
    assert set(METHODS) <= set(names)
    assert len(public(names)) <= len(METHODS) + 5


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("with Detector() as m:\n    for x in m.generate(Video()):\n        x.|\n", "regions"),
        ("for x in Detector().predict_batch([]):\n    x[0].|\n", "concepts"),
        ("Detector().predict(Image())[0].|\n", "concepts"),
        ("Image.from_file('x').|\n", "to_pil"),
    ],
)
def test_jedi_knows_values(project: jedi.Project, code: str, name: str) -> None:
    source, *cursor = script(project, "from detector import Detector, Image, Video\n" + code)
    assert name in [completion.name for completion in source.complete(*cursor)]


def test_jedi_shows_the_docstring(project: jedi.Project) -> None:
    source, *cursor = script(project, STATS + "model.analy|ze\n")
    (definition,) = source.help(*cursor)
    assert "find the words that stand out" in definition.docstring()


def test_jedi_shows_the_signature(project: jedi.Project) -> None:
    source, *cursor = script(project, STATS + "model.analyze(|\n")
    signature = source.get_signatures(*cursor)[0]
    assert next(iter(signature.params)).name == "text"
    assert "order" in {parameter.name for parameter in signature.params}


def test_jedi_knows_the_fields_of_a_result(project: jedi.Project) -> None:
    source, *cursor = script(project, STATS + "model.analyze('x').|\n")
    assert "reading_time" in [completion.name for completion in source.complete(*cursor)]


def test_jedi_goes_to_the_definition(project: jedi.Project) -> None:
    source, *cursor = script(project, STATS + "model.analy|ze\n")
    (definition,) = source.goto(*cursor)
    assert definition.module_path == GENERATED / "text_stats" / "client.py"
