"""`gen-client migrate`: what it says of a code base, and which files it writes."""

from __future__ import annotations

import codecs
import json
import os
import re
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

import jsonschema
import pytest

from command import RunResult, run_command
from support import ROOT, run
from type_checkers import pyrefly
from unit.generator.migrate.programs import CERTAIN, CHAT, EYE, IMPORT, KEPT, REMARKED

SCHEMA: Final = ROOT / "codegen" / "gen_client" / "schemas" / "migrate.schema.json"
PAGE: Final = (ROOT / "docs" / "migrating.md").read_text("utf-8")
BEFORE: Final = f"{IMPORT}m = {CHAT}\nprint(m.predict('x', None))\n"
AFTER: Final = (
    "from app.models.gpt_5_1 import Gpt5_1\nm = Gpt5_1()\nprint(m.predict('x', image=None))\n"
)

GenClient = Callable[..., RunResult]


@pytest.fixture
def gen_client(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> GenClient:
    """Return a function that runs the command where `src/app/models` has two packages."""
    monkeypatch.chdir(tmp_path)
    models = Path("src/app/models")
    for name in ("gpt_5_1", "detector"):
        shutil.copytree(ROOT / "generated" / name, models / name)
    for folder in (models, models.parent):
        (folder / "__init__.py").touch()
    return partial(run_command, capsys, "migrate")


def write(name: str, text: str | bytes) -> Path:
    path = Path("src") / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_the_inventory_writes_nothing(gen_client: GenClient) -> None:
    path = write("a.py", BEFORE)
    write("b.py", f"{IMPORT}Model('me/app/models/new').predict(1)\nModel(url)\n")
    code, out, err = gen_client("src")
    assert code == 1
    assert out.splitlines() == [
        "example-user/example-app/models/gpt-5_1: package app.models.gpt_5_1: 1 certain",
        "  src/a.py:2: certain: predict (3)",
        "me/app/models/new: no package: 1 kept",
        "  src/b.py:2: kept: no-package: predict (2)",
        "not known which model: no package: 1 kept",
        "  src/b.py:3: kept: model-not-known: url no call",
        "      line 3: model-not-known: which model it is cannot be seen in this file",
        "2 models, 1 certain, 2 kept",
    ]
    assert "--write rewrites 1 file; nothing was written" in err
    assert "--init lists the models without a package" in err
    assert path.read_text() == BEFORE


def test_writing_is_done_once(gen_client: GenClient) -> None:
    path, other = write("a.py", BEFORE), write("b.py", "x = 1\n")
    path.chmod(0o755)
    stamp = other.stat().st_mtime_ns
    code, out, err = gen_client("src", "--write")
    assert (code, out.splitlines()[-1]) == (0, "wrote src/a.py")
    assert "run your type checker" in err
    assert path.read_text() == AFTER
    assert path.stat().st_mode & 0o777 == 0o755
    assert other.stat().st_mtime_ns == stamp
    assert gen_client("src")[:2] == (0, "0 models, no place\n")


def test_the_diff_is_shown(gen_client: GenClient) -> None:
    write("a.py", BEFORE.replace("\n", "\r\n"))
    code, out, _ = gen_client("src", "--diff")
    assert code == 1
    assert "+print(m.predict('x', image=None))" in out.splitlines()


def test_consent_is_needed_for_remarks(gen_client: GenClient) -> None:
    before = REMARKED["errors of the SDK"][0]
    path = write("a.py", before)
    code, out, _ = gen_client("src", "--write")
    assert "src/a.py:4: remark: predict (4)" in out
    assert "line 5: other-errors" in out
    assert (code, path.read_text()) == (0, before)
    assert gen_client("src", "--write", "--unsafe")[0] == 0
    assert "except ClarigenError" in path.read_text()


def test_json_has_a_schema(gen_client: GenClient) -> None:
    for number, text in enumerate([BEFORE, *(text for text, *_ in KEPT.values())]):
        write(f"{number}.py", text)
    write("bad.py", "from clarifai.client import Model\n(\n")
    code, out, _ = gen_client("src", "--format", "json")
    report: Any = json.loads(out)
    jsonschema.validate(report, json.loads(SCHEMA.read_text("utf-8")))
    assert code == 1
    assert report["summary"]["certain"] >= 1
    assert [f["problem"] for f in report["files"] if f["file"] == "src/bad.py"] != [""]


def test_annotations(gen_client: GenClient) -> None:
    write("a%,b.py", f"{IMPORT}Model(url)\n")
    out = gen_client("src", "--format", "github")[1]
    assert "::warning file=src/a%25%2Cb.py,line=2,title=kept%3A model-not-known::" in out


def test_the_package_can_be_given(gen_client: GenClient) -> None:
    path = write("a.py", f"{IMPORT}m = Model(url)\n")
    for given, message in {
        "src/a.py:2=detectr": "did you mean",
        "src/a.py=detector": "expected FILE:LINE=PACKAGE",
        "src/a.py:1=detector": "one is made at line 2",
    }.items():
        code, _, err = gen_client("src", "--as", given)
        assert (code, message in err) == (2, True), err
    assert gen_client("src", "--write", "--as", "src/a.py:2=detector")[0] == 0
    assert "Detector(model=url)" in path.read_text()


def test_models_without_a_package_are_listed(gen_client: GenClient) -> None:
    write("a.py", f"{IMPORT}m = {EYE}\nModel('me/app/models/new')\nModel('me/other/models/new')\n")
    code, out, _ = gen_client("src", "--init", "--out", "src/app/models")
    assert (code, out.splitlines()[-1]) == (0, "pyproject.toml")
    text = Path("pyproject.toml").read_text()
    assert 'out = "src/app/models"' in text
    assert re.findall('(?:url|name) = "(.*)"', text) == [
        "me/app/models/new",
        "me/other/models/new",
        "other_new",
    ]
    code, _, err = gen_client("src", "--init")
    assert (code, "lists all models" in err) == (0, True)
    assert gen_client("src", "--out", "x")[0] == 2


def test_the_module_of_a_package_can_be_chosen(gen_client: GenClient) -> None:
    write("a.py", BEFORE)
    out = gen_client("src", "--diff", "--package-root", ".", "--packages", "src/app")[1]
    assert "+from src.app.models.gpt_5_1 import Gpt5_1" in out
    _, out, err = gen_client("src", "--package-root", "src/app/models/detector")
    assert "no package" in out
    assert "it is not below" in err


def test_encodings_stay(gen_client: GenClient) -> None:
    bom = write("bom.py", codecs.BOM_UTF8 + BEFORE.encode())
    latin = write("latin.py", f"# coding: latin-1\ns = 'é'\n{BEFORE}".encode("latin-1"))
    assert gen_client("src", "--write")[0] == 0
    assert bom.read_bytes() == codecs.BOM_UTF8 + AFTER.encode()
    assert latin.read_bytes() == f"# coding: latin-1\ns = 'é'\n{AFTER}".encode("latin-1")


def test_what_cannot_be_read_is_said(gen_client: GenClient, tmp_path: Path) -> None:
    outside = tmp_path / "outside.py"
    outside.write_text(BEFORE)
    contents = {
        "syntax.py": f"{IMPORT}(\n".encode(),
        "coding.py": b"# coding: nothing\n" + BEFORE.encode(),
        "bytes.py": BEFORE.encode() + b"# \xff\n",
        "large.py": b"# clarifai\n" + b"#" * (4 << 20),
        "cells.ipynb": b'{"cells": "clarifai"}',
        "nul.py": BEFORE.encode() + b"\0",
    }
    paths = [write(name, content) for name, content in contents.items()]
    write("link.py", "").unlink()
    Path("src/link.py").symlink_to(outside)
    os.mkfifo("src/pipe.py")
    code, out, _ = gen_client("src", "src/link.py", "--write")
    assert code == 0
    for line in (
        "src/syntax.py: not read: it is not valid Python at line 2",
        "src/coding.py: not read: it cannot be decoded",
        "src/bytes.py: not read: it cannot be decoded",
        "src/large.py: not read: it is larger than 4 MB",
        "src/cells.ipynb: not read: it is a notebook: its cells are not rewritten",
        "src/link.py: not read: it is a symbolic link, which is not followed",
    ):
        assert line in out.splitlines()
    assert "src/nul.py: not read: it is not valid Python" in out
    assert [path.read_bytes() for path in paths] == list(contents.values())
    assert outside.read_text() == BEFORE
    assert gen_client("missing")[0] == 2


def test_git_must_be_able_to_restore_what_is_written(gen_client: GenClient) -> None:
    path = write("a.py", BEFORE)
    who = ("-c", "user.name=me", "-c", "user.email=me@example.com")
    run("git", "init", "--quiet")
    code, _, err = gen_client("src", "--write")
    assert (code, "src/a.py" in err, "--allow-dirty" in err) == (2, True, True)
    assert path.read_text() == BEFORE
    run("git", "add", "--all")
    run("git", *who, "commit", "--quiet", "--message", "first")
    write("new.py", "x = 1\n")
    assert gen_client("src", "--write")[0] == 0
    path.write_text(BEFORE + "# more\n")
    assert gen_client("src", "--write")[0] == 2
    assert gen_client("src", "--write", "--allow-dirty")[0] == 0
    assert path.read_text() == AFTER + "# more\n"


def test_a_variable_that_another_file_imports_stays(gen_client: GenClient) -> None:
    path = write("shared.py", BEFORE)
    for text in ("from shared import (\n    m,\n)\n", "import shared\nshared.m.predict('x')\n"):
        write("user.py", text)
        assert "another file uses m" in gen_client("src", "--write")[1]
    assert path.read_text() == BEFORE
    path = write("shared.py", KEPT["an attribute that others call"][0].rpartition("\n\n\n")[0])
    write("user.py", "import shared\nshared.A().m.predict('x', None)\n")
    assert "another file uses m.predict" in gen_client("src", "--write")[1]
    write("user.py", "class B:\n    def f(self):\n        self.m.predict('x', None)\n")
    assert gen_client("src", "--write")[0] == 0
    assert "image=None" in path.read_text()


def test_text_of_programs_is_only_text(gen_client: GenClient) -> None:
    """`run_command` checks that every line is printable."""
    write("a\x1b[31m\n::error::b.py", f"{IMPORT}Model('\x1b[2J\u202e{{x}}')\n")
    for output_format in ("text", "json", "github"):
        _, out, _ = gen_client("src", "--format", output_format)
        assert "model-not-known" in out
        assert not re.search(r"^::error", out, re.MULTILINE)


def test_the_page_shows_what_is_written(gen_client: GenClient) -> None:
    before, after = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    path = write("app/answer.py", before)
    write("app/look.py", f"{IMPORT}Model(url).predict(1)\n")
    for line in re.findall("^    gen-client migrate (src.*)$", PAGE, re.MULTILINE):
        assert gen_client(*line.split())[0] in (0, 1), line
    assert path.read_text() == after
    assert "0 certain" not in gen_client("src", "--as", "src/app/look.py:2=detector")[1]


def test_rewritten_programs_pass_a_type_checker(gen_client: GenClient, tmp_path: Path) -> None:
    names = ("options by position", "ids", "data types", "used both ways", "async, awaited twice")
    programs = {f"{number}.py": CERTAIN[name] for number, name in enumerate(names)}
    shutil.rmtree("src")
    Path("src").mkdir()
    for name in ("gpt_5_1", "detector"):
        shutil.copytree(ROOT / "generated" / name, Path("src") / name)
    for name, (before, _) in programs.items():
        typed = before.replace("async def f():", "async def f() -> str:")
        write(f"p{name}", typed.replace("I.from_pil(p,", "I.from_pil(P.new('L', (1, 1)),"))
    text = Path("src/p2.py").read_text()
    write("p2.py", f"from PIL import Image as P\nb = [0.0, 0.0, 1.0, 1.0]\n{text}")
    assert gen_client("src", "--write")[0] == 0
    errors = {
        place: text for place, text in pyrefly(tmp_path / "src").items() if place[0][0] == "p"
    }
    assert errors == {}
