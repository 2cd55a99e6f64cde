"""The gate alone stops every attack, without the filters of the templates.

Each hostile model is generated with a naive filter instead of one of the two, or of both. The result is refused, or it
is the same code as with the filters, except for the contents of its strings.
"""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from clarigen import ModelRef
from gen_client import escape, render
from gen_client.diagnostics import Refusal, Report
from gen_client.escape import Code
from gen_client.pipeline import build_package
from gen_client.plan import build as plan
from gen_client.source import Document
from support import CORPUS

HOSTILE = [
    file
    for file in sorted((CORPUS / "hostile").glob("*.json"))
    if file.stat().st_size < 50_000  # the others are only large
]
ATTACKS = [
    '"""\nimport os\nos.system("touch PWNED")\n"""',
    '"""; __import__("os").system("touch PWNED"); """',
    '"""\n    __import__("os").system("touch PWNED")\n    """',
    '"""\n        __import__("os").system("touch PWNED")\n        """',
    '" + __import__("os").system("touch PWNED") + "',
    '"), default=__import__("os").system("touch PWNED"), x=("',
    '", wire.STR), __import__("os").system("touch PWNED"), wire.field("',
    '__import__("os").system("touch PWNED")',
    "\\",
    '"',
    '"""',
    "'",
    "\r__import__('os').system('touch PWNED')\r",
    "{{ page }}{% raw %}",
    "\x00",
    "\u202e\u2028",
    '"""\n\n    def close(self) -> None:\n        """',
    '"]]:\n        __import__("os")\n',
]


def naive_literal(value: object, _: object = None) -> Code:
    """Quote text without escaping it; use `str` for other values."""
    if isinstance(value, str):
        return Code(f'"{value}"')
    if isinstance(value, list | tuple):
        return escape.format_tuple([naive_literal(item) for item in value])
    if isinstance(value, float | bytes | dict):
        return escape.format_literal(value)
    return Code(str(value))


def bare_literal(value: object, _: object = None) -> Code:
    """Write text as an expression, without a filter."""
    return Code(value) if isinstance(value, str) else naive_literal(value)


def naive_docstring(text: str, _: int = 0) -> Code:
    """Quote text without escaping it."""
    return Code(f'"""{text}"""')


def bare_docstring(text: str, _: int = 0) -> Code:
    """Write text as a statement, without a filter."""
    return Code(text)


Filter = Callable[..., Code]
FILTERS: list[tuple[str, Filter, Filter]] = [
    ("naive literals", naive_literal, escape.format_docstring),
    ("bare literals", bare_literal, escape.format_docstring),
    ("naive docstrings", escape.format_literal, naive_docstring),
    ("bare docstrings", escape.format_literal, bare_docstring),
    ("both naive", naive_literal, naive_docstring),
]


@pytest.mark.parametrize("filters", FILTERS, ids=lambda filters: filters[0])
@pytest.mark.parametrize("file", HOSTILE, ids=lambda file: file.stem)
def test_hostile_models(
    monkeypatch: pytest.MonkeyPatch, file: Path, filters: tuple[str, Filter, Filter]
) -> None:
    content = json.loads(file.read_text())
    _stopped_or_harmless(monkeypatch, tuple(content["method_signatures"]), *filters[1:])


@pytest.mark.parametrize("filters", FILTERS, ids=lambda filters: filters[0])
@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_in_every_text(
    monkeypatch: pytest.MonkeyPatch, attack: str, filters: tuple[str, Filter, Filter]
) -> None:
    for signature in _signatures(attack):
        _stopped_or_harmless(monkeypatch, (signature,), *filters[1:])


def _signatures(attack: str) -> list[dict[str, object]]:
    """Yield a method for each text that is not a name, with the attack in that text."""
    signatures: list[dict[str, object]] = []
    places = [("default", "JSON_DATA")]
    places += [(place, "STR") for place in ("method", "field", "default", "choice", "result")]
    for place, kind in places:
        field: dict[str, object] = {
            "name": "text",
            "type": kind,
            "description": attack if place == "field" else "",
            "default": (
                (attack if kind == "STR" else json.dumps([attack])) if place == "default" else ""
            ),
        }
        if place == "choice":
            field["model_type_enum_options"] = [{"id": attack}]
        signatures.append(
            {
                "name": "predict",
                "method_type": "UNARY_UNARY",
                "description": attack if place == "method" else "",
                "input_fields": [field],
                "output_fields": [
                    {
                        "name": "return",
                        "type": "STR",
                        "description": attack if place == "result" else "",
                    }
                ],
            }
        )
    return signatures


def _stopped_or_harmless(
    monkeypatch: pytest.MonkeyPatch,
    signatures: tuple[dict[str, object], ...],
    literal: Filter,
    docstring: Filter,
) -> None:
    with monkeypatch.context() as patch:
        for module in _modules_with_literals():
            patch.setattr(module, "format_literal", literal)
        patch.setattr(render, "FILTERS", {"py": literal, "doc": docstring})
        got = _generated(signatures)
    if got is not None:
        expected = _generated(signatures)
        assert expected is not None
        assert _shapes(got) == _shapes(expected)


def _modules_with_literals() -> list[ModuleType]:
    """Return the modules that use the filter for literals."""
    modules = [
        module
        for name, module in sys.modules.items()
        if name.startswith("gen_client.")
        and module is not escape
        and getattr(module, "format_literal", None) is escape.format_literal
    ]
    assert plan in modules
    assert len(modules) >= 3
    return modules


def _generated(signatures: tuple[dict[str, object], ...]) -> dict[str, str] | None:
    """Return the files of the package, or None if it is refused."""
    document = Document(ModelRef("acme", "vision", "eye"), "", signatures)
    try:
        return build_package(document, "pkg", Report()).files
    except Refusal:
        return None


def _shapes(files: dict[str, str]) -> dict[str, str]:
    """Return the code of a package, with every literal replaced by the same one."""
    return {
        name: ast.dump(_Plain().visit(ast.parse(text)))
        for name, text in files.items()
        if name.endswith(".py")
    }


class _Plain(ast.NodeTransformer):
    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        if isinstance(node, ast.UnaryOp):
            return node.operand
        if isinstance(node, ast.Constant):
            node.value = 0
        return node
