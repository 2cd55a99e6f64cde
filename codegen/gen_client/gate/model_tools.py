"""The rules for the tools in the source of an MCP model: its server, classes of pydantic, functions that raise.

Like the rest of the gate, this module knows nothing of models, plans or templates.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping

from gen_client.gate.expressions import (
    ExpressionRules,
    check_each,
    check_identifier,
    is_docstring,
    is_string,
    reject,
)
from gen_client.gate.imports import BoundNames

_SCALARS = frozenset({"str", "int", "float", "bool", "Any"})
_FIELD_OPTIONS = frozenset(
    {"description", "ge", "le", "gt", "lt", "pattern", "min_length", "max_length"}
)
_DECORATOR_OPTIONS = frozenset({"name", "title", "description", "annotations"})


class ToolRules:
    """The rules for the tools of one source.

    Args:
        names: The names that are bound so far.
        origins: The objects that are imported, by the names that they have here.
        values: The rules for values.

    Attributes:
        server: The name of the server; empty before it is made.
    """

    def __init__(
        self, names: BoundNames, origins: Mapping[str, str], values: ExpressionRules
    ) -> None:
        self._names = names
        self._origins = origins
        self._values = values
        self._models: set[str] = set()
        self.server = ""

    def accept(self, node: ast.stmt) -> bool:
        """Return whether a statement is one of these; reject one that has only the form."""
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call() as call):
                self._check_server(node, name, call)
            case ast.FunctionDef():
                self._check_function(node)
            case ast.ClassDef(bases=[ast.Name(id=base)]) if self._is(base, "BaseModel"):
                self._check_model(node)
            case _:
                return False
        return True

    def _is(self, name: str, origin: str) -> bool:
        return self._origins.get(name) == origin

    def _check_server(self, node: ast.Assign, name: str, call: ast.Call) -> None:
        match call:
            case ast.Call(func=ast.Name(id=class_), args=[title], keywords=keywords) if (
                self._is(class_, "FastMCP") and is_string(title) and not self.server
            ):
                for keyword in keywords:
                    if keyword.arg != "instructions" or not is_string(keyword.value):
                        reject(keyword, "not an option of a server")
            case _:
                reject(node, "not a server")
        self.server = self._names.bind(node, check_identifier(node, name))

    def _check_model(self, node: ast.ClassDef) -> None:
        """Check `class Point(BaseModel):` with a docstring perhaps, and fields."""
        if node.keywords or node.decorator_list or getattr(node, "type_params", None):
            reject(node, "not a class of an object")
        for field in node.body[1:] if is_docstring(node.body[0]) else node.body:
            match field:
                case ast.AnnAssign(target=ast.Name(id=name), value=value, simple=1):
                    check_identifier(field, name)
                    self._check_annotation(field.annotation)
                    if value is not None:
                        self._values.check_value(value)
                case _:
                    reject(field, "not a field")
        self._models.add(self._names.bind(node, check_identifier(node, node.name)))

    def _check_function(self, node: ast.FunctionDef) -> None:
        """Check `@server.tool`, parameters with types, and a body that raises."""
        match node.decorator_list:
            case [ast.Call(func=decorator, args=[], keywords=keywords)]:
                for keyword in keywords:
                    if keyword.arg not in _DECORATOR_OPTIONS:
                        reject(keyword, "not an option of a tool")
                    self._values.check_value(keyword.value)
            case [decorator]:
                pass
            case _:
                reject(node, "not a decorator that we write")
        match decorator:
            case ast.Attribute(value=ast.Name(id=name), attr="tool" | "prompt") if (
                name == self.server
            ):
                pass
            case _:
                reject(node, "not a decorator that we write")
        self._names.bind(node, check_identifier(node, node.name))
        self._check_parameters(node)
        match node.body[1:] if is_docstring(node.body[0]) else node.body:
            case [
                ast.Raise(
                    exc=ast.Call(
                        func=ast.Name(id="NotImplementedError"),
                        args=[text],
                        keywords=[],
                    ),
                    cause=None,
                )
            ] if is_string(text):
                pass
            case _:
                reject(node, "not the body that we write")

    def _check_parameters(self, node: ast.FunctionDef) -> None:
        arguments = node.args
        others = (
            arguments.posonlyargs,
            arguments.kwonlyargs,
            arguments.vararg,
            arguments.kwarg,
        )
        if any(others) or node.returns is None or getattr(node, "type_params", None):
            reject(node, "not parameters that we write")
        self._check_annotation(node.returns)
        for parameter in arguments.args:
            check_identifier(parameter, parameter.arg)
            if parameter.annotation is None:
                reject(parameter, "a parameter without a type")
            self._check_annotation(parameter.annotation)
        check_each(self._values.check_value, arguments.defaults)

    def _check_annotation(self, node: ast.expr) -> None:
        match node:
            case ast.Constant(value=None):
                pass
            case ast.BinOp(left=left, op=ast.BitOr(), right=right):
                self._check_annotation(left)
                self._check_annotation(right)
            case ast.Subscript(value=ast.Name(id=name), slice=index) if self._is(name, "Literal"):
                values = index.elts if isinstance(index, ast.Tuple) else [index]
                check_each(self._values.check_scalar, values)
            case ast.Subscript(
                value=ast.Name(id=name),
                slice=ast.Tuple(elts=[item, ast.Call() as field]),
            ) if self._is(name, "Annotated"):
                self._check_annotation(item)
                self._check_field(field)
            case ast.Subscript(value=ast.Name(id="list"), slice=item):
                self._check_annotation(item)
            case ast.Subscript(
                value=ast.Name(id="dict"),
                slice=ast.Tuple(elts=[ast.Name(id="str"), item]),
            ):
                self._check_annotation(item)
            case ast.Name(id=name) if name in self._models or name in _SCALARS:
                pass
            case _:
                reject(node, "not a type that we use")

    def _check_field(self, node: ast.Call) -> None:
        match node:
            case ast.Call(func=ast.Name(id=name), args=[], keywords=keywords) if self._is(
                name, "Field"
            ):
                for keyword in keywords:
                    if keyword.arg not in _FIELD_OPTIONS:
                        reject(keyword, "not an option of a field")
                    self._values.check_value(keyword.value)
            case _:
                reject(node, "not a call that we write")
