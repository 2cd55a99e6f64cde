"""The rules for a method that takes one input or a list of them: two overloads and a body.

The first overload is checked like any other method. The second takes only a list of inputs, and the body takes what
either overload takes, with the same defaults. So the second overload and the signature of the body follow from the
first: they are built from it here and compared. Like the rest of the gate, this module knows nothing of models, plans
or templates.
"""

from __future__ import annotations

import ast
from functools import cache

from gen_client.gate.expressions import reject

AnyFunction = ast.FunctionDef | ast.AsyncFunctionDef

_REQUIRED = "wire.REQUIRED"


def is_overload(node: AnyFunction) -> bool:
    """Return whether a function is decorated; only overloads are."""
    return bool(node.decorator_list)


def check_overloads(
    overloads: list[AnyFunction], body: AnyFunction, inputs: frozenset[str]
) -> AnyFunction:
    """Check that the second overload and the body follow from the first overload.

    Args:
        overloads: The definitions before the body.
        body: The definition that runs.
        inputs: The `TypedDict`s of inputs.

    Returns:
        The first overload, which the caller must still check.
    """
    if len(overloads) != 2:
        reject(body, "not two overloads of a method")
    single, listed = overloads
    for overload in overloads:
        _check_overload(overload, body)
    annotation = _inputs_annotation(listed, inputs)
    if listed.returns is None or single.returns is None:
        reject(listed, "an overload without a result")
    if not _is_one_of(listed.returns, _list_types(single.returns)):
        reject(listed, "not a list of results")
    union = _build_union(single.returns, listed.returns)
    if body.returns is None or not _is_one_of(body.returns, [union]):
        reject(body, "not the results of both overloads")
    if not _is_one_of(body.args, [_body_parameters(single, annotation)]):
        reject(body, "not the parameters of both overloads")
    return single


def _check_overload(node: AnyFunction, body: AnyFunction) -> None:
    """Check `@overload` and the body `...`; name and kind must be those of the body."""
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
            reject(node, "not an overload of a method")


def _inputs_annotation(node: AnyFunction, inputs: frozenset[str]) -> ast.expr:
    """Return the annotation in `(self, inputs: Sequence[SomeInput], /)`; reject other parameters."""
    match node.args.posonlyargs:
        case [
            ast.arg(arg="self", annotation=None),
            ast.arg(
                arg="inputs",
                annotation=ast.Subscript(
                    value=ast.Name(id="Sequence"), slice=ast.Name(id=item)
                ) as annotation,
            ),
        ] if (
            item in inputs
        ):
            pass
        case _:
            reject(node, "not the list of inputs")
    if not _is_one_of(
        node.args, [ast.arguments(node.args.posonlyargs, [], None, [], [], None, [])]
    ):
        reject(node, "more than the list of inputs")
    return annotation


def _list_types(item: ast.expr) -> list[ast.AST]:
    """Return the annotations of a list of items: `list[item]` and `builtins.list[item]`."""
    bases = map(_parse_expression, ("list", "builtins.list"))
    return [ast.Subscript(base, item, ast.Load()) for base in bases]


def _build_union(left: ast.expr, right: ast.expr) -> ast.expr:
    return ast.BinOp(left, ast.BitOr(), right)


def _body_parameters(single: AnyFunction, inputs: ast.expr) -> ast.arguments:
    """Return the parameters of the body: the first one takes a list as well, and the others become optional."""
    args = single.args
    match args.args:
        case [
            self,
            ast.arg(annotation=ast.expr() as annotation) as first,
            *others,
        ] if not args.posonlyargs:
            either = ast.arg(first.arg, _build_union(annotation, inputs), first.type_comment)
        case _:
            reject(single, "not parameters that a list can replace")
    required = 1 + len(others) - len(args.defaults)
    return ast.arguments(
        [],
        [self, either, *others],
        args.vararg,
        args.kwonlyargs,
        [default or _parse_expression(_REQUIRED) for default in args.kw_defaults],
        args.kwarg,
        [*(_parse_expression(_REQUIRED) for _ in range(required - 1)), *args.defaults],
    )


@cache
def _parse_expression(code: str) -> ast.expr:
    return ast.parse(code, mode="eval").body


def _is_one_of(node: ast.AST, expected: list[ast.AST]) -> bool:
    """Return whether a node equals one of the expected ones, positions aside."""
    return ast.dump(node) in map(ast.dump, expected)
