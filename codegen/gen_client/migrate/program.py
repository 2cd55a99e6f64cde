"""A program: its tree, the names in it, and what of the official SDK they stand for.

The tree is libcst's, which keeps every byte. `ast` parses the text first: it refuses deep nesting, on which the parser
of libcst would end the process. Which name means which variable is asked of libcst's scopes.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import libcst as cst
from libcst.metadata import (
    BaseAssignment,
    ExpressionContext,
    ExpressionContextProvider,
    ImportAssignment,
    MetadataWrapper,
    ParentNodeProvider,
    PositionProvider,
    Scope,
    ScopeProvider,
)

from gen_client.migrate import sdk


class Unreadable(Exception):
    """The text cannot be parsed. The message says why."""


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """A place that names something of the SDK.

    Attributes:
        node: The name or the dotted name; a string, for an annotation in quotes.
        symbol: The full name, such as `clarifai.client.Model`.
        imports: The statements that may have bound the name, each with the alias in it.
    """

    node: cst.CSTNode
    symbol: str
    imports: tuple[tuple[cst.Import | cst.ImportFrom, cst.ImportAlias], ...]


class Program:
    """A parsed program."""

    def __init__(self, text: str) -> None:
        """Parse a program.

        Raises:
            Unreadable: It is not a program of this Python, or nested too deeply.
        """
        try:
            ast.parse(text)
            wrapper = MetadataWrapper(cst.parse_module(text), unsafe_skip_copy=True)
            self.module = wrapper.module
            self._scopes = wrapper.resolve(ScopeProvider)
            self._parents = wrapper.resolve(ParentNodeProvider)
            self._positions = wrapper.resolve(PositionProvider)
            self._contexts = wrapper.resolve(ExpressionContextProvider)
            unchanged = self.module.code == text
        except (SyntaxError, ValueError, cst.ParserSyntaxError) as error:
            line = getattr(error, "lineno", None) or getattr(error, "raw_line", None)
            place = f" at line {line}" if line else ""
            raise Unreadable(f"it is not valid Python{place}") from None
        except (RecursionError, MemoryError):
            raise Unreadable("it is nested too deeply") from None
        if not unchanged:
            raise Unreadable("its formatting cannot be kept")

    def line(self, node: cst.CSTNode) -> int:
        """Return the line where a node starts."""
        return self._positions[node].start.line

    def code(self, node: cst.CSTNode) -> str:
        """Return the text of a node."""
        return self.module.code_for_node(node)

    def parent(self, node: cst.CSTNode) -> cst.CSTNode:
        """Return the node around a node; the module for the module."""
        return self._parents.get(node, self.module)

    def ancestors(self, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
        """Yield the nodes around a node, the nearest first."""
        while node is not self.module:
            node = self.parent(node)
            yield node

    def statement(self, node: cst.CSTNode) -> cst.CSTNode:
        """Return the line, or the compound statement, that a node is in."""
        for ancestor in (node, *self.ancestors(node)):
            if isinstance(ancestor, cst.BaseStatement):
                return ancestor
        return self.module

    def function(self, node: cst.CSTNode) -> cst.FunctionDef | cst.Lambda | None:
        """Return the innermost function around a node."""
        for ancestor in self.ancestors(node):
            if isinstance(ancestor, cst.FunctionDef | cst.Lambda):
                return ancestor
        return None

    def class_of(self, function: cst.CSTNode) -> cst.ClassDef | None:
        """Return the class of which a function is a method."""
        block = self.parent(function)
        owner = self.parent(block)
        return (
            owner
            if isinstance(block, cst.IndentedBlock) and isinstance(owner, cst.ClassDef)
            else None
        )

    # Names

    def scope(self, node: cst.CSTNode) -> Scope | None:
        """Return the scope that a node is in."""
        return self._scopes.get(node)

    def assignments(self, name: cst.Name) -> tuple[BaseAssignment, ...]:
        """Return what binds the variable that a name stands for, in the order of the program."""
        scope = self.scope(name)
        bound = set[BaseAssignment]() if scope is None else scope[name.value]
        return tuple(sorted(bound, key=self._order))

    def uses_of(self, bound: Iterable[BaseAssignment]) -> list[cst.CSTNode]:
        """Return the places that read a variable: names, and annotations in quotes.

        libcst leaves out a use in the same scope that stands before all assignments, as it may in a loop.
        """
        places: dict[cst.CSTNode, None] = {}
        for assignment in bound:
            places.update((access.node, None) for access in assignment.references)
            for name in self._loads.get(assignment.name, ()):
                if assignment in self.assignments(name):
                    places[name] = None
        return list(places)

    @cached_property
    def _loads(self) -> dict[str, list[cst.Name]]:
        """The names that are read or deleted, by their text."""
        loads: dict[str, list[cst.Name]] = {}
        for node in self.nodes:
            context = self._contexts.get(node)
            if isinstance(node, cst.Name) and context in (
                ExpressionContext.LOAD,
                ExpressionContext.DEL,
            ):
                loads.setdefault(node.value, []).append(node)
        return loads

    def _order(self, assignment: BaseAssignment) -> tuple[int, int]:
        node = getattr(assignment, "node", None)
        position = self._positions.get(node) if node is not None else None
        return (0, 0) if position is None else (position.start.line, position.start.column)

    def single_value(self, name: cst.Name) -> cst.BaseExpression | None:
        """Return the value of a variable that is bound once, by a plain assignment."""
        bound = self.assignments(name)
        node = getattr(bound[0], "node", None) if len(bound) == 1 else None
        if not isinstance(node, cst.Name):
            return None
        target = self.parent(node)
        holder = self.parent(target) if isinstance(target, cst.AssignTarget) else target
        if isinstance(holder, cst.Assign) and all(t.target is node for t in holder.targets):
            return holder.value
        return holder.value if isinstance(holder, cst.AnnAssign) else None

    def is_builtin(self, node: cst.CSTNode, name: str) -> bool:
        """Return whether a node names a builtin that the program has not bound itself."""
        if not isinstance(node, cst.Name) or node.value != name:
            return False
        return not any(
            isinstance(getattr(a, "node", None), cst.CSTNode) for a in self.assignments(node)
        )

    @cached_property
    def names(self) -> frozenset[str]:
        """All names in the program."""
        return frozenset(node.value for node in self.nodes if isinstance(node, cst.Name))

    @cached_property
    def nodes(self) -> list[cst.CSTNode]:
        """All nodes that have a parent, outer nodes first in the order of the program."""
        collected: list[cst.CSTNode] = []
        pending: list[cst.CSTNode] = [self.module]
        while pending:
            node = pending.pop()
            collected.append(node)
            pending.extend(reversed(node.children))
        return collected

    # The SDK

    @cached_property
    def references(self) -> list[Reference]:
        """The places that name something of the SDK, in the order of the program."""
        origins: dict[
            cst.CSTNode, dict[cst.CSTNode, tuple[cst.Import | cst.ImportFrom, cst.ImportAlias, str]]
        ]
        origins = {}
        scopes = {scope for scope in self._scopes.values() if scope is not None}
        for scope in scopes:
            for assignment in scope.assignments:
                if not isinstance(assignment, ImportAssignment):
                    continue
                bound = _find_alias(assignment)
                if bound is None:
                    continue
                is_dotted = isinstance(bound[0], cst.Import) and bound[1].asname is None
                places = (access.node for access in assignment.references)
                for node in places if is_dotted else self.uses_of([assignment]):
                    origins.setdefault(node, {})[bound[1]] = bound
        found = [self._resolve(node, list(bound.values())) for node, bound in origins.items()]
        found.sort(key=lambda reference: self._sort_key(reference.node))
        return found

    def _sort_key(self, node: cst.CSTNode) -> tuple[int, int]:
        start = self._positions[node].start
        return start.line, start.column

    def _resolve(
        self,
        node: cst.CSTNode,
        bound: list[tuple[cst.Import | cst.ImportFrom, cst.ImportAlias, str]],
    ) -> Reference:
        """Return what a name, with the attributes after it, stands for: the longest symbol of a class or module."""
        imports = tuple((statement, alias) for statement, alias, _ in bound)
        symbol = bound[0][2]
        if isinstance(node, cst.SimpleString | cst.ConcatenatedString):
            return Reference(node, symbol, imports)
        parent = self.parent(node)
        while not _is_class(symbol) and isinstance(parent, cst.Attribute) and parent.value is node:
            symbol, node, parent = f"{symbol}.{parent.attr.value}", parent, self.parent(parent)
        return Reference(node, symbol, imports)


def _is_class(symbol: str) -> bool:
    return symbol.rpartition(".")[2][:1].isupper()


def _find_alias(
    assignment: ImportAssignment,
) -> tuple[cst.Import | cst.ImportFrom, cst.ImportAlias, str] | None:
    """Return the import of the SDK that binds a name, and what the name stands for."""
    statement = assignment.node
    if not isinstance(statement, cst.Import | cst.ImportFrom):
        return None
    if isinstance(statement.names, cst.ImportStar):
        return None
    base = ""
    if isinstance(statement, cst.ImportFrom):
        if statement.relative or statement.module is None:
            return None
        base = f"{dotted_name(statement.module)}."
    for alias in statement.names:
        name = base + dotted_name(alias.name)
        if name != sdk.ROOT and not name.startswith(f"{sdk.ROOT}."):
            continue
        if alias.asname is not None:
            if dotted_name(alias.asname.name) == assignment.name:
                return statement, alias, name
        elif base and dotted_name(alias.name) == assignment.name:
            return statement, alias, name
        elif not base and f"{name}.".startswith(f"{assignment.name}."):
            return statement, alias, assignment.name
    return None


def dotted_name(node: cst.CSTNode) -> str:
    """Return the text of a dotted name; empty for any other expression."""
    if isinstance(node, cst.Name):
        return node.value
    if isinstance(node, cst.Attribute):
        base = dotted_name(node.value)
        return f"{base}.{node.attr.value}" if base else ""
    return ""
