"""The rules for `__init__.py` and `client.py`, statement by statement.

Each rule accepts code of exactly one form or raises `Rejected`; `expressions` has the rules for expressions. Like the
rest of the gate, this module knows nothing of models, plans or templates.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass

from gen_client.gate.class_heads import check_class_keyword, check_kind_attributes, check_kinds
from gen_client.gate.expressions import (
    ExpressionRules,
    Rejected,
    check_identifier,
    is_docstring,
    is_string,
    names_of,
    reject,
    split_parameters,
)
from gen_client.gate.imports import (
    NEVER_TYPES,
    BoundNames,
    check_docstring_and_imports,
    check_imports,
)
from gen_client.gate.overloads import AnyFunction, check_overloads, is_overload
from gen_client.gate.tools import check_tool, check_typed_dict, is_tool, typed_dict_name

# __init__.py


def check_init(module: ast.Module) -> None:
    """Check `__init__.py`: docstring, `wire.require_format` before all other imports, imports, `__all__`."""
    names = BoundNames()
    body = check_docstring_and_imports(module, names)
    if names.imported != {"wire"} or not body:
        raise Rejected(0, "wire.require_format is not the first statement")
    _check_require_format(body[0])
    match check_imports(body[1:], names):
        case [ast.Assign(targets=[ast.Name(id="__all__")], value=ast.List(elts=exports))]:
            exportable = names.imported - NEVER_TYPES
            for item in exports:
                if not (isinstance(item, ast.Constant) and item.value in exportable):
                    reject(item, "not an imported name")
        case [other, *_]:
            reject(other, "not a statement of __init__.py")
        case _:
            raise Rejected(0, "__all__ is missing")


def _check_require_format(node: ast.stmt) -> None:
    """Check `wire.require_format(1, __name__)`, with any version."""
    match node:
        case ast.Expr(
            value=ast.Call(
                func=ast.Attribute(value=ast.Name(id="wire"), attr="require_format"),
                args=[ast.Constant(value=int() as version), ast.Name(id="__name__")],
                keywords=[],
            )
        ) if (
            version > 0 and version is not True
        ):
            pass
        case _:
            reject(node, "not wire.require_format")


# client.py

_MODEL = "_MODEL"
"""The constant that holds the model's reference."""


@dataclass(frozen=True, slots=True)
class _ClientRules:
    """What the statements of a `client.py` may use.

    Attributes:
        expressions: The rules for expressions.
        constants: The constants that hold wire descriptions.
        has_model: Whether the file defines `_MODEL`.
    """

    expressions: ExpressionRules
    constants: frozenset[str]
    has_model: bool


def check_client(
    module: ast.Module, classes: frozenset[tuple[str, str]], json_types: frozenset[str]
) -> None:
    """Check `client.py`: imports, clients, choices, records, inputs, wire descriptions.

    Args:
        module: The file.
        classes: The user's classes that annotations may name, by module and name.
        json_types: The texts of types that `wire.json_as` may name.
    """
    names = BoundNames(classes)
    body = check_docstring_and_imports(module, names)
    rules = _collect_rules(body, names, json_types)
    for node in body:
        _check_client_statement(node, names, rules)


def _collect_rules(
    body: Sequence[ast.stmt], names: BoundNames, json_types: frozenset[str]
) -> _ClientRules:
    defined = [node for node in body if isinstance(node, ast.ClassDef)]
    typed_dicts = frozenset(name for node in body if (name := typed_dict_name(node)))
    expressions = ExpressionRules(
        types=frozenset(names.imported - NEVER_TYPES)
        | {node.name for node in defined}
        | typed_dicts,
        records=frozenset(node.name for node in defined if not node.bases),
        values=frozenset({"KNOWN_DEFAULT", "SERVER_DEFAULT"} & names.imported),
        inputs=typed_dicts if {"overload", "wire", "Sequence"} <= names.imported else frozenset(),
        typed_dicts=typed_dicts,
        json_types=json_types,
    )
    constants = frozenset(
        node.target.id
        for node in body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    )
    return _ClientRules(expressions, constants - {_MODEL}, _MODEL in constants)


def _check_client_statement(node: ast.stmt, names: BoundNames, rules: _ClientRules) -> None:
    match node:
        case ast.ClassDef():
            names.bind(node, check_identifier(node, node.name))
            _check_class(node, rules)
        case ast.AnnAssign(
            target=ast.Name(id=name),
            annotation=ast.Name(id="Final")
            | ast.Subscript(value=ast.Name(id="Final")) as annotation,
            value=ast.expr() as value,
        ):
            if not name.startswith("_"):
                reject(node, "a public constant")
            names.bind(node, check_identifier(node, name, is_private=True))
            if name == _MODEL:
                _check_reference(annotation, value)
            else:
                _check_final(annotation, rules.expressions)
                _check_description(value, rules.expressions)
        case ast.Assign(targets=[ast.Name(id=name)]):
            names.bind(node, check_identifier(node, name))
            check_typed_dict(node, rules.expressions)
        case ast.AnnAssign(
            target=ast.Name(id=name),
            annotation=ast.Name(id="TypeAlias"),
            value=ast.Subscript(value=ast.Name(id="Literal")) as value,
        ):
            names.bind(node, check_identifier(node, name))
            rules.expressions.check_annotation(value)
        case _:
            if not is_docstring(node):
                reject(node, "not a statement of client.py")


def _check_description(node: ast.expr, expressions: ExpressionRules) -> None:
    """Check the description of a method or of a tool."""
    if is_tool(node):
        check_tool(node, expressions)
    else:
        expressions.check_wire_method(node)


def _check_final(node: ast.expr, expressions: ExpressionRules) -> None:
    """Check the annotation of a wire description: `Final`, or `Final[wire.Unary[T]]`."""
    match node:
        case ast.Name(id="Final"):
            pass
        case ast.Subscript(
            value=ast.Name(id="Final"),
            slice=ast.Subscript(
                value=ast.Attribute(value=ast.Name(id="wire"), attr="Unary" | "Streaming"),
                slice=result,
            ),
        ):
            expressions.check_annotation(result)
        case _:
            reject(node, "not the type of a wire description")


# Classes


BASE_ATTRIBUTES = frozenset(
    [
        "aclose",
        "close",
        "mcp",
        "name",
        "openai",
        "openai_http",
        "options",
        "recording",
        "reference",
        "wait_until_ready",
        "with_options",
    ]
)
"""The public attributes of clients, which no method may replace. A copy on purpose: the gate does not trust `naming`."""

_METHOD_NODES: dict[str, tuple[type[AnyFunction], ...]] = {
    "Client": (ast.FunctionDef,),
    "AsyncClient": (ast.FunctionDef, ast.AsyncFunctionDef),
}
"""The kinds of functions that may be methods, by the base of the client."""


def _check_class(node: ast.ClassDef, rules: _ClientRules) -> None:
    """Check a class: a docstring, then only methods in a client, and only fields in a record or an input."""
    if getattr(node, "type_params", None) or not is_docstring(node.body[0]):
        reject(node, "not a class that we write")
    match node:
        case ast.ClassDef(
            bases=[*kinds, ast.Name(id="Client" | "AsyncClient" as base)],
            keywords=keywords,
            decorator_list=[],
        ):
            check_kinds(kinds, base)
            check_kind_attributes(kinds, node.body)
            for keyword in keywords:
                check_class_keyword(keyword, has_model=rules.has_model)
            _check_methods(node.body[1:], _METHOD_NODES[base], rules)
        case ast.ClassDef(bases=[], keywords=[], decorator_list=[decorator]):
            _check_dataclass(decorator)
            _check_fields(node.body[1:], rules)
        case ast.ClassDef(bases=[ast.Name(id="TypedDict")], keywords=[], decorator_list=[]):
            _check_fields(node.body[1:], rules)
        case _:
            reject(node, "not a class that we write")


def _check_reference(annotation: ast.expr, value: ast.expr) -> None:
    """Check `_MODEL: Final = ModelRef("user", "app", "model")`."""
    match annotation, value:
        case (
            ast.Name(id="Final"),
            ast.Call(func=ast.Name(id="ModelRef"), args=[user, app, model], keywords=[]),
        ) if (
            is_string(user) and is_string(app) and is_string(model)
        ):
            pass
        case _:
            reject(value, "not a reference to a model")


def _check_dataclass(node: ast.expr) -> None:
    """Check `@dataclass(frozen=True, slots=True)`."""
    match node:
        case ast.Call(
            func=ast.Name(id="dataclass"),
            args=[],
            keywords=[
                ast.keyword(arg="frozen", value=ast.Constant(value=True)),
                ast.keyword(arg="slots", value=ast.Constant(value=True)),
            ],
        ):
            pass
        case _:
            reject(node, "not a decorator that we write")


def _check_fields(body: Sequence[ast.stmt], rules: _ClientRules) -> None:
    """Check the body of a record or an input: `name: T`, and docstrings."""
    for node in body:
        match node:
            case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation, value=None):
                check_identifier(node, name)
                rules.expressions.check_annotation(annotation)
            case _:
                if not is_docstring(node):
                    reject(node, "not a field")


# Methods


def _check_methods(
    body: Sequence[ast.stmt], kinds: tuple[type[AnyFunction], ...], rules: _ClientRules
) -> None:
    """Check that a client holds only methods, each defined once, some after their overloads."""
    defined: set[str] = set()
    overloads: list[AnyFunction] = []
    for statement in body:
        if not isinstance(statement, kinds) or statement.name in defined:
            reject(statement, "not a method, or one defined twice")
        if is_overload(statement):
            overloads.append(statement)
            continue
        defined.add(statement.name)
        if overloads:
            _check_overloaded_method(overloads, statement, rules)
        else:
            _check_method(statement, rules)
        overloads = []
    if overloads:
        reject(overloads[-1], "an overload without a body")


def _check_method(node: AnyFunction, rules: _ClientRules) -> None:
    """Check `def name(self, a: T, *, b: U = default) -> R`, its docstring, and its body of one line."""
    parameters = _check_head(node, rules.expressions)
    _check_body(node, ("_unary", "_stream", "_batch"), parameters, rules.constants)


def _check_overloaded_method(
    overloads: list[AnyFunction], body: AnyFunction, rules: _ClientRules
) -> None:
    """Check a method that takes one input or a list of them."""
    single = check_overloads(overloads, body, rules.expressions.inputs)
    _check_body(body, ("_unary_or_batch",), _check_head(single, rules.expressions), rules.constants)


def _check_head(node: AnyFunction, expressions: ExpressionRules) -> list[str]:
    """Check the name, parameters and result of a method, and return the parameters' names."""
    if getattr(node, "type_params", None) or node.returns is None:
        reject(node, "not a method that we write")
    if check_identifier(node, node.name) in BASE_ATTRIBUTES:
        reject(node, "an attribute of the base class")
    expressions.check_annotation(node.returns)
    return _check_parameters(node.args, expressions)


def _check_parameters(arguments: ast.arguments, expressions: ExpressionRules) -> list[str]:
    """Check the parameters after `self`, each with an annotation, and return their names."""
    parameters, defaults = split_parameters(arguments)
    for parameter in parameters:
        check_identifier(parameter, parameter.arg)
        if parameter.annotation is None:
            reject(parameter, "a parameter without a type")
        expressions.check_annotation(parameter.annotation)
    for default in defaults:
        expressions.check_value(default)
    return [parameter.arg for parameter in parameters]


def _check_body(
    node: AnyFunction, callees: tuple[str, ...], parameters: list[str], constants: frozenset[str]
) -> None:
    """Check an optional docstring and one `return` of a call of a method of `self`."""
    if getattr(node, "type_params", None):
        reject(node, "not a method that we write")
    match node.body[1:] if is_docstring(node.body[0]) else node.body:
        case [ast.Return(value=ast.expr() as value)]:
            _check_call(_unwrap_await(node, value), callees, parameters, constants)
        case _:
            reject(node, "not the body that we write")


def _unwrap_await(node: AnyFunction, value: ast.expr) -> ast.expr:
    """Return what a coroutine awaits; the value itself for a plain function, which cannot await."""
    if isinstance(node, ast.FunctionDef):
        return value
    if not isinstance(value, ast.Await):
        reject(node, "a coroutine that does not await")
    return value.value


def _check_call(
    node: ast.expr, callees: tuple[str, ...], parameters: list[str], constants: frozenset[str]
) -> None:
    """Check `self._unary(_METHOD, …)` with all parameters in order; those of `self._batch` are fixed."""
    match node:
        case ast.Call(
            func=ast.Attribute(value=ast.Name(id="self"), attr=callee),
            args=[ast.Name(id=constant), *arguments],
            keywords=[],
        ) if (
            callee in callees
            and constant in constants
            and names_of(arguments) == parameters
            and (callee != "_batch" or parameters == ["inputs", "progress", "total"])
        ):
            pass
        case _:
            reject(node, "not the body that we write")
