"""The expressions that our templates can produce, as a small recursive grammar.

Each rule accepts a node of exactly one form or raises `Rejected`. It looks at every field of the node that can hold
another node, so that nothing passes unseen. Like the rest of the gate, it knows nothing of models, plans or templates.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from typing import NoReturn

from gen_client.identifiers import is_identifier

PLAIN_TYPES = frozenset({"str", "bytes", "int", "float", "bool", "list", "tuple", "dict", "object"})
"""The builtins that an annotation may use, also as `builtins.NAME`."""

ARRAYS = frozenset({"ArrayLike", "NDArray"})
"""The attributes of `npt` that an annotation may use."""

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
        "EMBEDDING",
    ]
)
"""The attributes of `wire` that are codecs."""

METHOD_FUNCTIONS = frozenset({"unary", "server_stream", "bidi_stream", "inline_unary"})
"""The functions of `wire` that describe a method."""

VALUE_CLASSES = frozenset(
    ["Image", "Audio", "Video", "Text", "Concept", "Region", "Frame", "Box", "Point", "Embedding"]
)
"""The classes of the runtime whose instances may be values."""

SAMPLE_NAMES = frozenset({"IMAGE", "AUDIO", "VIDEO", "YOURS"})
"""The sample media of `clarigen.examples`, and its placeholder for a value of the reader's own type."""

SPECIAL_FLOATS = frozenset({"inf", "-inf", "nan"})


class Rejected(Exception):
    """Code that our templates cannot have written.

    Attributes:
        line: The number of its line; 0 if unknown.
        reason: The rule that it breaks.
    """

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line
        self.reason = reason


def reject(node: ast.AST, reason: str) -> NoReturn:
    """Raise `Rejected` for a node."""
    raise Rejected(getattr(node, "lineno", 0), f"{reason}: {type(node).__name__}")


def check_each(rule: Callable[[ast.expr], None], nodes: Iterable[ast.expr]) -> None:
    """Check every node with the same rule."""
    for node in nodes:
        rule(node)


def check_identifier(node: ast.AST, name: str, *, is_private: bool = False) -> str:
    """Return a name that a file defines or uses.

    Names with one underscore in front belong to the base class and to Python's tools (`_repr_html_`), those with two to
    Python.

    Args:
        node: Where the name stands.
        name: The name, as Python reads it.
        is_private: Whether one underscore in front is right.

    Raises:
        Rejected: The name starts with an underscore that it must not have, or has a character that nobody sees, or
            that some supported Python does not accept.
    """
    if name.startswith("__" if is_private else "_"):
        reject(node, "a name that Python reserves" if name.startswith("__") else "a private name")
    if not is_identifier(name):
        reject(node, "not an identifier on every Python")
    return name


def is_string(node: ast.AST | None) -> bool:
    """Return whether a node is a string literal."""
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def is_docstring(node: ast.stmt) -> bool:
    """Return whether a statement is a docstring."""
    return isinstance(node, ast.Expr) and is_string(node.value)


def is_renaming(keywords: list[ast.keyword]) -> bool:
    """Return whether keywords are empty or only `name="…"`."""
    match keywords:
        case []:
            return True
        case [ast.keyword(arg="name", value=value)]:
            return is_string(value)
        case _:
            return False


def split_parameters(arguments: ast.arguments) -> tuple[list[ast.arg], list[ast.expr]]:
    """Return the parameters after `self`, and their defaults.

    Raises:
        Rejected: There is no `self`, or a parameter is positional-only, `*args` or `**kwargs`.
    """
    match arguments:
        case ast.arguments(
            posonlyargs=[],
            args=[ast.arg(arg="self", annotation=None), *positional],
            vararg=None,
            kwonlyargs=keywords,
            kw_defaults=keyword_defaults,
            kwarg=None,
            defaults=defaults,
        ) if len(defaults) <= len(positional):
            present = [default for default in keyword_defaults if default is not None]
            return [*positional, *keywords], [*defaults, *present]
        case _:
            raise Rejected(0, "not parameters that we write")


def names_of(nodes: list[ast.expr]) -> list[str]:
    """Return the name in each `Name` node; an empty string for any other node."""
    return [node.id if isinstance(node, ast.Name) else "" for node in nodes]


class ExpressionRules:
    """The rules for the expressions of one file.

    Attributes:
        types: The names that annotations may use.
        records: The classes that values may be built with.
        values: The names that are values.
        inputs: The `TypedDict`s that may be inputs of a batch.
        typed_dicts: All `TypedDict`s of the file.
        json_types: The texts of types that JSON may have.
    """

    def __init__(
        self,
        *,
        types: frozenset[str],
        records: frozenset[str],
        values: frozenset[str],
        inputs: frozenset[str] = frozenset(),
        typed_dicts: frozenset[str] = frozenset(),
        json_types: frozenset[str] = frozenset(),
    ) -> None:
        self.types = types
        self.records = records
        self.values = values
        self.inputs = inputs
        self.typed_dicts = typed_dicts
        self.json_types = json_types

    # Annotations

    def check_annotation(self, node: ast.expr) -> None:
        """Check an annotation: `T`, `None`, `A | B`, `T[A, B]`, `Literal[...]`, `builtins.list`, `npt.ArrayLike`."""
        match node:
            case ast.Constant(value=None):
                pass
            case ast.BinOp(left=left, op=ast.BitOr(), right=right):
                self.check_annotation(left)
                self.check_annotation(right)
            case ast.Subscript(value=ast.Name(id="Literal"), slice=ast.Tuple(elts=choices)):
                check_each(self.check_scalar, choices)
            case ast.Subscript(value=ast.Name(id="Literal"), slice=choice):
                self.check_scalar(choice)
            case ast.Subscript(value=base, slice=ast.Tuple(elts=arguments)):
                self._check_type(base)
                check_each(self.check_annotation, arguments)
            case ast.Subscript(value=base, slice=argument):
                self._check_type(base)
                self.check_annotation(argument)
            case _:
                self._check_type(node)

    def _check_type(self, node: ast.expr) -> None:
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

    def check_scalar(self, node: ast.expr) -> None:
        """Check a scalar literal: a string, bytes, a number with or without sign, a bool, None."""
        match node:
            case ast.Constant(value=None | bool() | str() | bytes() | int() | float()):
                pass
            case ast.UnaryOp(op=ast.USub()):
                self.check_number(node)
            case _:
                reject(node, "not a plain literal")

    def check_number(self, node: ast.expr) -> None:
        """Check a number: a literal with or without sign, or a special float."""
        match node:
            case ast.Constant(value=bool()):
                reject(node, "not a number")
            case ast.Constant(value=int() | float()):
                pass
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
                if isinstance(value, bool):
                    reject(node, "not a number")
            case ast.Call():
                self._check_special_float(node)
            case _:
                reject(node, "not a number")

    def _check_special_float(self, node: ast.Call) -> None:
        """Check `float("inf")`, `float("-inf")` or `float("nan")`, which have no literals."""
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

    def check_value(self, node: ast.expr) -> None:
        """Check a default or a sample: literals, containers, records and values of the runtime."""
        match node:
            case ast.List(elts=items) | ast.Tuple(elts=items):
                check_each(self.check_value, items)
            case ast.Dict(keys=keys, values=values):
                for key in keys:
                    if key is None:
                        reject(node, "unpacking")
                    self.check_scalar(key)
                check_each(self.check_value, values)
            case ast.Name(id=name) if name in self.values:
                pass
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=keywords) if (
                name in self.records or name in VALUE_CLASSES
            ):
                self.check_arguments(arguments, keywords)
            case ast.Call():
                self._check_special_float(node)
            case _:
                self.check_scalar(node)

    def check_arguments(self, arguments: list[ast.expr], keywords: list[ast.keyword]) -> None:
        """Check the arguments of a call: values, by position and by keyword."""
        check_each(self.check_value, arguments)
        for keyword in keywords:
            self._check_keyword(keyword)

    def _check_keyword(self, keyword: ast.keyword) -> None:
        if keyword.arg is None:
            reject(keyword, "unpacking")
        check_identifier(keyword, keyword.arg)
        self.check_value(keyword.value)

    # Wire descriptions

    def check_wire_method(self, node: ast.expr) -> None:
        """Check `wire.unary("name", field, …, name="other", returns=codec)`, or one of the functions for streams."""
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="wire"), attr=function),
                args=[name, *fields],
                keywords=[*renamed, ast.keyword(arg="returns", value=result)],
            ) if (
                function in METHOD_FUNCTIONS and is_string(name) and is_renaming(renamed)
            ):
                check_each(self._check_wire_field, fields)
                self._check_codec(result)
            case _:
                reject(node, "not the description of a method")

    def _check_wire_field(self, node: ast.expr) -> None:
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="wire"), attr="field"),
                args=[name, codec],
                keywords=keywords,
            ) if is_string(name):
                self._check_codec(codec)
                for keyword in keywords:
                    self._check_field_option(keyword)
            case _:
                reject(node, "not the description of a field")

    def _check_field_option(self, keyword: ast.keyword) -> None:
        match keyword:
            case ast.keyword(arg="name", value=value) if is_string(value):
                pass
            case ast.keyword(arg="default", value=value):
                self.check_value(value)
            case ast.keyword(arg="ge" | "le", value=value):
                self.check_number(value)
            case ast.keyword(arg="choices", value=ast.Tuple(elts=choices)):
                check_each(self.check_scalar, choices)
            case ast.keyword(arg="stream", value=ast.Constant(value=True)):
                pass
            case _:
                reject(keyword, "not an option of a field")

    def _check_codec(self, node: ast.expr) -> None:
        match node:
            case ast.Attribute(value=ast.Name(id="wire"), attr=name) if name in CODECS:
                pass
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="wire"), attr="list_of"),
                args=[item],
                keywords=[],
            ):
                self._check_codec(item)
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="wire"), attr="output"),
                args=[field, item],
                keywords=[],
            ) if is_string(field):
                self._check_codec(item)
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="wire"), attr="json_as"),
                args=[ast.Constant(value=str() as text)],
                keywords=[],
            ) if (
                text in self.json_types
            ):
                pass
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="wire"), attr="tuple_of"),
                args=items,
                keywords=[],
            ):
                check_each(self._check_codec, items)
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="wire"), attr="record" | "outputs"),
                args=[ast.Name(id=name), *members],
                keywords=[],
            ) if (
                name in self.records
            ):
                check_each(self._check_wire_field, members)
            case _:
                reject(node, "not a codec")
