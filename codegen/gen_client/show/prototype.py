"""A method's signature as the platform's documentation and its SDK print it.

What lives here: one line a method, in their spelling of types and defaults. It is for people to compare; nobody parses
it, for defaults stand in it as they are written in the signature. Knows the interface's nouns alone.
"""

from __future__ import annotations

from typing import Final

from gen_client import json_text
from gen_client.interface.model import DataType, Method, Parameter, TypeKind

_NAMES: Final = {
    TypeKind.STR: "str",
    TypeKind.BYTES: "bytes",
    TypeKind.INT: "int",
    TypeKind.FLOAT: "float",
    TypeKind.BOOL: "bool",
    TypeKind.NDARRAY: "np.ndarray",
    TypeKind.JSON_DATA: "data_types.JSON",
}
_JSON: Final = (TypeKind.JSON_DATA, TypeKind.LIST, TypeKind.TUPLE, TypeKind.NAMED_FIELDS)
_NUMBERS: Final[dict[TypeKind, tuple[type, ...]]] = {
    TypeKind.INT: (int,),
    TypeKind.FLOAT: (int, float),
    TypeKind.BOOL: (bool,),
}
_LEVELS: Final = 24
"""How deep a default may be nested to be printed as a value."""


def format_prototype(method: Method) -> str:
    """`def NAME(P1: T1, P2: T2 = D2) -> R:`. Text of the model's author stands in it as it is."""
    parameters = ", ".join(map(_parameter, method.parameters))
    streams = method.kind.value != "UNARY_UNARY"
    return f"def {method.name}({parameters}) -> {_stream(method.result.type, streams)}:"


def _parameter(parameter: Parameter) -> str:
    default = _default(parameter)
    shown = f"{parameter.name}: {_stream(parameter.type, parameter.stream)}"
    return f"{shown} = {default}" if default else shown


def _stream(type_: DataType, streams: bool) -> str:
    return f"Iterator[{_type(type_)}]" if streams else _type(type_)


def _type(type_: DataType) -> str:
    match type_.kind:
        case TypeKind.LIST:
            return f"List[{_type(type_.items[0])}]"
        case TypeKind.TUPLE:
            return f"Tuple[{', '.join(map(_type, type_.items))}]"
        case TypeKind.NAMED_FIELDS:
            members = (f"{member.name}: {_type(member.type)}" for member in type_.members)
            return f"NamedFields[{', '.join(members)}]"
        case kind:
            return _NAMES.get(kind, f"data_types.{kind.value.capitalize()}")


def _default(parameter: Parameter) -> str:
    """The default as it is printed; nothing if there is none, or if it is written as nothing."""
    text, kind = parameter.default_text, parameter.type.kind
    if not text or kind in (TypeKind.STR, TypeKind.BYTES):
        return text
    try:
        value = json_text.parse(text, levels=_LEVELS)
    except (ValueError, RecursionError):
        return repr(text)
    wanted = _NUMBERS.get(kind)
    if wanted is not None:
        fits = isinstance(value, wanted) and isinstance(value, bool) is (kind is TypeKind.BOOL)
        return repr(value) if fits else repr(text)
    return repr(value) if kind in _JSON else repr(text)
