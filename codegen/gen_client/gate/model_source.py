"""The rules for the source of a model: imports, classes with named fields, and one class with methods that raise.

The classes are those of the official SDK. Like the rest of the gate, this module knows nothing of models, plans or
templates.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

from gen_client.gate.expressions import (
    ExpressionRules,
    check_each,
    check_identifier,
    is_docstring,
    is_string,
    names_of,
    reject,
    split_parameters,
)
from gen_client.gate.imports import BoundNames
from gen_client.gate.model_tools import ToolRules

_SDK = "clarifai.runners"
_IMPORTS: dict[str, frozenset[str]] = {
    "typing": frozenset({"Annotated", "Any", "Literal"}),
    "fastmcp": frozenset({"FastMCP"}),
    "pydantic": frozenset({"BaseModel", "Field"}),
    "collections.abc": frozenset({"Iterator"}),
    "openai": frozenset({"OpenAI"}),
    f"{_SDK}.models.model_class": frozenset({"ModelClass"}),
    f"{_SDK}.models.mcp_class": frozenset({"MCPModelClass"}),
    f"{_SDK}.models.openai_class": frozenset({"OpenAIModelClass"}),
    f"{_SDK}.utils.data_utils": frozenset({"Param"}),
    f"{_SDK}.utils.data_types": frozenset(
        ["Audio", "Concept", "Frame", "Image", "NamedFields", "Region", "Text", "Video"]
    ),
}
_MODEL_CLASSES = frozenset({"MCPModelClass", "ModelClass", "OpenAIModelClass"})
_SCALAR_TYPES = frozenset({"str", "bytes", "int", "float", "bool", "dict", "list"})
_CONTAINERS = frozenset({"list", "tuple"})
_OPENAI_ATTRIBUTES = """
client: {any} = True
model: {any} = True
"""
_OPENAI_LOADER = """
self.client = {openai}(base_url="http://127.0.0.1:8000/v1", api_key="none")
self.model = "the name of the model on that server"
"""


class _SourceRules:
    """The rules for one source.

    Attributes:
        names: The names that are bound so far.
        origins: The objects that are imported, by the names that they have here.
        records: The classes with named fields.
        values: The rules for values.
    """

    def __init__(self) -> None:
        self.names = BoundNames()
        self.origins: dict[str, str] = {}
        self.records: set[str] = set()
        self.values = ExpressionRules(
            types=frozenset(), records=frozenset(), values=frozenset[str]()
        )

    def names_for(self, *objects: str) -> set[str]:
        """Return the names that imported objects have here."""
        return {name for name, origin in self.origins.items() if origin in objects}

    # Imports

    def accept_import(self, node: ast.stmt) -> bool:
        """Return whether a statement is an import of ours; reject any other import."""
        match node:
            case ast.Import(names=[ast.alias(name="builtins", asname=None)]):
                self._bind(node, "builtins", "builtins")
            case ast.Import(names=[ast.alias(name="numpy", asname=str() as name)]):
                self._bind(node, "np", name)
            case ast.ImportFrom(module=str() as module, names=aliases, level=0):
                for alias in aliases:
                    if alias.name not in _IMPORTS.get(module, frozenset()):
                        reject(alias, "an import that is not ours")
                    self._bind(alias, alias.name, alias.asname or alias.name)
            case ast.Import() | ast.ImportFrom():
                reject(node, "an import that is not ours")
            case _:
                return False
        return True

    def _bind(self, node: ast.AST, origin: str, name: str) -> None:
        """Bind an imported object to its own name, or to that with underscores at the end."""
        if name.rstrip("_") != origin:
            reject(node, "an import under another name")
        self.origins[self.names.bind(node, name)] = origin

    # Types

    def check_annotation(self, node: ast.expr) -> None:
        """Check a type that the SDK reads: `T`, `list[T]`, `tuple[A, B]`, `np.ndarray`."""
        match node:
            case ast.Subscript(value=base, slice=ast.Tuple(elts=items)):
                self._check_name(base, _CONTAINERS)
                check_each(self.check_annotation, items)
            case ast.Subscript(value=base, slice=item):
                self._check_name(base, _CONTAINERS)
                self.check_annotation(item)
            case ast.Attribute(value=ast.Name(id=name), attr="ndarray") if name in self.names_for(
                "np"
            ):
                pass
            case ast.Name(id=name) if name in self.records | self.names_for(
                *_IMPORTS[f"{_SDK}.utils.data_types"] - {"NamedFields"}
            ):
                pass
            case _:
                self._check_name(node, _SCALAR_TYPES)

    def check_stream(self, node: ast.expr) -> None:
        """Check a type, or an iterator over values of a type."""
        match node:
            case ast.Subscript(value=ast.Name(id=name), slice=item) if name in self.names_for(
                "Iterator"
            ):
                self.check_annotation(item)
            case _:
                self.check_annotation(node)

    def _check_name(self, node: ast.expr, allowed: frozenset[str]) -> None:
        match node:
            case ast.Name(id=name) if name in allowed:
                pass
            case ast.Attribute(value=ast.Name(id="builtins"), attr=name) if (
                name in allowed and "builtins" in self.origins
            ):
                pass
            case _:
                reject(node, "not a type that we use")

    # Values

    def check_default(self, node: ast.expr) -> None:
        """Check a default: a value, or a call of `Param`."""
        match node:
            case ast.Call(
                func=ast.Name(id=name), args=[], keywords=keywords
            ) if name in self.names_for("Param"):
                for keyword in keywords:
                    self._check_option(keyword)
            case _:
                self.values.check_value(node)

    def _check_option(self, keyword: ast.keyword) -> None:
        match keyword:
            case ast.keyword(arg="default", value=value):
                self.values.check_value(value)
            case ast.keyword(arg="description", value=value) if is_string(value):
                pass
            case ast.keyword(arg="min_value" | "max_value", value=value):
                self.values.check_number(value)
            case ast.keyword(arg="choices", value=ast.List(elts=choices)):
                check_each(self.values.check_value, choices)
            case ast.keyword(arg="is_param", value=ast.Constant(value=False)):
                pass
            case _:
                reject(keyword, "not an option of a parameter")


def check_model_source(module: ast.Module) -> None:
    """Check a module docstring, imports, classes with named fields, and the class of the model at the end."""
    rules = _SourceRules()
    if not module.body or not is_docstring(module.body[0]):
        reject(module, "the docstring is missing")
    body = module.body[1:]
    while body and rules.accept_import(body[0]):
        body = body[1:]
    match body:
        case [*records, ast.ClassDef() as model]:
            tools = ToolRules(rules.names, rules.origins, rules.values)
            for record in records:
                if not tools.accept(record):
                    _check_record(record, rules)
            _check_model(model, rules, tools.server)
        case _:
            reject(module, "the class of the model is missing")


def _check_record(node: ast.stmt, rules: _SourceRules) -> None:
    """Check `class Size(NamedFields):` with fields alone."""
    match node:
        case ast.ClassDef(
            bases=[ast.Name(id=base)], keywords=[], decorator_list=[]
        ) if base in rules.names_for("NamedFields") and not getattr(node, "type_params", None):
            for field in node.body:
                match field:
                    case ast.AnnAssign(target=ast.Name(id=name), value=None, simple=1):
                        check_identifier(field, name, is_private=True)
                        rules.check_annotation(field.annotation)
                    case _:
                        reject(field, "not a field")
            rules.records.add(rules.names.bind(node, check_identifier(node, node.name)))
        case _:
            reject(node, "not a class with named fields")


def _check_model(node: ast.ClassDef, rules: _SourceRules, server: str) -> None:
    """Check the class of the model: a docstring, what the base class needs, `load_model`, methods."""
    rules.names.bind(node, check_identifier(node, node.name))
    match node:
        case ast.ClassDef(bases=[ast.Name(id=base)], keywords=[], decorator_list=[]) if (
            base in rules.names_for(*_MODEL_CLASSES)
            and not getattr(node, "type_params", None)
            and is_docstring(node.body[0])
        ):
            pass
        case _:
            reject(node, "not the class of a model")
    methods = node.body[1:]
    if rules.origins[base] == "MCPModelClass":
        (class_,) = rules.names_for("FastMCP")
        _check_server(methods[:1], class_, server, node)
        methods = methods[1:]
    elif rules.origins[base] == "OpenAIModelClass":
        (any_,), (openai,) = rules.names_for("Any"), rules.names_for("OpenAI")
        _check_equal(methods[:2], _OPENAI_ATTRIBUTES.format(any=any_), node)
        _check_loader(methods[2:3], _OPENAI_LOADER.format(openai=openai), node)
        methods = methods[3:]
    else:
        _check_loader(methods[:1], "", node)
        methods = methods[1:]
    defined: set[str] = set()
    for method in methods:
        if not isinstance(method, ast.FunctionDef) or method.name in defined:
            reject(method, "not a method, or one defined twice")
        defined.add(check_identifier(method, method.name, is_private=True))
        _check_method(method, base, rules)


def _check_equal(nodes: Sequence[ast.stmt], text: str, owner: ast.AST) -> None:
    """Check that statements are those of a constant text."""
    if list(map(ast.dump, nodes)) != list(map(ast.dump, ast.parse(text).body)):
        reject(owner, "not the attributes that we write")


def _check_loader(nodes: Sequence[ast.stmt], body: str, owner: ast.AST) -> None:
    """Check `def load_model(self) -> None:` with a docstring and a constant body."""
    match nodes:
        case [
            ast.FunctionDef(
                name="load_model", decorator_list=[], returns=ast.Constant(value=None)
            ) as loader
        ] if (is_docstring(loader.body[0]) and ast.unparse(loader.args) == "self"):
            _check_equal(loader.body[1:], body, owner)
        case _:
            reject(owner, "`load_model` is missing")


def _check_server(nodes: Sequence[ast.stmt], class_: str, server: str, owner: ast.AST) -> None:
    """Check `def get_server(self) -> FastMCP:` with a docstring, which returns the server."""
    match nodes:
        case [
            ast.FunctionDef(
                name="get_server",
                decorator_list=[],
                returns=ast.Name(id=returned),
                body=[doc, ast.Return(value=ast.Name(id=name))],
            ) as getter
        ] if (
            is_docstring(doc) and ast.unparse(getter.args) == "self"
        ):
            if (returned, name) != (class_, server):
                reject(owner, "another server")
        case _:
            reject(owner, "`get_server` is missing")


def _check_method(node: ast.FunctionDef, base: str, rules: _SourceRules) -> None:
    """Check `@Base.method`, parameters with types, a docstring perhaps, and a body of one statement."""
    match node.decorator_list:
        case [ast.Attribute(value=ast.Name(id=name), attr="method")] if name == base:
            pass
        case _:
            reject(node, "not the decorator of a method")
    if getattr(node, "type_params", None) or node.returns is None:
        reject(node, "not a method that we write")
    rules.check_stream(node.returns)
    parameters = _check_parameters(node.args, rules)
    match node.body[1:] if is_docstring(node.body[0]) else node.body:
        case [
            ast.Raise(
                exc=ast.Call(func=ast.Name(id="NotImplementedError"), args=[text], keywords=[]),
                cause=None,
            )
        ] if is_string(text):
            pass
        case [
            ast.Return(
                value=ast.Call(
                    func=ast.Attribute(
                        value=ast.Call(func=ast.Name(id="super"), args=[], keywords=[]),
                        attr=callee,
                    ),
                    args=arguments,
                    keywords=[],
                )
            )
        ] if (
            callee == node.name and names_of(arguments) == parameters
        ):
            pass
        case _:
            reject(node, "not the body that we write")


def _check_parameters(arguments: ast.arguments, rules: _SourceRules) -> list[str]:
    """Check the parameters after `self`, and return their names."""
    parameters, defaults = split_parameters(arguments)
    for parameter in parameters:
        name = check_identifier(parameter, parameter.arg, is_private=True)
        if parameter.annotation is None or name in ("NotImplementedError", "super"):
            reject(parameter, "not a parameter that we write")
        rules.check_stream(parameter.annotation)
    for default in defaults:
        rules.check_default(default)
    return [parameter.arg for parameter in parameters]
