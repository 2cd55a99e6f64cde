"""The types of a tool's arguments and results: conversion from and to JSON, with checks.

A type is an annotation that generated code writes, so every form is known: scalars, `Literal`, unions, lists, tuples,
maps and TypedDicts. The forms that other JSON has too are those of `json_types`; here are the rules that differ. A
number stays an integer if it is one, values without a type are checked as well, and results get the defaults that the
server left out. `tool` loads this module when the first client of an MCP model is created.
"""

from __future__ import annotations

import collections.abc
import math
import typing
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final, Literal, NotRequired, TypeAlias

from .codec import (
    CodecError,
    call_at,
    is_bool,
    is_instance,
    type_mismatch,
    with_article,
)
from .json_types import (
    SCALARS,
    JsonType,
    check_object,
    convert_values,
    dict_type,
    list_type,
    literal_type,
    unwrap_annotation,
)
from .scalars import to_float64

Defaults: TypeAlias = Mapping[Any, Mapping[str, object]]
"""The values of absent keys, by TypedDict and key."""

_NONE: Final = type(None)
_LISTS: Final = (list, collections.abc.Sequence)
_DICTS: Final = (dict, collections.abc.Mapping)


def compose_type(annotation: object, defaults: Defaults) -> JsonType:
    """Return the type of an annotation.

    Args:
        annotation: The annotation.
        defaults: The values of keys that are absent from results.
    """
    return _Composer(defaults).compose(annotation)


class _Composer:
    """Composes types, each TypedDict once, so that it may contain itself."""

    def __init__(self, defaults: Defaults) -> None:
        self._defaults = defaults
        self._classes: dict[Any, JsonType] = {}

    def compose(self, annotation: Any) -> JsonType:
        """Return the type of an annotation."""
        annotation = unwrap_annotation(annotation)
        if annotation is Any:
            return _ANY
        if annotation in _SCALARS:
            return _SCALARS[annotation]
        origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
        if origin is None:
            return self._compose_class(annotation)
        if origin is Literal:
            return _choice_type(arguments)
        items = [self.compose(argument) for argument in arguments if argument is not Ellipsis]
        if origin in _LISTS:
            return list_type(items[0], list)
        if origin in _DICTS:
            return dict_type(items[1])
        return _tuple_type(items) if origin is tuple else _union_type(items)

    def _compose_class(self, cls: Any) -> JsonType:
        """Return the type of a TypedDict."""
        if cls in self._classes:
            return self._classes[cls]
        members: dict[str, JsonType] = {}  # filled below: a member may be of this class
        hints = typing.get_type_hints(cls, include_extras=True)
        required = [
            key for key, hint in hints.items() if typing.get_origin(hint) is not NotRequired
        ]
        type_ = _object_type(cls, members, frozenset(required), self._defaults.get(cls, {}))
        self._classes[cls] = type_
        members.update((key, self.compose(hint)) for key, hint in hints.items())
        return type_


# Scalars


def _check_json(value: Any) -> Any:
    """Return a JSON value made of builtin types; raise `CodecError` with the path to what is not JSON."""
    if value is None or isinstance(value, str):
        return value
    if is_bool(value):
        return bool(value)
    if is_instance(value, Mapping):
        return convert_values(_check_json, value)
    if is_instance(value, Sequence) and not is_instance(value, bytes, bytearray):
        return [call_at(f"[{index}]", _check_json, item) for index, item in enumerate(value)]
    if hasattr(value, "__index__") or hasattr(value, "__float__"):
        return _number_to_json(value)
    raise type_mismatch("a JSON value", value)


def _number_to_json(value: Any) -> int | float:
    """Convert a number; an integer stays one, because some servers accept no other form of it."""
    if hasattr(value, "__index__") and not is_bool(value):
        return int(value.__index__())
    number = to_float64(value)
    if not math.isfinite(number):
        raise CodecError(f"must be a finite number; JSON has no {number}")
    return number


def _bool_to_json(value: Any) -> bool:
    if not is_bool(value):
        raise type_mismatch("a bool", value)
    return bool(value)


def _identity(value: Any) -> Any:
    return value


_ANY: Final = JsonType("a JSON value", _check_json, _identity)
_SCALARS: Final[dict[Any, JsonType]] = {
    **SCALARS,
    bool: JsonType("a bool", _bool_to_json, _bool_to_json),
    float: JsonType("a float", _number_to_json, to_float64),
    object: _ANY,
}


class _NoChoiceError(CodecError):
    """A value that is not one of the choices. In a union, it says little: another alternative may be meant."""


def _choice_type(members: Sequence[Any]) -> JsonType:
    choices = literal_type(members)

    def check(value: Any) -> Any:
        try:
            return choices.to_json(value)
        except CodecError as error:
            raise _NoChoiceError(error.problem) from None

    return JsonType(choices.label, check, check)


# Containers


def _tuple_type(items: Sequence[JsonType]) -> JsonType:
    label = f"a tuple of {len(items)}"

    def convert(method: Literal["to_json", "from_json"], value: Any) -> list[Any]:
        if not is_instance(value, Sequence) or is_instance(value, str, bytes, bytearray):
            raise type_mismatch(label, value)
        if len(value) != len(items):
            raise CodecError(f"must be {label}, not of {len(value)}")
        pairs = enumerate(zip(items, value, strict=True))
        return [
            call_at(f"[{index}]", getattr(type_, method), item) for index, (type_, item) in pairs
        ]

    return JsonType(label, partial(convert, "to_json"), partial(convert, "from_json"))


def _union_type(members: Sequence[JsonType]) -> JsonType:
    """Return the type of a union; the first alternative that accepts a value converts it."""
    others = [member for member in members if member is not _SCALARS[_NONE]]
    label = " or ".join(dict.fromkeys(member.label for member in members))

    def convert(method: Literal["to_json", "from_json"], value: Any) -> Any:
        if value is None and len(others) < len(members):
            return None
        errors: list[CodecError] = []
        for member in others:
            try:
                return getattr(member, method)(value)
            except CodecError as error:
                errors.append(error)
        likely = [e for e in errors if e.path and not isinstance(e, _NoChoiceError)]
        if len(errors) == 1 or len(likely) == 1:
            raise (likely or errors)[0]
        raise type_mismatch(label, value)

    return JsonType(label, partial(convert, "to_json"), partial(convert, "from_json"))


def _object_type(
    cls: Any, members: Mapping[str, JsonType], required: frozenset[str], defaults: Mapping[str, Any]
) -> JsonType:
    """Return the type of a TypedDict; keys that it does not declare stay unchanged.

    Args:
        cls: The TypedDict.
        members: The types of its keys.
        required: The keys that must be present, or have a default.
        defaults: The values of keys that are absent from a result.
    """
    label = with_article(cls.__name__)

    def to_json(value: Any) -> dict[str, Any]:
        content = check_object(label, value)
        for key in required:
            if key not in content and key not in defaults:
                raise CodecError("is missing").prepend_step(f"[{key!r}]")
        return {
            key: call_at(
                f"[{key!r}]", members[key].to_json if key in members else _check_json, item
            )
            for key, item in convert_values(_identity, content).items()
        }

    def from_json(value: Any) -> dict[str, Any]:
        content = dict(check_object(label, value))
        for key, type_ in members.items():
            if key in content:
                content[key] = call_at(f"[{key!r}]", type_.from_json, content[key])
            elif key in defaults:
                content[key] = type_.from_json(_thaw(defaults[key]))
            elif key in required:
                raise CodecError("is missing").prepend_step(f"[{key!r}]")
        return content

    return JsonType(label, to_json, from_json)


def _thaw(value: Any) -> Any:
    """Return a default as fresh JSON: lists in place of the tuples that generated code writes."""
    if isinstance(value, tuple):
        return list(map(_thaw, typing.cast("tuple[object, ...]", value)))
    if isinstance(value, dict):
        return {key: _thaw(item) for key, item in typing.cast("dict[str, object]", value).items()}
    return value
