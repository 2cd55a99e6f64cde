"""Formats source with black, one statement at a time.

The result is what black makes of the whole text. The pieces save memory: black holds kilobytes per line while it works,
gigabytes for a large client (`python -m benchmarks generation`). black runs in one fixed mode and reads no
configuration. This module knows nothing of models.
"""

from __future__ import annotations

import ast
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import cache, lru_cache
from typing import Final

from gen_client.escape import LINE_LENGTH

_MAX_CACHED_LENGTH: Final = 8_000
"""The longest statement that is cached, in characters."""
_DEFAULT_LENGTH: Final = 88
"""The longest line if black has no configuration."""
_CACHE_SIZE: Final = 2_048
"""Models have many statements in common; each is formatted once."""
_CACHE_VARIABLE: Final = "XDG_CACHE_HOME"
_DEFINITIONS: Final = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


Formatter = Callable[[str], str]


def _run_black(text: str, width: int = LINE_LENGTH) -> str:
    _import_black()
    from black import format_str
    from black.mode import Mode, TargetVersion

    return format_str(text, mode=Mode({TargetVersion.PY311}, width))


@cache
def _import_black() -> None:
    """Import black, which determines a folder for its cache at once, although nothing is cached here.

    That fails if the user has no home folder. Then black gets the name of a folder, which it does not create.
    """
    try:
        import black  # pyright: ignore[reportUnusedImport]
    except RuntimeError:
        former = os.environ.get(_CACHE_VARIABLE)
        os.environ[_CACHE_VARIABLE] = tempfile.gettempdir()
        try:
            import black  # noqa: F401  # pyright: ignore[reportUnusedImport]
        finally:
            del os.environ[_CACHE_VARIABLE]
            if former is not None:
                os.environ[_CACHE_VARIABLE] = former


_run_black_cached = lru_cache(maxsize=_CACHE_SIZE)(_run_black)


def format_piece(text: str) -> str:
    """Format one piece of source with black."""
    return _run_black_cached(text) if len(text) < _MAX_CACHED_LENGTH else _run_black(text)


def format_for_author(text: str) -> str:
    """Format a source that its author goes on with, as black does by itself."""
    return format_source(text, lambda piece: _run_black(piece, _DEFAULT_LENGTH))


def format_source(text: str, piece_formatter: Formatter = format_piece) -> str:
    """Format the source of a file.

    Args:
        text: The source; its lines end in newlines alone.
        piece_formatter: Formats one piece; tests record the pieces with it.
    """
    lines = text.split("\n")
    parts: list[str] = []
    before: ast.stmt | None = None
    end = 0
    for node in _split_body(ast.parse(text).body):
        last = node.end_lineno or node.lineno
        gap = _count_leading_blanks(lines[end:last])
        if before is not None:
            parts.append("\n" * _blank_lines_between(before, node, gap))
        start = end + gap
        if _has_methods(node):
            parts += _format_class(node, lines, start, piece_formatter)
        else:
            parts.append(piece_formatter(_join_lines(lines[start:last])))
        before, end = node, last
    return "".join(parts)


def _split_body(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the last statement of each piece: docstring and imports are one piece, each later statement is another."""
    head = next((i for i, node in enumerate(body) if not _is_at_top(node, i)), len(body))
    yield from body[max(head - 1, 0) :]


def _is_at_top(node: ast.stmt, index: int) -> bool:
    """Return whether a statement is the module's docstring or an import."""
    if index == 0 and isinstance(node, ast.Expr):
        return True
    if isinstance(node, ast.If):
        return isinstance(node.test, ast.Name)
    return isinstance(node, ast.Import | ast.ImportFrom)


def _blank_lines_between(before: ast.stmt, node: ast.stmt, gap: int) -> int:
    """Return the number of blank lines that black leaves between two statements."""
    if isinstance(before, _DEFINITIONS) or isinstance(node, _DEFINITIONS):
        return 2
    return 1 if isinstance(before, ast.Import | ast.ImportFrom) else min(gap, 2)


def _count_leading_blanks(lines: Sequence[str]) -> int:
    return next((i for i, line in enumerate(lines) if line.strip()), len(lines))


def _has_methods(node: ast.stmt) -> bool:
    """Return whether a statement is a client: a class that may be long, so that each method is a piece."""
    return isinstance(node, ast.ClassDef) and any(
        isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef) for inner in node.body
    )


def _format_class(
    node: ast.stmt, lines: Sequence[str], start: int, piece_formatter: Formatter
) -> Iterator[str]:
    """Yield the head of a class with its docstring, then each method after a blank line."""
    assert isinstance(node, ast.ClassDef)
    before, *methods = node.body
    end = before.end_lineno or before.lineno
    yield piece_formatter(_join_lines(lines[start:end]))
    for method in methods:
        last = method.end_lineno or method.lineno
        gap = _count_leading_blanks(lines[end:last])
        text = piece_formatter(_join_lines(["class _:", *lines[end + gap : last]]))
        piece = text.split("\n", 1)[1]
        yield piece if gap == 0 and _is_stub(before) else f"\n{piece}"
        before, end = method, last


def _is_stub(node: ast.stmt) -> bool:
    """Return whether a function has the body `...`; black keeps the next one close to it."""
    match node:
        case ast.FunctionDef(
            body=[ast.Expr(value=ast.Constant(value=value))]
        ) | ast.AsyncFunctionDef(body=[ast.Expr(value=ast.Constant(value=value))]):
            return value is ...
        case _:
            return False


def _join_lines(lines: Sequence[str]) -> str:
    return "\n".join(lines) + "\n"
