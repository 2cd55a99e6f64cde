"""The methods of a model as the runtime calls them: wire descriptions, built from the interface.

They are the same descriptions that generated code has, as values in place of code. Classes of records are made here, and
a user's own types for JSON are not imported: such values stay JSON.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, make_dataclass
from typing import Any, Final, cast

from clarigen import SERVER_DEFAULT, wire
from gen_client.call.readers import Reader
from gen_client.call.shapes import ShapeReader
from gen_client.interface.model import (
    KnownDefault,
    MethodKind,
    NullDefault,
    TypeKind,
)
from gen_client.plan import types
from gen_client.plan.named import NamedMethod, NamedParameter
from gen_client.plan.types import Shape

_WIRE_FUNCTIONS: Final[Mapping[MethodKind, Any]] = {
    MethodKind.UNARY: wire.unary,
    MethodKind.SERVER_STREAM: wire.server_stream,
    MethodKind.BIDI_STREAM: wire.bidi_stream,
}

Records = Mapping[str, type[Any]]
"""The classes of records, by their names."""


@dataclass(frozen=True, slots=True)
class Argument:
    """A parameter of a method, as the command line names and reads it.

    Attributes:
        name: Its name in Python.
        wire_name: Its name on the wire.
        reader: Reads its values; those of one item, if it is a stream.
        is_stream: Whether it is a stream of values.
        choices: The values to complete; empty if they are not listed.
        is_required: Whether it must be given.
    """

    name: str
    wire_name: str
    reader: Reader
    is_stream: bool = False
    choices: tuple[str, ...] = ()
    is_required: bool = False


@dataclass(frozen=True, slots=True)
class CallableMethod:
    """A method that can be called.

    Attributes:
        name: Its name in Python.
        wire_name: Its name on the wire.
        kind: How it is called.
        wire: The wire description; None for a chat, which has none of its own.
        arguments: Its parameters, in order.
        transports: Of a chat, the names of the parameters of both transports.
        other: Reads arguments of other names; None if there may be none.
    """

    name: str
    wire_name: str
    kind: MethodKind
    wire: Any
    arguments: tuple[Argument, ...]
    transports: tuple[str, str] | None = None
    other: Reader | None = None

    @property
    def stream_argument(self) -> Argument | None:
        """The parameter that is a stream, if there is one."""
        return next((argument for argument in self.arguments if argument.is_stream), None)

    def find_argument(self, name: str) -> Argument | None:
        """Return the parameter with a Python or wire name; None if there is none."""
        for argument in self.arguments:
            if name in (argument.name, argument.wire_name):
                return argument
        return None if self.other is None else Argument(name, name, self.other)


def describe_method(method: NamedMethod) -> CallableMethod:
    """Describe a method of a model."""
    records = _make_records(method.shapes)
    own = method.wire
    fields = [_make_field(parameter, records) for parameter in method.parameters]
    returns = _make_result_codec(method, records)
    function = wire.inline_unary if own.is_inline else _WIRE_FUNCTIONS[own.kind]
    return CallableMethod(
        name=str(method.name),
        wire_name=own.name,
        kind=own.kind,
        wire=function(own.name, *fields, name=str(method.name), returns=returns),
        arguments=tuple(
            Argument(
                str(parameter.name),
                parameter.wire.name,
                ShapeReader(parameter.shape, records),
                parameter.wire.is_stream,
                _list_choices(parameter),
                parameter.wire.required,
            )
            for parameter in method.parameters
        ),
    )


def _list_choices(parameter: NamedParameter) -> tuple[str, ...]:
    if parameter.shape.kind is TypeKind.BOOL:
        return ("true", "false")
    return tuple(choice.id for choice in parameter.wire.choices)


def _make_records(shapes: Iterable[Shape]) -> Records:
    """Make the classes of the records in types."""
    return {
        str(name): make_dataclass(str(name), [str(field.name) for field in record.fields])
        for shape in shapes
        for name, record in shape.iter_records()
    }


def _make_codec(shape: Shape, records: Records) -> wire.Codec[Any]:
    match shape.kind:
        case TypeKind.LIST:
            return wire.list_of(_make_codec(shape.items[0], records))
        case TypeKind.TUPLE:
            return wire.tuple_of(*(_make_codec(item, records) for item in shape.items))
        case TypeKind.NAMED_FIELDS:
            return wire.record(records[str(shape.record)], *_make_members(shape, records))
        case TypeKind.JSON_DATA:
            return wire.JSON
        case kind:
            return cast("wire.Codec[Any]", getattr(wire, kind.value))


def _make_members(shape: Shape, records: Records) -> list[wire.Field]:
    return [
        wire.field(field.wire.name, _make_codec(field.shape, records), name=str(field.name))
        for field in shape.fields
    ]


def _make_result_codec(method: NamedMethod, records: Records) -> wire.Codec[Any]:
    shape, path = method.result, method.wire.result.path
    if not method.wire.is_inline:
        return _make_codec(shape, records)
    if path:
        return wire.output(path, _make_codec(shape, records))
    return wire.outputs(records[str(shape.record)], *_make_members(shape, records))


def _make_field(parameter: NamedParameter, records: Records) -> wire.Field:
    own, shape = parameter.wire, parameter.shape
    lowest, highest = (None, None) if own.range is None else own.range.enforced
    return wire.field(
        own.path or own.name,
        _make_codec(shape, records),
        name=str(parameter.name),
        default=_make_default(parameter, records),
        ge=None if lowest is None else types.range_bound(lowest, shape.kind),
        le=None if highest is None else types.range_bound(highest, shape.kind),
        choices=tuple(choice.value for choice in own.choices),
        stream=own.is_stream,
    )


def _make_default(parameter: NamedParameter, records: Records) -> Any:
    match parameter.wire.default:
        case _ if parameter.wire.required or parameter.wire.is_stream:
            return wire.REQUIRED
        case NullDefault():
            return None
        case KnownDefault(value) if not any(parameter.shape.iter_json_types()):
            return _make_value(value, parameter.shape, records)
        case _:
            return SERVER_DEFAULT


def _make_value(value: Any, shape: Shape, records: Records) -> Any:
    """Return a default, which the interface has as plain values, as a value of its type."""
    match shape.kind:
        case TypeKind.FLOAT:
            return float(value)
        case TypeKind.LIST:
            items = cast("Sequence[object]", value)
            return tuple(_make_value(item, shape.items[0], records) for item in items)
        case TypeKind.TUPLE:
            pairs = zip(cast("Sequence[object]", value), shape.items, strict=True)
            return tuple(_make_value(item, inner, records) for item, inner in pairs)
        case TypeKind.NAMED_FIELDS:
            content = cast("Mapping[str, object]", value)
            return records[str(shape.record)](
                **{
                    str(field.name): _make_value(content[field.wire.name], field.shape, records)
                    for field in shape.fields
                }
            )
        case _:
            return value
