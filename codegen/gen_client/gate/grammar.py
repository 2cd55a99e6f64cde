"""The expressions that our templates produce, as a small recursive grammar. The other half of `gate`.

Each function below is one rule: it accepts a node of exactly its shape or raises `Stranger`. A rule looks at every
field of a node that could hold another one, so that nothing passes unseen. Knows Python's syntax tree;
trusts nothing and knows nothing of models, plans or templates.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from typing import NoReturn

PLAIN_TYPES = frozenset({"str", "bytes", "int", "float", "bool", "list", "tuple", "dict", "object"})
"""Names of Python's own that an annotation may use, also as `builtins.NAME`."""

ARRAYS = frozenset({"ArrayLike", "NDArray"})
"""What `npt` is used for."""

CODECS = frozenset(
    [
        "STR",
        "BYTES",
        "INT",
        "FLOAT",
        "BOOL",
        "NDARRAY",
        "JSON",
        "TEXT",
        "IMAGE",
        "AUDIO",
        "VIDEO",
        "CONCEPT",
        "REGION",
        "FRAME",
    ]
)
"""The attributes of `wire` that are codecs by themselves."""

METHOD_FUNCTIONS = frozenset({"unary", "server_stream", "bidi_stream"})
"""The words of `wire` that describe a method."""

VALUE_CLASSES = frozenset(
    ["Image", "Audio", "Video", "Text", "Concept", "Region", "Frame", "Box", "Point"]
)
"""The classes of the runtime whose instances may stand where a value stands."""

SAMPLE_NAMES = frozenset({"IMAGE", "AUDIO", "VIDEO", "YOURS"})
"""What examples send where a file is meant, or a value of the reader's own type."""

SPECIAL_FLOATS = frozenset({"inf", "-inf", "nan"})


class Rejected(Exception):
    """Something that our templates cannot have written, and the line it stands on."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(what)
        self.line = line
        self.what = what


def reject(node: ast.AST, what: str) -> NoReturn:
    """Refuse a node: `what` names the rule it broke."""
    raise Rejected(getattr(node, "lineno", 0), f"{what}: {type(node).__name__}")


def check_each(rule: Callable[[ast.expr], None], nodes: Iterable[ast.expr]) -> None:
    """One rule for every node."""
    for node in nodes:
        rule(node)


def check_identifier(node: ast.AST, name: str) -> str:
    """A name that may be given to something: none that Python itself treats in a special way."""
    if name.startswith("__"):
        reject(node, "a name that Python reserves")
    return name


def is_text(node: ast.AST | None) -> bool:
    """Whether it is a plain text literal."""
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def is_docstring(node: ast.stmt) -> bool:
    """Whether it is a docstring."""
    return isinstance(node, ast.Expr) and is_text(node.value)


def _is_python_name(keywords: list[ast.keyword]) -> bool:
    """Whether these are nothing, or the one that says a name in Python."""
    match keywords:
        case []:
            return True
        case [ast.keyword(arg="name", value=value)]:
            return is_text(value)
        case _:
            return False


def names_of(nodes: list[ast.expr]) -> list[str]:
    """The names that these are; of anything else, an empty one."""
    return [node.id if isinstance(node, ast.Name) else "" for node in nodes]


class ExpressionRules:
    """The rules, for a file in which `types` may be used in annotations and `records` be called.

    A list of `inputs` may be given in the place of arguments; JSON may travel as one of the types `refined`.
    """

    def __init__(
        self,
        *,
        types: frozenset[str],
        records: frozenset[str],
        values: frozenset[str],
        inputs: frozenset[str] = frozenset(),
        refined: frozenset[str] = frozenset(),
    ) -> None:
        self.types = types
        self.records = records
        self.values = values
        self.inputs = inputs
        self.refined = refined

    # Annotations

    def annotation(self, node: ast.expr) -> None:
        """`T`, `None`, `A | B`, `T[A, B]`, `Literal[...]`, `builtins.list`, `npt.ArrayLike`."""
        match node:
            case ast.Constant(value=None):
                pass
            case ast.BinOp(left=left, op=ast.BitOr(), right=right):
                self.annotation(left)
                self.annotation(right)
            case ast.Subscript(value=ast.Name(id="Literal"), slice=ast.Tuple(elts=choices)):
                check_each(self.scalar, choices)
            case ast.Subscript(value=ast.Name(id="Literal"), slice=choice):
                self.scalar(choice)
            case ast.Subscript(value=base, slice=ast.Tuple(elts=arguments)):
                self._type(base)
                check_each(self.annotation, arguments)
            case ast.Subscript(value=base, slice=argument):
                self._type(base)
                self.annotation(argument)
            case _:
                self._type(node)

    def _type(self, node: ast.expr) -> None:
        match node:
            case ast.Name(id=name) if name in PLAIN_TYPES or name in self.types:
                pass
            case ast.Attribute(value=ast.Name(id="builtins"), attr=name) if name in PLAIN_TYPES:
                pass
            case ast.Attribute(value=ast.Name(id="npt"), attr=name) if name in ARRAYS:
                pass
            case _:
                reject(node, "not a type that we use")

    # Values

    def scalar(self, node: ast.expr) -> None:
        """One plain literal: text, bytes, a number with or without a sign, a truth value, None."""
        match node:
            case ast.Constant(value=None | bool() | str() | bytes() | int() | float()):
                pass
            case ast.UnaryOp(op=ast.USub()):
                self.number(node)
            case _:
                reject(node, "not a plain literal")

    def number(self, node: ast.expr) -> None:
        """A number literal, with or without a sign, or a special float."""
        match node:
            case ast.Constant(value=bool()):
                reject(node, "not a number")
            case ast.Constant(value=int() | float()):
                pass
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
                if isinstance(value, bool):
                    reject(node, "not a number")
            case ast.Call():
                self._special_float(node)
            case _:
                reject(node, "not a number")

    def _special_float(self, node: ast.Call) -> None:
        """`float("inf")` and its like: the numbers without a literal."""
        match node:
            case ast.Call(
                func=ast.Name(id="float")
                | ast.Attribute(value=ast.Name(id="builtins"), attr="float"),
                args=[ast.Constant(value=str() as text)],
                keywords=[],
            ) if (
                text in SPECIAL_FLOATS
            ):
                pass
            case _:
                reject(node, "not a call that we write")

    def value(self, node: ast.expr) -> None:
        """A default or a sample: literals, containers of them, records and values of the runtime."""
        match node:
            case ast.List(elts=items) | ast.Tuple(elts=items):
                check_each(self.value, items)
            case ast.Dict(keys=keys, values=values):
                for key in keys:
                    if key is None:
                        reject(node, "unpacking")
                    self.scalar(key)
                check_each(self.value, values)
            case ast.Name(id=name) if name in self.values:
                pass
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=keywords) if (
                name in self.records or name in VALUE_CLASSES
            ):
                self.arguments(arguments, keywords)
            case ast.Call():
                self._special_float(node)
            case _:
                self.scalar(node)

    def arguments(self, arguments: list[ast.expr], keywords: list[ast.keyword]) -> None:
        """What stands between the parentheses of a call: values, by position and by name."""
        check_each(self.value, arguments)
        for keyword in keywords:
            self._keyword(keyword)

    def _keyword(self, keyword: ast.keyword) -> None:
        if keyword.arg is None:
            reject(keyword, "unpacking")
        check_identifier(keyword, keyword.arg)
        self.value(keyword.value)

    # How a method travels

    def wire_method(self, node: ast.expr) -> None:
        """`wire.unary("name", field, …, name="other", returns=codec)` and its two siblings."""
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="wire"), attr=word),
                args=[name, *fields],
                keywords=[*renamed, ast.keyword(arg="returns", value=result)],
            ) if (
                word in METHOD_FUNCTIONS and is_text(name) and _is_python_name(renamed)
            ):
                check_each(self._wire_field, fields)
                self._codec(result)
            case _:
                reject(node, "not the description of a method")

    def _wire_field(self, node: ast.expr) -> None:
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="wire"), attr="field"),
                args=[name, codec],
                keywords=keywords,
            ) if is_text(name):
                self._codec(codec)
                for keyword in keywords:
                    self._field_option(keyword)
            case _:
                reject(node, "not the description of a field")

    def _field_option(self, keyword: ast.keyword) -> None:
        match keyword:
            case ast.keyword(arg="name", value=value) if is_text(value):
                pass
            case ast.keyword(arg="default", value=value):
                self.value(value)
            case ast.keyword(arg="ge" | "le", value=value):
                self.number(value)
            case ast.keyword(arg="choices", value=ast.Tuple(elts=choices)):
                check_each(self.scalar, choices)
            case ast.keyword(arg="stream", value=ast.Constant(value=True)):
                pass
            case _:
                reject(keyword, "not an option of a field")

    def _codec(self, node: ast.expr) -> None:
        match node:
            case ast.Attribute(value=ast.Name(id="wire"), attr=name) if name in CODECS:
                pass
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="wire"), attr="list_of"),
                args=[item],
                keywords=[],
            ):
                self._codec(item)
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="wire"), attr="json_as"),
                args=[ast.Constant(value=str() as text)],
                keywords=[],
            ) if (
                text in self.refined
            ):
                pass
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="wire"), attr="tuple_of"),
                args=items,
                keywords=[],
            ):
                check_each(self._codec, items)
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="wire"), attr="record"),
                args=[ast.Name(id=name), *members],
                keywords=[],
            ) if (
                name in self.records
            ):
                check_each(self._wire_field, members)
            case _:
                reject(node, "not a codec")
