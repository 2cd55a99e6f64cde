"""What the gate accepts in addition: the code of custom templates, and the user's types for JSON.

`allow.toml` holds Python text, which is parsed and never run. `remove_allowed` takes it out of a tree before the rules
look at it. What is allowed is constant: no text of a model can be part of it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Allowed:
    """What a file may hold in addition to what our templates write.

    Attributes:
        statements: The dumped trees of statements.
        decorators: The dumped trees of decorators.
        comments: Comments, with their `#`.
        classes: The user's classes that annotations may name, by module and name.
        types: The texts of types that `wire.json_as` may name.
    """

    statements: frozenset[str] = frozenset()
    decorators: frozenset[str] = frozenset()
    comments: frozenset[str] = frozenset()
    classes: frozenset[tuple[str, str]] = frozenset()
    types: frozenset[str] = frozenset()


NOTHING_ALLOWED = Allowed()
"""Nothing in addition, as for our own templates."""


def parse_allowed(
    statements: Iterable[str], decorators: Iterable[str], comments: Iterable[str]
) -> Allowed:
    """Parse what the owner of custom templates allows.

    Args:
        statements: Python statements, such as `import logging`.
        decorators: Expressions, without their `@`.
        comments: Comments, with their `#`.

    Raises:
        ValueError: A text is not a statement, an expression or a comment; the message quotes it.
    """
    comments = frozenset(comments)
    for comment in comments:
        if not comment.startswith("#") or not comment.isprintable():
            raise ValueError(f"not a comment: {comment!r}")
    return Allowed(
        frozenset(ast.dump(node) for text in statements for node in _parse_statements(text)),
        frozenset(ast.dump(_parse_decorator(text)) for text in decorators),
        comments,
    )


def _parse_statements(text: str) -> Sequence[ast.stmt]:
    try:
        return ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ValueError(f"not Python: {text!r}") from None


def _parse_decorator(text: str) -> ast.expr:
    match _parse_statements(text):
        case [ast.Expr(value=value)]:
            return value
        case _:
            raise ValueError(f"not a decorator: {text!r}")


def remove_allowed(module: ast.Module, allowed: Allowed) -> ast.Module:
    """Remove what is allowed from a tree, in place, and return the tree."""
    if allowed.statements or allowed.decorators:
        _Remover(allowed).visit(module)
    return module


class _Remover(ast.NodeTransformer):
    """Removes the allowed statements and decorators, at any depth."""

    def __init__(self, allowed: Allowed) -> None:
        self._allowed = allowed

    def visit(self, node: ast.AST) -> ast.AST | None:
        """Return the node without what is allowed; None to remove the node itself."""
        if isinstance(node, ast.stmt) and ast.dump(node) in self._allowed.statements:
            return None
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            node.decorator_list = [
                decorator
                for decorator in node.decorator_list
                if ast.dump(decorator) not in self._allowed.decorators
            ]
        if isinstance(node, ast.stmt | ast.Module):
            self.generic_visit(node)
        body = getattr(node, "body", None)
        if body == [] and isinstance(node, ast.stmt):
            node.body = [ast.Pass(lineno=node.lineno, col_offset=0)]  # type: ignore[attr-defined]
        return node
