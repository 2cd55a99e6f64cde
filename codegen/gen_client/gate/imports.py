"""What a file of ours may import, and the names that it binds. A part of `gate`.

A constant table, the rule for an import statement, and `Names`, which sees that each name is bound once: whatever
stands in a file after its docstring and its imports can rely on what they mean. Knows Python's syntax tree; trusts
nothing and knows nothing of models, plans or templates.
"""

from __future__ import annotations

import ast

from gen_client.gate.grammar import (
    SAMPLE_NAMES,
    VALUE_CLASSES,
    check_identifier,
    is_docstring,
    reject,
)

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
    "clarigen": VALUE_CLASSES
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
    "clarigen.examples": SAMPLE_NAMES | {"main"},
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


class BoundNames:
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
            reject(node, f"{name} has another meaning")
        if name in self.bound:
            reject(node, f"{name} is defined twice")
        self.bound.add(name)
        return name


def after_docstring_and_imports(module: ast.Module, names: BoundNames) -> list[ast.stmt]:
    """What follows the docstring and the imports."""
    body = module.body[1:] if module.body and is_docstring(module.body[0]) else module.body[:]
    return after_imports(body, names)


def after_imports(body: list[ast.stmt], names: BoundNames) -> list[ast.stmt]:
    """What follows the imports that stand first."""
    while body and _accept_import(body[0], names):
        body = body[1:]
    return body


def _accept_import(node: ast.stmt, names: BoundNames) -> bool:
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
                _accept_typing_import(statement, names)
        case ast.ImportFrom(module="client", names=aliases, level=1):
            for alias in aliases:
                _bind_import(alias, names, alias.name.isidentifier())
                names.from_client.add(alias.name)
        case ast.ImportFrom(module=str() as module, names=aliases, level=0):
            for alias in aliases:
                _bind_import(alias, names, alias.name in IMPORTS.get(module, ()))
        case ast.Import() | ast.ImportFrom():
            reject(node, "an import that is not ours")
        case _:
            return False
    return True


def _accept_typing_import(node: ast.stmt, names: BoundNames) -> None:
    """What only type checkers see: numpy's types, and the user's classes."""
    match node:
        case ast.Import(names=[ast.alias(name="numpy.typing", asname="npt")]):
            names.imported.add(names.bind(node, "npt"))
        case ast.ImportFrom(module=str() as module, names=aliases, level=0):
            for alias in aliases:
                _bind_import(alias, names, (module, alias.name) in names.classes)
        case _:
            reject(node, "an import that is not ours")


def _bind_import(alias: ast.alias, names: BoundNames, known: bool) -> None:
    if not known or alias.asname is not None:
        reject(alias, "an import that is not ours")
    names.imported.add(names.bind(alias, check_identifier(alias, alias.name)))
