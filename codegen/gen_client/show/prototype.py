"""A method's signature as the platform's documentation and its SDK print it.

One line per method, in their spelling of types and defaults, for people to compare. It is not Python: defaults are
printed as the signature has them. This module knows only the interface's model.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gen_client import json_text
from gen_client.interface.model import DataType, Method, MethodKind, Parameter, TypeKind

_TYPE_NAMES: Final[Mapping[TypeKind, str]] = {
    TypeKind.STR: "str",
    TypeKind.BYTES: "bytes",
    TypeKind.INT: "int",
    TypeKind.FLOAT: "float",
    TypeKind.BOOL: "bool",
    TypeKind.NDARRAY: "np.ndarray",
    TypeKind.JSON_DATA: "data_types.JSON",
}
"""The names of types that are not those of the SDK's module `data_types`."""
_JSON_KINDS: Final = (
    TypeKind.JSON_DATA,
    TypeKind.LIST,
    TypeKind.TUPLE,
    TypeKind.NAMED_FIELDS,
)
_NUMBER_CLASSES: Final[Mapping[TypeKind, tuple[type, ...]]] = {
    TypeKind.INT: (int,),
    TypeKind.FLOAT: (int, float),
    TypeKind.BOOL: (bool,),
}
_MAX_LEVELS: Final = 24
"""The levels of nesting up to which a default is printed as a value."""


def format_prototype(method: Method) -> str:
    """Return `def NAME(P1: T1, P2: T2 = D2) -> R:`, with the model author's text unchanged."""
    parameters = ", ".join(map(_format_parameter, method.parameters))
    is_stream = method.kind is not MethodKind.UNARY
    result = _format_iterator(method.result.type, is_stream=is_stream)
    return f"def {method.name}({parameters}) -> {result}:"


def _format_parameter(parameter: Parameter) -> str:
    default = _format_sdk_default(parameter)
    type_ = _format_iterator(parameter.type, is_stream=parameter.is_stream)
    declaration = f"{parameter.name}: {type_}"
    return f"{declaration} = {default}" if default else declaration


def _format_iterator(type_: DataType, *, is_stream: bool) -> str:
    return f"Iterator[{_format_type(type_)}]" if is_stream else _format_type(type_)


def _format_type(type_: DataType) -> str:
    match type_.kind:
        case TypeKind.LIST:
            return f"List[{_format_type(type_.items[0])}]"
        case TypeKind.TUPLE:
            return f"Tuple[{', '.join(map(_format_type, type_.items))}]"
        case TypeKind.NAMED_FIELDS:
            members = (f"{member.name}: {_format_type(member.type)}" for member in type_.members)
            return f"NamedFields[{', '.join(members)}]"
        case kind:
            return _TYPE_NAMES.get(kind, f"data_types.{kind.value.capitalize()}")


def _format_sdk_default(parameter: Parameter) -> str:
    """Return the default as it is printed; empty if there is none or its text is empty."""
    text, kind = parameter.default_text, parameter.type.kind
    if not text or kind in (TypeKind.STR, TypeKind.BYTES):
        return text
    try:
        value = json_text.parse(text, levels=_MAX_LEVELS)
    except (ValueError, RecursionError):
        return repr(text)
    classes = _NUMBER_CLASSES.get(kind)
    if classes is None:
        return repr(value) if kind in _JSON_KINDS else repr(text)
    is_number = isinstance(value, classes) and isinstance(value, bool) is (kind is TypeKind.BOOL)
    return repr(value) if is_number else repr(text)
