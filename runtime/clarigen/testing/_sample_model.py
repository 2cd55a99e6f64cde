"""From signatures alone to methods that are served: a model before there is one.

What lives here: the codecs of a signature's fields, the checks of what is passed, and what is answered: sample values, made of
the seed and the arguments. Nothing here knows RPCs or grpc.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from types import SimpleNamespace
from typing import Any, Final

from .. import wire
from ..errors import ConfigError
from ._annotations import LEAVES, Kind
from ._sample_values import Sampler
from ._served_methods import BIDI_STREAM, SERVER_STREAM, UNARY, Methods, Served

_ITEMS: Final = 3
"""How many items a stream has that answers one input."""
_NUMBERS: Final = ("INT", "FLOAT")

Fields = Mapping[str, Mapping[str, Any]]


class Record(SimpleNamespace):
    """A record of any signature."""


class Samples(Methods):
    """A model of which nothing is known but its signatures: `serve` it, and it answers sample values.

        lock = json.loads(Path("o4_mini/signatures.json").read_text())
        with serve(Samples(lock["method_signatures"])) as server, O4Mini(base_url=server.url) as model:
            ...

    Values have their types, and are the same for the same arguments and seed. What is passed is checked against
    choices and limits; a value that does not fit is a PredictionError.

    Args:
        signatures: As a lock has them under `method_signatures`.
        seed: Decides the values, together with the method and its arguments.

    Raises:
        ConfigError: There is none, or one is malformed.
    """

    def __init__(self, signatures: Iterable[Mapping[str, Any]], *, seed: int = 0) -> None:
        self._served: dict[str, Served] = {}
        for signature in signatures:
            try:
                its = _served(signature, seed)
            except (KeyError, TypeError, IndexError, AttributeError) as error:
                raise ConfigError(
                    f"a signature is malformed: {type(error).__name__} {error}"
                ) from None
            self._served[its.name] = its
        if not self._served:
            raise ConfigError("there are no signatures to serve")

    def served(self) -> dict[str, Served]:
        """Its methods."""
        return self._served


def _served(signature: Mapping[str, Any], seed: int) -> Served:
    name, type_ = signature["name"], signature["method_type"]
    if type_ not in (UNARY, SERVER_STREAM, BIDI_STREAM):
        raise ConfigError(f"{name}: {type_} cannot be served")
    fields = {field["name"]: field for field in signature.get("input_fields", ())}
    output = _output(signature["output_fields"])
    stream = next((field for field in fields if fields[field].get("iterator")), None)
    return Served(
        name=name,
        type=type_,
        function=_answers(name, type_, fields, output, stream, seed),
        parameters={field: _kind(its) for field, its in fields.items()},
        required=frozenset(field for field, its in fields.items() if its.get("required")),
        returns=_codec(output),
        stream=stream,
        signature=dict(signature),
    )


def _output(outputs: Iterable[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The result: the one output, or a record of several."""
    outputs = list(outputs)
    if len(outputs) == 1 and outputs[0].get("name", "return") == "return":
        return outputs[0]
    return {"name": "return", "type": "NAMED_FIELDS", "type_args": outputs}


def _kind(field: Mapping[str, Any]) -> Kind:
    optional, stream = not field.get("required"), bool(field.get("iterator"))
    return Kind(dict(field), _codec(field), optional=optional, stream=stream)


def _codec(field: Mapping[str, Any]) -> wire.Codec[Any]:
    inner = field.get("type_args", ())
    match field["type"]:
        case "LIST":
            return wire.list_of(_codec(inner[0]))
        case "TUPLE":
            return wire.tuple_of(*map(_codec, inner))
        case "NAMED_FIELDS":
            members = (wire.field(member["name"], _codec(member)) for member in inner)
            return wire.record(Record, *members)
        case leaf:
            return LEAVES[leaf]


# What it answers


def _answers(
    name: str,
    type_: str,
    fields: Fields,
    output: Mapping[str, Any],
    stream: str | None,
    seed: int,
) -> Callable[..., Any]:
    def answers(arguments: Mapping[str, Any]) -> Callable[[], Any]:
        values = Sampler(f"{seed} {name} {sorted(arguments.items())!r}", _record)
        if output["type"] != "STR" or values.transport(name) is None:
            return lambda: values.value(output)
        return lambda: values.transport(name)

    def unary(**arguments: Any) -> Any:
        _check(name, fields, arguments)
        return answers(arguments)()

    def server_stream(**arguments: Any) -> Iterator[Any]:
        _check(name, fields, arguments)
        answer = answers(arguments)
        for _ in range(_ITEMS):
            yield answer()

    def bidi_stream(**arguments: Any) -> Iterator[Any]:
        assert stream is not None
        items = arguments.pop(stream)
        _check(name, fields, arguments)
        answer = answers(arguments)
        for item in items:
            _check(name, fields, {stream: item})
            yield answer()

    return {UNARY: unary, SERVER_STREAM: server_stream, BIDI_STREAM: bidi_stream}[type_]


def _record(_: Mapping[str, Any], members: dict[str, Any]) -> Record:
    return Record(**members)


def _check(method: str, fields: Fields, arguments: Mapping[str, Any]) -> None:
    """Refuse a value that is not among its choices, or outside of its limits."""
    for name, value in arguments.items():
        field = fields[name]
        allowed = [option["id"] for option in field.get("model_type_enum_options", ())]
        if value is None:
            continue
        if allowed and not any(_same(value, text) for text in allowed):
            raise ValueError(f"{method}: {name} must be one of {', '.join(allowed[:8])}")
        limits: Mapping[str, float] = field.get("model_type_range_info", {})
        if field["type"] in _NUMBERS:
            lowest, highest = limits.get("min"), limits.get("max")  # 0 means that there is none
            if lowest and value < lowest:
                raise ValueError(f"{method}: {name} must be at least {lowest:g}")
            if highest and value > highest:
                raise ValueError(f"{method}: {name} must be at most {highest:g}")


def _same(value: object, text: str) -> bool:
    """Whether a choice, which travels as text, is this value."""
    if isinstance(value, bool):
        return text.lower() == str(value).lower()
    if isinstance(value, (int, float)):
        try:
            return float(text) == value
        except ValueError:
            return False
    return text in (value, repr(value))
