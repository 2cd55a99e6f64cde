"""The file of examples that our templates produce: the third kind beside those of `pages`.

Knows Python's syntax tree; trusts nothing and knows nothing of models, plans or templates.
"""

from __future__ import annotations

import ast

from gen_client.gate.grammar import (
    SAMPLE_NAMES,
    ExpressionRules,
    check_identifier,
    names_of,
    reject,
)
from gen_client.gate.imports import BoundNames, after_docstring_and_imports


def check_examples(module: ast.Module) -> None:
    """The docstring, the imports, a function a method, and what runs them."""
    names = BoundNames()
    body = after_docstring_and_imports(module, names)
    rules = ExpressionRules(
        types=frozenset(),
        records=frozenset(names.from_client),
        values=SAMPLE_NAMES & names.imported,
    )
    for node in body:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                names.bind(node, check_identifier(node, node.name))
                _check_example(node, rules)
            case ast.If(
                test=ast.Compare(
                    left=ast.Name(id="__name__"),
                    ops=[ast.Eq()],
                    comparators=[ast.Constant(value="__main__")],
                ),
                body=[
                    ast.Expr(value=ast.Call(func=ast.Name(id="main"), args=functions, keywords=[]))
                ],
                orelse=[],
            ) if (
                set(names_of(functions)) <= names.bound
            ):
                pass
            case _:
                reject(node, "not a statement of examples.py")


def _check_example(node: ast.FunctionDef | ast.AsyncFunctionDef, rules: ExpressionRules) -> None:
    """A function without parameters that opens a client and prints what a method gives."""
    nothing = ast.dump(node.args) == ast.dump(_NO_ARGUMENTS)
    if node.decorator_list or getattr(node, "type_params", None) or not nothing:
        reject(node, "not an example")
    waits = isinstance(node, ast.AsyncFunctionDef)
    match node.body, node.returns:
        case (
            [
                ast.With(items=[item], body=[statement])
                | ast.AsyncWith(items=[item], body=[statement]) as block
            ],
            ast.Constant(value=None),
        ) if (
            isinstance(block, ast.AsyncWith) == waits
        ):
            _check_opening(item, rules)
            _check_use(statement, rules, waits)
        case _:
            reject(node, "not an example")


def _check_opening(node: ast.withitem, rules: ExpressionRules) -> None:
    """`Client() as model`."""
    match node:
        case ast.withitem(
            context_expr=ast.Call(func=ast.Name(id=client), args=[], keywords=[]),
            optional_vars=ast.Name(id="model"),
        ) if (
            client in rules.records
        ):
            pass
        case _:
            reject(node.context_expr, "not the opening of a client")


_NO_ARGUMENTS = ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[])


def _check_use(node: ast.stmt, rules: ExpressionRules, waits: bool) -> None:
    """`print(model.method(…))`, or a loop over it that prints each piece."""
    match node:
        case ast.Expr(value=ast.Call(func=ast.Name(id="print"), args=[call], keywords=[])):
            if isinstance(call, ast.Await) != waits:
                reject(node, "not a use of a method")
            _check_model_call(call.value if isinstance(call, ast.Await) else call, rules)
        case ast.For(
            target=target, iter=call, body=[ast.Expr(value=printing)], orelse=[]
        ) | ast.AsyncFor(target=target, iter=call, body=[ast.Expr(value=printing)], orelse=[]) if (
            isinstance(target, ast.Name) and isinstance(node, ast.AsyncFor) == waits
        ):
            _check_model_call(call, rules)
            _check_print(printing, check_identifier(node, target.id))
        case _:
            reject(node, "not a use of a method")


def _check_model_call(node: ast.expr, rules: ExpressionRules) -> None:
    match node:
        case ast.Call(
            func=ast.Attribute(value=ast.Name(id="model"), attr=method),
            args=arguments,
            keywords=keywords,
        ):
            check_identifier(node, method)
            rules.arguments(arguments, keywords)
        case _:
            reject(node, "not a call of a method")


def _check_print(node: ast.expr, piece: str) -> None:
    """`print(piece)`, `print(piece.text, end="", flush=True)`."""
    match node:
        case ast.Call(
            func=ast.Name(id="print"),
            args=[ast.Name(id=name) | ast.Attribute(value=ast.Name(id=name), attr="text")],
            keywords=[]
            | [
                ast.keyword(arg="end", value=ast.Constant(value="")),
                ast.keyword(arg="flush", value=ast.Constant(value=True)),
            ],
        ) if (
            name == piece
        ):
            pass
        case _:
            reject(node, "not the printing of a piece")
