"""The imports that generated files may have, and the names that they bind.

Each name of a file is bound once, so that the rules for the rest of the file can rely on what it means. Like the rest
of the gate, this module knows nothing of models, plans or templates.
"""

from __future__ import annotations

import ast

from gen_client.gate.expressions import (
    SAMPLE_NAMES,
    VALUE_CLASSES,
    check_identifier,
    is_docstring,
    reject,
)

IMPORTS: dict[str, frozenset[str]] = {
    "__future__": frozenset({"annotations"}),
    "collections.abc": frozenset({"AsyncIterable", "Iterable", "Mapping", "Sequence"}),
    "typing": frozenset(
        [
            "TYPE_CHECKING",
            "Any",
            "Final",
            "Literal",
            "NotRequired",
            "TypeAlias",
            "TypedDict",
            "Union",
            "overload",
        ]
    ),
    "clarigen": VALUE_CLASSES
    | {
        "JSON",
        "KNOWN_DEFAULT",
        "SERVER_DEFAULT",
        "AsyncBatch",
        "AsyncClient",
        "AsyncMCPModel",
        "AsyncOpenAIModel",
        "AsyncStream",
        "Batch",
        "Client",
        "Default",
        "JSONValue",
        "MCPModel",
        "ModelRef",
        "OpenAIModel",
        "ReadOnly",
        "SequenceNotStr",
        "Stream",
        "ToolResult",
        "wire",
    },
    "clarigen.wire": frozenset({"dataclass"}),
    "clarigen.examples": SAMPLE_NAMES | {"main"},
}
"""What generated code may import, in addition to its own `client` module, `builtins` and `numpy.typing`."""

NEVER_TYPES = frozenset(
    {
        "KNOWN_DEFAULT",
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
"""The imported names that are not types."""

RESERVED_BUILTINS = frozenset({"print", "float", "__name__"})
"""The builtins that our code calls or reads: nothing may hide them."""


class BoundNames:
    """The names that a file has bound so far.

    Attributes:
        classes: The user's classes that may be imported, by module and name.
        imported: The names that were imported.
        from_client: The imported names that come from the package's own `client` module.
        bound: All names: imported, or defined in the file.
    """

    def __init__(self, classes: frozenset[tuple[str, str]] = frozenset()) -> None:
        self.classes = classes
        self.imported: set[str] = set()
        self.from_client: set[str] = set()
        self.bound: set[str] = set()

    def bind(self, node: ast.AST, name: str) -> str:
        """Bind a name and return it; reject one that is bound already or is a builtin that our code uses."""
        if name in RESERVED_BUILTINS:
            reject(node, f"{name} has another meaning")
        if name in self.bound:
            reject(node, f"{name} is defined twice")
        self.bound.add(name)
        return name


def check_docstring_and_imports(module: ast.Module, names: BoundNames) -> list[ast.stmt]:
    """Check the imports of a file, after its docstring, and return the statements that follow."""
    has_docstring = bool(module.body) and is_docstring(module.body[0])
    return check_imports(module.body[1:] if has_docstring else module.body[:], names)


def check_imports(body: list[ast.stmt], names: BoundNames) -> list[ast.stmt]:
    """Check the imports at the start of a body and return the statements that follow."""
    while body and _accept_import(body[0], names):
        body = body[1:]
    return body


def _accept_import(node: ast.stmt, names: BoundNames) -> bool:
    """Return whether a statement is an import of ours; reject any other import."""
    match node:
        case ast.Import(names=[ast.alias(name="builtins", asname=None)]):
            names.imported.add(names.bind(node, "builtins"))
        case ast.If(
            test=ast.Name(id="TYPE_CHECKING"),
            body=[ast.Import(names=[ast.alias(name="numpy.typing", asname="npt")])],
            orelse=[],
        ):
            names.imported.add(names.bind(node, "npt"))
        case ast.ImportFrom(module="client", names=aliases, level=1):
            for alias in aliases:
                _bind_alias(alias, names, is_allowed=True)
                names.from_client.add(alias.name)
        case ast.ImportFrom(module=str() as module, names=aliases, level=0):
            allowed = IMPORTS.get(module, frozenset())
            for alias in aliases:
                is_own = (module, alias.name) in names.classes
                _bind_alias(alias, names, is_allowed=is_own or alias.name in allowed)
        case ast.Import() | ast.ImportFrom():
            reject(node, "an import that is not ours")
        case _:
            return False
    return True


def _bind_alias(alias: ast.alias, names: BoundNames, *, is_allowed: bool) -> None:
    if not is_allowed or alias.asname is not None:
        reject(alias, "an import that is not ours")
    name = check_identifier(alias, alias.name, is_private=True)
    names.imported.add(names.bind(alias, name))
