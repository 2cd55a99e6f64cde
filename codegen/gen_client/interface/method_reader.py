"""Reads one method of a signature: its kind, parameters, result and types.

What lives here: the rules of what makes a method usable. One that is not raises `UnusableMethod`; what is
merely odd becomes a warning. Which model it belongs to, and what Python makes of it, is not known
here.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from typing import Final

from clarigen import wire
from gen_client import limits
from gen_client.diagnostics import Refusal, Report
from gen_client.exit_codes import UNUSABLE
from gen_client.interface import defaults
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
_SCALARS: Final = (TypeKind.STR, TypeKind.BYTES, TypeKind.INT, TypeKind.FLOAT, TypeKind.BOOL)


class UnusableMethod(Exception):
    """A method that cannot become a function.

    Attributes:
        where: The method and the field.
    """

    def __init__(self, where: str, why: str) -> None:
        super().__init__(why)
        self.where = where


def read_method(raw: RawMessage, name: str, report: Report) -> Method:
    """One method.

    Args:
        raw: The signature.
        name: Its name, already read.
        report: Where warnings go.

    Raises:
        UnusableMethod: It cannot become a function.
        Refusal: It is malformed, or names are given twice in it.
    """
    if name:
        raw.where = quote_unless_identifier(name)
    _check_name(name, raw.where, "method")
    fields = raw.get_messages("input_fields", limits.PARAMETERS)
    outputs = raw.get_messages("output_fields", limits.MEMBERS)
    streams = any(field.get_flag("iterator") for field in fields)
    kind = _read_method_kind(
        raw, streams, any(output.get_flag("iterator") for output in outputs), report
    )
    parameters = tuple(_read_parameter(field, raw.where, report) for field in fields)
    _check_unique([parameter.name for parameter in parameters], raw.where, "parameters")
    _check_streams(kind, parameters, raw.where)
    result = _read_result(outputs, raw.where)
    return Method(name, kind, raw.get_text("description", limits.DESCRIPTION), parameters, result)


def _check_name(name: str, where: str, what: str) -> None:
    if not name:
        raise UnusableMethod(where, f"the {what} has no name")
    if not unicodedata.normalize("NFKC", name).isidentifier():
        raise UnusableMethod(where, f"the {what}'s name cannot be a name in Python")


def _check_unique(names: Sequence[str], where: str, what: str) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise Refusal(
                f"there are two {what} called {quote(name)}", location=where, exit_code=UNUSABLE
            )
        seen.add(name)


def _read_method_kind(raw: RawMessage, inputs: bool, outputs: bool, report: Report) -> MethodKind:
    """The kind of a method; the signature's own word goes before the flags of its fields."""
    word = raw.get_enum("method_type", wire.METHOD_TYPES)
    if word == "UNKNOWN":
        if inputs and not outputs:
            word = "STREAMING_UNARY"
        else:
            word = (
                "STREAMING_STREAMING" if inputs else "UNARY_STREAMING" if outputs else "UNARY_UNARY"
            )
            report.warn(f"method_type is missing; {word} is assumed", location=raw.where)
    if word == "STREAMING_UNARY":
        raise UnusableMethod(
            raw.where, "it takes a stream and returns one value; no call does that"
        )
    if word not in wire.METHOD_TYPES:
        raise UnusableMethod(raw.where, f"its method_type, {quote(word)}, is not known")
    kind = MethodKind(word)
    if outputs and kind is MethodKind.UNARY:
        report.warn(
            "it is no streaming method, but its output is marked as a stream; the mark is"
            " ignored",
            location=raw.where,
        )
    return kind


def _check_streams(kind: MethodKind, parameters: Sequence[Parameter], where: str) -> None:
    streams = sum(parameter.stream for parameter in parameters)
    if kind is MethodKind.BIDI_STREAM and streams != 1:
        raise UnusableMethod(
            where, f"it has {streams} streams among its parameters; exactly one is needed"
        )
    if kind is not MethodKind.BIDI_STREAM and streams:
        raise UnusableMethod(where, f"a parameter is a stream, which no {kind.value} method takes")


def _read_result(outputs: Sequence[RawMessage], where: str) -> Result:
    """What a method returns. Outputs that are not the one called `return` are members of a record."""
    if not outputs:
        raise UnusableMethod(where, "it has no output")
    for output in outputs:
        output.where = f"{where}.{wire.RESULT_NAME}"
    names = [output.get_text("name", limits.NAME) for output in outputs]
    if wire.is_single_result(names):
        type = _read_checked_type(outputs[0])
        return Result(type, outputs[0].get_text("description", limits.DESCRIPTION))
    if wire.RESULT_NAME in names:
        raise UnusableMethod(
            where, "one of its outputs is called 'return', and it is not the only one"
        )
    record = DataType(TypeKind.NAMED_FIELDS, members=_read_members(outputs, where, 2))
    _check_record_depth(record, where)
    return Result(record, multiple_outputs=True)


def _read_checked_type(raw: RawMessage) -> DataType:
    type = _read_type(raw, 1)
    _check_record_depth(type, raw.where)
    return type


def _check_record_depth(type: DataType, where: str) -> None:
    if type.record_depth > limits.RECORDS:
        raise UnusableMethod(where, f"more than {limits.RECORDS} records are within each other")


def _read_type(raw: RawMessage, depth: int) -> DataType:
    if depth > limits.NESTING:
        raise Refusal(
            f"types are nested more than {limits.NESTING} deep",
            location=raw.where,
            exit_code=UNUSABLE,
        )
    word = raw.get_enum("type", wire.DATA_TYPES)
    kind = _TYPE_KINDS.get(word)
    if kind is None:
        problem = "has no type" if word == "NOT_SET" else f"is of a type not known, {quote(word)}"
        raise UnusableMethod(raw.where, f"it {problem}")
    if kind not in (TypeKind.LIST, TypeKind.TUPLE, TypeKind.NAMED_FIELDS):
        return DataType(kind)
    arguments = raw.get_messages("type_args", limits.MEMBERS)
    if kind is TypeKind.NAMED_FIELDS:
        return DataType(kind, members=_read_members(arguments, raw.where, depth + 1))
    if kind is TypeKind.LIST and len(arguments) != 1:
        raise UnusableMethod(raw.where, f"a LIST has one type of items, not {len(arguments)}")
    if not arguments:
        raise UnusableMethod(raw.where, "a TUPLE without items")
    for argument in arguments:
        argument.where = raw.where
    return DataType(kind, tuple(_read_type(argument, depth + 1) for argument in arguments))


def _read_members(fields: Sequence[RawMessage], where: str, depth: int) -> tuple[Member, ...]:
    if not fields:
        raise UnusableMethod(where, "NAMED_FIELDS without fields")
    members: list[Member] = []
    for field in fields:
        name = field.get_text("name", limits.NAME)
        if name:
            field.where = f"{where}.{quote_unless_identifier(name)}"
        _check_name(name, field.where, "named field")
        description = field.get_text("description", limits.DESCRIPTION)
        members.append(Member(name, _read_type(field, depth), description))
    _check_unique([member.name for member in members], where, "named fields")
    return tuple(members)


def _read_parameter(raw: RawMessage, method: str, report: Report) -> Parameter:
    name = raw.get_text("name", limits.NAME)
    if name:
        raw.where = f"{method}.{quote_unless_identifier(name)}"
    _check_name(name, raw.where, "parameter")
    type = _read_checked_type(raw)
    required = raw.get_flag("required")
    text = raw.get_text("default", limits.DEFAULT)
    default = defaults.read_default(type, required, text)
    if required and text:
        report.warn(f"it is required, so its default {quote(text)} is ignored", location=raw.where)
    if isinstance(default, ServerDefault) and defaults.is_readable(type):
        report.warn(
            f"its default {quote(text)} is no {type.kind.value}; only the model can apply it",
            location=raw.where,
        )
    choices, default = _read_choices(raw, type.kind, default, text, report)
    return Parameter(
        name,
        type,
        required,
        default,
        default_text="" if required else text,
        description=raw.get_text("description", limits.DESCRIPTION),
        stream=raw.get_flag("iterator"),
        choices=choices,
        range=_read_range(raw, type.kind, default, report),
        internal_only=raw.get_flag("internal_only"),
        is_param=raw.get_flag("is_param"),
    )


def _read_choices(
    raw: RawMessage, kind: TypeKind, default: Default, text: str, report: Report
) -> tuple[tuple[Choice, ...], Default]:
    """The choices of a parameter, and its default, which is one of them if it is known."""
    found: dict[Scalar, Choice] = {}
    dropped: list[str] = []
    for option in raw.get_messages("model_type_enum_options", limits.CHOICES):
        id = option.get_text("id", limits.DEFAULT)
        try:
            value = defaults.parse_scalar(kind, id)
        except ValueError:
            value = math.nan
        if value != value:  # NaN equals no value, so nobody could choose it
            dropped.append(id)
        elif value not in found:
            found[value] = Choice(id, value, option.get_text("description", limits.DESCRIPTION))
    if dropped:
        examples = ", ".join(map(quote, dropped[:3])) + (", …" if len(dropped) > 3 else "")
        report.warn(
            f"choices that no {kind.value} parameter can offer are left out: {examples}",
            location=raw.where,
        )
    if not found or not isinstance(default, KnownDefault) or default.value in found.values():
        return tuple(found.values()), default
    return _include_default(raw, kind, found, default, text, report)


def _include_default(
    raw: RawMessage,
    kind: TypeKind,
    found: dict[Scalar, Choice],
    default: KnownDefault,
    text: str,
    report: Report,
) -> tuple[tuple[Choice, ...], Default]:
    value = default.value
    choices = tuple(found.values())
    assert isinstance(value, Scalar)
    if value in found:
        return choices, default
    if not text or value != value or len(choices) == limits.CHOICES:
        # An older SDK wrote nothing for None, and NaN cannot be chosen: the model knows.
        return choices, ServerDefault(text)
    report.warn(
        f"its default {quote(text)} is not among its choices; it is allowed too", location=raw.where
    )
    id = value if isinstance(value, str) else text
    return (*choices, Choice(id, value)), default


def _read_range(raw: RawMessage, kind: TypeKind, default: Default, report: Report) -> Range | None:
    """The bounds of a parameter, as far as they can be believed."""
    bounds = raw.get_message("model_type_range_info")
    if bounds is None or kind not in (TypeKind.INT, TypeKind.FLOAT):
        return None
    least, most, step = bounds.get_float("min"), bounds.get_float("max"), bounds.get_float("step")
    if least and most and least > most:
        report.warn(
            f"its range, {least:g} to {most:g}, is empty and is left out", location=raw.where
        )
        least = most = 0.0
    value = None
    if isinstance(default, KnownDefault) and isinstance(default.value, (int, float)):
        value = default.value
    if value is not None and least and not value >= least:
        _warn_of_bound(value, "below the least", least, raw, report)
        least = 0.0
    if value is not None and most and not value <= most:
        _warn_of_bound(value, "above the greatest", most, raw, report)
        most = 0.0
    # Last, so that what is left reads the same from a lock.
    zero = most > 0 and (value is None or value >= 0)
    lowest, highest = least or (0.0 if zero else None), most or None
    if lowest is None and highest is None and not step:
        return None
    return Range(lowest, highest, step)


def _warn_of_bound(
    value: float, beyond: str, bound: float, raw: RawMessage, report: Report
) -> None:
    report.warn(
        f"its default {value} is {beyond} value, {bound:g}, which is left out", location=raw.where
    )
