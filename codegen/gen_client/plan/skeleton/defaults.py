"""Defaults, choices and ranges as an author writes them, so that the SDK publishes the same texts.

The SDK writes a default as text: a `str` as it is, another value as JSON or, if it is none, as `str` shows it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from gen_client import json_text
from gen_client.escape import Code, format_code, format_literal, format_tuple, join_code
from gen_client.interface.defaults import read_default
from gen_client.interface.model import (
    DataType,
    KnownDefault,
    NullDefault,
    Parameter,
    Scalar,
    ServerDefault,
    TypeKind,
)
from gen_client.plan.skeleton.problems import Inexpressible
from gen_client.text import quote

_LEVELS = 24
_SCALARS: Mapping[TypeKind, tuple[type, ...]] = {
    TypeKind.STR: (str,),
    TypeKind.BYTES: (bytes,),
    TypeKind.INT: (int,),
    TypeKind.FLOAT: (int, float),
    TypeKind.BOOL: (bool,),
    TypeKind.JSON_DATA: (dict, list),
}


@dataclass(frozen=True, slots=True)
class SourceDefault:
    """The default of a parameter, as an author writes it.

    Attributes:
        value: The value.
        is_respelled: Whether the SDK writes another text for it than the signature has: an older SDK wrote that.
    """

    value: object
    is_respelled: bool


def choose_default(parameter: Parameter) -> SourceDefault:
    """Return the default of a parameter that has one.

    Raises:
        Inexpressible: Only the model's own code knows it.
    """
    text, default = parameter.default_text, parameter.default
    if parameter.type.kind is TypeKind.STR and not isinstance(default, KnownDefault | NullDefault):
        return SourceDefault(text, is_respelled=False)
    if isinstance(default, NullDefault):
        return SourceDefault(None, is_respelled=text != _spell(None))
    known = [default.value] if isinstance(default, KnownDefault) else []
    for value in (*known, *_parse_text(text)):
        if _spell(value) == text:
            return SourceDefault(value, is_respelled=False)
    if not known:
        assert isinstance(default, ServerDefault)
        raise Inexpressible(f"its default is known to the model's own code alone: {quote(text)}")
    if read_default(parameter.type, required=False, text=_spell(known[0])) != default:
        raise Inexpressible(f"only an older SDK could write its default, {quote(text)}")
    return SourceDefault(known[0], is_respelled=True)


def _parse_text(text: str) -> list[object]:
    """Return the value of a JSON text, unless it is a string, which the SDK would not write as JSON."""
    try:
        value = json_text.parse(text, levels=_LEVELS)
    except (ValueError, RecursionError):
        return []
    return [] if isinstance(value, str) else [value]


def _spell(value: object) -> str:
    """Return the text that the SDK writes for a default."""
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value)
    except (TypeError, ValueError):
        return str(value)


def fits(value: object, type_: DataType) -> bool:
    """Return whether a type checker accepts a value for the annotation of a type."""
    match type_.kind:
        case TypeKind.LIST:
            return isinstance(value, list) and all(
                fits(item, type_.items[0]) for item in cast("list[object]", value)
            )
        case TypeKind.TUPLE:
            if not isinstance(value, tuple):
                return False
            items = cast("tuple[object, ...]", value)
            return len(items) == len(type_.items) and all(map(fits, items, type_.items))
        case kind:
            return isinstance(value, _SCALARS.get(kind, ()))


def format_value(value: object, use_float: Callable[[], Code]) -> Code:
    """Format a value as an expression in which lists stay lists.

    Args:
        value: A value of JSON, bytes, or a tuple or list of such.
        use_float: Returns how the code refers to `float`, if it does.
    """
    match value:
        case list():
            items = [format_value(item, use_float) for item in cast("Sequence[object]", value)]
            return format_code("[{}]", join_code(", ", items))
        case tuple():
            items = [format_value(item, use_float) for item in cast("Sequence[object]", value)]
            return format_tuple(items)
        case dict():
            pairs = [
                format_code("{}: {}", format_literal(key), format_value(item, use_float))
                for key, item in cast("Mapping[object, object]", value).items()
            ]
            return format_code("{{{}}}", join_code(", ", pairs))
        case _:
            is_special = isinstance(value, float) and not math.isfinite(value)
            return format_literal(value, use_float()) if is_special else format_literal(value)


def format_options(
    parameter: Parameter, default: Code, use_float: Callable[[], Code]
) -> list[Code]:
    """Return the arguments of `Param`; only the default if the parameter needs none.

    Raises:
        Inexpressible: `Param` does not take what the parameter has.
    """
    arguments = [format_code("default={}", default)]
    if parameter.description:
        arguments.append(format_code("description={}", format_literal(parameter.description)))
    arguments += _format_range(parameter)
    if parameter.choices:
        if any(choice.description for choice in parameter.choices):
            raise Inexpressible("the SDK publishes no description of a choice", only_describes=True)
        choices = [
            format_value(_write_choice(choice.id, choice.value), use_float)
            for choice in parameter.choices
        ]
        arguments.append(format_code("choices=[{}]", join_code(", ", choices)))
    if not parameter.is_param and len(arguments) > 1:
        arguments.append(Code("is_param=False"))
    return arguments


def _write_choice(id_: str, value: Scalar) -> Scalar:
    """Return a choice as the author wrote it: the SDK publishes its `str`."""
    return value if str(value) == id_ else id_


def _format_range(parameter: Parameter) -> list[Code]:
    bounds = parameter.range
    if bounds is None:
        return []
    if bounds.step:
        raise Inexpressible("the SDK publishes no step of a range", only_describes=True)
    is_int = parameter.type.kind is TypeKind.INT
    return [
        format_code("{}={}", name, format_literal(_to_number(bound, is_int=is_int)))
        for name, bound in (
            (Code("min_value"), bounds.lowest),
            (Code("max_value"), bounds.highest),
        )
        if bound is not None
    ]


def _to_number(bound: float, *, is_int: bool) -> float:
    return int(bound) if is_int and bound.is_integer() else bound
