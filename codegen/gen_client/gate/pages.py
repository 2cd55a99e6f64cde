"""The files that our templates produce, statement by statement: one rule a kind. The middle of `gate`.

A rule accepts a file of exactly its shape or raises `Stranger`; `grammar` has those of expressions. Knows
Python's syntax tree; trusts nothing and knows nothing of models, plans or templates.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

from gen_client.gate.grammar import (
    ExpressionRules,
    Rejected,
    check_identifier,
    is_docstring,
    is_text,
    names_of,
    reject,
)
from gen_client.gate.imports import (
    NEVER_TYPES,
    BoundNames,
    after_docstring_and_imports,
    after_imports,
)
from gen_client.gate.overload import AnyFunction, check_overloads, is_overload

# __init__.py


def check_init(module: ast.Module) -> None:
    """The docstring, `wire` and what the package asks of it before all else, the imports, `__all__`."""
    names = BoundNames()
    body = after_docstring_and_imports(module, names)
    if names.imported != {"wire"} or not body:
        raise Rejected(0, "the format is not asked for first")
    _check_format(body[0])
    match after_imports(body[1:], names):
        case [ast.Assign(targets=[ast.Name(id="__all__")], value=ast.List(elts=exported))]:
            known = names.imported - NEVER_TYPES
            for item in exported:
                if not (isinstance(item, ast.Constant) and item.value in known):
                    reject(item, "not an imported name")
        case [other, *_]:
            reject(other, "not a statement of __init__.py")
        case _:
            raise Rejected(0, "__all__ is missing")


def _check_format(node: ast.stmt) -> None:
    """`wire.require_format(1, __name__)`, with any number."""
    match node:
        case ast.Expr(
            value=ast.Call(
                func=ast.Attribute(value=ast.Name(id="wire"), attr="require_format"),
                args=[ast.Constant(value=int() as number), ast.Name(id="__name__")],
                keywords=[],
            )
        ) if (
            number > 0 and number is not True
        ):
            pass
        case _:
            reject(node, "not the format")


# client.py


def check_client(
    module: ast.Module, classes: frozenset[tuple[str, str]], refined: frozenset[str]
) -> None:
    """The imports, the client, records, choices, and how each method travels.

    Args:
        module: The file.
        classes: The user's classes that types may name, by module and name.
        refined: The types that JSON may travel as.
    """
    names = BoundNames(classes)
    body = after_docstring_and_imports(module, names)
    own = frozenset(node.name for node in body if isinstance(node, ast.ClassDef))
    known = frozenset(names.imported - NEVER_TYPES)
    records = frozenset(
        node.name for node in body if isinstance(node, ast.ClassDef) and not node.bases
    )
    rules = ExpressionRules(
        types=known | own,
        records=records,
        values=frozenset({"SERVER_DEFAULT"} & names.imported),
        inputs=(
            _input_classes(body)
            if {"overload", "wire", "Sequence"} <= names.imported
            else frozenset()
        ),
        refined=refined,
    )
    constants = frozenset(
        node.target.id
        for node in body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    )
    for node in body:
        match node:
            case ast.ClassDef():
                names.bind(node, check_identifier(node, node.name))
                _check_class(node, rules, constants)
            case ast.AnnAssign(
                target=ast.Name(id=name),
                annotation=ast.Name(id="Final")
                | ast.Subscript(value=ast.Name(id="Final")) as annotation,
                value=ast.expr() as value,
            ):
                if not name.startswith("_"):
                    reject(node, "a public constant")
                names.bind(node, check_identifier(node, name))
                _check_final(annotation, rules)
                rules.wire_method(value)
            case ast.AnnAssign(
                target=ast.Name(id=name),
                annotation=ast.Name(id="TypeAlias"),
                value=ast.Subscript(value=ast.Name(id="Literal")) as value,
            ):
                names.bind(node, check_identifier(node, name))
                rules.annotation(value)
            case _:
                if not is_docstring(node):
                    reject(node, "not a statement of client.py")


def _check_final(node: ast.expr, rules: ExpressionRules) -> None:
    """`Final`, or `Final[wire.Unary[T]]`."""
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
            rules.annotation(result)
        case _:
            reject(node, "not the type of a description")


def _input_classes(body: Sequence[ast.stmt]) -> frozenset[str]:
    """The classes of which a list may be given."""
    return frozenset(
        node.name
        for node in body
        if isinstance(node, ast.ClassDef)
        and [base.id for base in node.bases if isinstance(base, ast.Name)] == ["TypedDict"]
    )


_METHOD_NODES: dict[str, tuple[type[AnyFunction], ...]] = {
    "Client": (ast.FunctionDef,),
    "AsyncClient": (ast.FunctionDef, ast.AsyncFunctionDef),
}
"""How the methods of each base may begin."""


def _check_class(node: ast.ClassDef, rules: ExpressionRules, constants: frozenset[str]) -> None:
    """A client or a record: one docstring, then nothing but methods, or nothing but fields."""
    if getattr(node, "type_params", None) or not is_docstring(node.body[0]):
        reject(node, "not a class that we write")
    match node:
        case ast.ClassDef(
            bases=[ast.Name(id="Client" | "AsyncClient" as base)],
            keywords=keywords,
            decorator_list=[],
        ):
            for keyword in keywords:
                if keyword.arg not in _ROUTING_KEYWORDS or not is_text(keyword.value):
                    _check_reference(keyword)
            _check_methods(node.body[1:], _METHOD_NODES[base], rules, constants)
        case ast.ClassDef(bases=[], keywords=[], decorator_list=[decorator]):
            _check_decorator(decorator)
            for statement in node.body[1:]:
                _check_field(statement, rules)
        case ast.ClassDef(bases=[ast.Name(id="TypedDict")], keywords=[], decorator_list=[]):
            for statement in node.body[1:]:
                _check_field(statement, rules)
        case _:
            reject(node, "not a class that we write")


def _check_methods(
    body: Sequence[ast.stmt],
    kinds: tuple[type[AnyFunction], ...],
    rules: ExpressionRules,
    constants: frozenset[str],
) -> None:
    """Methods, each defined once; some have forms before their body."""
    taken: set[str] = set()
    forms: list[AnyFunction] = []
    for statement in body:
        if not isinstance(statement, kinds) or statement.name in taken:
            reject(statement, "not a method, or one defined twice")
        if is_overload(statement):
            forms.append(statement)
            continue
        taken.add(statement.name)
        if forms:
            _check_overloaded_method(forms, statement, rules, constants)
        else:
            _check_method(statement, rules, constants)
        forms = []
    if forms:
        reject(forms[-1], "a form without a body")


_ROUTING_KEYWORDS = frozenset(
    ("version_id", "deployment_id", "deployment_user_id", "compute_cluster_id", "nodepool_id")
)
"""What a client may be told beside its model."""


def _check_reference(keyword: ast.keyword) -> None:
    match keyword:
        case ast.keyword(
            arg="model",
            value=ast.Call(func=ast.Name(id="ModelRef"), args=[user, app, model], keywords=[]),
        ) if (
            is_text(user) and is_text(app) and is_text(model)
        ):
            pass
        case _:
            reject(keyword, "not a reference to a model")


def _check_decorator(node: ast.expr) -> None:
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


def _check_field(node: ast.stmt, rules: ExpressionRules) -> None:
    match node:
        case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation, value=None):
            check_identifier(node, name)
            rules.annotation(annotation)
        case _:
            if not is_docstring(node):
                reject(node, "not a field")


def _check_method(node: AnyFunction, rules: ExpressionRules, constants: frozenset[str]) -> None:
    """`def name(self, a: T, *, b: U = default) -> R`, a docstring, and the one line of body."""
    parameters = _check_head(node, rules)
    _check_body(node, ("_one", "_stream", "_batch"), parameters, constants)


def _check_overloaded_method(
    forms: list[AnyFunction], body: AnyFunction, rules: ExpressionRules, constants: frozenset[str]
) -> None:
    """A method that takes one input or a list of them: both as overloads, and the one line of body."""
    single = check_overloads(forms, body, rules.inputs)
    _check_body(body, ("_call",), _check_head(single, rules), constants)


def _check_head(node: AnyFunction, rules: ExpressionRules) -> list[str]:
    """The parameters of a method, in order."""
    if getattr(node, "type_params", None) or node.returns is None:
        reject(node, "not a method that we write")
    check_identifier(node, node.name)
    rules.annotation(node.returns)
    return _check_parameters(node.args, rules)


def _check_body(
    node: AnyFunction, verbs: tuple[str, ...], parameters: list[str], constants: frozenset[str]
) -> None:
    if getattr(node, "type_params", None):
        reject(node, "not a method that we write")
    match node.body[1:] if is_docstring(node.body[0]) else node.body:
        case [ast.Return(value=ast.expr() as value)]:
            _check_call(_unwrap_await(node, value), verbs, parameters, constants)
        case _:
            reject(node, "not the body that we write")


def _unwrap_await(node: AnyFunction, value: ast.expr) -> ast.expr:
    """What is awaited: a coroutine awaits, once; a plain function never."""
    if isinstance(node, ast.FunctionDef):
        return value
    if not isinstance(value, ast.Await):
        reject(node, "a coroutine that does not wait")
    return value.value


def _check_call(
    node: ast.expr, verbs: tuple[str, ...], parameters: list[str], constants: frozenset[str]
) -> None:
    """`self._one(_METHOD, …)` with all parameters, in order; a batch has always the same."""
    match node:
        case ast.Call(
            func=ast.Attribute(value=ast.Name(id="self"), attr=verb),
            args=[ast.Name(id=constant), *given],
            keywords=[],
        ) if (
            verb in verbs
            and constant in constants
            and names_of(given) == parameters
            and (verb != "_batch" or parameters == ["inputs", "progress"])
        ):
            pass
        case _:
            reject(node, "not the body that we write")


def _check_parameters(arguments: ast.arguments, rules: ExpressionRules) -> list[str]:
    """The parameters behind `self`, in order; each has an annotation."""
    match arguments:
        case ast.arguments(
            posonlyargs=[],
            args=[ast.arg(arg="self", annotation=None), *leading],
            vararg=None,
            kwonlyargs=keywords,
            kw_defaults=keyword_defaults,
            kwarg=None,
            defaults=defaults,
        ) if len(defaults) <= len(leading):
            pass
        case _:
            raise Rejected(0, "not parameters that we write")
    for argument in [*leading, *keywords]:
        check_identifier(argument, argument.arg)
        if argument.annotation is None:
            reject(argument, "a parameter without a type")
        rules.annotation(argument.annotation)
    for default in [*defaults, *keyword_defaults]:
        if default is not None:
            rules.value(default)
    return [argument.arg for argument in [*leading, *keywords]]
