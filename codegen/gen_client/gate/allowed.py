"""What the gate accepts besides: what the owner of custom templates lets it, and the types of a configuration.

What lives here: `Allowed`, made of Python text that is parsed and never run, and `without`, which takes what is allowed
out of a tree before the rules look at it. What is allowed is constant: no text of a model can be part of it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Allowed:
    """What may stand in a file besides.

    Attributes:
        statements: As `dump` writes their trees.
        decorators: The same.
        comments: As they stand there, with their `#`.
        classes: Classes that types may name, by module and name: the configuration's.
        types: Texts of types that JSON may be given: the configuration's.
    """

    statements: frozenset[str] = frozenset()
    decorators: frozenset[str] = frozenset()
    comments: frozenset[str] = frozenset()
    classes: frozenset[tuple[str, str]] = frozenset()
    types: frozenset[str] = frozenset()


NOTHING_ALLOWED = Allowed()
"""What is allowed where the templates are ours."""


def parse_allowed(
    statements: Iterable[str], decorators: Iterable[str], comments: Iterable[str]
) -> Allowed:
    """What the owner of templates allows.

    Args:
        statements: Python statements: `import logging`.
        decorators: Expressions, without their `@`.
        comments: Comments, with their `#`.

    Raises:
        ValueError: One is not what it should be; the message quotes it.
    """
    comments = frozenset(comments)
    for comment in comments:
        if not comment.startswith("#") or not comment.isprintable():
            raise ValueError(f"no comment: {comment!r}")
    return Allowed(
        frozenset(ast.dump(node) for text in statements for node in _parse_statements(text)),
        frozenset(ast.dump(_parse_decorator(text)) for text in decorators),
        comments,
    )


def _parse_statements(text: str) -> Sequence[ast.stmt]:
    try:
        return ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ValueError(f"no statement of Python: {text!r}") from None


def _parse_decorator(text: str) -> ast.expr:
    match _parse_statements(text):
        case [ast.Expr(value=value)]:
            return value
        case _:
            raise ValueError(f"no decorator: {text!r}")


def remove_allowed(module: ast.Module, what: Allowed) -> ast.Module:
    """A tree without what is allowed."""
    if what.statements or what.decorators:
        _Remover(what).visit(module)
    return module


class _Remover(ast.NodeTransformer):
    """Takes statements and decorators out, wherever they stand."""

    def __init__(self, what: Allowed) -> None:
        self._what = what

    def visit(self, node: ast.AST) -> ast.AST | None:
        if isinstance(node, ast.stmt) and ast.dump(node) in self._what.statements:
            return None
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            node.decorator_list = [
                one for one in node.decorator_list if ast.dump(one) not in self._what.decorators
            ]
        if isinstance(node, ast.stmt | ast.Module):
            self.generic_visit(node)
        body = getattr(node, "body", None)
        if body == [] and isinstance(node, ast.stmt):
            node.body = [ast.Pass(lineno=node.lineno, col_offset=0)]  # type: ignore[attr-defined]
        return node
