"""Expressions: the text or the values that one may have, as far as that can be seen without running anything."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from gen_client.migrate.program import Program, dotted_name

_MAX_DEPTH = 8


def find_text(program: Program, node: cst.BaseExpression, depth: int = 0) -> str | None:
    """Return the text of an expression of literals and of names that are bound once; None if it is not known."""
    if depth > _MAX_DEPTH:
        return None
    match node:
        case cst.SimpleString() | cst.ConcatenatedString():
            literal = node.evaluated_value
            return literal if isinstance(literal, str) else None
        case cst.FormattedString():
            return _find_formatted(program, node, depth)
        case cst.BinaryOperation(operator=cst.Add()):
            left = find_text(program, node.left, depth + 1)
            right = find_text(program, node.right, depth + 1)
            return None if left is None or right is None else left + right
        case cst.Name():
            value = program.single_value(node)
            return None if value is None else find_text(program, value, depth + 1)
        case _:
            return None


def _find_formatted(program: Program, node: cst.FormattedString, depth: int) -> str | None:
    texts: list[str] = []
    for part in node.parts:
        if isinstance(part, cst.FormattedStringText):
            if "\\" in part.value or "{" in part.value or "}" in part.value:
                return None
            texts.append(part.value)
            continue
        assert isinstance(part, cst.FormattedStringExpression)
        if part.conversion is not None or part.format_spec is not None:
            return None
        text = find_text(program, part.expression, depth + 1)
        if text is None:
            return None
        texts.append(text)
    return "".join(texts)


def is_none(node: cst.CSTNode | None) -> bool:
    """Return whether an expression is the literal None."""
    return isinstance(node, cst.Name) and node.value == "None"


def is_harmless(node: cst.CSTNode) -> bool:
    """Return whether a model in this place is only tested for being there, dropped, or deleted."""
    if isinstance(node, cst.UnaryOperation):
        return isinstance(node.operator, cst.Not)
    return isinstance(node, cst.If | cst.While | cst.Assert | cst.Expr | cst.Del)


def possible_values(value: cst.BaseExpression) -> Iterator[cst.BaseExpression]:
    """Yield the expressions whose value an expression may have."""
    match value:
        case cst.BooleanOperation():
            yield from possible_values(value.left)
            yield from possible_values(value.right)
        case cst.IfExp():
            yield from possible_values(value.body)
            yield from possible_values(value.orelse)
        case cst.NamedExpr():
            yield from possible_values(value.value)
        case _:
            yield value


def is_call(node: cst.CSTNode, function: cst.CSTNode) -> bool:
    """Return whether a node calls a function that stands in it."""
    return isinstance(node, cst.Call) and node.func is function


def last_name(decorator: cst.Decorator) -> str:
    """Return the last part of the name of a decorator, without its arguments."""
    node = decorator.decorator
    return dotted_name(node.func if isinstance(node, cst.Call) else node).rpartition(".")[2]
