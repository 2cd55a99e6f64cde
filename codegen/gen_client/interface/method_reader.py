"""One method from its signature: kind, parameters, result and types.

A method that breaks a rule raises `UnusableMethod`; an oddity that does no harm is a warning. This module knows
nothing of models, and of Python only what an identifier is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from clarigen import wire
from gen_client import limits
from gen_client.diagnostics import Refusal, Report
from gen_client.exit_codes import UNUSABLE
from gen_client.identifiers import is_identifier, normalize
from gen_client.interface.defaults import is_readable, parse_scalar, read_default
from gen_client.interface.model import (
    Choice,
    DataType,
    Default,
    KnownDefault,
    Member,
    Method,
    MethodKind,
    Parameter,
    Range,
    Result,
    Scalar,
    ServerDefault,
    TypeKind,
)
from gen_client.interface.raw import RawMessage
from gen_client.text import quote, quote_unless_identifier

_TYPE_KINDS: Final = {kind.value: kind for kind in TypeKind}


class UnusableMethod(Exception):
    """A method that cannot become a function.

    Attributes:
        location: The method and the field.
    """

    def __init__(self, location: str, reason: str) -> None:
        super().__init__(reason)
        self.location = location


def read_method(raw: RawMessage, name: str, report: Report) -> Method:
    """Read one method.

    Args:
        raw: The signature.
        name: The method's name, which is already read.
        report: Collects warnings.

    Raises:
        UnusableMethod: The method cannot become a function.
        Refusal: Exit 4: the signature is malformed, or uses a name twice.
    """
    if name:
        raw.location = quote_unless_identifier(name)
    _check_name(name, raw.location, "method")
    fields = raw.get_messages("input_fields", limits.PARAMETERS)
    outputs = raw.get_messages("output_fields", limits.MEMBERS)
    kind = _read_method_kind(
        raw,
        any(field.get_flag("iterator") for field in fields),
        any(output.get_flag("iterator") for output in outputs),
        report,
    )
    parameters = tuple(_read_parameter(field, raw.location, report) for field in fields)
    _check_unique([parameter.name for parameter in parameters], raw.location, "parameters")
    _check_streams(kind, parameters, raw.location)
    result = _read_result(outputs, raw.location)
    return Method(name, kind, raw.get_text("description", limits.DESCRIPTION), parameters, result)


def _check_name(name: str, location: str, noun: str) -> None:
    if not name:
        raise UnusableMethod(location, f"the {noun} has no name")
    if not is_identifier(normalize(name)):
        raise UnusableMethod(location, f"the {noun}'s name cannot be a name in Python")


def _check_unique(names: Sequence[str], location: str, noun: str) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise Refusal(
                f"there are two {noun} called {quote(name)}", location=location, exit_code=UNUSABLE
            )
        seen.add(name)


# Kinds of methods


def _read_method_kind(
    raw: RawMessage, has_input_stream: bool, has_output_stream: bool, report: Report
) -> MethodKind:
    """Return the kind of a method: `method_type` or, without it, what the flags of the fields imply."""
    name = raw.get_enum("method_type", wire.METHOD_TYPES)
    if name == "UNKNOWN":
        inputs, outputs = (
            "STREAMING" if flag else "UNARY" for flag in (has_input_stream, has_output_stream)
        )
        name = f"{inputs}_{outputs}"
        if name != "STREAMING_UNARY":
            report.warn(f"method_type is missing; {name} is assumed", location=raw.location)
    if name == "STREAMING_UNARY":
        raise UnusableMethod(
            raw.location, "it takes a stream and returns one value; no call does that"
        )
    if name not in wire.METHOD_TYPES:
        raise UnusableMethod(raw.location, f"its method_type, {quote(name)}, is not known")
    kind = MethodKind(name)
    if has_output_stream and kind is MethodKind.UNARY:
        report.warn(
            "its output is marked as a stream, but it is not a streaming method; the mark is ignored",
            location=raw.location,
        )
    return kind


def _check_streams(kind: MethodKind, parameters: Sequence[Parameter], location: str) -> None:
    streams = sum(parameter.is_stream for parameter in parameters)
    if kind is MethodKind.BIDI_STREAM and streams != 1:
        raise UnusableMethod(
            location, f"it has {streams} streams among its parameters; exactly one is needed"
        )
    if kind is not MethodKind.BIDI_STREAM and streams:
        raise UnusableMethod(
            location, f"a parameter is a stream, which no {kind.value} method takes"
        )


# Results and types


def _read_result(outputs: Sequence[RawMessage], location: str) -> Result:
    """Read the return value: the output `return` alone, or a record of all outputs."""
    if not outputs:
        raise UnusableMethod(location, "it has no output")
    for output in outputs:
        output.location = f"{location}.{wire.RESULT_NAME}"
    names = [output.get_text("name", limits.NAME) for output in outputs]
    if wire.is_single_result(names):
        type = _read_bounded_type(outputs[0])
        return Result(type, outputs[0].get_text("description", limits.DESCRIPTION))
    if wire.RESULT_NAME in names:
        raise UnusableMethod(
            location, "one of its outputs is called 'return', and it is not the only one"
        )
    record = DataType(TypeKind.NAMED_FIELDS, members=_read_members(outputs, location, 2))
    _check_record_depth(record, location)
    return Result(record, multiple_outputs=True)


def _read_bounded_type(raw: RawMessage) -> DataType:
    type = read_type(raw, 1)
    _check_record_depth(type, raw.location)
    return type


def _check_record_depth(type: DataType, location: str) -> None:
    if type.record_depth > limits.RECORDS:
        raise UnusableMethod(location, f"more than {limits.RECORDS} records are within each other")


def read_type(raw: RawMessage, depth: int) -> DataType:
    """Read a type.

    Args:
        raw: The field.
        depth: Levels of types down to this one, itself included; from 1.
    """
    if depth > limits.NESTING:
        raise Refusal(
            f"types are nested more than {limits.NESTING} deep",
            location=raw.location,
            exit_code=UNUSABLE,
        )
    name = raw.get_enum("type", wire.DATA_TYPES)
    kind = _TYPE_KINDS.get(name)
    if kind is None:
        problem = (
            "it has no type" if name == "NOT_SET" else f"its type, {quote(name)}, is not known"
        )
        raise UnusableMethod(raw.location, problem)
    if kind not in (TypeKind.LIST, TypeKind.TUPLE, TypeKind.NAMED_FIELDS):
        return DataType(kind)
    arguments = raw.get_messages("type_args", limits.MEMBERS)
    if kind is TypeKind.NAMED_FIELDS:
        return DataType(kind, members=_read_members(arguments, raw.location, depth + 1))
    if kind is TypeKind.LIST and len(arguments) != 1:
        raise UnusableMethod(raw.location, f"a LIST has one type of items, not {len(arguments)}")
    if not arguments:
        raise UnusableMethod(raw.location, "a TUPLE without items")
    for argument in arguments:
        argument.location = raw.location
    return DataType(kind, tuple(read_type(argument, depth + 1) for argument in arguments))


def _read_members(fields: Sequence[RawMessage], location: str, depth: int) -> tuple[Member, ...]:
    if not fields:
        raise UnusableMethod(location, "NAMED_FIELDS without fields")
    members: list[Member] = []
    for field in fields:
        name = field.get_text("name", limits.NAME)
        if name:
            field.location = f"{location}.{quote_unless_identifier(name)}"
        _check_name(name, field.location, "named field")
        description = field.get_text("description", limits.DESCRIPTION)
        members.append(Member(name, read_type(field, depth), description))
    _check_unique([member.name for member in members], location, "named fields")
    return tuple(members)


# Parameters


def _read_parameter(raw: RawMessage, method: str, report: Report) -> Parameter:
    name = raw.get_text("name", limits.NAME)
    if name:
        raw.location = f"{method}.{quote_unless_identifier(name)}"
    _check_name(name, raw.location, "parameter")
    type = _read_bounded_type(raw)
    required = raw.get_flag("required")
    text = raw.get_text("default", limits.DEFAULT)
    default = read_default(type, required, text)
    if required and text:
        report.warn(
            f"it is required, so its default {quote(text)} is ignored", location=raw.location
        )
    if isinstance(default, ServerDefault) and text and is_readable(type):
        report.note(
            f"its default {quote(text)} is not a {type.kind.value}; only the model can apply it",
            location=raw.location,
        )
    choices = _read_choices(raw, type.kind, report)
    if choices and isinstance(default, KnownDefault):
        choices, default = _reconcile_choices(choices, default, text, raw.location, report)
    return Parameter(
        name,
        type,
        required,
        default,
        default_text="" if required else text,
        description=raw.get_text("description", limits.DESCRIPTION),
        is_stream=raw.get_flag("iterator"),
        choices=choices,
        range=_read_range(raw, type.kind, default, report),
        internal_only=raw.get_flag("internal_only"),
        is_param=raw.get_flag("is_param"),
    )


def _read_choices(raw: RawMessage, kind: TypeKind, report: Report) -> tuple[Choice, ...]:
    """Read the distinct choices of a parameter; those that are not values of its type are left out."""
    choices: dict[Scalar, Choice] = {}
    dropped: list[str] = []
    for option in raw.get_messages("model_type_enum_options", limits.CHOICES):
        id = option.get_text("id", limits.DEFAULT)
        try:
            value = parse_scalar(kind, id)
        except ValueError:
            value = math.nan
        if value != value:  # NaN equals no value, so no argument could match it
            dropped.append(id)
        elif value not in choices:
            choices[value] = Choice(id, value, option.get_text("description", limits.DESCRIPTION))
    if dropped:
        examples = ", ".join(map(quote, dropped[:3])) + (", …" if len(dropped) > 3 else "")
        report.warn(
            f"choices that no {kind.value} parameter can offer are left out: {examples}",
            location=raw.location,
        )
    return tuple(choices.values())


def _reconcile_choices(
    choices: tuple[Choice, ...], default: KnownDefault, text: str, location: str, report: Report
) -> tuple[tuple[Choice, ...], Default]:
    """Return choices with the default among them, or a default that only the server knows."""
    value = default.value
    assert isinstance(value, Scalar)
    if any(choice.value == value for choice in choices):
        return choices, default
    if not text or value != value or len(choices) == limits.CHOICES:
        # Only the model knows: an older SDK wrote nothing for None, and NaN cannot be chosen.
        return choices, ServerDefault(text)
    report.warn(
        f"its default {quote(text)} is not among its choices; it is allowed too", location=location
    )
    id = value if isinstance(value, str) else text
    return (*choices, Choice(id, value)), default


def _read_range(raw: RawMessage, kind: TypeKind, default: Default, report: Report) -> Range | None:
    """Read the range of a parameter; contradictory bounds are left out with a warning."""
    bounds = raw.get_message("model_type_range_info")
    if bounds is None or kind not in (TypeKind.INT, TypeKind.FLOAT):
        return None
    value = _number_of(default)
    lowest, highest = _check_bounds(
        bounds.get_float("min"), bounds.get_float("max"), value, raw.location, report
    )
    step = bounds.get_float("step")
    # On the wire, 0 also means "no bound": it is a lower bound only if there is an upper bound above it. This is
    # decided after contradictory bounds are removed, so that reading a lock gives the same range.
    zero_is_bound = highest > 0 and (value is None or value >= 0)
    lower = lowest or (0.0 if zero_is_bound else None)
    if lower is None and not highest and not step:
        return None
    return Range(lower, highest or None, step)


def _check_bounds(
    lowest: float, highest: float, value: float | None, location: str, report: Report
) -> tuple[float, float]:
    """Return the bounds; one that contradicts the other or the default becomes 0.0, with a warning.

    Args:
        lowest: The lower bound; 0.0 for none.
        highest: The upper bound; 0.0 for none.
        value: The default, if it is a known number.
        location: The parameter, for messages.
        report: Collects warnings.
    """
    if lowest and highest and lowest > highest:
        report.warn(
            f"its range, {lowest:g} to {highest:g}, is empty and is left out", location=location
        )
        return 0.0, 0.0
    if value is not None and lowest and not value >= lowest:
        report.warn(
            f"its default {value} is below the least value, {lowest:g}, which is left out",
            location=location,
        )
        lowest = 0.0
    if value is not None and highest and not value <= highest:
        report.warn(
            f"its default {value} is above the greatest value, {highest:g}, which is left out",
            location=location,
        )
        highest = 0.0
    return lowest, highest


def _number_of(default: Default) -> float | None:
    """Return the value of a default if it is a known number."""
    if isinstance(default, KnownDefault) and isinstance(default.value, (int, float)):
        return default.value
    return None
