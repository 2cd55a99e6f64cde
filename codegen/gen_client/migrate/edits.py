"""Changes of a program's tree, collected and then applied at once.

An edit belongs to a node and gets what became of the node after the edits inside it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import libcst as cst

from gen_client.migrate.program import Reference

Edit = Callable[[Any], Any]
"""Makes the new node, or what libcst accepts in its place, of the node after the edits inside it."""


@dataclass(frozen=True, slots=True, order=True)
class Import:
    """A name that the new program imports.

    Attributes:
        module: The module.
        name: The name in it.
        alias: The name in the program.
    """

    module: str
    name: str
    alias: str


@dataclass(slots=True)
class Edits:
    """The edits of a program, or of a part of it.

    Attributes:
        nodes: The edits of each node.
        imports: For each name of the SDK that goes, the imports that come in its place.
    """

    nodes: dict[cst.CSTNode, list[Edit]] = field(default_factory=dict[cst.CSTNode, list[Edit]])
    imports: list[tuple[Reference, tuple[Import, ...]]] = field(
        default_factory=list[tuple[Reference, tuple[Import, ...]]]
    )

    def add(self, node: cst.CSTNode, edit: Edit) -> None:
        """Add an edit of a node, to be applied after those that it has."""
        self.nodes.setdefault(node, []).append(edit)

    def extend(self, other: Edits) -> None:
        """Add the edits of another part."""
        for node, edits in other.nodes.items():
            for edit in edits:
                self.add(node, edit)
        self.imports += other.imports

    def replace(self, reference: Reference, *imports: Import) -> None:
        """Replace a name of the SDK by the first of some imported names."""
        name = imports[0].alias
        if isinstance(reference.node, cst.SimpleString):
            self.add(reference.node, lambda node: node.with_changes(value=repr(name)))
        else:
            self.add(reference.node, lambda node: _name_like(node, name))
        self.imports.append((reference, imports))

    def apply(self, module: cst.Module) -> cst.Module:
        """Return the tree with all edits."""
        return module.visit(_Applier(self.nodes))


def _name_like(node: Any, name: str) -> cst.Name:
    """Return a name with the parentheses of a node."""
    return cst.Name(name, lpar=node.lpar, rpar=node.rpar)


class _Applier(cst.CSTTransformer):
    def __init__(self, nodes: dict[cst.CSTNode, list[Edit]]) -> None:
        super().__init__()
        self._nodes = nodes

    def on_leave(self, original_node: Any, updated_node: Any) -> Any:
        """Apply the edits of a node."""
        for edit in self._nodes.get(original_node, ()):
            updated_node = edit(updated_node)
        return updated_node
