"""Formats the text of a file: black, a statement at a time.

What lives here: how a file is cut into pieces, and the blank lines between them. The result is what black makes
of the whole; but black holds some kilobytes a line while it works, so that a large client would take gigabytes.
It runs in one fixed mode and reads nobody's configuration. Knows Python's syntax tree; knows nothing of models.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

from gen_client.escape import LINE_LENGTH

_SHORT: Final = 8_000
_REMEMBERED: Final = 2_048
"""How many short statements are kept: several models have many in common, and each is formatted once."""
_WALLED: Final = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
"""What stands alone, with blank lines around it."""


def format_source(text: str) -> str:
    """The text as black writes it; its lines end in newlines alone."""
    lines = text.split("\n")
    parts: list[str] = []
    before: ast.stmt | None = None
    end = 0
    for node in _units(ast.parse(text).body):
        last = node.end_lineno or node.lineno
        gap = _blank(lines[end:last])
        if before is not None:
            parts.append("\n" * _between(before, node, gap))
        start = end + gap
        parts += _class(node, lines, start) if _is_client(node) else [_black(lines[start:last])]
        before, end = node, last
    return "".join(parts)


def _units(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements that are cut apart; the imports, and what stands before them, are one."""
    head = next((i for i, node in enumerate(body) if not _opens(node, i)), len(body))
    yield from body[max(head - 1, 0) :]


def _opens(node: ast.stmt, place: int) -> bool:
    """Whether it belongs to the docstring and the imports at the top."""
    if place == 0 and isinstance(node, ast.Expr):
        return True
    if isinstance(node, ast.If):
        return isinstance(node.test, ast.Name)
    return isinstance(node, ast.Import | ast.ImportFrom)


def _between(before: ast.stmt, node: ast.stmt, gap: int) -> int:
    """How many blank lines black leaves between two statements that have some."""
    if isinstance(before, _WALLED) or isinstance(node, _WALLED):
        return 2
    return 1 if isinstance(before, ast.Import | ast.ImportFrom) else min(gap, 2)


def _blank(lines: Sequence[str]) -> int:
    """How many of the first lines are blank."""
    return next((i for i, line in enumerate(lines) if line.strip()), len(lines))


def _is_client(node: ast.stmt) -> bool:
    """Whether it is a class of methods, which may be many."""
    return isinstance(node, ast.ClassDef) and any(
        isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef) for inner in node.body
    )


def _class(node: ast.stmt, lines: Sequence[str], start: int) -> Iterator[str]:
    """The head of a class with its docstring, then each method, with a blank line between them."""
    assert isinstance(node, ast.ClassDef)
    before, *methods = node.body
    end = before.end_lineno or before.lineno
    yield _black(lines[start:end])
    for method in methods:
        last = method.end_lineno or method.lineno
        gap = _blank(lines[end:last])
        piece = _black(["class _:", *lines[end + gap : last]]).split("\n", 1)[1]
        yield piece if gap == 0 and _is_stub(before) else f"\n{piece}"
        before, end = method, last


def _is_stub(node: ast.stmt) -> bool:
    """Whether it is a function of three dots, which may stand close to the next one."""
    match node:
        case ast.FunctionDef(
            body=[ast.Expr(value=ast.Constant(value=value))]
        ) | ast.AsyncFunctionDef(body=[ast.Expr(value=ast.Constant(value=value))]):
            return value is ...
        case _:
            return False


def _black(lines: Sequence[str]) -> str:
    text = "\n".join(lines) + "\n"
    return _common(text) if len(text) < _SHORT else _statement(text)


def _statement(text: str) -> str:
    """A statement as black writes it."""
    from black import format_str
    from black.mode import Mode, TargetVersion

    return format_str(text, mode=Mode({TargetVersion.PY311}, LINE_LENGTH))


_common = lru_cache(maxsize=_REMEMBERED)(_statement)
