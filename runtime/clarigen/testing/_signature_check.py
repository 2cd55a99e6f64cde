"""Checks whether a function can replace a method of a fake: its parameters, and their annotations.

`fake` runs these checks before anything is called. An annotation is rejected only if it is certainly wrong;
annotations that cannot be judged pass.
"""

from __future__ import annotations

import collections.abc
import dataclasses
import inspect
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, TypeAlias

from .. import wire
from .._types import SERVER_DEFAULT
from .._wire.codec import Codec, with_article
from .._wire.method import REQUIRED, Field, Method, Streaming
from .._wire.tool import Tool
from ..errors import ConfigError, suggest
from ._annotations import PLAIN_TYPES, format_annotation, unwrap_annotated

_UNIONS: Final = (typing.Union, types.UnionType)
_KEYWORD_KINDS: Final = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
_ITERATORS: Final = (
    collections.abc.Iterator,
    collections.abc.Iterable,
    collections.abc.Generator,
    collections.abc.AsyncIterator,
    collections.abc.AsyncIterable,
    collections.abc.AsyncGenerator,
)
_ALSO_ACCEPTED: Final[dict[type[Any], tuple[Codec[Any], ...]]] = {
    float: (wire.INT, wire.BOOL),
    int: (wire.BOOL,),
}
"""By the class in a parameter's annotation: further codecs whose values the parameter accepts."""

_ALSO_RETURNED: Final[dict[type[Any], tuple[Codec[Any], ...]]] = {
    str: (wire.TEXT,),
    int: (wire.FLOAT,),
}
"""By the class in a result's annotation: further codecs that can encode the result."""


def is_async(function: Callable[..., Any]) -> bool:
    """Return whether a function is a coroutine function or an async generator function."""
    return inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)


def check_function(
    subject: str, function: Callable[..., Any], method: Method[Any], *, asynchronous: bool
) -> tuple[Field, ...]:
    """Check that a function can replace a method.

    Args:
        subject: First words of an error message.
        function: The function.
        method: The method.
        asynchronous: Whether the fake is an asyncio client.

    Returns:
        The options of the method that the function has no parameter for.

    Raises:
        ConfigError: The function cannot replace the method.
    """
    if is_async(function) and not asynchronous:
        raise ConfigError(
            f"{subject}: the function must not be async; only the fake of an asyncio client accepts one"
        )
    try:
        signature = _read_signature(function)
    except (TypeError, ValueError):  # some builtins have no signature
        return ()
    if isinstance(
        method, Tool
    ):  # its types are those of a schema, which annotations are not compared with
        signature = _drop_annotations(signature)
    ignored = _check_names(subject, signature, method)
    for field in method.fields:
        parameter = signature.parameters.get(field.name)
        if parameter is not None:
            _check_parameter(subject, parameter, field)
    _check_result(subject, signature.return_annotation, method)
    return ignored


def _read_signature(function: Callable[..., Any]) -> inspect.Signature:
    """Return the signature with evaluated annotations; without annotations if one does not evaluate."""
    try:
        return inspect.signature(function, eval_str=True)
    except Exception:  # noqa: BLE001 - an annotation may be any expression
        return _drop_annotations(inspect.signature(function))


def _drop_annotations(signature: inspect.Signature) -> inspect.Signature:
    parameters = [p.replace(annotation=p.empty) for p in signature.parameters.values()]
    return signature.replace(parameters=parameters, return_annotation=signature.empty)


def _check_names(
    subject: str, signature: inspect.Signature, method: Method[Any]
) -> tuple[Field, ...]:
    """Check the names of the parameters. Return the options that the function has no parameter for."""
    names = [field.name for field in method.fields]
    for parameter in signature.parameters.values():
        is_required = parameter.default is parameter.empty
        if parameter.kind is parameter.POSITIONAL_ONLY and is_required:
            raise ConfigError(
                f"{subject}: `{parameter.name}` is positional-only; arguments are passed by name"
            )
        if parameter.kind in _KEYWORD_KINDS and is_required and parameter.name not in names:
            hint = suggest(parameter.name, names, "`{}`".format)
            hint = hint or f"; it has {', '.join(names) or 'none'}"
            raise ConfigError(f"{subject}: the method has no parameter `{parameter.name}`{hint}")
    if any(p.kind is p.VAR_KEYWORD for p in signature.parameters.values()):
        return ()
    keyword_names = {name for name, p in signature.parameters.items() if p.kind in _KEYWORD_KINDS}
    missing = [field for field in method.fields if field.name not in keyword_names]
    for field in missing:
        if field.default is REQUIRED or field.is_stream:
            raise ConfigError(
                f"{subject}: the function has no parameter `{field.name}`; add it, or `**_` for the rest"
            )
    return tuple(missing)


def _check_parameter(subject: str, parameter: inspect.Parameter, field: Field) -> None:
    name, annotation = parameter.name, parameter.annotation
    if field.default is SERVER_DEFAULT and parameter.default is parameter.empty:
        raise ConfigError(
            f"{subject}: only the model knows the default of `{name}`; give the parameter a default"
        )
    if annotation is parameter.empty:
        return
    if field.default is None and not _allows_none(annotation):
        raise ConfigError(
            f"{subject}: `{name}` may be None; annotate {format_annotation(annotation)} | None"
        )
    is_allowed = _allows_iterator if field.is_stream else _is_compatible
    if not is_allowed(annotation, field.codec, _ALSO_ACCEPTED):
        label = field.codec.label
        argument = f"an iterator, each item {label}" if field.is_stream else label
        raise ConfigError(
            f"{subject}: `{name}` is annotated {format_annotation(annotation)}; the method passes {argument}"
        )


def _check_result(subject: str, annotation: Any, method: Method[Any]) -> None:
    if annotation is inspect.Signature.empty:
        return
    is_stream, label = isinstance(method, Streaming), method.returns.label
    is_allowed = _allows_iterable if is_stream else _is_compatible
    if not is_allowed(annotation, method.returns, _ALSO_RETURNED):
        result = f"an iterable, each item {label}" if is_stream else label
        raise ConfigError(
            f"{subject}: the result is annotated {format_annotation(annotation)}; the method returns {result}"
        )


# Compatibility of annotations with codecs. In doubt, they are compatible.

_ExtraCodecs: TypeAlias = Mapping[type[Any], tuple[Codec[Any], ...]]


def _is_compatible(annotation: Any, codec: Codec[Any], extra_codecs: _ExtraCodecs) -> bool:
    """Return whether an annotation allows a value of a codec."""
    annotation = unwrap_annotated(annotation)[0]
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in _UNIONS:
        return any(_is_compatible(argument, codec, extra_codecs) for argument in arguments)
    if origin is Literal:
        return any(_is_compatible(type(value), codec, extra_codecs) for value in arguments)
    cls = type(None) if annotation is None else origin or annotation
    if cls is type(None):
        return False
    # Only the codec of a plain type rules out a list or a tuple: the others cannot be told apart here.
    if cls in (list, tuple):
        return _is_json(codec) or all(codec is not plain for _, plain in PLAIN_TYPES.values())
    if cls is dict:
        return _is_json(codec)
    if not isinstance(cls, type):
        return True
    if cls in PLAIN_TYPES:
        return any(codec is other for other in (PLAIN_TYPES[cls][1], *extra_codecs.get(cls, ())))
    if not dataclasses.is_dataclass(cls):
        return True
    # A dataclass fits JSON with a type of the user, and the record of the same name.
    is_user_type = _is_json(codec) and codec is not wire.JSON
    return is_user_type or codec.label == with_article(cls.__name__)


def _is_json(codec: Codec[Any]) -> bool:
    """Return whether a codec encodes JSON, untyped or as a type of the user."""
    return codec.label == wire.JSON.label


def _allows_iterator(annotation: Any, codec: Codec[Any], extra_codecs: _ExtraCodecs) -> bool:
    """Return whether an annotation allows an iterator over values of a codec."""
    annotation = unwrap_annotated(annotation)[0]
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in _UNIONS:
        return any(_allows_iterator(argument, codec, extra_codecs) for argument in arguments)
    if origin in _ITERATORS and arguments:
        return _is_compatible(arguments[0], codec, extra_codecs)
    cls = origin or annotation
    return not (isinstance(cls, type) and (cls in PLAIN_TYPES or cls is tuple))


def _allows_iterable(annotation: Any, codec: Codec[Any], extra_codecs: _ExtraCodecs) -> bool:
    """Return whether an annotation allows an iterable of values of a codec."""
    annotation = unwrap_annotated(annotation)[0]
    if typing.get_origin(annotation) is list:
        return _is_compatible(typing.get_args(annotation)[0], codec, extra_codecs)
    return annotation is list or _allows_iterator(annotation, codec, extra_codecs)


def _allows_none(annotation: Any) -> bool:
    annotation = unwrap_annotated(annotation)[0]
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in _UNIONS:
        return any(_allows_none(argument) for argument in arguments)
    if origin is Literal:
        return None in arguments
    cls = origin or annotation
    return not (isinstance(cls, type) and (cls in PLAIN_TYPES or cls is tuple))
