"""A model that returns sample values, built from signatures alone.

The methods check their arguments against the signatures. The values that they return depend only on the seed,
the method and the arguments. This module must not know RPCs or grpc.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, Final

from .. import wire
from .._wire.json_rpc import TRANSPORT_METHOD
from ..errors import ConfigError
from ._annotations import LEAF_CODECS, ValueType
from ._inline_methods import InlineMethod, build_result_codec
from ._sample_tools import SampleServer
from ._sample_values import Sampler
from ._served_methods import BIDI_STREAM, SERVER_STREAM, UNARY, MethodProvider, ServedMethod

_STREAM_LENGTH: Final = 3
"""The number of items in a server stream."""
_NUMERIC_TYPES: Final = ("INT", "FLOAT")

Fields = Mapping[str, Mapping[str, Any]]


class SampleRecord(SimpleNamespace):
    """A record, whatever its type: the members are its attributes."""


class Samples(MethodProvider):
    """A model built from signatures alone. Pass it to `serve`; its methods return sample values.

        lock = json.loads(Path("o4_mini/signatures.json").read_text())
        with serve(Samples(lock["method_signatures"])) as server, O4Mini(base_url=server.url) as model:
            ...

    The values have the declared types, and depend only on the seed, the method and its arguments. An
    argument that is not among its choices or is out of range causes a PredictionError.

    Args:
        signatures: The signatures: the value of `method_signatures` in a lock (`signatures.json`).
        seed: Seed of the values.
        model_type: The value of `model_type` in the lock of a model without signatures.
        mcp: What an MCP model offers: the value of `mcp` in its lock. Its tools answer sample values too.

    Raises:
        ConfigError: There are no signatures, or one is malformed.
    """

    def __init__(
        self,
        signatures: Iterable[Mapping[str, Any]],
        *,
        seed: int = 0,
        model_type: Mapping[str, Any] | None = None,
        mcp: Mapping[str, Any] | None = None,
    ) -> None:
        self.model_type = model_type
        self._methods: dict[str, ServedMethod] = {}
        for signature in signatures:
            try:
                method = _build_method(signature, seed)
            except (KeyError, TypeError, IndexError, AttributeError) as error:
                raise ConfigError(
                    f"a signature is malformed: {type(error).__name__} {error}"
                ) from None
            self._methods[method.name] = method
        transport = self._methods.get(TRANSPORT_METHOD)
        if mcp is not None and transport is not None:
            server = SampleServer(mcp, seed)
            self._methods[TRANSPORT_METHOD] = replace(transport, function=server.answer)
        if not self._methods:
            raise ConfigError("there are no signatures to serve; pass at least one")

    def describe_methods(self) -> dict[str, ServedMethod]:
        """Return the methods by name."""
        return self._methods


def _build_method(signature: Mapping[str, Any], seed: int) -> ServedMethod:
    name, method_type = signature["name"], signature["method_type"]
    if method_type not in (UNARY, SERVER_STREAM, BIDI_STREAM):
        raise ConfigError(f"{name}: {method_type} cannot be served")
    fields = {field["name"]: field for field in signature.get("input_fields", ())}
    output = _build_output_field(signature["output_fields"])
    stream = next((key for key, field in fields.items() if field.get("iterator")), None)
    is_inline = bool(signature.get("inline"))
    return (InlineMethod if is_inline else ServedMethod)(
        name=name,
        method_type=method_type,
        function=_build_function(name, method_type, fields, output, stream, seed),
        parameters={key: _build_value_type(field) for key, field in fields.items()},
        required=frozenset(key for key, field in fields.items() if field.get("required")),
        returns=(
            build_result_codec(signature["output_fields"], SampleRecord, _build_codec)
            if is_inline
            else _build_codec(output)
        ),
        stream_parameter=stream,
        signature=dict(signature),
    )


def _build_output_field(outputs: Iterable[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return the field of the result: the single output, or a record of several outputs."""
    outputs = list(outputs)
    if wire.is_single_result([output.get("name", "") for output in outputs]):
        return outputs[0]
    return {"name": wire.RESULT_NAME, "type": "NAMED_FIELDS", "type_args": outputs}


def _build_value_type(field: Mapping[str, Any]) -> ValueType:
    is_optional, is_stream = not field.get("required"), bool(field.get("iterator"))
    return ValueType(dict(field), _build_codec(field), is_optional=is_optional, is_stream=is_stream)


def _build_codec(field: Mapping[str, Any]) -> wire.Codec[Any]:
    inner = field.get("type_args", ())
    match field["type"]:
        case "LIST":
            return wire.list_of(_build_codec(inner[0]))
        case "TUPLE":
            return wire.tuple_of(*map(_build_codec, inner))
        case "NAMED_FIELDS":
            members = (wire.field(member["name"], _build_codec(member)) for member in inner)
            return wire.record(SampleRecord, *members)
        case "EMBEDDING":
            return wire.EMBEDDING
        case leaf:
            return LEAF_CODECS[leaf]


# The functions of the methods.


def _build_function(
    name: str,
    method_type: str,
    fields: Fields,
    output: Mapping[str, Any],
    stream: str | None,
    seed: int,
) -> Callable[..., Any]:
    def build_value_factory(arguments: Mapping[str, Any]) -> Callable[[], Any]:
        """Return a function that makes the next value of a call."""
        sampler = Sampler(f"{seed} {name} {sorted(arguments.items())!r}", _build_record)
        if output["type"] != "STR" or sampler.make_transport_message(name) is None:
            return lambda: sampler.make_value(output)
        return lambda: sampler.make_transport_message(name)

    def unary(**arguments: Any) -> Any:
        _check_arguments(name, fields, arguments)
        return build_value_factory(arguments)()

    def server_stream(**arguments: Any) -> Iterator[Any]:
        _check_arguments(name, fields, arguments)
        make_value = build_value_factory(arguments)
        for _ in range(_STREAM_LENGTH):
            yield make_value()

    def bidi_stream(**arguments: Any) -> Iterator[Any]:
        assert stream is not None
        items = arguments.pop(stream)
        _check_arguments(name, fields, arguments)
        make_value = build_value_factory(arguments)
        for item in items:
            _check_arguments(name, fields, {stream: item})
            yield make_value()

    return {UNARY: unary, SERVER_STREAM: server_stream, BIDI_STREAM: bidi_stream}[method_type]


def _build_record(_: Mapping[str, Any], members: dict[str, Any]) -> SampleRecord:
    return SampleRecord(**members)


def _check_arguments(method: str, fields: Fields, arguments: Mapping[str, Any]) -> None:
    """Raise ValueError if an argument is not among its choices or is out of range."""
    for name, value in arguments.items():
        field = fields[name]
        choices = [option["id"] for option in field.get("model_type_enum_options", ())]
        if value is None:
            continue
        if choices and not any(_is_choice(value, text) for text in choices):
            raise ValueError(f"{method}: {name} must be one of {', '.join(choices[:8])}")
        limits: Mapping[str, float] = field.get("model_type_range_info", {})
        if field["type"] in _NUMERIC_TYPES:
            lowest, highest = limits.get("min"), limits.get("max")  # 0 is ignored: see `Param`
            if lowest and value < lowest:
                raise ValueError(f"{method}: {name} must be at least {lowest:g}")
            if highest and value > highest:
                raise ValueError(f"{method}: {name} must be at most {highest:g}")


def _is_choice(value: object, text: str) -> bool:
    """Return whether the text of a choice stands for a value."""
    if isinstance(value, bool):
        return text.lower() == str(value).lower()
    if isinstance(value, (int, float)):
        try:
            return float(text) == value
        except ValueError:
            return False
    return text in (value, repr(value))
