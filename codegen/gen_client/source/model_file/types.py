"""Annotations as types of a signature, with the rules of the SDK's `build_variable_signature`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gen_client.source.model_file.findings import Code, Problem, refused, unsure
from gen_client.source.model_file.values import (
    Class,
    Constant,
    Fields,
    Generic,
    Items,
    Known,
    Module,
    Pairs,
    Unknown,
    Value,
)

_STREAMS: Final[Mapping[str, int]] = {
    "typing.Iterator": 1,
    "typing.Iterable": 1,
    "typing.Generator": 3,
    "collections.abc.Iterator": 1,
    "collections.abc.Iterable": 1,
    "collections.abc.Generator": 3,
}
"""The types that make a stream, with the number of their arguments."""
_ATOMS: Final[Mapping[str, str]] = {
    "builtins.str": "STR",
    "builtins.bytes": "BYTES",
    "builtins.int": "INT",
    "builtins.float": "FLOAT",
    "builtins.bool": "BOOL",
    "builtins.list": "JSON_DATA",
    "builtins.dict": "JSON_DATA",
    "typing.Dict": "JSON_DATA",
    "typing.List": "JSON_DATA",
    "typing.Text": "STR",
    "numpy.ndarray": "NDARRAY",
    "PIL.Image.Image": "IMAGE",
    "sdk.JSON": "JSON_DATA",
    "sdk.Text": "TEXT",
    "sdk.Image": "IMAGE",
    "sdk.Concept": "CONCEPT",
    "sdk.Region": "REGION",
    "sdk.Frame": "FRAME",
    "sdk.Audio": "AUDIO",
    "sdk.Video": "VIDEO",
}
_LISTS: Final = frozenset({"builtins.list", "typing.List"})
_TUPLES: Final = frozenset({"builtins.tuple", "typing.Tuple"})
_DICTS: Final = frozenset({"builtins.dict", "typing.Dict"})
_ARRAYS: Final = frozenset({"numpy.ndarray", "numpy.typing.NDArray"})
_JSON_ATOMS: Final = frozenset(
    {"builtins.str", "builtins.int", "builtins.float", "builtins.bool", "typing.Text"}
    | _LISTS
    | _TUPLES
    | _DICTS
)
_RESERVED_FIELDS: Final = frozenset({"cls", "self", "items", "keys", "values"})
_REMEDIES: Final[Mapping[str, str]] = {
    "typing.Optional": "write the type, with the default None",
    "typing.Union": "write one type; with the default None, None may be sent",
    "typing.Literal": "write the type, with Param(default=…, choices=[…])",
    "typing.Any": "write a type; dict is any JSON object",
    "builtins.tuple": "write the types of its items: Tuple[int, str]",
    "typing.Tuple": "write the types of its items: Tuple[int, str]",
    "sdk.NamedFields": "write its fields: NamedFields(x=int)",
}
_WORDS: Final[Mapping[str, str]] = {"NoneType": "None"}


@dataclass(frozen=True, slots=True)
class FieldType:
    """The type of a parameter or a result.

    Attributes:
        content: The type in the form of the platform's messages.
        is_stream: Whether it is a stream of that type.
        mocked: The library that the upload has a mock for, so that it refuses the type; or empty.
    """

    content: Mapping[str, object]
    is_stream: bool
    mocked: str


def read_annotation(value: Value, name: str) -> FieldType:
    """Return the type that an annotation stands for.

    Args:
        value: The annotation.
        name: The name of the parameter, or `return`.

    Raises:
        Problem: The annotation has no type, or none that is sure.
    """
    reader = _TypeReader()
    is_stream = isinstance(value, Generic) and value.key in _STREAMS
    if isinstance(value, Generic) and is_stream:
        if len(value.items) != _STREAMS[value.key]:
            raise unsure(f"`{_name(value)}` has {len(value.items)} arguments")
        value = value.items[0]
    return FieldType(reader.read(value, name), is_stream, reader.mocked)


class _TypeReader:
    """Reads one annotation.

    Attributes:
        mocked: The library of a type that the upload has a mock for; or empty.
    """

    def __init__(self) -> None:
        self.mocked = ""

    def read(self, value: Value, name: str) -> dict[str, object]:
        """Return a type; `name` is that of its field, from which the SDK makes those of items."""
        match value:
            case Known(key) if key in _ATOMS:
                return self._read_atom(key)
            case Generic():
                return self._read_generic(value, name)
            case Items(kind, items) if kind is not set:
                if not items:
                    raise unsure("an empty tuple of types")
                return self._read_tuple(items, name)
            case Fields(items=fields) | Class(fields=Fields(items=fields), problem=None):
                return self._read_fields(fields)
            case Pairs(items=pairs):
                return self._read_fields([(_get_key(key), item) for key, item in pairs])
            case Unknown() | Class() | Module():
                raise _explain(value)
            case _:
                raise _refuse(value)

    def _read_atom(self, key: str) -> dict[str, object]:
        library = key.partition(".")[0]
        if library in ("numpy", "PIL"):
            self.mocked = library
        return {"type": _ATOMS[key]}

    def _read_generic(self, value: Generic, name: str) -> dict[str, object]:
        if value.key in _LISTS:
            if len(value.items) != 1:
                raise unsure("a list of more than one type")
            return {"type": "LIST", "type_args": [self._read_item(value.items[0], name)]}
        if value.key in _TUPLES:
            if not value.items or any(_is_ellipsis(item) for item in value.items):
                message = "a tuple must have the type of each item"
                raise refused(Code.UNSUPPORTED_TYPE, message, remedy=_REMEDIES["typing.Tuple"])
            return self._read_tuple(value.items, name)
        if value.key in _ARRAYS:
            self.mocked = "numpy"
            return {"type": "NDARRAY"}
        if value.key in _DICTS:
            if len(value.items) != 2:
                raise unsure(f"`{_name(value)}` has {len(value.items)} arguments")
            if _is_json(value):
                return {"type": "JSON_DATA"}
        raise _refuse(value)

    def _read_tuple(self, items: tuple[Value, ...], name: str) -> dict[str, object]:
        return {"type": "TUPLE", "type_args": [self._read_item(item, name) for item in items]}

    def _read_item(self, value: Value, name: str) -> dict[str, object]:
        item_name = f"{name}_item"
        return {"name": item_name, **self.read(value, item_name)}

    def _read_fields(
        self, fields: list[tuple[str, Value]] | tuple[tuple[str, Value], ...]
    ) -> dict[str, object]:
        names = [name for name, _ in fields]
        if not fields or len(set(names)) < len(names) or _RESERVED_FIELDS & set(names):
            raise unsure("fields without a name of their own, or with one that NamedFields uses")
        items = [{"name": name, **self.read(value, name)} for name, value in fields]
        return {"type": "NAMED_FIELDS", "type_args": items}


def _get_key(value: Value) -> str:
    if isinstance(value, Constant) and isinstance(value.value, str):
        return value.value
    raise unsure("the name of a field is no text")


def _is_ellipsis(value: Value) -> bool:
    return isinstance(value, Constant) and value.value is ...


def _is_json(value: Value) -> bool:
    """Return whether a type is JSON to the SDK."""
    match value:
        case Known(key):
            return key in _JSON_ATOMS
        case Generic(key, items) if key in _LISTS | _TUPLES | _DICTS:
            return all(map(_is_json, items))
        case Constant(value=None):
            raise unsure("None as an argument of a type")
        case Unknown() | Class():
            raise _explain(value)
        case _:
            return False


def _explain(value: Unknown | Class | Module) -> Problem:
    """Return the problem of an annotation that is a class, a module, or not known."""
    match value:
        case Unknown(reason, line):
            return unsure(f"its type is not known: {reason}", line)
        case Module(path):
            remedy = "write PIL.Image.Image" if path == "PIL.Image" else ""
            return refused(Code.UNSUPPORTED_TYPE, f"the module `{path}` is no type", remedy=remedy)
        case Class(node, bases):
            if all(isinstance(base, Known) and not base.key.startswith("sdk.") for base in bases):
                message = f"`{node.name}` is no type that the SDK can send"
                return refused(
                    Code.UNSUPPORTED_TYPE, message, remedy="write NamedFields(…), or dict"
                )
            return unsure(f"`{node.name}` may be a type of the SDK", node.lineno)


def _refuse(value: Value) -> Problem:
    if isinstance(value, Constant) and isinstance(value.value, str):
        message = f"the annotation is text: '{value.value[:60]}'"
        return refused(Code.TEXT_ANNOTATION, message, remedy="write the type without quotes")
    key = value.key if isinstance(value, Known | Generic) else ""
    message = f"`{_name(value)}` is no type that the SDK can send"
    return refused(Code.UNSUPPORTED_TYPE, message, remedy=_REMEDIES.get(key, ""))


def _name(value: Value) -> str:
    match value:
        case Known(key) | Generic(key, _):
            return key.rpartition(".")[2]
        case Constant(content):
            return _WORDS.get(type(content).__name__, repr(content)[:60])
        case Items():
            return "a set"
        case _:
            return type(value).__name__
