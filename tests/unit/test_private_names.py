"""Rules for the tests: they use no private name of another module, of CPython or of a library.

Private modules such as `clarigen._calls` may be imported, because unit tests mirror them; names in them that start
with an underscore may not be used. A test that needs more gets a parameter instead: a policy, a clock, a formatter.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from support import ROOT

FILES: Final = sorted(
    file for file in (ROOT / "tests").rglob("*.py") if "corpus" not in file.relative_to(ROOT).parts
)
PUBLIC: Final = {
    "_asdict",
    "_current_frames",
    "_exit",
    "_fields",
    "_getframe",
    "_proto",
    "_replace",
}
"""Names that are documented as public although they start with an underscore."""


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_tests_use_no_private_name_of_another_module(file: Path) -> None:
    tree = ast.parse(file.read_text("utf-8"))
    own = set(_definitions(tree))
    assert [name for name in _private_names(tree) if name not in own] == []


def _private_names(tree: ast.Module) -> Iterator[str]:
    """Yield the private names that are accessed on other objects than `self`, or imported."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and not _is_own(node.value) and _is_private(node.attr):
            yield node.attr
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(
            ("clarigen", "gen_client")
        ):
            yield from (alias.name for alias in node.names if _is_private(alias.name))


def _definitions(tree: ast.Module) -> Iterator[str]:
    """Yield the names of the functions, classes and attributes that a module defines."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield from [node.attr] if _is_own(node.value) else []


def _is_own(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id in ("self", "cls")


def _is_private(name: str) -> bool:
    """Return whether a name is private; `__init__` and IPython's `_repr_html_` are not."""
    return name.startswith("_") and not name.endswith("_") and name not in PUBLIC
