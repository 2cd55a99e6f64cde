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
from .._wire.codec import Codec, CodecError, part_encoder
from .._wire.large_payloads import NO_PAYLOADS
from .._wire.protobuf_writer import Buffers
from ..errors import ConfigError
from ._annotations import ValueType, build_field, evaluate_annotations, read_annotation

if TYPE_CHECKING:
    from .._proto import Data

UNARY: Final = "UNARY_UNARY"
SERVER_STREAM: Final = "UNARY_STREAMING"
BIDI_STREAM: Final = "STREAMING_STREAMING"

_RESERVED_PARAMETER: Final = "with_proto"
"""A parameter's name that the platform's own servers refuse."""


@dataclass(frozen=True, slots=True)
class ServedMethod:
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
    method_type: str
    function: Callable[..., Any]
    parameters: Mapping[str, ValueType]
    required: frozenset[str]
    returns: Codec[Any]
    stream_parameter: str | None
    signature: dict[str, Any]

    def decode_arguments(self, data: Data) -> dict[str, Any]:
        """The arguments that one input holds; those left out are left to the method's defaults.

        Raises:
            ValueError: One is missing, or is not what the signature says.
        """
        parts = {part.id: part.data for part in data.parts}
        values: dict[str, Any] = {}
        for index, (name, kind) in enumerate(self.parameters.items()):
            part = parts.get(name)
            if part is not None:
                values[name] = self._decode(name, kind, part)
            elif name in self.required:
                raise ValueError(f"Missing required field: {name}")
            elif index == 0 and kind.signature["type"] == "FLOAT":
                # The platform's servers read a zero here, and no client can help it.
                values[name] = 0.0
        return values

    def decode_item(self, data: Data) -> Any:
        """The item of the stream that an input holds."""
        assert self.stream_parameter is not None
        parts = {part.id: part.data for part in data.parts}
        if self.stream_parameter not in parts:
            raise ValueError(f"Missing required field: {self.stream_parameter}")
        return self._decode(
            self.stream_parameter,
            self.parameters[self.stream_parameter],
            parts[self.stream_parameter],
        )

    def encode_result(self, result: Any, data: Data) -> None:
        """Put a result into the `Data` of an output.

        Raises:
            ValueError: It is not what the signature says.
        """
        pieces: Buffers = []
        try:
            part_encoder(self.returns.encode, "return")(result, pieces)
        except CodecError as misfit:
            raise ValueError(f"{self.name}: the result{misfit.path} {misfit.problem}") from None
        data.MergeFromString(b"".join(pieces))

    def _decode(self, name: str, kind: ValueType, data: Data) -> Any:
        if kind.is_none_if_absent and not data.ByteSize():
            return None
        try:
            return kind.codec.decode(data, NO_PAYLOADS)
        except CodecError as misfit:
            raise ValueError(f"{self.name}: {name}{misfit.path} {misfit.problem}") from None


class MethodTable:
    """What is served as it is, without a look at its annotations."""

    def methods(self) -> dict[str, ServedMethod]:
        """The methods."""
        raise NotImplementedError


def find_served_methods(implementation: object) -> dict[str, ServedMethod]:
    """The public methods of an object that have annotations, those of its base classes first.

    Raises:
        ConfigError: There is none, or one cannot be served.
    """
    if isinstance(implementation, type):
        raise ConfigError(f"serve an object, not the class: {implementation.__name__}()")
    if isinstance(implementation, MethodTable):
        return implementation.methods()
    methods = {
        name: _describe_method(name, function)
        for name, function in _iterate_public_methods(implementation)
    }
    if not methods:
        raise ConfigError(
            f"{type(implementation).__name__} has no public method with annotations to serve"
        )
    return methods


def _iterate_public_methods(implementation: object) -> Iterator[tuple[str, Callable[..., Any]]]:
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


def _describe_method(name: str, function: Callable[..., Any]) -> ServedMethod:
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        raise ConfigError(f"{name}: methods to serve are synchronous; this one is async")
    hints = evaluate_annotations(inspect.unwrap(getattr(function, "__func__", function)))
    parameters: dict[str, ValueType] = {}
    fields: list[dict[str, Any]] = []
    for parameter in inspect.signature(function).parameters.values():
        kind = _read_parameter(name, parameter, hints)
        parameters[parameter.name] = kind
        fields.append(_build_input_field(parameter, kind))
    if "return" not in hints:
        raise ConfigError(f"{name}: its result has no annotation")
    result = read_annotation(hints["return"], f"{name}: the result")
    if result.is_optional:
        raise ConfigError(f"{name}: the result cannot be None on the wire")
    stream, type_ = _classify_streaming(name, parameters, result)
    signature = {
        "name": name,
        "method_type": type_,
        "description": inspect.cleandoc(function.__doc__ or ""),
        "input_fields": fields,
        "output_fields": [_mark_iterator(build_field("return", result.signature), result)],
    }
    required = frozenset(field["name"] for field in fields if field.get("required"))
    return ServedMethod(
        name, type_, function, parameters, required, result.codec, stream, signature
    )


def _read_parameter(method: str, parameter: inspect.Parameter, hints: dict[str, Any]) -> ValueType:
    subject = f"{method}: parameter `{parameter.name}`"
    if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
        raise ConfigError(f"{subject}: arguments go by name; no *, ** or / can be served")
    if parameter.name == _RESERVED_PARAMETER:
        raise ConfigError(f"{subject}: the platform reserves this name")
    if parameter.name not in hints:
        raise ConfigError(f"{subject} has no annotation")
    kind = read_annotation(hints[parameter.name], subject)
    if kind.is_optional and parameter.default is not None:
        raise ConfigError(f"{subject} can be None only if None is its default")
    if kind.is_stream and parameter.default is not parameter.empty:
        raise ConfigError(f"{subject} is a stream; it cannot have a default")
    return kind


def _classify_streaming(
    name: str, parameters: Mapping[str, ValueType], result: ValueType
) -> tuple[str | None, str]:
    """The parameter that is a stream, and the type of the method."""
    streams = [parameter for parameter, kind in parameters.items() if kind.is_stream]
    if len(streams) > 1:
        raise ConfigError(f"{name}: only one parameter can be a stream, not {', '.join(streams)}")
    if streams and not result.is_stream:
        raise ConfigError(f"{name}: a method that takes a stream must return one: Iterator[…]")
    if streams:
        return streams[0], BIDI_STREAM
    return None, SERVER_STREAM if result.is_stream else UNARY


def _build_input_field(parameter: inspect.Parameter, kind: ValueType) -> dict[str, Any]:
    field = _mark_iterator(build_field(parameter.name, kind.signature), kind)
    if any(key in field for key in ("description", "model_type_range_info", _CHOICES)):
        field["is_param"] = True
    if parameter.default is parameter.empty:
        field["required"] = True
    elif text := _format_default(parameter.default):
        field["default"] = text
    return field


_CHOICES: Final = "model_type_enum_options"


def _mark_iterator(field: dict[str, Any], kind: ValueType) -> dict[str, Any]:
    return {**field, "iterator": True} if kind.is_stream else field


def _format_default(default: Any) -> str:
    """A default as the platform spells it: text as it is, else JSON, else what Python prints."""
    if isinstance(default, str):
        return default
    try:
        return json.dumps(default)
    except (TypeError, ValueError):
        return repr(default) if isinstance(default, Text) else str(default)
