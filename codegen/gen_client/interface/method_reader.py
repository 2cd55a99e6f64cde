"""Reads one method of a signature: its kind, parameters, result and types.

What lives here: the rules of what makes a method usable. One that is not raises `Skipped`; what is
merely odd becomes a warning. Which model it belongs to, and what Python makes of it, is not known
here.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from typing import Final

from gen_client import limits
from gen_client.diagnostics import UNUSABLE, Refusal, Report, label, shown
from gen_client.interface import defaults
from gen_client.interface.model import (
    Choice,
    DataType,
    Default,
    Kind,
    Known,
    Member,
    Method,
    MethodKind,
    Parameter,
    Range,
    Result,
    Scalar,
    ServerOnly,
)
from gen_client.interface.raw import Raw

RETURN: Final = "return"
"""The name of a method's only output."""

_KINDS: Final = {kind.value: kind for kind in Kind}
_TYPE_NAMES: Final = ("NOT_SET", *_KINDS)
"""In the order of their numbers."""
_METHOD_NAMES: Final = (
    "UNKNOWN",
    "UNARY_UNARY",
    "UNARY_STREAMING",
    "STREAMING_UNARY",
    "STREAMING_STREAMING",
)
_SCALARS: Final = (Kind.STR, Kind.BYTES, Kind.INT, Kind.FLOAT, Kind.BOOL)


class Skipped(Exception):
    """A method that cannot become a function.

    Attributes:
        where: The method and the field.
    """

    def __init__(self, where: str, why: str) -> None:
        super().__init__(why)
        self.where = where


def read_method(raw: Raw, name: str, report: Report) -> Method:
    """One method.

    Args:
        raw: The signature.
        name: Its name, already read.
        report: Where warnings go.

    Raises:
        Skipped: It cannot become a function.
        Refusal: It is malformed, or names are given twice in it.
    """
    if name:
        raw.where = label(name)
    _check_name(name, raw.where, "method")
    fields = raw.entries("input_fields", limits.PARAMETERS)
    outputs = raw.entries("output_fields", limits.MEMBERS)
    streams = any(field.flag("iterator") for field in fields)
    kind = _method_kind(raw, streams, any(output.flag("iterator") for output in outputs), report)
    parameters = tuple(_parameter(field, raw.where, report) for field in fields)
    _check_unique([parameter.name for parameter in parameters], raw.where, "parameters")
    _check_streams(kind, parameters, raw.where)
    result = _result(outputs, raw.where)
    return Method(name, kind, raw.text("description", limits.DESCRIPTION), parameters, result)


def _check_name(name: str, where: str, what: str) -> None:
    if not name:
        raise Skipped(where, f"the {what} has no name")
    if not unicodedata.normalize("NFKC", name).isidentifier():
        raise Skipped(where, f"the {what}'s name cannot be a name in Python")


def _check_unique(names: Sequence[str], where: str, what: str) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise Refusal(
                f"there are two {what} called {shown(name)}", where=where, exit_code=UNUSABLE
            )
        seen.add(name)


def _method_kind(raw: Raw, inputs: bool, outputs: bool, report: Report) -> MethodKind:
    """The kind of a method; the signature's own word goes before the flags of its fields."""
    word = raw.word("method_type", _METHOD_NAMES)
    if word == "UNKNOWN":
        if inputs and not outputs:
            word = "STREAMING_UNARY"
        else:
            word = (
                "STREAMING_STREAMING" if inputs else "UNARY_STREAMING" if outputs else "UNARY_UNARY"
            )
            report.warn(f"method_type is missing; {word} is assumed", where=raw.where)
    if word == "STREAMING_UNARY":
        raise Skipped(raw.where, "it takes a stream and returns one value; no call does that")
    if word not in _METHOD_NAMES:
        raise Skipped(raw.where, f"its method_type, {shown(word)}, is not known")
    kind = MethodKind(word)
    if outputs and kind is MethodKind.UNARY:
        report.warn(
            "it is no streaming method, but its output is marked as a stream; the mark is"
            " ignored",
            where=raw.where,
        )
    return kind


def _check_streams(kind: MethodKind, parameters: Sequence[Parameter], where: str) -> None:
    streams = sum(parameter.stream for parameter in parameters)
    if kind is MethodKind.BIDI_STREAM and streams != 1:
        raise Skipped(
            where, f"it has {streams} streams among its parameters; exactly one is needed"
        )
    if kind is not MethodKind.BIDI_STREAM and streams:
        raise Skipped(where, f"a parameter is a stream, which no {kind.value} method takes")


def _result(outputs: Sequence[Raw], where: str) -> Result:
    """What a method returns. Outputs that are not the one called `return` are members of a record."""
    if not outputs:
        raise Skipped(where, "it has no output")
    for output in outputs:
        output.where = f"{where}.{RETURN}"
    names = [output.text("name", limits.NAME) for output in outputs]
    if len(outputs) == 1 and names[0] in ("", RETURN):
        type = _whole_type(outputs[0])
        return Result(type, outputs[0].text("description", limits.DESCRIPTION))
    if RETURN in names:
        raise Skipped(where, "one of its outputs is called 'return', and it is not the only one")
    record = DataType(Kind.NAMED_FIELDS, members=_members(outputs, where, 2))
    _check_records(record, where)
    return Result(record, spread=True)


def _whole_type(raw: Raw) -> DataType:
    type = _type(raw, 1)
    _check_records(type, raw.where)
    return type


def _check_records(type: DataType, where: str) -> None:
    if type.records > limits.RECORDS:
        raise Skipped(where, f"more than {limits.RECORDS} records are within each other")


def _type(raw: Raw, depth: int) -> DataType:
    if depth > limits.NESTING:
        raise Refusal(
            f"types are nested more than {limits.NESTING} deep", where=raw.where, exit_code=UNUSABLE
        )
    word = raw.word("type", _TYPE_NAMES)
    kind = _KINDS.get(word)
    if kind is None:
        problem = "has no type" if word == "NOT_SET" else f"is of a type not known, {shown(word)}"
        raise Skipped(raw.where, f"it {problem}")
    if kind not in (Kind.LIST, Kind.TUPLE, Kind.NAMED_FIELDS):
        return DataType(kind)
    arguments = raw.entries("type_args", limits.MEMBERS)
    if kind is Kind.NAMED_FIELDS:
        return DataType(kind, members=_members(arguments, raw.where, depth + 1))
    if kind is Kind.LIST and len(arguments) != 1:
        raise Skipped(raw.where, f"a LIST has one type of items, not {len(arguments)}")
    if not arguments:
        raise Skipped(raw.where, "a TUPLE without items")
    for argument in arguments:
        argument.where = raw.where
    return DataType(kind, tuple(_type(argument, depth + 1) for argument in arguments))


def _members(fields: Sequence[Raw], where: str, depth: int) -> tuple[Member, ...]:
    if not fields:
        raise Skipped(where, "NAMED_FIELDS without fields")
    members: list[Member] = []
    for field in fields:
        name = field.text("name", limits.NAME)
        if name:
            field.where = f"{where}.{label(name)}"
        _check_name(name, field.where, "named field")
        description = field.text("description", limits.DESCRIPTION)
        members.append(Member(name, _type(field, depth), description))
    _check_unique([member.name for member in members], where, "named fields")
    return tuple(members)


def _parameter(raw: Raw, method: str, report: Report) -> Parameter:
    name = raw.text("name", limits.NAME)
    if name:
        raw.where = f"{method}.{label(name)}"
    _check_name(name, raw.where, "parameter")
    type = _whole_type(raw)
    required = raw.flag("required")
    text = raw.text("default", limits.DEFAULT)
    default = defaults.read(type, required, text)
    if required and text:
        report.warn(f"it is required, so its default {shown(text)} is ignored", where=raw.where)
    if isinstance(default, ServerOnly) and defaults.literal(type):
        report.warn(
            f"its default {shown(text)} is no {type.kind.value}; only the model can apply it",
            where=raw.where,
        )
    choices, default = _choices(raw, type.kind, default, text, report)
    return Parameter(
        name,
        type,
        required,
        default,
        default_text="" if required else text,
        description=raw.text("description", limits.DESCRIPTION),
        stream=raw.flag("iterator"),
        choices=choices,
        range=_range(raw, type.kind, default, report),
        internal_only=raw.flag("internal_only"),
        is_param=raw.flag("is_param"),
    )


def _choices(
    raw: Raw, kind: Kind, default: Default, text: str, report: Report
) -> tuple[tuple[Choice, ...], Default]:
    """The choices of a parameter, and its default, which is one of them if it is known."""
    found: dict[Scalar, Choice] = {}
    dropped: list[str] = []
    for option in raw.entries("model_type_enum_options", limits.CHOICES):
        id = option.text("id", limits.DEFAULT)
        try:
            value = defaults.scalar(kind, id)
        except ValueError:
            value = math.nan
        if value != value:  # NaN equals no value, so nobody could choose it
            dropped.append(id)
        elif value not in found:
            found[value] = Choice(id, value, option.text("description", limits.DESCRIPTION))
    if dropped:
        examples = ", ".join(map(shown, dropped[:3])) + (", …" if len(dropped) > 3 else "")
        report.warn(
            f"choices that no {kind.value} parameter can offer are left out: {examples}",
            where=raw.where,
        )
    if not found or not isinstance(default, Known) or default.value in found.values():
        return tuple(found.values()), default
    return _with_default(raw, kind, found, default, text, report)


def _with_default(
    raw: Raw,
    kind: Kind,
    found: dict[Scalar, Choice],
    default: Known,
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
        return choices, ServerOnly(text)
    report.warn(
        f"its default {shown(text)} is not among its choices; it is allowed too", where=raw.where
    )
    id = value if isinstance(value, str) else text
    return (*choices, Choice(id, value)), default


def _range(raw: Raw, kind: Kind, default: Default, report: Report) -> Range | None:
    """The bounds of a parameter, as far as they can be believed."""
    bounds = raw.entry("model_type_range_info")
    if bounds is None or kind not in (Kind.INT, Kind.FLOAT):
        return None
    least, most, step = bounds.number("min"), bounds.number("max"), bounds.number("step")
    if least and most and least > most:
        report.warn(f"its range, {least:g} to {most:g}, is empty and is left out", where=raw.where)
        least = most = 0.0
    value = None
    if isinstance(default, Known) and isinstance(default.value, (int, float)):
        value = default.value
    if value is not None and least and not value >= least:
        _left_out(value, "below the least", least, raw, report)
        least = 0.0
    if value is not None and most and not value <= most:
        _left_out(value, "above the greatest", most, raw, report)
        most = 0.0
    # Last, so that what is left reads the same from a lock.
    zero = most > 0 and (value is None or value >= 0)
    lowest, highest = least or (0.0 if zero else None), most or None
    if lowest is None and highest is None and not step:
        return None
    return Range(lowest, highest, step)


def _left_out(value: float, beyond: str, bound: float, raw: Raw, report: Report) -> None:
    report.warn(
        f"its default {value} is {beyond} value, {bound:g}, which is left out", where=raw.where
    )
