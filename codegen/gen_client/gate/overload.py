"""A method with two forms, one input or a list of them: what its three definitions must be. A part of `gate`.

The first form is a method like any other and is checked like one; the second takes a list of inputs and
nothing else; the body takes what either takes, with the same defaults. So nothing in the second and third
is new: they are compared with what follows from the first. Knows Python's syntax tree, nothing of models.
"""

from __future__ import annotations

import ast
from functools import cache

from gen_client.gate.grammar import reject

AnyFunction = ast.FunctionDef | ast.AsyncFunctionDef

_REQUIRED = "wire.REQUIRED"


def is_overload(node: AnyFunction) -> bool:
    """Whether this is decorated, as the forms of a method are and nothing else is."""
    return bool(node.decorator_list)


def check_overloads(
    forms: list[AnyFunction], body: AnyFunction, inputs: frozenset[str]
) -> AnyFunction:
    """The first form of a method, if the second and the body are what follows from it.

    Args:
        forms: What stands before the body.
        body: The definition that is run.
        inputs: The classes that are one input.
    """
    if len(forms) != 2:
        reject(body, "not two forms of a method")
    single, listed = forms
    for form in forms:
        _check_overload(form, body)
    inside = _inputs_annotation(listed, inputs)
    if listed.returns is None or single.returns is None:
        reject(listed, "a form without a result")
    if not _is_same(listed.returns, *_list_types(single.returns)):
        reject(listed, "not a list of results")
    if body.returns is None or not _is_same(body.returns, _union(single.returns, listed.returns)):
        reject(body, "not the results of both forms")
    if not _is_same(body.args, _joint_arguments(single, inside)):
        reject(body, "not the parameters of both forms")
    return single


def _check_overload(node: AnyFunction, body: AnyFunction) -> None:
    """`@overload`, the same name and kind as the body, and `...`."""
    match node.decorator_list, node.body:
        case (
            [ast.Name(id="overload")],
            [ast.Expr(value=ast.Constant(value=value))],
        ) if (
            value is ...
            and type(node) is type(body)
            and node.name == body.name
            and not getattr(node, "type_params", None)
        ):
            pass
        case _:
            reject(node, "not a form of a method")


def _inputs_annotation(node: AnyFunction, inputs: frozenset[str]) -> ast.expr:
    """The annotation in `(self, inputs: Sequence[SomeInput], /)`."""
    match node.args.posonlyargs:
        case [
            ast.arg(arg="self", annotation=None),
            ast.arg(
                arg="inputs",
                annotation=ast.Subscript(
                    value=ast.Name(id="Sequence"), slice=ast.Name(id=its_input)
                ) as annotation,
            ),
        ] if (
            its_input in inputs
        ):
            pass
        case _:
            reject(node, "not the list of inputs")
    if not _is_same(node.args, ast.arguments(node.args.posonlyargs, [], None, [], [], None, [])):
        reject(node, "more than the list of inputs")
    return annotation


def _list_types(item: ast.expr) -> list[ast.expr]:
    names = ("list", "builtins.list")
    return [ast.Subscript(_parse_expression(name), item, ast.Load()) for name in names]


def _union(left: ast.expr, right: ast.expr) -> ast.expr:
    return ast.BinOp(left, ast.BitOr(), right)


def _joint_arguments(single: AnyFunction, inputs: ast.expr) -> ast.arguments:
    """What the body takes: a list in place of the first argument, and then no other."""
    args = single.args
    match args.args:
        case [
            itself,
            ast.arg(annotation=ast.expr() as annotation) as leading,
            *others,
        ] if not args.posonlyargs:
            either = ast.arg(leading.arg, _union(annotation, inputs), leading.type_comment)
        case _:
            reject(single, "not parameters that a list can stand for")
    without = 1 + len(others) - len(args.defaults)  # how many of them are required
    return ast.arguments(
        [],
        [itself, either, *others],
        args.vararg,
        args.kwonlyargs,
        [default or _parse_expression(_REQUIRED) for default in args.kw_defaults],
        args.kwarg,
        [*(_parse_expression(_REQUIRED) for _ in range(without - 1)), *args.defaults],
    )


@cache
def _parse_expression(code: str) -> ast.expr:
    return ast.parse(code, mode="eval").body


def _is_same(node: ast.AST, *wanted: ast.AST) -> bool:
    return ast.dump(node) in [ast.dump(one) for one in wanted]
