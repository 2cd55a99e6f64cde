"""From a plain Python object to the methods that it serves.

What lives here: which of an object's methods are served, how each is described in a signature, and
how one is called with what came over the wire. Nothing here knows RPCs or grpc.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from .._data import Text
from .._wire.codec import Codec, Misfit, part_of
from .._wire.large_payloads import NO_VIEWS
from .._wire.protobuf_writer import Pieces
from ..errors import ConfigError
from ._annotations import Kind, evaluated, kind_of, named

if TYPE_CHECKING:
    from .._proto import Data

UNARY: Final = "UNARY_UNARY"
SERVER_STREAM: Final = "UNARY_STREAMING"
BIDI_STREAM: Final = "STREAMING_STREAMING"

_RESERVED: Final = "with_proto"
"""A parameter's name that the platform's own servers refuse."""


@dataclass(frozen=True, slots=True)
class Served:
    """A method that is served.

    Attributes:
        name: Its name.
        type: `UNARY`, `SERVER_STREAM` or `BIDI_STREAM`.
        function: The bound method.
        parameters: The kinds of its parameters, in order.
        required: The parameters without a default.
        returns: How its result, or each item of it, travels.
        stream: The name of the parameter that is a stream, if one is.
        signature: The signature, as snake_case proto-JSON.
    """

    name: str
    type: str
    function: Callable[..., Any]
    parameters: Mapping[str, Kind]
    required: frozenset[str]
    returns: Codec[Any]
    stream: str | None
    signature: dict[str, Any]

    def arguments(self, data: Data) -> dict[str, Any]:
        """The arguments that one input holds; those left out are left to the method's defaults.

        Raises:
            ValueError: One is missing, or is not what the signature says.
        """
        parts = {part.id: part.data for part in data.parts}
        values: dict[str, Any] = {}
        for index, (name, kind) in enumerate(self.parameters.items()):
            part = parts.get(name)
            if part is not None:
                values[name] = self._read(name, kind, part)
            elif name in self.required:
                raise ValueError(f"Missing required field: {name}")
            elif index == 0 and kind.signature["type"] == "FLOAT":
                # The platform's servers read a zero here, and no client can help it.
                values[name] = 0.0
        return values

    def item(self, data: Data) -> Any:
        """The item of the stream that an input holds."""
        assert self.stream is not None
        parts = {part.id: part.data for part in data.parts}
        if self.stream not in parts:
            raise ValueError(f"Missing required field: {self.stream}")
        return self._read(self.stream, self.parameters[self.stream], parts[self.stream])

    def write(self, result: Any, data: Data) -> None:
        """Put a result into the `Data` of an output.

        Raises:
            ValueError: It is not what the signature says.
        """
        pieces: Pieces = []
        try:
            part_of(self.returns.encode, "return")(result, pieces)
        except Misfit as misfit:
            raise ValueError(f"{self.name}: the result{misfit.path} {misfit.problem}") from None
        data.MergeFromString(b"".join(pieces))

    def _read(self, name: str, kind: Kind, data: Data) -> Any:
        if kind.absent_is_none and not data.ByteSize():
            return None
        try:
            return kind.codec.decode(data, NO_VIEWS)
        except Misfit as misfit:
            raise ValueError(f"{self.name}: {name}{misfit.path} {misfit.problem}") from None


class Methods:
    """What is served as it is, without a look at its annotations."""

    def served(self) -> dict[str, Served]:
        """The methods."""
        raise NotImplementedError


def served(implementation: object) -> dict[str, Served]:
    """The public methods of an object that have annotations, those of its base classes first.

    Raises:
        ConfigError: There is none, or one cannot be served.
    """
    if isinstance(implementation, type):
        raise ConfigError(f"serve an object, not the class: {implementation.__name__}()")
    if isinstance(implementation, Methods):
        return implementation.served()
    methods = {name: _served(name, function) for name, function in _public(implementation)}
    if not methods:
        raise ConfigError(
            f"{type(implementation).__name__} has no public method with annotations to serve"
        )
    return methods


def _public(implementation: object) -> Iterator[tuple[str, Callable[..., Any]]]:
    names: dict[str, None] = {}
    for base in reversed(type(implementation).__mro__):
        names |= dict.fromkeys(vars(base))
    for name in names:
        if name.startswith("_"):
            continue
        found = inspect.getattr_static(implementation, name)
        if isinstance(found, (staticmethod, classmethod)) or inspect.isfunction(found):
            function = getattr(implementation, name)
            if getattr(inspect.unwrap(function), "__annotations__", None):
                yield name, function


def _served(name: str, function: Callable[..., Any]) -> Served:
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        raise ConfigError(f"{name}: methods to serve are synchronous; this one is async")
    hints = evaluated(inspect.unwrap(getattr(function, "__func__", function)))
    parameters: dict[str, Kind] = {}
    fields: list[dict[str, Any]] = []
    for parameter in inspect.signature(function).parameters.values():
        kind = _parameter_kind(name, parameter, hints)
        parameters[parameter.name] = kind
        fields.append(_input_field(parameter, kind))
    if "return" not in hints:
        raise ConfigError(f"{name}: its result has no annotation")
    result = kind_of(hints["return"], f"{name}: the result")
    if result.optional:
        raise ConfigError(f"{name}: the result cannot be None on the wire")
    stream, type_ = _streaming(name, parameters, result)
    signature = {
        "name": name,
        "method_type": type_,
        "description": inspect.cleandoc(function.__doc__ or ""),
        "input_fields": fields,
        "output_fields": [_marked(named("return", result.signature), result)],
    }
    required = frozenset(field["name"] for field in fields if field.get("required"))
    return Served(name, type_, function, parameters, required, result.codec, stream, signature)


def _parameter_kind(method: str, parameter: inspect.Parameter, hints: dict[str, Any]) -> Kind:
    where = f"{method}: parameter `{parameter.name}`"
    if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
        raise ConfigError(f"{where}: arguments go by name; no *, ** or / can be served")
    if parameter.name == _RESERVED:
        raise ConfigError(f"{where}: the platform reserves this name")
    if parameter.name not in hints:
        raise ConfigError(f"{where} has no annotation")
    kind = kind_of(hints[parameter.name], where)
    if kind.optional and parameter.default is not None:
        raise ConfigError(f"{where} can be None only if None is its default")
    if kind.stream and parameter.default is not parameter.empty:
        raise ConfigError(f"{where} is a stream; it cannot have a default")
    return kind


def _streaming(name: str, parameters: Mapping[str, Kind], result: Kind) -> tuple[str | None, str]:
    """The parameter that is a stream, and the type of the method."""
    streams = [parameter for parameter, kind in parameters.items() if kind.stream]
    if len(streams) > 1:
        raise ConfigError(f"{name}: only one parameter can be a stream, not {', '.join(streams)}")
    if streams and not result.stream:
        raise ConfigError(f"{name}: a method that takes a stream must return one: Iterator[…]")
    if streams:
        return streams[0], BIDI_STREAM
    return None, SERVER_STREAM if result.stream else UNARY


def _input_field(parameter: inspect.Parameter, kind: Kind) -> dict[str, Any]:
    field = _marked(named(parameter.name, kind.signature), kind)
    if any(key in field for key in ("description", "model_type_range_info", _CHOICES)):
        field["is_param"] = True
    if parameter.default is parameter.empty:
        field["required"] = True
    elif text := _default_text(parameter.default):
        field["default"] = text
    return field


_CHOICES: Final = "model_type_enum_options"


def _marked(field: dict[str, Any], kind: Kind) -> dict[str, Any]:
    return {**field, "iterator": True} if kind.stream else field


def _default_text(default: Any) -> str:
    """A default as the platform spells it: text as it is, else JSON, else what Python prints."""
    if isinstance(default, str):
        return default
    try:
        return json.dumps(default)
    except (TypeError, ValueError):
        return repr(default) if isinstance(default, Text) else str(default)
