"""What a program does with results: records are read by key in the SDK and by attribute here, boxes may be None.

The types come from the signatures. They are followed through variables that are bound once, loops and items.
"""

from __future__ import annotations

from dataclasses import dataclass

import libcst as cst

from gen_client.interface.model import MethodKind, TypeKind
from gen_client.migrate.calls import CallPlan
from gen_client.migrate.edits import Edits
from gen_client.migrate.expressions import find_text
from gen_client.migrate.findings import Code, Finding, Kept, Level
from gen_client.migrate.program import Program
from gen_client.migrate.target import returns_regions
from gen_client.plan.types import NamedField, Shape

_MAX_DEPTH = 12
_SAME_ITEMS = frozenset({"list", "tuple", "sorted", "reversed", "iter"})
_RECORD_METHODS = frozenset({"keys", "values", "items"})


@dataclass(frozen=True, slots=True)
class _Items:
    """A stream, or a list, of values of a type."""

    shape: Shape


_Type = Shape | _Items | None


class Results:
    """The results of the calls of one variable."""

    def __init__(self, program: Program, calls: list[CallPlan]) -> None:
        self._program = program
        self._calls = {call.use.call: call for call in calls if call.use.passed < 0}
        self._methods = [call.method for call in calls]

    def plan(self) -> tuple[Edits, list[Finding]]:
        """Plan what becomes of the uses of results.

        Raises:
            Kept: One of them is not certain.
        """
        edits = Edits()
        has_records = any(any(method.result.iter_records()) for method in self._methods)
        for node in self._program.nodes if has_records else ():
            if isinstance(node, cst.Subscript):
                self._plan_key(node, edits)
            elif isinstance(node, cst.Attribute):
                self._plan_attribute(node, edits)
        return edits, self._find_boxes()

    def _plan_key(self, node: cst.Subscript, edits: Edits) -> None:
        shape = self._find_type(node.value)
        if not isinstance(shape, Shape) or shape.record is None:
            return
        field = self._find_field(shape, node)
        line = self._program.line(node)
        if field is None:
            raise Kept(line, Code.DYNAMIC, "a record has attributes, and this key is not known")
        self._check_load(node)
        name = str(field.name)
        edits.add(node, lambda n: cst.Attribute(n.value, cst.Name(name), lpar=n.lpar, rpar=n.rpar))

    def _find_field(self, shape: Shape, node: cst.Subscript) -> NamedField | None:
        index = node.slice[0].slice if len(node.slice) == 1 else None
        key = find_text(self._program, index.value) if isinstance(index, cst.Index) else None
        return next((field for field in shape.fields if field.wire.name == key), None)

    def _plan_attribute(self, node: cst.Attribute, edits: Edits) -> None:
        shape = self._find_type(node.value)
        if not isinstance(shape, Shape) or shape.record is None:
            return
        name = node.attr.value
        field = next((field for field in shape.fields if field.wire.name == name), None)
        if field is None:
            if name in _RECORD_METHODS:
                line = self._program.line(node)
                raise Kept(line, Code.DYNAMIC, f"a record has attributes, and no {name}()")
            return
        self._check_load(node)
        if str(field.name) != name:
            edits.add(node, lambda n: n.with_changes(attr=cst.Name(str(field.name))))

    def _check_load(self, node: cst.CSTNode) -> None:
        if isinstance(self._program.parent(node), cst.AssignTarget | cst.AugAssign | cst.Del):
            raise Kept(
                self._program.line(node), Code.DYNAMIC, "the result is changed, and cannot be"
            )

    def _find_boxes(self) -> list[Finding]:
        """Return the places that read the box of a region."""
        if not any(returns_regions(method.result) for method in self._methods):
            return []
        return [
            Finding(
                self._program.line(node),
                Code.BOX_MAY_BE_NONE,
                "the box of a region without one is None here; the SDK gives zeros",
                Level.NOTE,
            )
            for node in self._program.nodes
            if isinstance(node, cst.Attribute)
            and node.attr.value == "box"
            and not isinstance(self._program.parent(node), cst.AssignTarget)
        ]

    # Types

    def _find_type(self, node: cst.CSTNode, depth: int = 0) -> _Type:
        """Return the type of an expression; None if it is not known."""
        if depth > _MAX_DEPTH:
            return None
        program = self._program
        match node:
            case cst.Call() if node in self._calls:
                call = self._calls[node]
                is_stream = call.method.wire.kind is not MethodKind.UNARY
                return _Items(call.method.result) if is_stream else call.method.result
            case cst.Call(func=cst.Name(), args=[cst.Arg(), *_]):
                argument = node.args[0].value
                if program.is_builtin(node.func, "next"):
                    return _item(self._find_type(argument, depth + 1))
                if any(program.is_builtin(node.func, name) for name in _SAME_ITEMS):
                    item = _item(self._find_type(argument, depth + 1))
                    return _Items(item) if isinstance(item, Shape) else None
                return None
            case cst.Await():
                return self._find_type(node.expression, depth + 1)
            case cst.Name():
                return self._find_name(node, depth + 1)
            case cst.Attribute():
                base = self._find_type(node.value, depth + 1)
                fields = base.fields if isinstance(base, Shape) else ()
                return next((f.shape for f in fields if f.wire.name == node.attr.value), None)
            case cst.Subscript():
                base = self._find_type(node.value, depth + 1)
                if isinstance(base, Shape) and base.record is not None:
                    field = self._find_field(base, node)
                    return None if field is None else field.shape
                index = node.slice[0].slice if len(node.slice) == 1 else None
                if isinstance(base, Shape) and base.kind is TypeKind.TUPLE:
                    value = index.value if isinstance(index, cst.Index) else None
                    return _at(base, int(value.value)) if isinstance(value, cst.Integer) else None
                return base if isinstance(index, cst.Slice) else _item(base)
            case _:
                return None

    def _find_name(self, name: cst.Name, depth: int) -> _Type:
        bound = self._program.assignments(name)
        node = getattr(bound[0], "node", None) if len(bound) == 1 else None
        if not isinstance(node, cst.Name):
            return None
        return self._find_target(node, depth)

    def _find_target(self, target: cst.CSTNode, depth: int) -> _Type:
        """Return the type of what is bound to a target."""
        parent = self._program.parent(target)
        match parent:
            case cst.AssignTarget():
                assign = self._program.parent(parent)
                return (
                    self._find_type(assign.value, depth) if isinstance(assign, cst.Assign) else None
                )
            case cst.AnnAssign() | cst.NamedExpr() if parent.value is not None:
                return self._find_type(parent.value, depth)
            case cst.For() | cst.CompFor():
                return self._find_loop(parent.iter, depth)
            case cst.Element():
                sequence = self._program.parent(parent)
                if isinstance(sequence, cst.Tuple | cst.List):
                    return self._find_element(sequence, sequence.elements.index(parent), depth)
            case _:
                pass
        return None

    def _find_loop(self, iterated: cst.BaseExpression, depth: int) -> _Type:
        return _item(self._find_type(iterated, depth))

    def _find_element(self, sequence: cst.Tuple | cst.List, position: int, depth: int) -> _Type:
        holder = self._program.parent(sequence)
        if isinstance(holder, cst.For | cst.CompFor):
            call = holder.iter
            if isinstance(call, cst.Call) and self._program.is_builtin(call.func, "enumerate"):
                return (
                    self._find_loop(call.args[0].value, depth)
                    if position == 1 and call.args
                    else None
                )
        base = self._find_target(sequence, depth)
        return _at(base, position) if isinstance(base, Shape) else None


def _item(base: _Type) -> _Type:
    if isinstance(base, _Items):
        return base.shape
    if isinstance(base, Shape) and base.kind is TypeKind.LIST:
        return base.items[0]
    return None


def _at(base: Shape, position: int) -> Shape | None:
    if base.kind is TypeKind.TUPLE and 0 <= position < len(base.items):
        return base.items[position]
    return base.items[0] if base.kind is TypeKind.LIST else None
