"""Docstrings are programs for other tools: doctest, Sphinx, pdoc, Markdown, editors. None of them obeys a model.

The tools are the real ones, on packages that were generated from hostile descriptions. A tool that editors or
extensions add (a directive that runs code, a hover that doubles backslashes) is the smallest program of its kind.
"""

from __future__ import annotations

import ast
import html.parser
import inspect
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import markdown
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from gen_client import escape, pipeline
from gen_client.diagnostics import Refusal, Report
from gen_client.escape import escape_docstring_text, format_literal
from gen_client.readers import find_docstring_command, has_editor_command
from gen_client.source import Document
from support import ROOT

RUN = "open('PWNED', 'w').close()"
DOCSTRINGS = {
    "doctest": f">>> {RUN}",
    "doctest, indented": f"Example:\n\n    >>> {RUN}\n    ... ",
    "doctest in a list": f"* >>> {RUN}",
    "doctest after a tab": f"\t>>> {RUN}",
    "doctest in a quotation": f"> >>> {RUN}",
    "ipython": f"In [1]: {RUN}",
    "raw html": ".. raw:: html\n   :file: SECRET",
    "include": ".. include:: SECRET",
    "literalinclude": ".. literalinclude:: SECRET",
    "directive in a list": f"- .. run::\n\n     {RUN}",
    "directive in a field": f":x: .. run::\n\n       {RUN}",
    "run": f".. run::\n\n   {RUN}",
    "plot": f".. plot::\n\n   {RUN}",
    "testcode": f".. testcode::\n\n   {RUN}",
    "substitution": ".. |x| image:: https://evil.example/x.png\n\n|x|",
    "comment that hides": "..\n   hidden",
    "download": ":download:`the licence <SECRET>`",
    "download, the other way": "`the licence <SECRET>`:download:",
    "image": "![x](https://evil.example/x.png)",
    "image after a backslash": "\\![x](https://evil.example/x.png)",
    "image after two": "\\\\![x](https://evil.example/x.png)",
    "image by reference": "![x][y]\n\n[y]: https://evil.example/x.png",
    "script": "<script>alert(1)</script>",
    "script after a backslash": "\\<script>alert(1)</script>",
    "handler": "<b onclick=alert(1)>x</b>",
    "upper case": "<IMG SRC=x ONERROR=alert(1)>",
    "custom element": "<x-evil></x-evil>",
    "unknown element with a handler": "<think onclick=alert(1)>",
    "svg": "<svg onload=alert(1)>",
    "style": "<style>@import 'https://evil.example';</style>",
    "html comment": "<!-- hidden -->",
    "processing instruction": "<?php evil() ?>",
    "javascript": "[docs](javascript:alert(1))",
    "javascript, encoded": "[docs](java&#115;cript:alert(1))",
    "javascript, by reference": "[docs][x]\n\n[x]: javascript:alert(1)",
    "javascript, automatic": "<javascript:alert(1)>",
    "javascript in reST": "`docs <javascript:alert(1)>`_",
    "command of an editor": "[open](command:workbench.action.terminal.new)",
    "fenced python": f"```python\n{RUN}\n```",
    "fenced python, tildes": f"~~~ python\n{RUN}\n~~~",
    "fenced python in a list": f"* ```py\n  {RUN}\n  ```",
    "fenced shell": "```console\n$ touch PWNED\n```",
    "fenced directive": "```{raw} html\n<script>alert(1)</script>\n```",
    "colon fence": ":::{raw} html\n<script>alert(1)</script>\n:::",
    "role of MyST": "{download}`SECRET`",
    "snippet": '--8<-- "SECRET"',
    "included file": "{!SECRET!}",
    "modeline": "vim: set ft=evil:",
    "modeline of a version": "x vim>700: set ft=evil:",
    "modeline of ex": "ex:se ft=evil:",
    "modeline of kate": "kate: syntax evil;",
    "local variables": "Local Variables:\neval: (evil)\nEnd:",
    "mode": "-*- mode: evil -*-",
}
"""One for each form that a reader of docstrings is known to obey."""

HARMLESS = (
    "Text between <think> and </think>, a List[str], a < b, x > y, and 3 << 2.",
    "See [the docs](https://example.com/a?b=c), or `code`... and so on. Wait..",
    "Args:\n    x: One of 1..5.\n\nNote:\n    Vim users: see `vimrc`; e.g. 10:30.",
    '```json\n{"a": 1}\n```\n\n```\nplain\n```',
    "A range 1...3, an ellipsis ..., a path ../x, an email <a_b>.",
)
"""What authors write, and no tool obeys: it stays as it is."""


def build(text: str, **parameter: Any) -> dict[str, str]:
    """Return the files of a package whose texts are all the same."""
    field = {"name": "x", "type": "STR", "description": text, "required": True, **parameter}
    member = {"name": "member", "type": "STR", "description": text}
    record = {"name": "return", "type": "NAMED_FIELDS", "type_args": [member], "description": text}
    signature = {
        "name": "predict",
        "method_type": "UNARY_UNARY",
        "description": text,
        "input_fields": [field],
        "output_fields": [record],
    }
    return pipeline.build_package(Document(None, "", (signature,)), "pkg", Report()).files


def docstrings(files: dict[str, str]) -> Iterator[str]:
    for name, text in files.items():
        if name.endswith(".py"):
            for node in ast.walk(ast.parse(text)):
                match node:
                    case ast.Expr(value=ast.Constant(value=str() as value)):
                        yield value


def write(folder: Path, files: dict[str, str], name: str = "pkg") -> None:
    (folder / name).mkdir()
    for file, text in files.items():
        (folder / name / file).write_text(text, "utf-8")


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a module of Python in a folder, without the credentials of the environment."""
    environment = {key: text for key, text in os.environ.items() if "CLARIFAI" not in key}
    return subprocess.run(
        [sys.executable, "-m", *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a package whose descriptions hold every command, and the file that they try to read."""
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "SECRET").write_text("TOP-SECRET")
    (folder / "docs").mkdir()
    (folder / "docs" / "SECRET").write_text("TOP-SECRET")
    write(folder, build("Summarise.\n\n" + "\n\n".join(DOCSTRINGS.values())))
    return folder


def test_doctest_finds_nothing_to_run(hostile: Path) -> None:
    done = run(hostile, "pytest", "-p", "no:cacheprovider", "-q", "--doctest-modules", "pkg")
    assert done.returncode == 5, done.stdout
    assert "no tests" in done.stdout
    assert not (hostile / "PWNED").exists()


@pytest.mark.parametrize(
    "folder", sorted((ROOT / "generated").glob("*/")), ids=lambda folder: folder.name
)
def test_generated_packages_have_no_doctest(folder: Path) -> None:
    done = run(folder.parent, "pytest", "-p", "no:cacheprovider", "-q", "--doctest-modules", folder.name)  # fmt: skip
    assert done.returncode == 5, done.stdout


CONF = """
import os, sys
sys.path.insert(0, os.path.abspath(".."))
from docutils.parsers.rst import Directive
extensions = [
    "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.doctest", "matplotlib.sphinxext.plot_directive"
]

class Run(Directive):
    has_content = True
    def run(self):
        exec("\\n".join(self.content))
        return []

def setup(app):
    app.add_directive("run", Run)
"""


@pytest.mark.parametrize("builder", ["html", "doctest"])
def test_sphinx_obeys_no_description(hostile: Path, builder: str) -> None:
    docs = hostile / "docs"
    (docs / "conf.py").write_text(CONF)
    (docs / "index.rst").write_text(
        "Title\n=====\n\n.. automodule:: pkg.client\n   :members:\n\n.. automodule:: pkg\n"
    )
    done = run(hostile, "sphinx", "-q", "-b", builder, "docs", builder)
    assert done.returncode == 0, done.stderr
    assert not list(hostile.rglob("PWNED"))
    pages = [page for page in (hostile / builder).rglob("*") if page.suffix in (".html", ".txt")]
    assert pages
    for page in pages:
        text = page.read_text("utf-8")
        assert "TOP-SECRET" not in text
        assert not re.search("<script>alert|<img[^>]+evil|href=.javascript", text), page
    assert not [file for file in (hostile / builder).rglob("*") if file.name == "SECRET"]


class Faults(html.parser.HTMLParser):
    """Collects the tags and attributes of a page that load, run or lead to something of the author's."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"script", "img", "iframe", "svg", "style", "b", "link"} or "-" in tag:
            self.faults.append(tag)
        for name, value in attrs:
            if name.startswith("on") or name in {"src", "style"}:
                self.faults.append(f"{tag} {name}")
            if name == "href" and not (value or "").startswith(("https://", "#")):
                self.faults.append(f"{tag} {value}")

    def handle_comment(self, data: str) -> None:
        self.faults.append(f"comment {data}")

    def handle_pi(self, data: str) -> None:
        self.faults.append(f"instruction {data}")


def _double(text: str) -> str:
    """Return a docstring as pyright's hover shows it: with two backslashes for one."""
    return text.replace("\\", "\\\\")


@pytest.mark.parametrize("name", DOCSTRINGS)
def test_markdown_shows_text(name: str) -> None:
    """Python-Markdown is MkDocs's, CommonMark that of editors; the doubled form is pyright's."""
    common = MarkdownIt("commonmark", {"html": True})
    for text in docstrings(build(f"Summarise.\n\n{DOCSTRINGS[name]}")):
        cleaned = inspect.cleandoc(text)
        for page in (
            markdown.markdown(cleaned, extensions=["fenced_code"]),
            common.render(cleaned),
            common.render(_double(cleaned)),
        ):
            assert Faults(page).faults == [], page


def test_pdoc_shows_text(hostile: Path) -> None:
    done = run(hostile, "pdoc", "pkg", "-o", "pages")
    assert done.returncode == 0, done.stderr
    page = (hostile / "pages" / "pkg.html").read_text("utf-8")
    assert "alert" in page
    assert not re.search(r"<script>alert|<img|<svg onload|<b onclick|href=.(javascript|command)", page.split("<main", 1)[1])  # fmt: skip
    assert "TOP-SECRET" not in page
    assert not (hostile / "PWNED").exists()


@pytest.mark.parametrize("name", DOCSTRINGS)
def test_the_gate_refuses_what_a_missing_filter_lets_through(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(escape, "escape_docstring_commands", str)
    with pytest.raises(Refusal, match="a docstring with") as caught:
        build(f"Summarise.\n\n{DOCSTRINGS[name]}")
    assert caught.value.diagnostic.exit_code == 4


@pytest.mark.parametrize("text", HARMLESS)
def test_what_nothing_obeys_stays_as_it_is(text: str) -> None:
    assert escape_docstring_text(text) == text


WORDS = (
    "ab",
    "vim",
    "ex",
    "kate",
    "In [1]:",
    "javascript",
    "python",
    "Local Variables",
    "https://",
)


@settings(deadline=None, max_examples=500)
@given(
    st.lists(st.sampled_from([*" \n\t\\`<>!?[](){}.:-~#*_/&=8", *WORDS]), max_size=40).map("".join)
)
@example("\\" * 5 + "![")
@example(":a:`:a:`:a:`")
@example("- .. x:: \n.. ..\n\n..")
def test_no_command_is_left_and_twice_is_once(text: str) -> None:
    escaped = escape_docstring_text(text)
    assert find_docstring_command(escaped) == ""
    assert escape_docstring_text(escaped) == escaped


@pytest.mark.parametrize("name", DOCSTRINGS)
def test_every_command_is_found(name: str) -> None:
    assert find_docstring_command(DOCSTRINGS[name])
    assert find_docstring_command(f"x\n{DOCSTRINGS[name].upper()}".replace("HTTPS", "https"))


UNITS = (
    ":a",
    "{a",
    "`:a",
    "<",
    "<a",
    "`",
    "``` ",
    "![",
    "](",
    "[a",
    "vim",
    "ex<",
    ">>>",
    "..",
    "#",
    "-8<-",
    "\xa0",
)


@pytest.mark.parametrize("unit", UNITS)
def test_the_cost_is_linear(unit: str) -> None:
    """A quadratic pattern takes minutes for a text of this length, a linear one milliseconds."""
    begin = time.process_time()
    escape_docstring_text(unit * (200_000 // len(unit)))
    escape.format_docstring(f"x{unit * (200_000 // len(unit))}y")
    assert time.process_time() - begin < 10


# Literals

MODELINES = [
    "x vim: set ft=evil:",
    "x vi:set ft=evil",
    "x ex: set ft=evil:",
    "x vim700: set ft=evil:",
    "x Vim: set ft=evil:",
    "kate: syntax evil;",
    "Local Variables: eval: (evil)",
    "-*- mode: evil -*-",
]


@pytest.mark.parametrize("text", MODELINES)
@pytest.mark.parametrize("kind", ["default", "choice", "json", "bytes"])
def test_a_literal_is_no_modeline(text: str, kind: str) -> None:
    options: dict[str, dict[str, Any]] = {
        "default": {"required": False, "default": text},
        "choice": {"model_type_enum_options": [{"id": text}, {"id": "other"}]},
        "json": {"type": "JSON_DATA", "required": False, "default": f'{{"{text}": ["{text}"]}}'},
        "bytes": {"type": "BYTES", "required": False, "default": text},
    }
    files = build("Summarise.", **options[kind])
    for name in ("client.py", "examples.py", "__init__.py"):
        assert not has_editor_command(files[name]), files[name]
    if shutil.which("vim"):
        assert "evil" not in _vim_filetype(files["client.py"])


def _vim_filetype(text: str) -> str:
    """Return the file type that vim gives a file, with modelines on."""
    script = "set nocompatible modeline modelines=5 | edit client.py | redir! > seen | set ft? | redir END | qa!"
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "client.py").write_text(text, "utf-8")
        subprocess.run(
            ["vim", "-u", "NONE", "-es", "--not-a-term", "-c", script],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=60,
            check=False,
        )
        seen = Path(folder, "seen")
        return seen.read_text() if seen.exists() else ""


@settings(deadline=None)
@given(
    st.lists(st.sampled_from([*" :\n<>=7*-", "vim", "vi", "ex", "kate", "Local Variables"])).map(
        "".join
    )
)
def test_literals_keep_their_value(text: str) -> None:
    for value in (text, text.encode()):
        code = format_literal(value)
        assert ast.literal_eval(code) == value
        assert not has_editor_command(code)
