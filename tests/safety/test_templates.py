"""`--templates` and `--strict`: custom templates can change the output, and the gate still checks it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gen_client import cli, render
from gen_client.templates import find_template_folder
from support import CORPUS

SIGNATURES = CORPUS / "docs" / "detector.json"
CLIENT = (find_template_folder() / "client.py.jinja").read_text("utf-8")
MACROS = (find_template_folder() / "macros.jinja").read_text("utf-8")
INIT = (find_template_folder() / "__init__.py.jinja").read_text("utf-8")
EXAMPLES = (find_template_folder() / "examples.py.jinja").read_text("utf-8")


class Owner:
    """A user with custom templates in the folder `mine`."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self.folder = Path("mine")
        self.folder.mkdir()

    def generate(self, *more: str, templates: str = "mine") -> tuple[int, str]:
        """Run the command and return the exit code and the output; check that a refusal writes nothing."""
        code = cli.main(["--signatures", str(SIGNATURES), "--templates", templates, *more])
        said = self._capsys.readouterr()
        assert "a bug in" not in said.err
        if code:
            assert not Path("detector").exists()
            assert said.out == ""
            assert 1 <= said.err.count("\n") <= 2
            assert said.err.replace("\n", "").isprintable()
        return code, said.err


@pytest.fixture
def owner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Owner:
    monkeypatch.chdir(tmp_path)
    return Owner(capsys)


def changed(text: str, old: str, new: str) -> str:
    assert old in text
    return text.replace(old, new, 1)


def test_only_existing_files_replace_ours(owner: Owner) -> None:
    text = changed(MACROS, "record_class(record) %}\n", "record_class(record) %}\n{# mine #}")
    (owner.folder / "macros.jinja").write_text(
        changed(text, "{{ method.doc | doc(8) }}", '"""Mine."""')
    )
    assert owner.generate() == (0, "")
    client = Path("detector/client.py").read_text()
    assert client.count('"""Mine."""') >= 2
    assert "Typed client for the model" in Path("detector/__init__.py").read_text()


def test_templates_can_include_others(owner: Owner) -> None:
    (owner.folder / "more.jinja").write_text("{{ page.doc | doc }}\n")
    text = changed(INIT, "{{ page.doc | doc }}", '{% include "more.jinja" %}')
    (owner.folder / "__init__.py.jinja").write_text(text)
    assert owner.generate() == (0, "")


WRONG = {
    "an import": ("client", CLIENT, "import builtins", "import builtins\nimport os"),
    "an import from": (
        "client",
        CLIENT,
        "import builtins",
        "import builtins\nfrom os import system",
    ),
    "a call": ("client", CLIENT, "{% for twin in twins %}", "print()\n{% for twin in twins %}"),
    "a comment of a model": (
        "client",
        CLIENT,
        "# Wire descriptions",
        "# {{ page.client }}\n# Wire descriptions",
    ),
    "a constant": ("client", CLIENT, "{% for alias", "x = 1\n{% for alias"),
    "a decorator": (
        "macros",
        MACROS,
        "    def {{ method.batch",
        "    @property\n    def {{ method.batch",
    ),
    "a longer body": (
        "macros",
        MACROS,
        "        return self._batch(",
        "        self.x = 1\n        return self._batch(",
    ),
    "a body of a model": (
        "macros",
        MACROS,
        "        return self._batch(",
        "        {{ method.wire }}\n        return self._batch(",
    ),
    "a default": (
        "macros",
        MACROS,
        "{%- if parameter.default %}",
        "{%- if true %} = print(){% elif parameter.default %}",
    ),
    "a base": ("macros", MACROS, "{{ twin.base }}", "{{ twin.base }}, dict"),
    "a metaclass": ("macros", MACROS, "{{ twin.base }}", "{{ twin.base }}, metaclass=type"),
    "an f-string": ("macros", MACROS, "{{ method.doc | doc(8) }}", 'f"""{1}"""'),
    "a main of others": ("examples", EXAMPLES, "    main(", "    exec("),
    "an export": ("__init__", INIT, "__all__ = [", '__all__ = [\n"os",'),
    "code that is none": ("__init__", INIT, "__all__ = [", "__all__ = [["),
}


@pytest.mark.parametrize("mistake", WRONG)
def test_gate_stops_wrong_templates(owner: Owner, mistake: str) -> None:
    name, text, old, new = WRONG[mistake]
    file = f"{name}.jinja" if name == "macros" else f"{name}.py.jinja"
    (owner.folder / file).write_text(changed(text, old, new))
    code, said = owner.generate()
    assert code == 4, said
    assert "is nothing that gen-client writes" in said


@pytest.mark.parametrize("mistake", WRONG)
def test_gate_stops_mistakes_in_our_templates(
    mistake: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Make the same mistakes in the templates that we ship."""
    name, text, old, new = WRONG[mistake]
    ours = tmp_path / "ours"
    ours.mkdir()
    for file in find_template_folder().glob("*.jinja"):
        (ours / file.name).write_text(file.read_text("utf-8"))
    file_name = f"{name}.jinja" if name == "macros" else f"{name}.py.jinja"
    (ours / file_name).write_text(changed(text, old, new))
    monkeypatch.setattr(render, "find_template_folder", lambda: ours)
    monkeypatch.chdir(tmp_path)
    assert cli.main(["--signatures", str(SIGNATURES)]) == 4
    assert not (tmp_path / "detector").exists()


ALLOW = """
statements = ["import logging", "from acme import traced", "logger = logging.getLogger(__name__)", "logger.debug('called')"]
decorators = ["traced"]
comments = ["# Ours."]
"""


def test_allow_file_adds_exact_code(owner: Owner) -> None:
    top = "import builtins\nimport logging\nfrom acme import traced"
    text = changed(CLIENT, "import builtins", top)
    text = changed(
        text, "{% for twin in", "logger = logging.getLogger(__name__)\n# Ours.\n{% for twin in"
    )
    (owner.folder / "client.py.jinja").write_text(text)
    stream = "{% filter fold %}\n        return self._stream("
    text = changed(MACROS, stream, f'        logger.debug("called")\n{stream}')
    batch = "{% filter fold %}\n    def {{ method.batch.name"
    text = changed(text, batch, f"    @traced\n{batch}")
    (owner.folder / "macros.jinja").write_text(text)
    assert owner.generate()[0] == 4
    (owner.folder / "allow.toml").write_text(ALLOW.replace("debug('called')", "debug('other')"))
    assert owner.generate()[0] == 4
    (owner.folder / "allow.toml").write_text(ALLOW)
    assert owner.generate() == (0, "")
    client = Path("detector/client.py").read_text()
    assert client.count("    @traced\n") == 2
    assert client.count('        logger.debug("called")\n') == 2
    assert "\n# Ours.\nclass Detector(" in client
    assert "import logging\n" in client


@pytest.mark.parametrize(
    ("allow", "words"),
    [
        ("statements = 1", "not an array"),
        ("statements = [1]", "not an array"),
        ("statement = []", "is none of"),
        ("statements = ['import (']", "not Python"),
        ("decorators = ['import os']", "not a decorator"),
        ("comments = ['x']", "not a comment"),
        ('comments = ["# a\\rimport os"]', "not a comment"),
        ("statements = [", "Invalid value"),
        ("statements = ['" + "(" * 5000 + "']", "not Python"),
    ],
)
def test_allow_file_must_be_valid(owner: Owner, allow: str, words: str) -> None:
    (owner.folder / "macros.jinja").write_text(MACROS)
    (owner.folder / "allow.toml").write_text(allow)
    code, said = owner.generate()
    assert code == 2
    assert words in said


@pytest.mark.parametrize(
    "text",
    [
        "{{ page.client_doc }}",
        "{{ page.client_doc | safe }}",
        "{% autoescape false %}{{ page.client_doc }}{% endautoescape %}",
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ self.__init__.__globals__ }}",
        "{{ cycler.__init__.__globals__.os }}",
        "{{ page.no_such_thing }}",
        "{% if %}",
        "{% include '../secret.jinja' %}",
        "{% include '/etc/passwd' %}",
        "{{ page.methods[99] }}",
        "{{ 1 / 0 }}",
    ],
)
def test_failing_template_is_reported_with_its_line(owner: Owner, text: str) -> None:
    Path("secret.jinja").write_text("{{ page.client }}")
    (owner.folder / "__init__.py.jinja").write_text(f"\n{text}\n")
    code, said = owner.generate()
    assert code in (2, 4)
    assert "__init__.py.jinja, line 2" in said or "the template fails" in said, said


@pytest.mark.parametrize("folder", ["nothing", "empty", "mine/macros.jinja"])
def test_folder_without_templates_is_refused(owner: Owner, folder: str) -> None:
    Path("empty").mkdir()
    (owner.folder / "macros.jinja").write_text(MACROS)
    code, said = owner.generate(templates=folder)
    assert code == 2
    assert "macros.jinja" in said


# --strict


def test_strict_writes_nothing_after_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    field = {"name": "limit", "type": "INT", "required": True, "default": "5"}
    method = {
        "name": "predict",
        "method_type": "UNARY_UNARY",
        "input_fields": [field],
        "output_fields": [{"name": "return", "type": "STR"}],
    }
    odd = str(tmp_path / "odd.json")
    Path(odd).write_text(json.dumps([method]))
    assert cli.main(["--signatures", odd, "--name", "pkg", "--strict"]) == 4
    said = capsys.readouterr()
    assert said.out == ""
    assert "warning: predict.limit: " in said.err
    assert "error: there was a warning, and --strict allows none" in said.err
    assert list(Path().iterdir()) == []
    assert cli.main(["--signatures", odd, "--name", "pkg"]) == 0
    assert cli.main(["--signatures", str(SIGNATURES), "--strict"]) == 0
