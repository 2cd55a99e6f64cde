"""The values of expressions: names, attributes, literals, arithmetic on constants, types with arguments.

No call is made but those that make a `Param`, `NamedFields` or an infinite float. Whatever else an expression does is `Unknown`, and what
it can reach is touched.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import replace
from itertools import islice
from typing import Final

from gen_client.source.model_file.libraries import load_sdk
from gen_client.source.model_file.state import State
from gen_client.source.model_file.values import (
    Class,
    Constant,
    Fields,
    Generic,
    Items,
    Known,
    Module,
    Pairs,
    Param,
    Unknown,
    Value,
    find_unknown,
)

_VALUE_STEPS: Final = 8
"""The work for each part of a value: it is looked through, and may become a type or a default."""
_MAX_SHOWN: Final = 200
"""Nodes of an expression that a message repeats."""
_MAX_TEXT: Final = 100_000
"""Characters of a text, or items, that arithmetic may make."""
_MAX_NUMBER: Final = 2**64
_SPECIAL_FLOATS: Final = frozenset({"inf", "-inf", "nan"})
"""The texts of floats that have no literal."""
_OPERATORS: Final = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod)
_PARAM_NAMES: Final = ("default", "description", "min_value", "max_value", "choices", "is_param")
_DISPLAYS: Final[
    Mapping[
        type[ast.expr],
        type[tuple[object, ...]] | type[list[object]] | type[set[object]],
    ]
] = {ast.Tuple: tuple, ast.List: list, ast.Set: set}
_GENERICS: Final = frozenset(
    {
        *(
            f"typing.{name}"
            for name in ("List", "Dict", "Tuple", "Iterator", "Generator", "Iterable")
        ),
        *(f"collections.abc.{name}" for name in ("Iterator", "Generator", "Iterable")),
        *("builtins.list", "builtins.dict", "builtins.tuple"),
        *("numpy.ndarray", "numpy.typing.NDArray"),
    }
)
"""The types whose arguments are read."""


class Evaluator:
    """Evaluates expressions in the present scope of a state.

    Args:
        state: The names.
    """

    def __init__(self, state: State) -> None:
        self._state = state

    def evaluate(self, node: ast.expr) -> Value:
        """Return the value of an expression; what is not understood of it is touched."""
        value = self._evaluate(node)
        self._state.spend(_VALUE_STEPS * self._state.weigh(value, node.lineno), node.lineno)
        if find_unknown(value) is not None and _has_effects(node):
            self._state.touch(node, node.lineno)
        return value

    def _evaluate(self, node: ast.expr) -> Value:
        match node:
            case ast.Constant(value=constant):
                return Constant(constant)
            case ast.Name(id=name):
                return self._state.look_up(name, node.lineno)
            case ast.Attribute(value=base, attr=name):
                return self._get_attribute(self._evaluate(base), name, node.lineno)
            case ast.Tuple() | ast.List() | ast.Set():
                return Items(_DISPLAYS[type(node)], tuple(map(self._evaluate, node.elts)))
            case ast.Dict(keys=keys, values=values):
                return self._evaluate_dict(node, keys, values)
            case ast.Subscript(value=base, slice=index):
                return self._subscribe(self._evaluate(base), index, node.lineno)
            case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=operand):
                return self._negate(node, self._evaluate(operand))
            case ast.BinOp(left=left, op=op, right=right):
                return self._combine(node, self._evaluate(left), op, self._evaluate(right))
            case ast.Call():
                return self._call(node)
            case _:
                return self._give_up(node)

    def _give_up(self, node: ast.expr) -> Unknown:
        self._state.spend(sum(1 for _ in ast.walk(node)), node.lineno)
        parts = [
            self._state.look_up(n.id, n.lineno) for n in ast.walk(node) if isinstance(n, ast.Name)
        ]
        unknown = [part for part in parts if isinstance(part, Unknown)]
        return Unknown(
            f"`{_shorten(node)}` is computed when the file is imported",
            node.lineno,
            next((part.library for part in unknown if part.library), ""),
            any(part.is_mocked for part in unknown)
            or any(isinstance(part, Module) and self._is_mocked(part) for part in parts),
            may_be_model=self._state.reaches_sdk(node, imported=True),
            may_be_class=self._state.reaches_sdk(node, imported=False),
        )

    def _is_mocked(self, module: Module) -> bool:
        root = module.path.partition(".")[0]
        return not self._state.libraries.is_standard(root) and not root.startswith("clarifai")

    def _evaluate_dict(
        self, node: ast.expr, keys: list[ast.expr | None], values: list[ast.expr]
    ) -> Value:
        pairs: list[tuple[Value, Value]] = []
        for key, value in zip(keys, values, strict=True):
            if key is None:
                return self._give_up(node)
            pairs.append((self._evaluate(key), self._evaluate(value)))
        return Pairs(tuple(pairs))

    def _get_attribute(self, base: Value, name: str, line: int) -> Value:
        match base:
            case Module(path):
                return self._state.libraries.get_attribute(path, name, line)
            case Known(key) if name == "method" and key.removeprefix("sdk.") in load_sdk().classes:
                return Known("sdk.method")
            case Class(names=names, problem=None) if name in names and not name.startswith("__"):
                if all(isinstance(b, Known) and b.key == "builtins.object" for b in base.bases):
                    value = self._state.recall(names[name])
                    if isinstance(value, Constant):
                        return value
            case Unknown():
                return replace(base)
            case _:
                pass
        self._state.touch_value(base, name, line)  # it may be a method that changes its object
        return Unknown(f"the attribute `{name}` is not read here", line, may_be_model=True)

    def _subscribe(self, base: Value, index: ast.expr, line: int) -> Value:
        value = self._evaluate(index)
        if isinstance(base, Known) and base.key in _GENERICS:
            items = (
                value.items
                if isinstance(index, ast.Tuple) and isinstance(value, Items)
                else (value,)
            )
            return Generic(base.key, items)
        if isinstance(base, Known):  # Optional[…] and all others, which no signature has
            return Generic(base.key, ())
        if isinstance(base, Unknown):
            return base
        return Unknown("an item of a value is not read here", line)

    def _negate(self, node: ast.UnaryOp, value: Value) -> Value:
        match value:
            case Constant(bool()):
                return self._give_up(node)
            case Constant(int() | float() as number):
                return Constant(-number if isinstance(node.op, ast.USub) else number)
            case _:
                return self._give_up(node)

    def _combine(self, node: ast.BinOp, left: Value, op: ast.operator, right: Value) -> Value:
        if isinstance(op, ast.BitOr) and all(map(_is_type, (left, right))):
            return Generic("typing.Union", ())
        match left, right:
            case Constant(int() | float() as a), Constant(int() | float() as b) if isinstance(
                op, _OPERATORS
            ):
                if isinstance(a, bool) or isinstance(b, bool) or not _are_small(a, b):
                    return self._give_up(node)
                try:
                    return Constant(_calculate(a, op, b))
                except (ArithmeticError, ValueError):
                    return self._give_up(node)
            case Constant(str() as a), Constant(str() as b) if isinstance(op, ast.Add):
                return Constant(a + b) if len(a) + len(b) <= _MAX_TEXT else self._give_up(node)
            case _:
                return self._give_up(node)

    def _call(self, node: ast.Call) -> Value:
        function = self._evaluate(node.func)
        if isinstance(function, Known):
            named = {word.arg: self._evaluate(word.value) for word in node.keywords if word.arg}
            is_plain = len(named) == len(node.keywords) and not any(
                isinstance(argument, ast.Starred) for argument in node.args
            )
            if is_plain and function.key == "sdk.NamedFields" and not node.args:
                return Fields(tuple(named.items()))
            if is_plain and function.key == "sdk.Param":
                values = map(self._evaluate, node.args)
                arguments = dict(zip(_PARAM_NAMES, values, strict=False))
                is_valid = (
                    len(node.args) <= len(_PARAM_NAMES) and not named.keys() & arguments.keys()
                )
                if (
                    is_valid
                    and "default" in (arguments | named)
                    and set(named) <= set(_PARAM_NAMES)
                ):
                    return Param(arguments | named)
            if function.key == "builtins.float" and not node.keywords:
                match node.args:
                    case [ast.Constant(value=str() as text)] if text in _SPECIAL_FLOATS:
                        return Constant(float(text))
                    case _:
                        pass
        return self._give_up(node)


def _calculate(a: float, op: ast.operator, b: float) -> float:
    """Return the result of an operation of `_OPERATORS`."""
    match op:
        case ast.Add():
            return a + b
        case ast.Sub():
            return a - b
        case ast.Mult():
            return a * b
        case ast.Div():
            return a / b
        case ast.FloorDiv():
            return a // b
        case _:
            return a % b


def _has_effects(node: ast.expr) -> bool:
    kinds = (ast.Call, ast.NamedExpr, ast.Await, ast.Yield, ast.YieldFrom, ast.comprehension)
    return any(isinstance(part, kinds) for part in ast.walk(node))


def _is_type(value: Value) -> bool:
    return isinstance(value, Known | Generic | Class) or (
        isinstance(value, Constant) and value.value is None
    )


def _are_small(*numbers: float) -> bool:
    return all(abs(number) < _MAX_NUMBER for number in numbers)


def _shorten(node: ast.expr) -> str:
    if next(islice(ast.walk(node), _MAX_SHOWN, None), None) is not None:
        return "…"
    try:
        text = ast.unparse(node)
    except RecursionError:
        return "…"
    return text if len(text) <= 60 else f"{text[:60]}…"
