"""Finished files: unused imports removed, imports sorted, one format, the head; the same text gives the same bytes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from black import format_str
from black.mode import Mode, TargetVersion

from gen_client import pipeline
from gen_client.diagnostics import Refusal, Report
from gen_client.escape import LINE_LENGTH
from gen_client.layout import HEAD, FileKind
from gen_client.source import Document
from gen_client.tidy.black import format_source
from gen_client.tidy.finish import finish
from support import CORPUS, ROOT, run_python
from unit.generator.page_text import CLIENT, EXAMPLES, INIT


def imports(text: str) -> list[str]:
    """Return the lines of a file from its first import to its first definition."""
    lines = text.split("\n")
    first = next(i for i, line in enumerate(lines) if line.startswith(("import ", "from ")))
    last = next(i for i, line in enumerate(lines) if line.startswith(("class ", "def ", "__all__")))
    return "\n".join(lines[first:last]).rstrip().split("\n")


def test_imports_of_a_client() -> None:
    assert imports(finish(CLIENT, "client")) == [
        "from __future__ import annotations",
        "",
        "import builtins",
        "from collections.abc import AsyncIterable, Iterable, Sequence",
        "from typing import TYPE_CHECKING, Any, Final, Literal, NotRequired, TypeAlias, TypedDict, overload",
        "",
        "from clarigen import (",
        "    JSON,",
        "    SERVER_DEFAULT,",
        "    AsyncBatch,",
        "    AsyncClient,",
        "    AsyncStream,",
        "    Batch,",
        "    Client,",
        "    Default,",
        "    Image,",
        "    ModelRef,",
        "    Region,",
        "    SequenceNotStr,",
        "    Stream,",
        "    wire,",
        ")",
        "from clarigen.wire import dataclass",
        "",
        "if TYPE_CHECKING:",
        "    import numpy.typing as npt",
        "",
        "",
        '_MODEL: Final = ModelRef("acme", "vision", "detector")',
    ]


def test_name_of_a_parameter_is_not_a_use() -> None:
    assert "    Text," in CLIENT
    assert "Text: str" in CLIENT
    assert "    Text,\n" not in finish(CLIENT, "client")


def test_npt_is_imported_only_for_arrays() -> None:
    text = CLIENT.replace("npt.ArrayLike", "int").replace("npt.NDArray[Any]", "int")
    tidied = finish(text, "client")
    assert "npt" not in tidied
    assert "TYPE_CHECKING" not in tidied
    assert "Any" not in tidied


def test_imports_of_the_other_files() -> None:
    assert imports(finish(INIT, "init")) == [
        "from clarigen import wire",
        "",
        "# Fails with a clear message if the installed runtime does not support this package.",
        "wire.require_format(1, __name__)",
        "",
        "from clarigen import Image",
        "",
        "from .client import Detector, DetectResult, Start",
    ]
    assert imports(finish(EXAMPLES, "examples")) == [
        "from __future__ import annotations",
        "",
        "from clarigen import Concept",
        "from clarigen.examples import IMAGE, main",
        "",
        "from .client import AsyncDetector, Detector, Start",
    ]


@pytest.mark.parametrize(
    ("text", "kind"), [(CLIENT, "client"), (INIT, "init"), (EXAMPLES, "examples")]
)
def test_finish_is_idempotent(text: str, kind: FileKind) -> None:
    once = finish(text, kind)
    assert once.startswith(HEAD)
    assert once.endswith("\n")
    assert not once.endswith("\n\n")
    assert finish(once.removeprefix(HEAD), kind) == once


@pytest.mark.parametrize(
    ("text", "kind"), [(CLIENT, "client"), (INIT, "init"), (EXAMPLES, "examples")]
)
def test_pieces_are_formatted_like_the_whole(text: str, kind: FileKind) -> None:
    for written in (text, finish(text, kind)):
        assert format_source(written) == black(written)


@pytest.mark.parametrize(
    "name", ["lists", "named-fields", "defaults", "streams", "params", "media"]
)
def test_pieces_of_a_model_are_formatted_like_the_whole(name: str) -> None:
    content = json.loads((CORPUS / "kitchen_sink" / f"{name}.json").read_text("utf-8"))
    document = Document(None, "", tuple(content["method_signatures"]))
    pieces = pipeline.build_package(document, "pkg", Report()).files
    assert pipeline.build_package(document, "pkg", Report(), formatter=black).files == pieces


def black(text: str) -> str:
    """Format a whole text with black."""
    return format_str(text, mode=Mode({TargetVersion.PY311}, LINE_LENGTH))


def test_no_import_is_added() -> None:
    for name in ("Client", "wire", "Final"):
        broken = CLIENT.replace(f"    {name},\n", "").replace(f"{name}, ", "")
        try:
            tidied = finish(broken, "client")
        except Refusal:
            continue
        assert f"    {name},\n" not in "\n".join(imports(tidied))


def test_configuration_of_black_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        "[tool.black]\nline-length = 20\nskip-string-normalization = true\n"
    )
    tests = ROOT / "tests"
    done = run_python(
        f"import os, sys; sys.path.append({str(tests)!r}); os.chdir(sys.argv[1])\n"
        "from gen_client.tidy.finish import finish\n"
        "from unit.generator.page_text import CLIENT\n"
        "sys.stdout.write(finish(CLIENT, 'client'))",
        str(tmp_path),
    )
    assert done.stdout == finish(CLIENT, "client")


def test_refused_text_loads_no_black() -> None:
    done = run_python(
        "import sys\n"
        "from gen_client.tidy.finish import finish\n"
        "from gen_client.diagnostics import Refusal\n"
        "try:\n"
        "    finish('x: ' + 'list[' * 1500 + ']' * 1500, 'client')\n"
        "except Refusal:\n"
        "    print('black' in sys.modules)"
    )
    assert done.stdout == "False\n", done.stderr
