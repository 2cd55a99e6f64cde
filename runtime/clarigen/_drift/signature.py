"""The signatures of a model's methods, as far as they matter to callers.

Signatures have two forms: the platform's messages, and JSON (a package's lock, or a model's own answer). JSON keys
are in snake_case or camelCase, and JSON enums are names or numbers. Reading is lenient: what cannot be read counts as
absent. Code is never generated from these signatures.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from .. import wire


@dataclass(frozen=True, slots=True)
class Type:
    """A data type, with its type arguments.

    Attributes:
        name: The platform's name of the type, for example `LIST`.
        parts: The fields of a record, as names and types; for other types the type arguments, with empty names.
    """

    name: str
    parts: tuple[tuple[str, Type], ...] = ()

    def __str__(self) -> str:
        parts = [f"{name}: {part}" if name else str(part) for name, part in self.parts]
        return f"{self.name}[{', '.join(parts)}]" if parts else self.name


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a method.

    Attributes:
        type: The type of its values.
        required: Whether a call must pass it.
        default: The text of its default; empty if it has none.
        choices: The allowed values; empty if all are allowed.
        path: Where the value travels, of a model without signatures; empty for another model.
    """

    type: Type
    required: bool
    default: str
    choices: tuple[str, ...]
    path: str = ""


@dataclass(frozen=True, slots=True)
class Signature:
    """The signature of a method.

    Attributes:
        kind: The platform's name of the kind of method, for example `UNARY_UNARY`.
        parameters: Its parameters, by name.
        result: The type of its results.
        result_path: Where the result travels, of a model without signatures; empty for another model.
    """

    kind: str
    parameters: Mapping[str, Parameter]
    result: Type
    result_path: str = ""


def read_signatures(entries: Iterable[object]) -> dict[str, Signature]:
    """Read signatures from either form. Return them by the name of the method, in the same order."""
    return {_get_text(entry, "name"): _read_signature(entry) for entry in entries}


def _read_signature(entry: object) -> Signature:
    fields, outputs = _get_list(entry, "input_fields"), _get_list(entry, "output_fields")
    return Signature(
        _get_enum_name(entry, "method_type", wire.METHOD_TYPES),
        {_get_text(field, "name"): _read_parameter(field) for field in fields},
        _read_result(outputs),
        _get_text(outputs[0], "path") if outputs else "",
    )


def _read_parameter(field: object) -> Parameter:
    options = _get_list(field, "model_type_enum_options")
    return Parameter(
        _read_type(field),
        bool(_get(field, "required")),
        _get_text(field, "default"),
        tuple(_get_text(option, "id") for option in options),
        _get_text(field, "path"),
    )


def _read_result(fields: list[object]) -> Type:
    """Return the type of a method's results: that of the output `return` if it is the only one, else a record."""
    names = [_get_text(field, "name") for field in fields]
    if wire.is_single_result(names):
        return _read_type(fields[0])
    return Type("NAMED_FIELDS", tuple(zip(names, map(_read_type, fields), strict=True)))


def _read_type(field: object) -> Type:
    name = _get_enum_name(field, "type", wire.DATA_TYPES)
    is_record = name == "NAMED_FIELDS"
    parts = _get_list(field, "type_args")
    return Type(
        name, tuple((_get_text(p, "name") if is_record else "", _read_type(p)) for p in parts)
    )


def _get(node: object, key: str) -> Any:
    """Return the value of a key in a message or a JSON object; None if it is absent."""
    if not isinstance(node, Mapping):
        return getattr(node, key, None)
    return wire.get_either_case(cast("Mapping[str, Any]", node), key)


def _get_text(node: object, key: str) -> str:
    value = _get(node, key)
    return value if isinstance(value, str) else ""


def _get_list(node: object, key: str) -> list[object]:
    value = _get(node, key)
    return [] if value is None or isinstance(value, (str, Mapping)) else list(value)


def _get_enum_name(node: object, key: str, names: Sequence[str]) -> str:
    """Return the name of an enum value, which may be a name or a number; if it is absent, the number is 0."""
    value = _get(node, key)
    if isinstance(value, str):
        return value
    number = value if isinstance(value, int) else 0
    return names[number] if 0 <= number < len(names) else f"number {number}"
