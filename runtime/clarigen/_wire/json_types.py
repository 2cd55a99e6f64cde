"""Conversion between JSON and user-defined Python types.

A type is composed once into a pair of functions, with one rule per kind of type. TypedDicts and
builtin types are checked; dataclasses and pydantic models are converted. A value that does not fit
raises `CodecError` with the path to it. A class of another kind raises `ConfigError` and is never
called: its name may come from a configuration that somebody else wrote. Only packages with such types
load this module, see `json.json_as`.
"""

from __future__ import annotations

import collections.abc
import dataclasses
import importlib
import sys
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Annotated, Any, Final, Literal, NamedTuple, NotRequired, Required

from ..errors import ConfigError
from .codec import (
    CodecError,
    call_at,
    describe,
    is_instance,
    type_mismatch,
    with_article,
)
from .scalars import to_float64
from .type_expression import TypeText, parse_type

_LISTS: Final = (list, collections.abc.Sequence, collections.abc.Iterable)
_DICTS: Final = (dict, collections.abc.Mapping, collections.abc.MutableMapping)
_QUALIFIERS: Final = (Annotated, Required, NotRequired)


class JsonType(NamedTuple):
    """A Python type and its conversion from and to JSON.

    Attributes:
        label: The type as messages name it.
        to_json: Convert an argument of this type to JSON.
        from_json: Convert JSON to a value of this type.
    """

    label: str
    to_json: Callable[[Any], Any]
    from_json: Callable[[Any], Any]


_ComposedClasses = dict[type, JsonType]
"""The classes composed so far, including unfinished ones, so that a class may contain itself."""


def load_json_type(text: str) -> JsonType:
    """Return the type that an expression names, and import its modules.

    Args:
        text: The type expression, such as `list[app.types:ChatMessage]`.

    Raises:
        ConfigError: The expression names a type that does not exist or that JSON cannot represent.
    """
    try:
        return _compose_type(_import_type(parse_type(text)), text, {})
    except ValueError as error:
        raise ConfigError(f"the type {text!r} {error}") from None
    except RecursionError:
        raise ConfigError(f"the type {text!r} has an alias that contains itself") from None


def _import_type(expression: TypeText) -> Any:
    """Return the annotation that an expression stands for, such as `list[ChatMessage]`."""
    builtins = {"str": str, "int": int, "float": float, "bool": bool, "Any": Any}
    result: Any
    if expression.item is not None:
        item = _import_type(expression.item)
        is_list = expression.name == "list"
        result = (
            types.GenericAlias(list, item) if is_list else types.GenericAlias(dict, (str, item))
        )
    elif expression.module:
        result = _import_class(expression)
    else:
        result = builtins[expression.name]
    return typing.Optional[result] if expression.optional else result  # noqa: UP045


def _import_class(expression: TypeText) -> Any:
    path = f"{expression.module}:{expression.name}"
    try:
        cls = getattr(importlib.import_module(expression.module), expression.name)
    except ImportError as error:
        raise ConfigError(f"the type {path} cannot be imported: {error}") from None
    except AttributeError:
        raise ConfigError(f"there is no type {path}") from None
    if not _is_supported_class(cls) and not _is_alias(cls):
        raise ConfigError(f"{path} is neither a TypedDict, a dataclass nor a pydantic model")
    return cls


def _is_supported_class(cls: Any) -> bool:
    if not isinstance(cls, type):
        return False
    return is_typed_dict(cls) or _is_pydantic_model(cls) or dataclasses.is_dataclass(cls)


def _is_alias(value: Any) -> bool:
    """Return whether a value is an alias, such as a union of TypedDicts. What is in it is checked like any type."""
    is_named = type(value).__name__ == "TypeAliasType" or hasattr(value, "__supertype__")
    return typing.get_origin(value) is not None or is_named


def is_typed_dict(cls: type[Any]) -> bool:
    """Return whether a class is a TypedDict, of `typing` or of `typing_extensions`."""
    return dict in cls.__mro__ and hasattr(cls, "__required_keys__") and hasattr(cls, "__total__")


def _is_pydantic_model(cls: type[Any]) -> bool:
    """Return whether a class is a pydantic model. If it is, pydantic is imported already."""
    pydantic = sys.modules.get("pydantic")
    return pydantic is not None and issubclass(cls, pydantic.BaseModel)


# One rule per kind of type. `context` says where the annotation is, for messages.


def _compose_type(annotation: Any, context: str, classes: _ComposedClasses) -> JsonType:
    annotation = unwrap_annotation(annotation)
    if annotation is Any or annotation is object:
        return _ANY
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is None and isinstance(annotation, type):
        if annotation in SCALARS:
            return SCALARS[annotation]
        if annotation in (list, tuple):
            return list_type(_ANY, annotation)
        if annotation is dict:
            return dict_type(_ANY)
        return _class_type(annotation, context, classes)
    if origin in (typing.Union, types.UnionType):
        return _union_type([_compose_type(member, context, classes) for member in arguments])
    if origin is Literal:
        return literal_type(arguments)
    if origin in _LISTS:
        return list_type(_compose_type(arguments[0], context, classes), list)
    if origin is tuple and arguments[1:] == (Ellipsis,):
        return list_type(_compose_type(arguments[0], context, classes), tuple)
    if origin in _DICTS and arguments[0] is str:
        return dict_type(_compose_type(arguments[1], context, classes))
    raise _unsupported_type(annotation, context)


def _unsupported_type(annotation: Any, context: str) -> ConfigError:
    name = annotation.__qualname__ if isinstance(annotation, type) else str(annotation)
    return ConfigError(f"{context}: {name} cannot be sent as JSON")


def unwrap_annotation(annotation: Any) -> Any:
    """Return the annotation that `Annotated`, `Required`, `NotRequired`, NewTypes and aliases wrap."""
    while True:
        if typing.get_origin(annotation) in _QUALIFIERS:
            annotation = typing.get_args(annotation)[0]
        elif hasattr(annotation, "__supertype__"):
            annotation = annotation.__supertype__
        elif type(annotation).__name__ == "TypeAliasType":
            annotation = annotation.__value__
        else:
            return type(None) if annotation is None else annotation


def _identity(value: Any) -> Any:
    return value


def _checked_type(cls: type[Any], label: str) -> JsonType:
    def check(value: Any) -> Any:
        if not isinstance(value, cls):
            raise type_mismatch(label, value)
        return value

    return JsonType(label, check, check)


def int_to_json(value: Any) -> int:
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise type_mismatch("an int", value)
    return int(value.__index__())


def int_from_json(value: Any) -> int:
    """Convert an integer, which JSON on the wire represents as a float."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return int_to_json(value)


_ANY: Final = JsonType("a JSON value", _identity, _identity)
SCALARS: Final[dict[type[Any], JsonType]] = {
    str: _checked_type(str, "a str"),
    bool: _checked_type(bool, "a bool"),
    int: JsonType("an int", int_to_json, int_from_json),
    float: JsonType("a float", to_float64, to_float64),
    type(None): _checked_type(type(None), "None"),
}


def literal_type(members: Sequence[Any]) -> JsonType:
    label = f"one of {', '.join(map(repr, members))}"

    def check(value: Any) -> Any:
        for member in members:
            if member == value and isinstance(member, bool) is isinstance(value, bool):
                return member
        raise type_mismatch(label, value)

    return JsonType(label, check, check)


def list_type(item: JsonType, factory: Callable[[list[Any]], Any]) -> JsonType:
    def convert_items(convert: Callable[[Any], Any], value: Any) -> list[Any]:
        if not is_instance(value, Sequence) or is_instance(value, str, bytes, bytearray):
            raise type_mismatch("a list", value)
        return [call_at(f"[{index}]", convert, content) for index, content in enumerate(value)]

    def from_json(value: Any) -> Any:
        return factory(convert_items(item.from_json, value))

    return JsonType("a list", partial(convert_items, item.to_json), from_json)


def convert_values(convert: Callable[[Any], Any], value: Any) -> dict[str, Any]:
    """Convert the values of a mapping whose keys are strings."""
    if not is_instance(value, Mapping):
        raise type_mismatch("a mapping", value)
    for key in value:
        if not isinstance(key, str):
            raise CodecError(f"must have strings as keys, not {describe(key)}")
    return {key: call_at(f"[{key!r}]", convert, content) for key, content in value.items()}


def dict_type(item: JsonType) -> JsonType:
    return JsonType(
        "a mapping", partial(convert_values, item.to_json), partial(convert_values, item.from_json)
    )


def _union_type(members: Sequence[JsonType]) -> JsonType:
    """Return the type of a union; a value is converted by the first member that accepts it.

    If a value does not fit `T | None`, the error is that of `T`.
    """
    others = [member for member in members if member is not SCALARS[type(None)]]
    label = " or ".join(member.label for member in members)

    def convert_first(converters: Sequence[Callable[[Any], Any]], value: Any) -> Any:
        if value is None and len(others) < len(members):
            return None
        if len(converters) == 1:
            return converters[0](value)
        for convert in converters:
            try:
                return convert(value)
            except CodecError:
                continue
        raise type_mismatch(label, value)

    return JsonType(
        label,
        partial(convert_first, [member.to_json for member in others]),
        partial(convert_first, [member.from_json for member in others]),
    )


# Classes.


def _class_type(cls: type[Any], context: str, classes: _ComposedClasses) -> JsonType:
    if cls in classes:
        return classes[cls]
    if _is_pydantic_model(cls):
        return _pydantic_type(cls)
    is_typed = is_typed_dict(cls)
    if not is_typed and not dataclasses.is_dataclass(cls):
        raise _unsupported_type(cls, context)
    try:
        hints = typing.get_type_hints(cls, include_extras=True)
    except (NameError, TypeError, SyntaxError, AttributeError) as error:
        raise ConfigError(f"{context}: the annotations of {cls.__name__}: {error}") from None
    members: dict[str, JsonType] = {}  # filled below: a member may be of this class
    if is_typed:
        classes[cls] = _typed_dict_type(cls, hints, members)
        names = list(hints)
    else:
        classes[cls] = _dataclass_type(cls, members)
        names = [field.name for field in dataclasses.fields(cls) if field.init]
    for name in names:
        members[name] = _compose_type(hints[name], f"{context}: {cls.__name__}.{name}", classes)
    return classes[cls]


def _dataclass_type(cls: type[Any], members: Mapping[str, JsonType]) -> JsonType:
    label = with_article(cls.__name__)
    required = {
        field.name
        for field in dataclasses.fields(cls)
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    }

    def to_json(value: Any) -> dict[str, Any]:
        if not isinstance(value, cls):
            raise type_mismatch(label, value)
        return {
            name: call_at(f".{name}", member.to_json, getattr(value, name))
            for name, member in members.items()
        }

    def from_json(value: Any) -> Any:
        content = check_object(label, value)
        arguments: dict[str, Any] = {}
        for name, member in members.items():
            if name in content:
                arguments[name] = call_at(f".{name}", member.from_json, content[name])
            elif name in required:
                raise CodecError("is missing").prepend_step(f".{name}")
        try:
            return cls(**arguments)
        except (TypeError, ValueError) as error:
            raise CodecError(f"is not {label}: {error}") from None

    return JsonType(label, to_json, from_json)


def check_object(label: str, value: Any) -> Mapping[str, Any]:
    """Return a value that is a JSON object; raise `CodecError` if it is not."""
    if not is_instance(value, Mapping):
        raise type_mismatch(f"a JSON object for {label}", value)
    content: Mapping[str, Any] = value
    return content


def _typed_dict_type(
    cls: type[Any], hints: Mapping[str, Any], members: Mapping[str, JsonType]
) -> JsonType:
    """Return the type of a TypedDict; keys that it does not declare stay unchanged."""
    label = with_article(cls.__name__)
    qualifiers = {name: typing.get_origin(hint) for name, hint in hints.items()}
    # If annotations are strings, `__required_keys__` ignores Required and NotRequired.
    required_by_default: frozenset[str] = getattr(cls, "__required_keys__", frozenset())
    required = {
        name
        for name, qualifier in qualifiers.items()
        if qualifier is Required or (name in required_by_default and qualifier is not NotRequired)
    }

    def convert_members(method: Literal["to_json", "from_json"], value: Any) -> dict[str, Any]:
        content = dict(check_object(label, value))
        for name, member in members.items():
            if name in content:
                content[name] = call_at(f"[{name!r}]", getattr(member, method), content[name])
            elif name in required:
                raise CodecError("is missing").prepend_step(f"[{name!r}]")
        return content

    return JsonType(
        label, partial(convert_members, "to_json"), partial(convert_members, "from_json")
    )


def _pydantic_type(cls: Any) -> JsonType:
    label = with_article(cls.__name__)

    def to_json(value: Any) -> Any:
        if not isinstance(value, cls):
            raise type_mismatch(label, value)
        try:
            return value.model_dump(mode="json", by_alias=True)
        except ValueError as error:
            raise CodecError(f"cannot be converted to JSON: {error}") from None

    def from_json(value: Any) -> Any:
        try:
            return cls.model_validate(value)
        except ValueError as error:
            raise _convert_validation_error(label, error) from None

    return JsonType(label, to_json, from_json)


def _convert_validation_error(label: str, error: Any) -> CodecError:
    """Convert a `pydantic.ValidationError` (the first of its errors) or another ValueError."""
    first = error.errors()[0] if hasattr(error, "errors") else {"msg": str(error), "loc": ()}
    problem = f"is wrong: {first['msg']}" if first["loc"] else f"is not {label}: {first['msg']}"
    result = CodecError(problem)
    for step in reversed(first["loc"]):
        result.prepend_step(f"[{step}]" if isinstance(step, int) else f".{step}")
    return result
