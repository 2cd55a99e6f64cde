"""The rules for the tools of MCP models: their descriptions, and the types of the objects that they take and return.

Like the rest of the gate, this module knows nothing of models, plans or templates.
"""

from __future__ import annotations

import ast

from gen_client.gate.expressions import (
    ExpressionRules,
    check_each,
    is_renaming,
    is_string,
    reject,
)


def typed_dict_name(node: ast.stmt) -> str:
    """Return the name of a `TypedDict` that a class or a call defines; empty for another statement."""
    match node:
        case ast.ClassDef(name=name, bases=[ast.Name(id="TypedDict")]):
            return name
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=ast.Name(id="TypedDict"))):
            return name
        case _:
            return ""


def check_typed_dict(node: ast.Assign, rules: ExpressionRules) -> None:
    """Check `Name = TypedDict("Name", {"key": T, …})`; in `T`, a class of the file may be in quotes."""
    match node:
        case ast.Assign(
            targets=[ast.Name(id=name)],
            value=ast.Call(
                func=ast.Name(id="TypedDict"),
                args=[ast.Constant(value=text), ast.Dict(keys=keys, values=values)],
                keywords=[],
            ),
        ) if text == name and all(map(is_string, keys)):
            check_each(_QuotedRules(rules).check_annotation, values)
        case _:
            reject(node, "not a type that we write")


class _QuotedRules(ExpressionRules):
    """Rules for annotations that Python evaluates before all classes exist."""

    def __init__(self, rules: ExpressionRules) -> None:
        super().__init__(
            types=rules.types,
            records=rules.records,
            values=rules.values,
            typed_dicts=rules.typed_dicts,
        )

    def check_annotation(self, node: ast.expr) -> None:
        """Check an annotation; a `TypedDict` of the file is in quotes."""
        if not (isinstance(node, ast.Constant) and node.value in self.typed_dicts):
            super().check_annotation(node)


def is_tool(node: ast.expr) -> bool:
    """Return whether an expression is a call of `wire.tool`."""
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id="wire"), attr="tool")):
            return True
        case _:
            return False


def check_tool(node: ast.expr, rules: ExpressionRules) -> None:
    """Check `wire.tool("name", argument, …, name="other", returns=T, wrapped=True, defaults={…})`."""
    match node:
        case ast.Call(args=[name, *arguments], keywords=keywords) if is_string(name):
            pass
        case _:
            reject(node, "not the description of a tool")
    for argument in arguments:
        _check_argument(argument, rules)
    renaming = [keyword for keyword in keywords if keyword.arg == "name"]
    match keywords[len(renaming) :]:
        case [ast.keyword(arg="returns", value=result), *options] if is_renaming(
            keywords[: len(renaming)]
        ):
            rules.check_annotation(result)
        case _:
            reject(node, "not the description of a tool")
    for option in options:
        match option:
            case ast.keyword(arg="wrapped", value=ast.Constant(value=True)):
                pass
            case ast.keyword(arg="defaults", value=ast.Dict(keys=keys, values=values)):
                for key, value in zip(keys, values, strict=True):
                    _check_defaults(key, value, rules)
            case _:
                reject(option, "not an option of a tool")


def _check_argument(node: ast.expr, rules: ExpressionRules) -> None:
    """Check `wire.argument("name", T, name="other", default=value)`."""
    match node:
        case ast.Call(
            func=ast.Attribute(value=ast.Name(id="wire"), attr="argument"),
            args=[name, annotation],
            keywords=keywords,
        ) if is_string(name):
            rules.check_annotation(annotation)
        case _:
            reject(node, "not the description of an argument")
    for keyword in keywords:
        match keyword:
            case ast.keyword(arg="name", value=value) if is_string(value):
                pass
            case ast.keyword(arg="default", value=value):
                rules.check_value(value)
            case _:
                reject(keyword, "not an option of an argument")


def _check_defaults(key: ast.expr | None, value: ast.expr, rules: ExpressionRules) -> None:
    """Check `Name: {"key": value, …}`, where `Name` is a `TypedDict` of the file."""
    match key, value:
        case ast.Name(id=name), ast.Dict(
            keys=keys, values=values
        ) if name in rules.typed_dicts and all(map(is_string, keys)):
            check_each(rules.check_value, values)
        case _:
            reject(value, "not the defaults of a type")
