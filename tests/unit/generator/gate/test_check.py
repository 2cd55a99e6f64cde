"""The gate accepts what our templates write and nothing else."""

from __future__ import annotations

import ast

import pytest

from gen_client.diagnostics import Refusal
from gen_client.gate import check
from gen_client.layout import HEAD, FileKind
from gen_client.tidy.finish import finish
from unit.generator.gate.gated import KINDS, PAGES, refused
from unit.generator.page_text import CLIENT, EXAMPLES, INIT


@pytest.mark.parametrize("kind", KINDS)
def test_template_output_passes(kind: FileKind) -> None:
    check.check_code(PAGES[kind], kind)
    check.check_file(finish(PAGES[kind], kind), kind)


# Attacks on every node of the grammar: no rule may skip a field.

EVIL_EXPRESSIONS = [
    "__import__('os').system('id')",
    "(lambda: 0)",
    "f'{1}'",
    "[x for x in y]",
    "(a := 1)",
    "eval",
    "a.b",
    "10 ** 10",
    "...",
    "1j",
    "'a' 'b' % 1",
    "(yield)",
    "a[b]",
    "not a",
    "a if b else c",
]
EVIL_STATEMENTS = [
    "import os",
    "from os import system",
    "from clarigen import *",
    "from clarigen import _channel",
    "evil()",
    "x = 1",
    "del wire",
    "async def f() -> None: ...",
    "def f() -> None: ...",
    "class Evil(evil()): ...",
    "while True: pass",
    "raise ValueError",
    "global x",
    "assert evil()",
]


def _expressions(tree: ast.AST) -> list[tuple[ast.AST, str, int | None]]:
    """Return the positions of a tree that hold an expression: the node, its field, the index in it.

    The gate decides by what is around an expression. Of positions with the same nodes around them, the first is
    returned, or the first three of one list.
    """
    places: dict[tuple[object, ...], tuple[ast.AST, str, int | None]] = {}
    _add_expressions(tree, (), places)
    return list(places.values())


def _add_expressions(
    node: ast.AST,
    around: tuple[str, ...],
    places: dict[tuple[object, ...], tuple[ast.AST, str, int | None]],
) -> None:
    around = (*around, _describe(node))
    for name, value in ast.iter_fields(node):
        if isinstance(value, ast.expr) or (
            value is None and name not in ("type_comment", "kind", "value")
        ):
            places.setdefault((around, name), (node, name, None))
        for index, item in enumerate(value if isinstance(value, list) else [value]):
            if isinstance(item, ast.expr) and isinstance(value, list):
                places.setdefault((around, name, min(index, 2)), (node, name, index))
            if isinstance(item, ast.AST):
                _add_expressions(item, (*around, name), places)


def _describe(node: ast.AST) -> str:
    """Describe a node by its class, and what else of it the gate looks at: a function called, decorators."""
    parts: list[ast.expr] = [node.func] if isinstance(node, ast.Call) else []
    if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        parts = node.decorator_list
    return " ".join([type(node).__name__, *map(ast.unparse, parts)])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("evil", EVIL_EXPRESSIONS)
def test_foreign_expression_is_refused_everywhere(kind: FileKind, evil: str) -> None:
    tree = ast.parse(PAGES[kind])
    planted = ast.parse(evil, mode="eval").body
    places = _expressions(tree)
    assert len(places) > 5
    for node, name, index in places:
        if evil == "eval" and name == "target":
            continue  # a field may have any name
        if evil == "..." and isinstance(node, ast.Expr):
            continue  # the body of an overload
        if index is None:
            before = getattr(node, name)
            setattr(node, name, planted)
        else:
            before = getattr(node, name)[index]
            getattr(node, name)[index] = planted
        _must_refuse(tree, kind, f"{evil} as {type(node).__name__}.{name}[{index}]")
        if index is None:
            setattr(node, name, before)
        else:
            getattr(node, name)[index] = before


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("evil", EVIL_EXPRESSIONS)
def test_foreign_expression_is_refused_in_every_list(kind: FileKind, evil: str) -> None:
    tree = ast.parse(PAGES[kind])
    planted = ast.parse(evil, mode="eval").body
    lists = [
        (node, name, value)
        for node in ast.walk(tree)
        for name, value in ast.iter_fields(node)
        if isinstance(value, list)
        and name in ("decorator_list", "bases", "args", "defaults", "elts", "targets", "keys")
        and not (isinstance(node, ast.arguments) and (name == "args" or not node.args))
    ]
    assert lists
    for node, name, value in lists:
        value.append(planted)
        if isinstance(node, ast.Dict):
            node.values.append(ast.Constant(1))
        _must_refuse(tree, kind, f"{evil} in {type(node).__name__}.{name}")
        value.pop()
        if isinstance(node, ast.Dict):
            node.values.pop()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("evil", EVIL_EXPRESSIONS)
def test_foreign_keyword_is_refused_in_every_call_and_class(kind: FileKind, evil: str) -> None:
    tree = ast.parse(PAGES[kind])
    value = ast.parse(evil, mode="eval").body
    for node in ast.walk(tree):
        if isinstance(node, ast.Call | ast.ClassDef):
            for name in ("metaclass", None):
                node.keywords.append(ast.keyword(arg=name, value=value))
                _must_refuse(tree, kind, f"{name}={evil} in {ast.unparse(node)}")
                node.keywords.pop()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("evil", EVIL_STATEMENTS)
def test_foreign_statement_is_refused_in_every_block(kind: FileKind, evil: str) -> None:
    tree = ast.parse(PAGES[kind])
    planted = ast.parse(evil).body[0]
    for node in ast.walk(tree):
        for name in ("body", "orelse"):
            block = getattr(node, name, None)
            if not isinstance(block, list):
                continue
            for index in range(len(block) + 1):
                block.insert(index, planted)
                _must_refuse(tree, kind, f"{evil} in {type(node).__name__}.{name} at {index}")
                del block[index]


def _must_refuse(tree: ast.Module, kind: FileKind, change: str) -> None:
    try:
        text = ast.unparse(tree)
    except (ValueError, AttributeError, TypeError):
        return  # no valid source
    try:
        check.check_code(text, kind)
    except Refusal:
        return
    pytest.fail(f"passed: {change}")


# Names, imports, values


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("def detect(", "def __init__("),
        ("def detect(", "def __getattr__("),
        ("image: Image,\n", "__image: Image,\n"),
        ("caption: str", "__slots__: str"),
        ("class Start:", "class wire:"),
        ("class Start:", "class DetectResult:"),
        ("class Start:", "class print:"),
        ("_EMBED: Final", "_LIST: Final"),
        ("_EMBED: Final", "EMBED: Final"),
        ("_EMBED: Final", "wire: Final"),
        ("    def embed(", "    def track("),
        ("self._unary(_EMBED, values)", "self._unary(_EMBED, other)"),
        ("self._unary(_EMBED, values)", "self._unary(_EMBED, values, values)"),
        ("self._unary(_EMBED, values)", "self._unary(_EMBED, *values)"),
        ("self._unary(_EMBED, values)", "self._unary(Detector, values)"),
        ("self._unary(_EMBED, values)", "self.close(_EMBED, values)"),
        ("self._unary(_EMBED, values)", "values._unary(_EMBED, values)"),
        ("values: npt.ArrayLike", "values"),
        ("values: npt.ArrayLike", "*values: npt.ArrayLike"),
        ("values: npt.ArrayLike", "**values: npt.ArrayLike"),
        ("values: npt.ArrayLike", "values: 'npt.ArrayLike'"),
        ("values: npt.ArrayLike", "values: npt.evil"),
        ("values: npt.ArrayLike", "values: builtins.eval"),
        ("values: npt.ArrayLike", "values: Unknown"),
        ("values: npt.ArrayLike", "values: wire"),
        ("def embed(self, values", "def embed(values"),
        (" -> npt.NDArray[Any]", ""),
        ("npt.NDArray[Any]:\n", "npt.NDArray[Any]:\n        evil()\n"),
        ("    def embed(", "    async def embed("),
        ("    def embed(", "    @property\n    def embed("),
        ("@dataclass(frozen=True, slots=True)\nclass Start", "@dataclass\nclass Start"),
        ("@dataclass(frozen=True, slots=True)\nclass Start", "@evil\nclass Start"),
        ("@dataclass(frozen=True, slots=True)\nclass Start", "class Start"),
        ("caption: str", "caption: str = 'a'"),
        ("caption: str", "caption = 'a'"),
        ("    Client,\n", "    Image,\n"),
        ("    Client,\n    model", "    Client,\n    Image,\n    model"),
        ("    model=_MODEL", "    metaclass=_MODEL"),
        ("    model=_MODEL", "    model=_DETECT"),
        ("    model=_MODEL", '    model=ModelRef("a", "b", "c")'),
        ("    model=_MODEL", "    model=evil()"),
        ("_MODEL: Final =", "_OTHER: Final ="),
        ("_MODEL: Final =", "_MODEL: Final[ModelRef] ="),
        ('ModelRef("acme", "vision", "detector")', 'wire.unary("x", returns=wire.STR)'),
        ("self._unary(_EMBED, values)", "self._unary(_MODEL, values)"),
        ('version_id="v7"', "version_id=evil()"),
        ('deployment_id="here"', "deployment_id=f'x'"),
        ('deployment_id="here"', "**{}"),
        ('ModelRef("acme", ', 'ModelRef(f"acme", '),
        ('ModelRef("acme", ', 'ModelRef(*"acme", '),
        ("default=0.5", "default=10**10"),
        ("default=0.5", "default=Detector()"),
        ("default=0.5", "default=print(1)"),
        ("default=0.5", "default=float('1')"),
        ("default=0.5", "default={**a}"),
        ("default=0.5", "default=[*a]"),
        ("default=0.5", "default={1, 2}"),
        ("default=0.5", "default=Start"),
        ("default=0.5", "evil=0.5"),
        ("ge=0.0", "ge=True"),
        ("wire.NDARRAY)", "wire.__class__)"),
        ("wire.list_of(wire.STR)", "wire.evil(wire.STR)"),
        ("wire.record(Start", "wire.record(Image"),
        ('name="track"', "name=track"),
        ('name="track"', 'name="track", name="track"'),
        ('name="track"', 'name="track", default=1'),
        ('    name="track",\n    returns=', '    returns=wire.STR, name="track", returns='),
        ("import builtins", "import os"),
        ("import builtins", "import builtins as wire"),
        ("import builtins", "import builtins, os"),
        ("import numpy.typing as npt", "import os"),
        ("    import numpy.typing as npt", "    import numpy.typing as npt\nelse:\n    evil()"),
        ("from typing import ", "from os import system, "),
        ("from typing import ", "from typing import get_type_hints, "),
        ("    Region,\n", "    Region as Text,\n"),
        ("    Region,\n", "    _channel,\n"),
        ('Literal["fast", "exact"]\n', 'Literal[evil(), "exact"]\n'),
    ],
)
def test_a_changed_client_is_refused(old: str, new: str) -> None:
    assert old in CLIENT
    refused(CLIENT.replace(old, new, 1))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"Start"]', "evil()]"),
        ('"Start"]', '"Other"]'),
        ('"Start"]', '"__builtins__"]'),
        ("__all__ = [", "__path__ = ["),
        ("__all__ = [", "x = __all__ = ["),
        ("from .client", "from ..client"),
        ("from .client", "from .other"),
        ("from .client", "from . client"[:6] + " "),
        ("import Detector, ", "import *, "),
        ("wire.require_format(1, __name__)\n", ""),
        ("wire.require_format(1, __name__)\n", "wire.require_format(1, __name__)\n" * 2),
        ("require_format(1, __name__)", "require_format(1)"),
        ("require_format(1, __name__)", "require_format(True, __name__)"),
        ("require_format(1, __name__)", "require_format(0, __name__)"),
        ("require_format(1, __name__)", "require_format(evil(), __name__)"),
        ("require_format(1, __name__)", "require_format(1, evil())"),
        ("require_format(1, __name__)", "require_format(1, __name__, evil())"),
        ("require_format(1, __name__)", "require_format(1, __name__, x=evil())"),
        ("wire.require_format(", "wire.unary("),
        ("wire.require_format(", "Image.require_format("),
        ("import wire\n", "import Image, wire\n"),
        ("import wire\n", "import wire\n\nfrom clarigen import Box\n"),
        ('"Start"]', '"wire"]'),
    ],
)
def test_a_changed_init_is_refused(old: str, new: str) -> None:
    assert old in INIT
    refused(INIT.replace(old, new, 1), "init")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("with Detector()", "with open()"),
        ("with Detector()", "with Detector(1)"),
        ("as model", "as print"),
        ("model.detect(", "model._unary("[:7] + "__init__("),
        ("model.detect(", "other.detect("),
        ("print(model.detect(", "evil(model.detect("),
        ("print(piece)", "print(piece.__class__)"),
        ("print(piece)", "print(other)"),
        ('"""Call `detect`', 'f"""Call `detect`'),
        ('"""Call `detect` and', '"""Twice."""\n    """Call `detect` and'),
        ("print(piece)", "print(piece, file=evil)"),
        ("def detect() ->", "def print() ->"),
        ("def detect() ->", "def main() ->"),
        ("def detect() ->", "def detect(a=evil()) ->"),
        ("main(detect, ", "main(evil, "),
        ("main(detect, ", "evil(detect, "),
        ('"__main__"', '"detector"'),
        ("IMAGE, threshold", "__import__('os'), threshold"),
        ("[IMAGE]", "[*IMAGE]"),
    ],
)
def test_a_changed_example_is_refused(old: str, new: str) -> None:
    assert old in EXAMPLES
    refused(EXAMPLES.replace(old, new, 1), "examples")


# Text that the parser does not show


@pytest.mark.parametrize(
    "character",
    ["\r", "\x00", "\x0b", "\x0c", "\x1b", "\x7f", "\x85", "\u200b", "\u202e", "\u2028", "\ufeff"],
)
def test_hidden_characters_are_refused(character: str) -> None:
    good = HEAD + INIT
    check.check_file(good, "init")
    line = 1 + good[: good.index("acme")].count("\n")
    with pytest.raises(Refusal, match=f"line {line}:"):
        check.check_file(good.replace("acme", f"ac{character}me", 1), "init")


@pytest.mark.parametrize(
    "comment",
    ["# type: ignore", "# noqa", "# fmt: on", "# coding: utf-7", "# a model's words", "#"],
)
def test_foreign_comments_are_refused(comment: str) -> None:
    with pytest.raises(Refusal, match="a comment"):
        check.check_file(HEAD + INIT + comment + "\n", "init")
    with pytest.raises(Refusal):
        check.check_file(HEAD.replace("# fmt: off", comment) + INIT, "init")


def test_the_head_is_required() -> None:
    with pytest.raises(Refusal, match="head"):
        check.check_file(INIT, "init")


@pytest.mark.parametrize(
    "text",
    [
        "x: Final = " + "[" * 300 + "]" * 300,
        "x: Final = " + "-" * 5000 + "1",
        "class A(Client):\n    " + '""\n    x: ' + "a." * 20_000 + "b",
        "class A(Client):\n    " + '""\n    def f(self) -> ' + "int | " * 20_000 + "int: ...",
        "def (",
        "\x00",
        '"\\q"',
        "\ud800",
    ],
)
def test_text_that_parsers_reject_is_refused(text: str) -> None:
    refused(text)
