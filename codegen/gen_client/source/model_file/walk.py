"""Walks through parts of a source: what runs in a scope, what it binds, and what surely runs."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import Final

_IMPORT_ERRORS: Final = frozenset(
    {"ImportError", "ModuleNotFoundError", "Exception", "BaseException"}
)


def is_exit(node: ast.AST) -> bool:
    """Return whether a part of code ends the program."""
    match node:
        case ast.Call(func=ast.Name(id="exit" | "quit")):
            return True
        case ast.Call(
            func=ast.Attribute(value=ast.Name(id="sys" | "os"), attr="exit" | "_exit" | "abort")
        ):
            return True
        case _:
            return False


def find_variable(node: ast.Subscript) -> str:
    """Return the variable of the environment that an expression reads; empty if it reads none."""
    match node:
        case ast.Subscript(value=ast.Name(id="environ"), slice=ast.Constant(value=str(name))):
            return name
        case ast.Subscript(
            value=ast.Attribute(value=ast.Name(id="os"), attr="environ"),
            slice=ast.Constant(value=str(name)),
        ):
            return name
        case _:
            return ""


def catches_imports(node: ast.Try | ast.TryStar) -> bool:
    """Return whether a `try` catches only what a failing import raises."""
    for handler in node.handlers:
        kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
        for kind in kinds:
            if kind is not None and not (isinstance(kind, ast.Name) and kind.id in _IMPORT_ERRORS):
                return False
    return True


def iterate_bound(body: Iterable[ast.stmt]) -> Iterator[str]:
    """Yield the names that statements may bind in their own scope."""
    for statement in body:
        for part in iterate_run(statement):
            match part:
                case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                    yield name
                case (
                    ast.FunctionDef(name=name)
                    | ast.AsyncFunctionDef(name=name)
                    | ast.ClassDef(name=name)
                ):
                    yield name
                case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                    yield from (alias.asname or alias.name.partition(".")[0] for alias in aliases)
                case (
                    ast.ExceptHandler(name=str(name))
                    | ast.MatchAs(name=str(name))
                    | ast.MatchStar(name=str(name))
                ):
                    yield name
                case ast.MatchMapping(rest=str(name)):
                    yield name
                case _:
                    pass


def iterate_run(node: ast.AST, *, surely: bool = False) -> Iterator[ast.AST]:
    """Yield the parts of a statement or expression that run in its own scope: no bodies of functions and classes.

    Args:
        node: The statement or expression.
        surely: Whether to leave out the parts of expressions that run only under a condition.
    """
    pending: list[ast.AST] = [node]
    while pending:
        part = pending.pop()
        yield part
        match part:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                pending += part.decorator_list
            case ast.ClassDef():
                pending += [*part.decorator_list, *part.bases]
            case ast.IfExp() if surely:
                pending.append(part.test)
            case ast.BoolOp() if surely:
                pending.append(part.values[0])
            case (
                ast.Lambda() | ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp()
            ):
                pass
            case _:
                pending += ast.iter_child_nodes(part)


def iterate_expressions(node: ast.stmt) -> Iterator[ast.expr]:
    """Yield the expressions of a simple statement that surely run."""
    match node:
        case ast.Expr(value=value) | ast.Assign(value=value):
            yield value
        case ast.If(test=test) | ast.While(test=test):
            yield test
        case ast.AnnAssign(value=value) if value is not None:
            yield value
        case ast.ClassDef(bases=bases, decorator_list=decorators):
            yield from (*bases, *decorators)
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            defaults = (*node.args.defaults, *node.args.kw_defaults)
            yield from (*node.decorator_list, *(value for value in defaults if value is not None))
        case _:
            return
