"""Whether a function can stand for a method: its parameters, and as far as one can tell their types.

What lives here: the checks that `fake` makes before anything is called, and their words. An annotation is
compared where both sides are certain; what is not known for sure to be wrong is right.
"""

from __future__ import annotations

import collections.abc
import dataclasses
import inspect
import types
import typing
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any, Final, Literal, TypeAlias

from .. import wire
from .._data import SERVER_DEFAULT
from .._wire.codec import Codec
from .._wire.method import Field, Method, Streaming
from ..errors import ConfigError
from ._annotations import PLAIN, spelled, unwrapped

_UNIONS: Final = (typing.Union, types.UnionType)
_BY_NAME: Final = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
_ITERATORS: Final = (
    collections.abc.Iterator,
    collections.abc.Iterable,
    collections.abc.Generator,
    collections.abc.AsyncIterator,
    collections.abc.AsyncIterable,
    collections.abc.AsyncGenerator,
)
_TAKEN: Final[dict[type[Any], tuple[Codec[Any], ...]]] = {
    float: (wire.INT, wire.BOOL),
    int: (wire.BOOL,),
}
"""What else arrives as an instance of a class, or as good as one."""

_GIVEN: Final[dict[type[Any], tuple[Codec[Any], ...]]] = {
    str: (wire.TEXT,),
    int: (wire.FLOAT,),
}
"""What else a result of a class can travel as."""


def is_async(function: Callable[..., Any]) -> bool:
    """Whether a function is called for something to await or to iterate over asynchronously."""
    return inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)


def check(
    where: str, function: Callable[..., Any], method: Method[Any], *, asynchronous: bool
) -> None:
    """Check that a function can stand for a method.

    Args:
        where: The first words of an error.
        function: The function.
        method: The method.
        asynchronous: Whether it is the asyncio twin's.

    Raises:
        ConfigError: It cannot.
    """
    if is_async(function) and not asynchronous:
        raise ConfigError(f"{where}: the function is async; that is for the fake of an async class")
    try:
        signature = _signature(function)
    except (TypeError, ValueError):  # some builtins have none
        return
    _check_names(where, signature, method)
    for field in method.fields:
        parameter = signature.parameters.get(field.name)
        if parameter is not None:
            _check_parameter(where, parameter, field)
    _check_result(where, signature.return_annotation, method)


def _signature(function: Callable[..., Any]) -> inspect.Signature:
    """The signature, its annotations evaluated, or left out where they cannot be."""
    try:
        return inspect.signature(function, eval_str=True)
    except Exception:  # noqa: BLE001 - an annotation may be any expression
        plain = inspect.signature(function)
        bare = [p.replace(annotation=p.empty) for p in plain.parameters.values()]
        return plain.replace(parameters=bare, return_annotation=plain.empty)


def _check_names(where: str, signature: inspect.Signature, method: Method[Any]) -> None:
    names = [field.name for field in method.fields]
    for parameter in signature.parameters.values():
        required = parameter.default is parameter.empty
        if parameter.kind is parameter.POSITIONAL_ONLY and required:
            raise ConfigError(f"{where}: arguments go by name, and `{parameter.name}` takes none")
        if parameter.kind in _BY_NAME and required and parameter.name not in names:
            near = get_close_matches(parameter.name, names, n=1)
            hint = f"did you mean `{near[0]}`?" if near else f"it has {', '.join(names) or 'none'}"
            raise ConfigError(f"{where}: the method has no parameter `{parameter.name}`; {hint}")
    takes_all = any(p.kind is p.VAR_KEYWORD for p in signature.parameters.values())
    by_name = {name for name, p in signature.parameters.items() if p.kind in _BY_NAME}
    missing = [name for name in names if name not in by_name]
    if missing and not takes_all:
        raise ConfigError(
            f"{where}: the function has no parameter `{missing[0]}`; give it one, or `**_` for all"
        )


def _check_parameter(where: str, parameter: inspect.Parameter, field: Field) -> None:
    name, annotation = parameter.name, parameter.annotation
    if field.default is SERVER_DEFAULT and parameter.default is parameter.empty:
        raise ConfigError(
            f"{where}: only the model knows the default of `{name}`; give the function's one"
        )
    if annotation is parameter.empty:
        return
    if field.default is None and not _may_be_none(annotation):
        raise ConfigError(f"{where}: `{name}` may be None; annotate {spelled(annotation)} | None")
    fits = _takes_stream if field.stream else _fits
    if not fits(annotation, field.codec, _TAKEN):
        got = f"an iterator, each item {field.codec.label}" if field.stream else field.codec.label
        raise ConfigError(
            f"{where}: `{name}` is annotated {spelled(annotation)}; the method gives {got}"
        )


def _check_result(where: str, annotation: Any, method: Method[Any]) -> None:
    if annotation is inspect.Signature.empty:
        return
    stream, label = isinstance(method, Streaming), method.returns.label
    fits = _gives_stream if stream else _fits
    if not fits(annotation, method.returns, _GIVEN):
        wanted = f"an iterable, each item {label}" if stream else label
        raise ConfigError(
            f"{where}: the result is annotated {spelled(annotation)}; the method returns {wanted}"
        )


# What an annotation can mean. What is not certain fits.

_Also: TypeAlias = Mapping[type[Any], tuple[Codec[Any], ...]]


def _fits(annotation: Any, codec: Codec[Any], also: _Also) -> bool:
    """Whether a value that an annotation allows can be one that a codec carries."""
    annotation = unwrapped(annotation)[0]
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in _UNIONS:
        return any(_fits(one, codec, also) for one in arguments)
    if origin is Literal:
        return any(_fits(type(value), codec, also) for value in arguments)
    cls = type(None) if annotation is None else origin or annotation
    if cls is type(None):
        return False
    if cls in (list, tuple):
        return _is_json(codec) or all(codec is not plain for _, plain in PLAIN.values())
    if cls is dict:
        return _is_json(codec)
    if not isinstance(cls, type):
        return True
    if cls in PLAIN:
        return any(codec is one for one in (PLAIN[cls][1], *also.get(cls, ())))
    if not dataclasses.is_dataclass(cls):
        return True
    typed = _is_json(codec) and codec is not wire.JSON
    return typed or codec.label == f"a {cls.__name__}"


def _is_json(codec: Codec[Any]) -> bool:
    """Whether a codec carries JSON, as it is or as a type of the user's."""
    return codec.label == wire.JSON.label


def _takes_stream(annotation: Any, codec: Codec[Any], also: _Also) -> bool:
    """Whether it allows an iterator over what a codec carries."""
    annotation = unwrapped(annotation)[0]
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in _UNIONS:
        return any(_takes_stream(one, codec, also) for one in arguments)
    if origin in _ITERATORS and arguments:
        return _fits(arguments[0], codec, also)
    cls = origin or annotation
    return not (isinstance(cls, type) and (cls in PLAIN or cls is tuple))


def _gives_stream(annotation: Any, codec: Codec[Any], also: _Also) -> bool:
    """Whether it allows an iterable of what a codec carries."""
    annotation = unwrapped(annotation)[0]
    if typing.get_origin(annotation) is list:
        return _fits(typing.get_args(annotation)[0], codec, also)
    return annotation is list or _takes_stream(annotation, codec, also)


def _may_be_none(annotation: Any) -> bool:
    annotation = unwrapped(annotation)[0]
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in _UNIONS:
        return any(_may_be_none(one) for one in arguments)
    if origin is Literal:
        return None in arguments
    cls = origin or annotation
    return not (isinstance(cls, type) and (cls in PLAIN or cls is tuple))
