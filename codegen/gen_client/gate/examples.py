"""The rules for `examples.py`.

Like the rest of the gate, this module knows nothing of models, plans or templates.
"""

from __future__ import annotations

import ast
from functools import cache
from textwrap import indent

from gen_client.gate.expressions import (
    SAMPLE_NAMES,
    ExpressionRules,
    check_identifier,
    is_docstring,
    names_of,
    reject,
)
from gen_client.gate.imports import BoundNames, check_docstring_and_imports

_NO_PARAMETERS = ast.dump(
    ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[])
)


_CHATS = """
completions = model.openai().chat.completions
answer = {await_}completions.create(
    model=model.name, messages=[{{"role": "user", "content": "Hello"}}]
)
print(answer.choices[0].message.content)
"""
_CHAT_STREAMS = """
completions = model.openai().chat.completions
stream = {await_}completions.create(
    model=model.name, messages=[{{"role": "user", "content": "Hello"}}], stream=True
)
{async_}for chunk in stream:
    for choice in chunk.choices:
        print(choice.delta.content or "", end="", flush=True)
"""


@cache
def _dump_chats(is_async: bool) -> frozenset[str]:
    """Return the dumped statements of the two chats with an OpenAI-compatible model: constant text of ours."""
    words = {"await_": "await ", "async_": "async "} if is_async else {"await_": "", "async_": ""}
    start = "async def chat():\n" if is_async else "def chat():\n"
    return frozenset(
        _dump_statements(_parse_function(start + indent(text.format(**words), " ")))
        for text in (_CHATS, _CHAT_STREAMS)
    )


def _parse_function(text: str) -> list[ast.stmt]:
    (function,) = ast.parse(text).body
    assert isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
    return function.body


def _dump_statements(statements: list[ast.stmt]) -> str:
    return "\n".join(map(ast.dump, statements))


def check_examples(module: ast.Module) -> None:
    """Check `examples.py`: docstring, imports, two functions per method (one is async), and the call of `main`."""
    names = BoundNames()
    body = check_docstring_and_imports(module, names)
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
    """Check a function without parameters that opens a client and prints the result of a method."""
    has_parameters = ast.dump(node.args) != _NO_PARAMETERS
    if node.decorator_list or getattr(node, "type_params", None) or has_parameters:
        reject(node, "not an example")
    is_async = isinstance(node, ast.AsyncFunctionDef)
    body = node.body[1:] if is_docstring(node.body[0]) else node.body
    match body, node.returns:
        case (
            [
                ast.With(items=[item], body=statements)
                | ast.AsyncWith(items=[item], body=statements) as block
            ],
            ast.Constant(value=None),
        ) if (
            isinstance(block, ast.AsyncWith) == is_async
        ):
            _check_opening(item, rules)
            if _dump_statements(statements) not in _dump_chats(is_async):
                _check_only_use(statements, rules, is_async=is_async)
        case _:
            reject(node, "not an example")


def _check_opening(node: ast.withitem, rules: ExpressionRules) -> None:
    """Check `Client() as model`."""
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


def _check_only_use(statements: list[ast.stmt], rules: ExpressionRules, *, is_async: bool) -> None:
    """Check that the only statement uses a method."""
    if len(statements) != 1:
        reject(statements[1], "not a use of a method")
    _check_use(statements[0], rules, is_async=is_async)


def _check_use(node: ast.stmt, rules: ExpressionRules, *, is_async: bool) -> None:
    """Check `print(model.method(…))`, or a loop over the method's stream that prints each item."""
    match node:
        case ast.Expr(value=ast.Call(func=ast.Name(id="print"), args=[call], keywords=[])):
            if isinstance(call, ast.Await) != is_async:
                reject(node, "not a use of a method")
            _check_model_call(call.value if isinstance(call, ast.Await) else call, rules)
        case ast.For(
            target=target, iter=call, body=[ast.Expr(value=printing)], orelse=[]
        ) | ast.AsyncFor(target=target, iter=call, body=[ast.Expr(value=printing)], orelse=[]) if (
            isinstance(target, ast.Name) and isinstance(node, ast.AsyncFor) == is_async
        ):
            _check_model_call(call, rules)
            _check_print(printing, check_identifier(node, target.id))
        case _:
            reject(node, "not a use of a method")


def _check_model_call(node: ast.expr, rules: ExpressionRules) -> None:
    """Check `model.method(…)`."""
    match node:
        case ast.Call(
            func=ast.Attribute(value=ast.Name(id="model"), attr=method),
            args=arguments,
            keywords=keywords,
        ):
            check_identifier(node, method)
            rules.check_arguments(arguments, keywords)
        case _:
            reject(node, "not a call of a method")


def _check_print(node: ast.expr, item: str) -> None:
    """Check `print(item)` or `print(item.text, end="", flush=True)`."""
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
            name == item
        ):
            pass
        case _:
            reject(node, "not the printing of an item")
