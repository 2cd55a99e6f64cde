"""JSON as Python types of the user's: what an argument becomes, and what a result is made of.

What lives here: one rule a type, composed once into a pair of functions. TypedDicts and builtin types are checked,
dataclasses and pydantic models are converted. What does not fit raises `CodecError`, which collects its path. A class is
used only once it is clear that it is of these three kinds; a type that cannot travel is a `ConfigError`.
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

from .._data import JSON
from ..errors import ConfigError
from .codec import CodecError, describe, is_a, to_float64, type_mismatch
from .type_expression import TypeText, parse_type

_LISTS: Final = (list, collections.abc.Sequence, collections.abc.Iterable)
_DICTS: Final = (dict, collections.abc.Mapping, collections.abc.MutableMapping)
_NOTES: Final = (Annotated, Required, NotRequired)


class JsonType(NamedTuple):
    """A type.

    Attributes:
        label: What it is called in a message.
        give: An argument of it as JSON.
        take: Its value that JSON stands for.
    """

    label: str
    to_json: Callable[[Any], Any]
    from_json: Callable[[Any], Any]


_Known = dict[type, JsonType]
"""The classes whose shapes are made, or being made: one may contain itself."""


def json_type(text: str) -> JsonType:
    """What a text says. Imports the modules that it names.

    Raises:
        ConfigError: It names what is not there, or what cannot travel as JSON.
    """
    try:
        return _shape(_resolved(parse_type(text)), text, {})
    except ValueError as error:
        raise ConfigError(f"the type {text!r} {error}") from None


def _resolved(its: TypeText) -> Any:
    """The type itself."""
    plain = {"str": str, "int": int, "float": float, "bool": bool, "Any": Any}
    found: Any = _class(its) if its.module else plain.get(its.name)
    if its.item is not None:
        item = _resolved(its.item)
        arguments = (item,) if its.name == "list" else (str, item)
        found = types.GenericAlias(list if its.name == "list" else dict, arguments)
    return typing.Optional[found] if its.optional else found  # noqa: UP045


def _class(its: TypeText) -> Any:
    where = f"{its.module}:{its.name}"
    try:
        found = getattr(importlib.import_module(its.module), its.name)
    except ImportError as error:
        raise ConfigError(f"the type {where} cannot be imported: {error}") from None
    except AttributeError:
        raise ConfigError(f"there is no type {where}") from None
    if not _is_ours(found):
        raise ConfigError(f"{where} is neither a TypedDict, a dataclass nor a pydantic model")
    return found


def _is_ours(found: Any) -> bool:
    if not isinstance(found, type):
        return False
    return _is_typed_dict(found) or _is_model(found) or dataclasses.is_dataclass(found)


def _is_typed_dict(cls: type[Any]) -> bool:
    """Also one of typing_extensions."""
    return dict in cls.__mro__ and hasattr(cls, "__required_keys__") and hasattr(cls, "__total__")


def _is_model(cls: type[Any]) -> bool:
    """Whether it is pydantic's, which is there if a class of it is."""
    pydantic = sys.modules.get("pydantic")
    return pydantic is not None and issubclass(cls, pydantic.BaseModel)


# One rule a type


def _shape(annotation: Any, where: str, known: _Known) -> JsonType:
    annotation = _bare(annotation)
    if annotation is Any or annotation is object or annotation == JSON:
        return _ANYTHING
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is None and isinstance(annotation, type):
        if annotation in _SCALARS:
            return _SCALARS[annotation]
        if annotation in (list, tuple):
            return _list(_ANYTHING, annotation)
        if annotation is dict:
            return _dict(_ANYTHING)
        return _record(annotation, where, known)
    if origin in (typing.Union, types.UnionType):
        return _union([_shape(one, where, known) for one in arguments])
    if origin is Literal:
        return _literal(arguments)
    if origin in _LISTS:
        return _list(_shape(arguments[0], where, known), list)
    if origin is tuple and arguments[1:] == (Ellipsis,):
        return _list(_shape(arguments[0], where, known), tuple)
    if origin in _DICTS and arguments[0] is str:
        return _dict(_shape(arguments[1], where, known))
    raise _stranger(annotation, where)


def _stranger(annotation: Any, where: str) -> ConfigError:
    name = annotation.__qualname__ if isinstance(annotation, type) else str(annotation)
    return ConfigError(f"{where}: {name} cannot travel as JSON")


def _bare(annotation: Any) -> Any:
    """Without notes, and what a name of it stands for."""
    while True:
        if typing.get_origin(annotation) in _NOTES:
            annotation = typing.get_args(annotation)[0]
        elif hasattr(annotation, "__supertype__"):
            annotation = annotation.__supertype__
        elif type(annotation).__name__ == "TypeAliasType":
            annotation = annotation.__value__
        else:
            return type(None) if annotation is None else annotation


def _same(value: Any) -> Any:
    return value


def _exactly(cls: type[Any], label: str) -> JsonType:
    def check(value: Any) -> Any:
        if not isinstance(value, cls):
            raise type_mismatch(label, value)
        return value

    return JsonType(label, check, check)


def _give_int(value: Any) -> int:
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise type_mismatch("an int", value)
    number: int = value.__index__()
    return number


def _take_int(value: Any) -> int:
    """Numbers travel as 64-bit floats: a whole one is an int."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return _give_int(value)


_ANYTHING: Final = JsonType("a JSON value", _same, _same)
_SCALARS: Final[dict[type[Any], JsonType]] = {
    str: _exactly(str, "a str"),
    bool: _exactly(bool, "a bool"),
    int: JsonType("an int", _give_int, _take_int),
    float: JsonType("a float", to_float64, to_float64),
    type(None): _exactly(type(None), "None"),
}


def _literal(values: Sequence[Any]) -> JsonType:
    label = f"one of {', '.join(map(repr, values))}"

    def check(value: Any) -> Any:
        for one in values:
            if one == value and isinstance(one, bool) is isinstance(value, bool):
                return one
        raise type_mismatch(label, value)

    return JsonType(label, check, check)


def _under(step: str, convert: Callable[[Any], Any], value: Any) -> Any:
    try:
        return convert(value)
    except CodecError as misfit:
        raise misfit.at(step) from None


def _list(item: JsonType, kind: Callable[[list[Any]], Any]) -> JsonType:
    def each(convert: Callable[[Any], Any], value: Any) -> list[Any]:
        if not is_a(value, Sequence) or is_a(value, str, bytes, bytearray):
            raise type_mismatch("a list", value)
        return [_under(f"[{index}]", convert, one) for index, one in enumerate(value)]

    def take(value: Any) -> Any:
        return kind(each(item.from_json, value))

    return JsonType("a list", partial(each, item.to_json), take)


def _dict(item: JsonType) -> JsonType:
    def each(convert: Callable[[Any], Any], value: Any) -> dict[str, Any]:
        if not is_a(value, Mapping):
            raise type_mismatch("a mapping", value)
        for key in value:
            if not isinstance(key, str):
                raise CodecError(f"must have strings as keys, not {describe(key)}")
        return {key: _under(f"[{key!r}]", convert, one) for key, one in value.items()}

    return JsonType("a mapping", partial(each, item.to_json), partial(each, item.from_json))


def _union(members: Sequence[JsonType]) -> JsonType:
    """The first that fits; where there is one beside None, its own complaint."""
    others = [one for one in members if one is not _SCALARS[type(None)]]
    label = " or ".join(one.label for one in members)

    def first(converts: Sequence[Callable[[Any], Any]], value: Any) -> Any:
        if value is None and len(others) < len(members):
            return None
        if len(converts) == 1:
            return converts[0](value)
        for convert in converts:
            try:
                return convert(value)
            except CodecError:
                continue
        raise type_mismatch(label, value)

    gives, takes = [one.to_json for one in others], [one.from_json for one in others]
    return JsonType(label, partial(first, gives), partial(first, takes))


# Classes


def _record(cls: type[Any], where: str, known: _Known) -> JsonType:
    if cls in known:
        return known[cls]
    if _is_model(cls):
        return _model(cls)
    typed = _is_typed_dict(cls)
    if not typed and not dataclasses.is_dataclass(cls):
        raise _stranger(cls, where)
    try:
        hints = typing.get_type_hints(cls, include_extras=True)
    except (NameError, TypeError, SyntaxError, AttributeError) as error:
        raise ConfigError(f"{where}: the annotations of {cls.__name__}: {error}") from None
    parts: dict[str, JsonType] = {}
    known[cls] = _typed_dict(cls, hints, parts) if typed else _dataclass(cls, parts)
    names = hints if typed else [one.name for one in dataclasses.fields(cls) if one.init]
    for name in names:
        parts[name] = _shape(hints[name], f"{where}: {cls.__name__}.{name}", known)
    return known[cls]


def _dataclass(cls: type[Any], parts: Mapping[str, JsonType]) -> JsonType:
    label = _a(cls)
    required = {
        one.name
        for one in dataclasses.fields(cls)
        if one.default is dataclasses.MISSING and one.default_factory is dataclasses.MISSING
    }

    def give(value: Any) -> dict[str, Any]:
        if not isinstance(value, cls):
            raise type_mismatch(label, value)
        return {
            name: _under(f".{name}", part.to_json, getattr(value, name))
            for name, part in parts.items()
        }

    def take(value: Any) -> Any:
        found = _object(label, value)
        values: dict[str, Any] = {}
        for name, part in parts.items():
            if name in found:
                values[name] = _under(f".{name}", part.from_json, found[name])
            elif name in required:
                raise CodecError("is missing").at(f".{name}")
        try:
            return cls(**values)
        except (TypeError, ValueError) as error:
            raise CodecError(f"is no {cls.__name__}: {error}") from None

    return JsonType(label, give, take)


def _a(cls: type[Any]) -> str:
    return f"{'an' if cls.__name__[0] in 'AEIOU' else 'a'} {cls.__name__}"


def _object(label: str, value: Any) -> Mapping[str, Any]:
    if not is_a(value, Mapping):
        raise type_mismatch(f"a JSON object for {label}", value)
    found: Mapping[str, Any] = value
    return found


def _typed_dict(
    cls: type[Any], hints: Mapping[str, Any], parts: Mapping[str, JsonType]
) -> JsonType:
    """Keys that it does not name stay as they are."""
    label = _a(cls)
    said = {name: typing.get_origin(hint) for name, hint in hints.items()}
    usual: frozenset[str] = getattr(cls, "__required_keys__", frozenset())
    required = {
        name
        for name, origin in said.items()
        if origin is Required or (name in usual and origin is not NotRequired)
    }

    def each(gives: bool, value: Any) -> dict[str, Any]:
        found = dict(_object(label, value))
        for name, part in parts.items():
            if name in found:
                convert = part.to_json if gives else part.from_json
                found[name] = _under(f"[{name!r}]", convert, found[name])
            elif name in required:
                raise CodecError("is missing").at(f"[{name!r}]")
        return found

    return JsonType(label, partial(each, True), partial(each, False))


def _model(cls: Any) -> JsonType:
    label = _a(cls)

    def give(value: Any) -> Any:
        if not isinstance(value, cls):
            raise type_mismatch(label, value)
        try:
            return value.model_dump(mode="json", by_alias=True)
        except ValueError as error:
            raise CodecError(f"cannot be JSON: {error}") from None

    def take(value: Any) -> Any:
        try:
            return cls.model_validate(value)
        except ValueError as error:
            raise _misfit(cls, error) from None

    return JsonType(label, give, take)


def _misfit(cls: Any, error: Any) -> CodecError:
    """The first of the errors that a validation of pydantic's found."""
    found = error.errors()[0] if hasattr(error, "errors") else {"msg": str(error), "loc": ()}
    misfit = CodecError(
        f"is no {cls.__name__}: {found['msg']}" if not found["loc"] else f"is wrong: {found['msg']}"
    )
    for step in reversed(found["loc"]):
        misfit.at(f"[{step}]" if isinstance(step, int) else f".{step}")
    return misfit
