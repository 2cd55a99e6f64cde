"""What a model's methods are, as its signatures say: of them, what matters to those who call.

What lives here: the nouns, and their reading from the two forms in which signatures come: the platform's
messages, and JSON (a package's lock, or what a model answers itself), whose keys are in snake_case or
camelCase and whose enums are names or numbers. What cannot be read is taken for absent: nothing here is
generated from.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from .. import wire


@dataclass(frozen=True, slots=True)
class Type:
    """A type of data.

    Attributes:
        word: The platform's word for it.
        parts: What it is made of, each with its name; only the fields of a record have one.
    """

    name: str
    parts: tuple[tuple[str, Type], ...] = ()

    def __str__(self) -> str:
        named = [f"{name}: {part}" if name else str(part) for name, part in self.parts]
        return f"{self.name}[{', '.join(named)}]" if named else self.name


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter: its type, whether it is required, the text of its default, its choices if not all are."""

    type: Type
    required: bool
    default: str
    choices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Signature:
    """A method: the platform's word for its kind, its parameters by name, what it returns."""

    kind: str
    parameters: Mapping[str, Parameter]
    result: Type


def read_signatures(entries: Iterable[object]) -> dict[str, Signature]:
    """The methods that signatures describe, by name, in their order."""
    return {_get_text(entry, "name"): _read_signature(entry) for entry in entries}


def _read_signature(entry: object) -> Signature:
    fields = _get_list(entry, "input_fields")
    return Signature(
        _get_enum_name(entry, "method_type", wire.METHOD_TYPES),
        {_get_text(field, "name"): _read_parameter(field) for field in fields},
        _read_result(_get_list(entry, "output_fields")),
    )


def _read_parameter(field: object) -> Parameter:
    options = _get_list(field, "model_type_enum_options")
    return Parameter(
        _read_type(field),
        bool(_get(field, "required")),
        _get_text(field, "default"),
        tuple(_get_text(option, "id") for option in options),
    )


def _read_result(fields: list[object]) -> Type:
    """What a method returns: outputs that are not the one called `return` are fields of a record."""
    names = [_get_text(field, "name") for field in fields]
    if wire.is_single_result(names):
        return _read_type(fields[0])
    return Type("NAMED_FIELDS", tuple(zip(names, map(_read_type, fields), strict=True)))


def _read_type(field: object) -> Type:
    word = _get_enum_name(field, "type", wire.DATA_TYPES)
    named = word == "NAMED_FIELDS"
    parts = _get_list(field, "type_args")
    return Type(
        word, tuple((_get_text(part, "name") if named else "", _read_type(part)) for part in parts)
    )


def _get(node: object, key: str) -> Any:
    """What a message or a JSON object has under a key; None where there is nothing."""
    if not isinstance(node, Mapping):
        return getattr(node, key, None)
    return wire.snake_or_camel(cast("Mapping[str, Any]", node), key)


def _get_text(node: object, key: str) -> str:
    value = _get(node, key)
    return value if isinstance(value, str) else ""


def _get_list(node: object, key: str) -> list[object]:
    value = _get(node, key)
    return [] if value is None or isinstance(value, (str, Mapping)) else list(value)


def _get_enum_name(node: object, key: str, words: Sequence[str]) -> str:
    """The name of an enum's value, which may stand as its number; absent is the first one."""
    value = _get(node, key)
    if isinstance(value, str):
        return value
    number = value if isinstance(value, int) else 0
    return words[number] if 0 <= number < len(words) else f"number {number}"
