"""What a file of ours may import, and the names that it binds. A part of `gate`.

A constant table, the rule for an import statement, and `Names`, which sees that each name is bound once: whatever
stands in a file after its docstring and its imports can rely on what they mean. Knows Python's syntax tree; trusts
nothing and knows nothing of models, plans or templates.
"""

from __future__ import annotations

import ast

from gen_client.gate.grammar import SAMPLES, VALUES, identifier, is_doc, stop

IMPORTS: dict[str, frozenset[str]] = {
    "__future__": frozenset({"annotations"}),
    "collections.abc": frozenset({"AsyncIterable", "Iterable", "Mapping", "Sequence"}),
    "dataclasses": frozenset({"dataclass"}),
    "typing": frozenset(
        [
            "TYPE_CHECKING",
            "Any",
            "Final",
            "Literal",
            "NotRequired",
            "TypeAlias",
            "TypedDict",
            "overload",
        ]
    ),
    "clarigen": VALUES
    | {
        "JSON",
        "SERVER_DEFAULT",
        "AsyncBatch",
        "AsyncClient",
        "AsyncStream",
        "Batch",
        "Client",
        "Default",
        "ModelRef",
        "SequenceNotStr",
        "Stream",
        "wire",
    },
    "clarigen.examples": SAMPLES | {"main"},
}
"""All that generated code imports, beside its own `client` module, `builtins` and `numpy.typing`."""

NEVER_TYPES = frozenset(
    {
        "SERVER_DEFAULT",
        "TYPE_CHECKING",
        "TypedDict",
        "annotations",
        "builtins",
        "dataclass",
        "npt",
        "overload",
        "wire",
    }
)
"""Imported names that are no annotation."""

USED_BUILTINS = frozenset({"print", "float", "__name__"})
"""Names of Python's own that our code calls or reads: nothing may take their place."""


class Names:
    """The names that a file has bound so far; each is bound once.

    Args:
        classes: The user's classes that may be imported for type checkers, by module and name.
    """

    def __init__(self, classes: frozenset[tuple[str, str]] = frozenset()) -> None:
        self.classes = classes
        self.imported: set[str] = set()
        self.from_client: set[str] = set()
        self.bound: set[str] = set()

    def bind(self, node: ast.AST, name: str) -> str:
        """A name that a file gives to something; nobody else may have it."""
        if name in USED_BUILTINS:
            stop(node, f"{name} has another meaning")
        if name in self.bound:
            stop(node, f"{name} is defined twice")
        self.bound.add(name)
        return name


def file_body(module: ast.Module, names: Names) -> list[ast.stmt]:
    """What follows the docstring and the imports."""
    body = module.body[1:] if module.body and is_doc(module.body[0]) else module.body[:]
    return after_imports(body, names)


def after_imports(body: list[ast.stmt], names: Names) -> list[ast.stmt]:
    """What follows the imports that stand first."""
    while body and _import(body[0], names):
        body = body[1:]
    return body


def _import(node: ast.stmt, names: Names) -> bool:
    """Whether this is an import (one that is not ours is refused)."""
    match node:
        case ast.Import(names=[ast.alias(name="builtins", asname=None)]):
            names.imported.add(names.bind(node, "builtins"))
        case ast.If(
            test=ast.Name(id="TYPE_CHECKING"),
            body=body,
            orelse=[],
        ):
            for statement in body:
                _import_for_types(statement, names)
        case ast.ImportFrom(module="client", names=aliases, level=1):
            for alias in aliases:
                _imported(alias, names, alias.name.isidentifier())
                names.from_client.add(alias.name)
        case ast.ImportFrom(module=str() as module, names=aliases, level=0):
            for alias in aliases:
                _imported(alias, names, alias.name in IMPORTS.get(module, ()))
        case ast.Import() | ast.ImportFrom():
            stop(node, "an import that is not ours")
        case _:
            return False
    return True


def _import_for_types(node: ast.stmt, names: Names) -> None:
    """What only type checkers see: numpy's types, and the user's classes."""
    match node:
        case ast.Import(names=[ast.alias(name="numpy.typing", asname="npt")]):
            names.imported.add(names.bind(node, "npt"))
        case ast.ImportFrom(module=str() as module, names=aliases, level=0):
            for alias in aliases:
                _imported(alias, names, (module, alias.name) in names.classes)
        case _:
            stop(node, "an import that is not ours")


def _imported(alias: ast.alias, names: Names, known: bool) -> None:
    if not known or alias.asname is not None:
        stop(alias, "an import that is not ours")
    names.imported.add(names.bind(alias, identifier(alias, alias.name)))
