"""Without the filters of the templates, the gate stops everything that leaves a string."""

from __future__ import annotations

import ast

import pytest

from gen_client.diagnostics import Refusal
from gen_client.tidy.finish import finish
from unit.generator.page_text import CLIENT

ATTACKS = [
    '"""\nimport os\nos.system("id")\n"""',
    '"""; import os; """',
    '"""\n    __import__("os")\n    """',
    '" + __import__("os").system("id") + "',
    "__import__('os').system('id')",
    '"), default=eval("1',
    "\\",
    '"',
    '"""',
    "\r__import__('os')",
    "a\rimport os",
    "{{ evil }}",
    '"""\n\n    def close(self) -> None:\n        evil()\n\n    """',
    '"""\n    @evil\n    def other(self) -> int:\n        """',
]


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize(
    "place",
    [
        '"""Finds things in images."""',
        "The picture to search.",
        '"""Where to start."""',
        "`detect` returns",
    ],
)
def test_without_the_docstring_filter_no_attack_passes(attack: str, place: str) -> None:
    naive = f'"""{attack}"""' if place.startswith('"') else attack
    _stopped_or_harmless(CLIENT.replace(place, naive, 1))


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize(
    "place", ['"fast"', "0.5", '"acme"', '"label"', '"a"', "(-1, 2)", '"embed"']
)
@pytest.mark.parametrize("form", ["{}", '"{}"'])
def test_without_the_literal_filter_no_attack_passes(attack: str, place: str, form: str) -> None:
    _stopped_or_harmless(CLIENT.replace(place, form.format(attack)))


def _stopped_or_harmless(text: str) -> None:
    """Check that a text is refused, or is the same code except for the contents of its strings."""
    try:
        finish(text, "client")
    except Refusal:
        return
    assert _shape(text) == _shape(CLIENT)


def _shape(text: str) -> str:
    """Return the code, with every literal replaced by the same one."""
    return ast.dump(_Plain().visit(ast.parse(text)))


class _Plain(ast.NodeTransformer):
    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        if isinstance(node, ast.Constant | ast.UnaryOp):
            return ast.Constant(0)
        if isinstance(node, ast.Tuple | ast.List) and all(
            isinstance(item, ast.Constant) for item in node.elts
        ):
            return ast.Constant(0)
        return node
