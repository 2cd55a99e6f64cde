"""The served methods of a plain Python object.

This module decides which methods of an object are served, describes each in a signature, and converts
arguments and results between Python and the wire. It must not know RPCs or grpc; `_service` and
`_handlers` do.
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
    from .._proto import Data, OutputInfo

UNARY: Final = "UNARY_UNARY"
SERVER_STREAM: Final = "UNARY_STREAMING"
BIDI_STREAM: Final = "STREAMING_STREAMING"

_RESERVED_PARAMETER: Final = "with_proto"
"""The name of a parameter that the platform's own servers reject."""


@dataclass(frozen=True, slots=True)
class ServedMethod:
    """A method that is served.

    Attributes:
        name: The method's name.
        method_type: `UNARY`, `SERVER_STREAM` or `BIDI_STREAM`.
        function: The bound method.
        parameters: The types of its parameters, by name, in order.
        required: The names of the parameters without a default.
        returns: The codec of its result, or of each item of its stream.
        stream_parameter: The name of the parameter that is a stream, if there is one.
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

    def decode_arguments(self, data: Data, options: OutputInfo | None = None) -> dict[str, Any]:
        """Decode the arguments of one input, without the omitted ones: for them, the method's defaults apply.

        Args:
            data: The input.
            options: The parameters of the request, which only models without signatures read.

        Raises:
            ValueError: A required argument is missing, or a value does not match the signature.
        """
        del options
        parts = {part.id: part.data for part in data.parts}
        arguments: dict[str, Any] = {}
        for index, (name, value_type) in enumerate(self.parameters.items()):
            part = parts.get(name)
            if part is not None:
                arguments[name] = self._decode(name, value_type, part)
            elif name in self.required:
                raise ValueError(f"Missing required field: {name}")
            elif index == 0 and value_type.field["type"] == "FLOAT":
                # The platform's servers read an omitted first argument as 0 if it is a float, whatever its
                # default (docs/protocol.md 5.3). Clients cannot prevent it.
                arguments[name] = 0.0
        return arguments

    def decode_item(self, data: Data) -> Any:
        """Decode one item of the stream of inputs."""
        name = self.stream_parameter
        assert name is not None
        parts = {part.id: part.data for part in data.parts}
        if name not in parts:
            raise ValueError(f"Missing required field: {name}")
        return self._decode(name, self.parameters[name], parts[name])

    def encode_result(self, result: Any, data: Data) -> None:
        """Encode a result into the `Data` of an output.

        Raises:
            ValueError: The result does not match the signature.
        """
        buffers: Buffers = []
        try:
            part_encoder(self.returns.encode, "return")(result, buffers)
        except CodecError as error:
            raise ValueError(f"{self.name}: the result{error.path} {error.problem}") from None
        data.MergeFromString(b"".join(buffers))

    def _decode(self, name: str, value_type: ValueType, data: Data) -> Any:
        if value_type.is_none_if_empty and not data.ByteSize():
            return None
        try:
            return value_type.codec.decode(data, NO_PAYLOADS)
        except CodecError as error:
            raise ValueError(f"{self.name}: {name}{error.path} {error.problem}") from None


class MethodProvider:
    """Base class of objects that describe their served methods themselves, without annotations.

    Attributes:
        model_type: The model type that the methods were derived from; None for a model with signatures.
    """

    model_type: Mapping[str, Any] | None = None

    def describe_methods(self) -> dict[str, ServedMethod]:
        """Return the methods by name."""
        raise NotImplementedError


def find_served_methods(implementation: object) -> dict[str, ServedMethod]:
    """Describe the annotated public methods of an object, those of base classes first.

    Raises:
        ConfigError: There is no such method, or a method cannot be served.
    """
    if isinstance(implementation, type):
        raise ConfigError(f"serve an object, not the class; pass {implementation.__name__}()")
    if isinstance(implementation, MethodProvider):
        return implementation.describe_methods()
    methods = {
        name: _describe_method(name, function)
        for name, function in _iterate_public_methods(implementation)
    }
    if not methods:
        raise ConfigError(
            f"{type(implementation).__name__} has no public method with annotations; annotate one"
        )
    return methods


def _iterate_public_methods(implementation: object) -> Iterator[tuple[str, Callable[..., Any]]]:
    names: dict[str, None] = {}
    for base in reversed(type(implementation).__mro__):
        names |= dict.fromkeys(vars(base))
    for name in names:
        if name.startswith("_"):
            continue
        attribute = inspect.getattr_static(implementation, name)
        if isinstance(attribute, (staticmethod, classmethod)) or inspect.isfunction(attribute):
            function = getattr(implementation, name)
            if getattr(inspect.unwrap(function), "__annotations__", None):
                yield name, function


def _describe_method(name: str, function: Callable[..., Any]) -> ServedMethod:
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        raise ConfigError(f"{name}: a served method must not be async; define it with plain `def`")
    hints = evaluate_annotations(inspect.unwrap(getattr(function, "__func__", function)))
    parameters: dict[str, ValueType] = {}
    fields: list[dict[str, Any]] = []
    for parameter in inspect.signature(function).parameters.values():
        value_type = _read_parameter(name, parameter, hints)
        parameters[parameter.name] = value_type
        fields.append(_build_input_field(parameter, value_type))
    if "return" not in hints:
        raise ConfigError(f"{name}: the result has no annotation; add one")
    result = read_annotation(hints["return"], f"{name}: the result")
    if result.is_optional:
        raise ConfigError(f"{name}: the result must not be None, which no wire type can express")
    stream, method_type = _classify_streaming(name, parameters, result)
    signature = {
        "name": name,
        "method_type": method_type,
        "description": inspect.cleandoc(function.__doc__ or ""),
        "input_fields": fields,
        "output_fields": [_mark_iterator(build_field("return", result.field), result)],
    }
    required = frozenset(field["name"] for field in fields if field.get("required"))
    return ServedMethod(
        name, method_type, function, parameters, required, result.codec, stream, signature
    )


def _read_parameter(method: str, parameter: inspect.Parameter, hints: dict[str, Any]) -> ValueType:
    subject = f"{method}: parameter `{parameter.name}`"
    if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
        raise ConfigError(
            f"{subject} must be passed by name; *args, **kwargs and positional-only parameters cannot be served"
        )
    if parameter.name == _RESERVED_PARAMETER:
        raise ConfigError(f"{subject}: the platform reserves this name; choose another")
    if parameter.name not in hints:
        raise ConfigError(f"{subject} has no annotation; add one")
    value_type = read_annotation(hints[parameter.name], subject)
    if value_type.is_optional and parameter.default is not None:
        raise ConfigError(f"{subject} may be None only if None is its default")
    if value_type.is_stream and parameter.default is not parameter.empty:
        raise ConfigError(f"{subject} is a stream and must not have a default")
    return value_type


def _classify_streaming(
    name: str, parameters: Mapping[str, ValueType], result: ValueType
) -> tuple[str | None, str]:
    """Return the name of the parameter that is a stream, if any, and the type of the method."""
    streams = [parameter for parameter, value_type in parameters.items() if value_type.is_stream]
    if len(streams) > 1:
        raise ConfigError(f"{name}: only one parameter may be a stream, not {', '.join(streams)}")
    if streams and not result.is_stream:
        raise ConfigError(
            f"{name}: a method that takes a stream must return a stream; annotate it Iterator[…]"
        )
    if streams:
        return streams[0], BIDI_STREAM
    return None, SERVER_STREAM if result.is_stream else UNARY


def _build_input_field(parameter: inspect.Parameter, value_type: ValueType) -> dict[str, Any]:
    field = _mark_iterator(build_field(parameter.name, value_type.field), value_type)
    if any(key in field for key in ("description", "model_type_range_info", _CHOICES)):
        field["is_param"] = True
    if parameter.default is parameter.empty:
        field["required"] = True
    elif text := _format_default(parameter.default):
        field["default"] = text
    return field


_CHOICES: Final = "model_type_enum_options"


def _mark_iterator(field: dict[str, Any], value_type: ValueType) -> dict[str, Any]:
    return {**field, "iterator": True} if value_type.is_stream else field


def _format_default(default: Any) -> str:
    """Format a default as the platform does: strings unchanged, others as JSON or, if that fails, as text."""
    if isinstance(default, str):
        return default
    try:
        return json.dumps(default)
    except (TypeError, ValueError):
        return repr(default) if isinstance(default, Text) else str(default)
