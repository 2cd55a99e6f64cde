"""The methods of models without signatures: where each value is in a request or an output.

Such a method was derived from a model type (see `source.model_type`). Its signature may come from a file, so every path
is checked here: it must be one that the runtime knows, with the type that belongs to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from gen_client import limits
from gen_client.interface.method_reader import UnusableMethod, read_type
from gen_client.interface.model import DataType, Method, MethodKind, Parameter, Result, TypeKind
from gen_client.interface.raw import RawMessage
from gen_client.source.model_type import (
    CONFIG_PATH,
    CONFIG_TYPES,
    INPUT_TYPES,
    OUTPUT_TYPES,
    PARAMS_PATH,
)
from gen_client.text import quote

_PARAM_KINDS: Final = frozenset(
    {TypeKind.STR, TypeKind.INT, TypeKind.FLOAT, TypeKind.BOOL, TypeKind.JSON_DATA, TypeKind.LIST}
)
"""The types that a value in the Struct `params` can have."""


def read_inline_method(raw: RawMessage, method: Method) -> Method:
    """Return an inline method with the paths of its values.

    Args:
        raw: The signature.
        method: The method, read as any other.

    Raises:
        UnusableMethod: A path is not known, or is that of a value of another type.
    """
    if method.kind is not MethodKind.UNARY:
        raise UnusableMethod(raw.location, "it is inline, but not unary")
    fields = raw.get_messages("input_fields", limits.PARAMETERS)
    outputs = raw.get_messages("output_fields", limits.MEMBERS)
    parameters = tuple(
        _read_parameter_path(field, parameter, raw.location)
        for field, parameter in zip(fields, method.parameters, strict=True)
    )
    if not any(parameter.path in INPUT_TYPES for parameter in parameters):
        raise UnusableMethod(raw.location, "it has no input")
    result = _read_result_paths(outputs, method.result, raw.location)
    return replace(method, parameters=parameters, result=result, is_inline=True)


def _read_parameter_path(raw: RawMessage, parameter: Parameter, method: str) -> Parameter:
    path = raw.get_text("path", limits.NAME)
    location = f"{method}.{quote(parameter.name)}"
    if path.startswith(CONFIG_PATH):
        _check_type(CONFIG_TYPES, path.removeprefix(CONFIG_PATH), parameter.type, location)
    elif not path.startswith(PARAMS_PATH):
        _check_type(INPUT_TYPES, path, parameter.type, location)
    elif not path.removeprefix(PARAMS_PATH) or not _fits_params(parameter.type):
        raise UnusableMethod(location, f"no parameter can be at the path {quote(path)}")
    return replace(parameter, path=path)


def _fits_params(type: DataType) -> bool:
    return type.kind in _PARAM_KINDS and all(map(_fits_params, type.items))


def _read_result_paths(outputs: list[RawMessage], result: Result, location: str) -> Result:
    if result.multiple_outputs:
        for member in result.type.members:
            _check_type(OUTPUT_TYPES, member.name, member.type, location)
        return result
    path = outputs[0].get_text("path", limits.NAME)
    _check_type(OUTPUT_TYPES, path, result.type, location)
    return replace(result, path=path)


def _check_type(types: Mapping[str, Any], name: str, type: DataType, location: str) -> None:
    """Raise `UnusableMethod` unless a table has a name, with this type."""
    if name not in types or read_type(RawMessage(types[name], location), 1) != type:
        raise UnusableMethod(
            location, f"no value of type {type.kind.value} can be at the path {quote(name)}"
        )
