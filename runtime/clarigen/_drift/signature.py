"""The signatures of a model's methods, read for a comparison.

Signatures have two forms: the platform's messages, and JSON (a package's lock, or a model's own answer). JSON keys
are in snake_case or camelCase, and JSON enums are names or numbers. Reading is lenient: what cannot be read counts as
absent. Code is never generated from these values. Their names and annotations are those of generated code, except that
names that would collide there are not told apart.
"""

from __future__ import annotations

import keyword
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from struct import error, pack, unpack
from typing import Any, Final, cast

from .. import wire
from .defaults import Default, format_value, read_default, read_scalar
from .interface import Choice, Field, Limit, Method, Parameter, Type

_ANNOTATIONS: Final = {
    "STR": ("str", "str"),
    "BYTES": ("bytes", "bytes"),
    "INT": ("int", "int"),
    "FLOAT": ("float", "float"),
    "BOOL": ("bool", "bool"),
    "NDARRAY": ("npt.ArrayLike", "npt.NDArray[Any]"),
    "JSON_DATA": ("JSON", "Any"),
    "TEXT": ("Text | str", "Text"),
    "IMAGE": ("Image", "Image"),
    "AUDIO": ("Audio", "Audio"),
    "VIDEO": ("Video", "Video"),
    "CONCEPT": ("Concept", "Concept"),
    "REGION": ("Region", "Region"),
    "FRAME": ("Frame", "Frame"),
    "EMBEDDING": ("Embedding", "Embedding"),
}
"""The annotations of a type where it is passed, and where it is returned."""

_MAX_CHOICES: Final = 256
"""Maximum number of choices that an annotation lists."""


def read_signatures(entries: Iterable[object]) -> dict[str, Method]:
    """Read signatures from either form. Return them by the name of the method, in the same order."""
    return {_get_text(entry, "name"): _read_method(entry) for entry in entries}


def _read_method(entry: object) -> Method:
    wire_name = _get_text(entry, "name")
    name = to_python_name(wire_name)
    fields, outputs = _get_list(entry, "input_fields"), _get_list(entry, "output_fields")
    kind = _get_enum_name(entry, "method_type", wire.METHOD_TYPES)
    if kind == "UNKNOWN":
        streams = (any(_get(field, "iterator") for field in side) for side in (fields, outputs))
        kind = "_".join("STREAMING" if is_stream else "UNARY" for is_stream in streams)
    parameters = tuple(_read_parameter(field, name) for field in fields)
    is_single = wire.is_single_result([_get_text(field, "name") for field in outputs])
    reserved = {_to_class_name(name, parameter.name) for parameter in parameters}
    reserved |= {own.record for own in _iter_types(parameter.type for parameter in parameters)}
    naming = _ResultNaming(name, reserved)
    result = _read_type(outputs[0], naming) if is_single else _read_record(outputs, naming)
    has_batch = kind == "UNARY_UNARY" and bool(parameters)
    return Method(
        wire_name,
        name,
        kind,
        parameters,
        result,
        batch=f"{name.rstrip('_')}_batch" if has_batch else "",
        input=_to_class_name(name, "input") if has_batch else "",
        result_path=_get_text(outputs[0], "path") if outputs else "",
        declaration=(
            kind,
            _get_text(entry, "description"),
            [(own.wire_name, own.declaration) for own in parameters],
            _declare_type(result),
        ),
    )


# Parameters


def _read_parameter(field: object, method: str) -> Parameter:
    wire_name = _get_text(field, "name")
    name = to_python_name(wire_name)
    type_ = _read_type(field, _ParameterNaming(method, name))
    is_required, is_stream = bool(_get(field, "required")), bool(_get(field, "iterator"))
    text = "" if is_required else _get_text(field, "default")
    default = read_default(type_.kind, text)
    choices, default = _add_default(_read_choices(field, type_.kind), default, text)
    literals = _format_literals(type_.kind, choices)
    absent = () if is_required or is_stream else _list_absent(type_, default, text, choices)
    return Parameter(
        wire_name,
        name,
        type_,
        f"Literal[{', '.join(literals)}]" if literals else type_.parameter,
        is_required,
        is_stream,
        absent,
        "" if is_required else default.text,
        default.text,
        text,
        choices,
        _to_class_name(method, name) if literals else "",
        _read_limits(field, type_.kind, None if is_required else default.value),
        path=_get_text(field, "path"),
        declaration=(
            _declare_type(type_),
            is_required,
            is_stream,
            text,
            [choice.id for choice in choices],
            _get_text(field, "description"),
        ),
    )


def _list_absent(
    type_: Type, default: Default, text: str, choices: tuple[Choice, ...]
) -> tuple[str, ...]:
    if default.is_known and default.value is None:
        return ("None",)
    if default.is_known and not any(own.record for own in _iter_types([type_])):
        return ()
    may_be_none = type_.kind == "STR" and not text and not choices
    return ("SERVER_DEFAULT", "None") if may_be_none else ("SERVER_DEFAULT",)


def _read_choices(field: object, type_name: str) -> tuple[Choice, ...]:
    choices: dict[object, Choice] = {}
    for option in _get_list(field, "model_type_enum_options"):
        id_ = _get_text(option, "id")
        try:
            value = read_scalar(type_name, id_)
        except (ValueError, RecursionError):
            continue
        if value == value and isinstance(value, (str, int, float, bytes)):
            choices.setdefault(value, Choice(value, format_value(value), id_))
    return tuple(choices.values())


def _add_default(
    choices: tuple[Choice, ...], default: Default, text: str
) -> tuple[tuple[Choice, ...], Default]:
    """Return choices with a default that is known among them: it is allowed, too."""
    value = default.value
    is_missing = default.is_known and value is not None and choices
    if not is_missing or any(choice.value == value for choice in choices):
        return choices, default
    if value != value:
        return choices, default._replace(is_known=False)
    return (*choices, Choice(value, default.text, text)), default


def _format_literals(type_name: str, choices: tuple[Choice, ...]) -> list[str]:
    """Return the items of the `Literal` of a parameter's choices; none if its annotation is the plain type."""
    is_bool = type_name == "BOOL" and len(choices) > 1
    is_plain = type_name == "FLOAT" or len(choices) > _MAX_CHOICES or is_bool
    return [] if is_plain else [choice.code for choice in choices]


def _read_limits(
    field: object, type_name: str, default: object
) -> tuple[Limit | None, Limit | None]:
    """Return the limits that clients enforce: not those that contradict each other, or the default."""
    bounds = _get(field, "model_type_range_info")
    if type_name not in ("INT", "FLOAT") or bounds is None:
        return None, None
    lowest, highest = (_to_float32(_get(bounds, key)) for key in ("min", "max"))
    if lowest and highest and lowest > highest:
        return None, None
    if isinstance(default, (int, float)):
        lowest = lowest if default >= lowest else 0.0
        highest = highest if default <= highest else 0.0
    is_int = type_name == "INT"
    low, high = (
        (
            Limit(number, repr(int(number) if is_int and number.is_integer() else number))
            if number
            else None
        )
        for number in (lowest, highest)
    )
    return low, high


def _to_float32(value: object) -> float:
    """Return a number as the shortest decimal of its 32-bit float; 0.0 if it is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return 0.0
    try:
        own = unpack("f", pack("f", value))[0]
    except (error, OverflowError):
        return 0.0
    if not math.isfinite(own):
        return 0.0
    texts = (f"{own:.{digits}g}" for digits in range(6, 10))
    return next(float(text) for text in texts if unpack("f", pack("f", float(text)))[0] == own)


# Types and their names


class _ParameterNaming:
    """The names of the records in a parameter: method, parameter and fields."""

    def __init__(self, method: str, parameter: str) -> None:
        self._prefix = (method, parameter)

    def name_record(self, *path: str) -> str:
        """Return the name of a record from the path to it within the type."""
        return _to_class_name(*self._prefix, *path)


class _ResultNaming:
    """The names of the records in a result: `PredictResult`, and `PredictBox` in its field `box`."""

    def __init__(self, method: str, reserved: set[str]) -> None:
        self._method = method
        self._reserved = reserved

    def name_record(self, *path: str) -> str:
        """Return the name of a record from the path to it within the type."""
        short = _to_class_name(self._method, *path)
        if path and not path[0].isdigit() and short not in self._reserved:
            return short
        return _to_class_name(self._method, "result", *path)


def _read_type(field: object, naming: _ParameterNaming | _ResultNaming, *path: str) -> Type:
    name, parts = _get_enum_name(field, "type", wire.DATA_TYPES), _get_list(field, "type_args")
    if name == "NAMED_FIELDS":
        return _read_record(parts, naming, *path)
    if name not in ("LIST", "TUPLE"):
        return Type(name, *_ANNOTATIONS.get(name, (name, name)))
    is_numbered = sum(map(_holds_record, parts)) > 1
    items = tuple(
        _read_type(part, naming, *path, *([str(position)] if is_numbered else []))
        for position, part in enumerate(parts, 1)
    )
    if name == "LIST":
        is_text = any(item.kind in ("STR", "TEXT") for item in items)
        passed = "SequenceNotStr" if is_text else "Sequence"
    else:
        passed = "tuple"
    returned = name.lower()
    return Type(
        name,
        f"{passed}[{', '.join(item.parameter for item in items)}]",
        f"{returned}[{', '.join(item.result for item in items)}]",
        items=items,
    )


def _read_record(
    members: list[object], naming: _ParameterNaming | _ResultNaming, *path: str
) -> Type:
    record = naming.name_record(*path)
    names = [_get_text(member, "name") for member in members]
    fields = tuple(
        Field(name, to_python_name(name), _read_type(member, naming, *path, name))
        for name, member in zip(names, members, strict=True)
    )
    return Type("NAMED_FIELDS", record, record, record, fields=fields)


def _holds_record(field: object) -> bool:
    name = _get_enum_name(field, "type", wire.DATA_TYPES)
    is_container = name in ("LIST", "TUPLE")
    return name == "NAMED_FIELDS" or (
        is_container and any(map(_holds_record, _get_list(field, "type_args")))
    )


def _iter_types(types: Iterable[Type]) -> Iterable[Type]:
    for own in types:
        yield own
        yield from _iter_types((*own.items, *(field.type for field in own.fields)))


def _declare_type(type_: Type) -> tuple[object, ...]:
    """Return a type without the names that its method and its parameter give it."""
    items = [_declare_type(item) for item in type_.items]
    fields = [(field.wire_name, _declare_type(field.type)) for field in type_.fields]
    return type_.kind, items, fields


def to_python_name(name: str) -> str:
    """Return the name of a method, parameter or field in Python."""
    bare = name.strip("_") if name.startswith("_") else name
    return f"{bare}_" if bare != name or keyword.iskeyword(bare) else bare


def _to_class_name(*path: str) -> str:
    """Return the name of a type: the path to it in PascalCase."""
    return "".join(_to_pascal_case(part.rstrip("_")) for part in path)


def _to_pascal_case(name: str) -> str:
    joined = re.sub(r"(?<=[0-9])_+(?=[0-9])", "\0", name)
    return "".join(part[:1].upper() + part[1:] for part in joined.split("_")).replace("\0", "_")


# Both forms


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
