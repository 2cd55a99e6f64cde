"""The two filters, and the proof that templates write no other text."""

from __future__ import annotations

import ast
import inspect
import math
from pathlib import Path
from typing import Any

import black
import jinja2
import jinja2.nodes
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from clarigen import ModelRef
from gen_client import render
from gen_client.diagnostics import Report
from gen_client.escape import (
    Code,
    escape_docstring_text,
    escape_invisible,
    format_docstring,
    format_literal,
)
from gen_client.interface.model import DataType, Method, MethodKind, Model, Result, TypeKind
from gen_client.layout import SOURCE_FILES
from gen_client.naming import packages
from gen_client.plan import build
from gen_client.render import finalize
from gen_client.templates import find_template_folder

MODE = black.Mode(line_length=100)
HIDDEN = "\0\x01\x08\x0b\x0c\x1b\x7f\x85\x9f\xad\u061c\u200b\u200d\u200e\u2028\u2029\u202e\u2066\u2069\ufeff\ufffe\U000e0041"
ATTACKS = [
    '"""',
    '\\"""',
    '"' * 7,
    "\\",
    "\\\\\\",
    'ends with a quote"',
    '"begins',
    "'''",
    "a\rb\r\nc",
    "\\N{DIGIT ONE} \\x41 \\u0041",
    "{{ 7 * 7 }} {% raw %} {# x #} %s {0}",
    "# type: ignore\n# fmt: on",
    "first\n    second\n  third",
    "\tfirst\n\tsecond",
    "word\u3000word\n\u3000\u3000indented\u00a0",
    *HIDDEN,
    "\ud800",
]
texts = st.text(
    st.one_of(
        st.sampled_from(list("\"'\\\n\r\t {}#a" + HIDDEN)),
        st.characters(exclude_categories=()),
    ),
    max_size=60,
)


def docstring_of(code: str) -> str:
    module = ast.parse(code)
    node = module.body[0]
    assert isinstance(node, ast.ClassDef)
    assert len(module.body) == 1
    assert len(node.body) == 1
    text = ast.get_docstring(node)
    assert text is not None
    return text.rstrip(" \n")


def reader_sees(text: str) -> str:
    """Return the text that a reader of the docstring should see."""
    return docstring_of(f"class A:\n    {format_literal(_normal(text))}")


def _normal(text: str) -> str:
    blanks = "\xa0\u1680\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
    lines: list[str] = []
    for line in escape_docstring_text(text).split("\n"):
        full = line.rstrip(" " + blanks)
        bare = full.lstrip(" " + blanks)
        lines.append(" " * (len(full) - len(bare)) + bare)
    return "\n".join(lines).strip("\n")


@given(texts)
@example('"')
@example('a "b"')
@example("a\\")
@example("a\n\n    b")
@settings(deadline=None, max_examples=300)
def test_docstring_keeps_the_text_before_and_after_black(text: str) -> None:
    if not _normal(text):
        with pytest.raises(ValueError, match="without text"):
            format_docstring(text, 4)
        return
    code = f"class A:\n    {format_docstring(text, 4)}\n"
    text_of_reader = reader_sees(text)
    assert docstring_of(code) == text_of_reader
    formatted = black.format_str(code, mode=MODE)
    assert docstring_of(formatted) == text_of_reader
    assert formatted == code
    assert not set(code) & set(HIDDEN)


@pytest.mark.parametrize("text", ATTACKS)
def test_attacks_stay_text(text: str) -> None:
    assert ast.literal_eval(format_literal(text)) == text
    doc = f"said: {text}"
    assert docstring_of(f"class A:\n    {format_docstring(doc, 4)}") == reader_sees(doc)


def test_layout_of_docstrings() -> None:
    assert format_docstring("Find things.") == '"""Find things."""'
    assert format_docstring("Find.\n\nArgs:\n    a: b", 8) == (
        '"""Find.\n\n        Args:\n            a: b\n        """'
    )
    assert format_docstring('Say "yes"') == '"""Say "yes" """'
    assert format_docstring("a\u202eb\\c") == '"""a\\\\u202eb\\\\c"""'
    assert escape_invisible(escape_invisible("\u202e\\")) == "\\u202e\\"


@given(texts)
@settings(deadline=None)
def test_literals_are_exact(text: str) -> None:
    code = format_literal(text)
    assert ast.literal_eval(code) == text
    assert "\n" not in code
    assert not set(code) & set(HIDDEN)
    formatted = black.format_str(f"x = {code}\n", mode=MODE)
    assert ast.literal_eval(formatted.removeprefix("x = ").strip()) == text


values = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(allow_nan=False, allow_infinity=False),
        texts,
        st.binary(max_size=9),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(tuple), st.dictionaries(texts, inner, max_size=3)
    ),
    max_leaves=9,
)


@given(values)
@example((1,))
@example(())
def test_any_value(value: object) -> None:
    again = ast.literal_eval(format_literal(value))
    assert repr(again) == repr(value)


def test_special_floats_and_lists() -> None:
    assert format_literal(math.inf) == 'float("inf")'
    assert format_literal(-math.inf, Code("builtins.float")) == 'builtins.float("-inf")'
    assert format_literal(math.nan) == 'float("nan")'
    assert format_literal([1, [2]]) == "(1, (2,))"
    with pytest.raises(TypeError):
        format_literal({1})


# Templates


def _prepare_environment() -> jinja2.Environment:
    ours = find_template_folder()
    return render._prepare_environment(frozenset(), ours)  # pyright: ignore[reportPrivateUsage]


def test_raw_text_in_a_template_is_an_error() -> None:
    environment = _prepare_environment()
    for source in (
        "{{ text }}",
        "{% macro m(t) %}{{ t }}{% endmacro %}{{ m(text) }}",
        "{{ text|fold }}",
        "{% filter fold %}f(\n{{ text }},\n)\n{% endfilter %}",
    ):
        with pytest.raises(TypeError, match="raw text"):
            environment.from_string(source).render(text="f(\nimport os\n)")
    assert (
        environment.from_string("{{ text|py }} {{ code }}").render(text="'", code=Code("x = 1"))
        == '"\'" x = 1'
    )
    assert finalize(Code("x")) == "x"


def test_environment_has_only_the_two_filters_and_fold() -> None:
    environment = _prepare_environment()
    assert set(environment.filters) == {"py", "doc", "fold"}
    assert not environment.globals
    with pytest.raises(jinja2.UndefinedError):
        environment.from_string("{{ nothing }}").render()


def test_templates_do_not_join_text() -> None:
    """Jinja would pass the raw text of `a ~ b` as escaped HTML."""
    environment = _prepare_environment()
    for path in sorted(find_template_folder().glob("*.jinja")):
        tree = environment.parse(path.read_text(encoding="utf-8"))
        forbidden: tuple[Any, ...] = (jinja2.nodes.Concat, jinja2.nodes.MarkSafe)
        assert not list(tree.find_all(forbidden)), path.name


def test_code_is_made_in_few_places() -> None:
    """Only `escape` and `naming` make `Code` of anything but a constant of ours."""
    folder = Path(inspect.getfile(render)).parent
    makers = {folder / "escape.py", *(folder / "naming").glob("*.py")}
    calls = [
        (path.relative_to(folder).as_posix(), ast.unparse(node))
        for path in sorted(set(folder.rglob("*.py")) - makers)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Code"
        if not all(map(_is_constant, node.args))
    ]
    assert calls == [
        ("plan/build.py", "Code(keyword)"),  # a key of CLIENT_OPTIONS
        (
            "plan/types.py",
            "Code('wire.JSON' if kind is TypeKind.JSON_DATA else f'wire.{kind.value}')",
        ),
    ]


def _is_constant(node: ast.expr) -> bool:
    if isinstance(node, ast.IfExp):
        return _is_constant(node.body) and _is_constant(node.orelse)
    return isinstance(node, ast.Constant)


def test_a_package() -> None:
    method = Method(
        "caption", MethodKind.SERVER_STREAM, "Describe.", (), Result(DataType(TypeKind.TEXT))
    )
    model = Model(ModelRef("acme", "vision", "detector"), "", (method,))
    files = render.render_files(
        build.build_page(model, packages.package_name_from_id("detector"), Report())
    )
    assert set(files) == set(SOURCE_FILES)
    assert "    def caption(self) -> Stream[Text]:\n" in files["client.py"]
    assert "        return self._stream(_CAPTION)\n" in files["client.py"]
    assert 'print(piece.text, end="", flush=True)' in files["examples.py"]
    for text in files.values():
        compile(text, "file", "exec", dont_inherit=True)
