"""Types as an author annotates them: those that the official SDK reads as the types of the interface."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gen_client.escape import Code, format_code, join_code
from gen_client.interface.model import DataType, TypeKind
from gen_client.naming.names import identifier_code
from gen_client.plan.skeleton.names import SourceNames
from gen_client.plan.skeleton.page import SourceRecord

_BUILTINS: Final[Mapping[TypeKind, str]] = {
    TypeKind.STR: "str",
    TypeKind.BYTES: "bytes",
    TypeKind.INT: "int",
    TypeKind.FLOAT: "float",
    TypeKind.BOOL: "bool",
    TypeKind.JSON_DATA: "dict",
}
_CLASSES: Final[Mapping[TypeKind, str]] = {
    TypeKind.TEXT: "Text",
    TypeKind.IMAGE: "Image",
    TypeKind.AUDIO: "Audio",
    TypeKind.VIDEO: "Video",
    TypeKind.CONCEPT: "Concept",
    TypeKind.REGION: "Region",
    TypeKind.FRAME: "Frame",
}


class SourceTypes:
    """Formats the types of a source.

    Args:
        names: The names of the source.

    Attributes:
        records: The classes that the annotations use, each after those that it uses itself.
    """

    def __init__(self, names: SourceNames) -> None:
        self._names = names
        self._records: dict[DataType, Code] = {}
        self.records: list[SourceRecord] = []

    def format_annotation(self, type_: DataType, *path: str, default: object = None) -> Code:
        """Format the annotation of a type.

        Args:
            type_: The type.
            path: Where it is: the method, the parameter, the fields inside it. Classes are named after it.
            default: The default; an array of JSON has another annotation than an object.
        """
        match type_.kind:
            case TypeKind.NAMED_FIELDS:
                return self._use_record(type_, path)
            case TypeKind.LIST:
                item = self.format_annotation(type_.items[0], *path)
                return format_code("{}[{}]", self._names.use_builtin("list"), item)
            case TypeKind.TUPLE:
                items = [
                    self.format_annotation(item, *path, str(position))
                    for position, item in enumerate(type_.items, 1)
                ]
                tuple_ = self._names.use_builtin("tuple")
                return format_code("{}[{}]", tuple_, join_code(", ", items))
            case TypeKind.NDARRAY:
                return self._names.use_array()
            case TypeKind.JSON_DATA if isinstance(default, list):
                return self._names.use_builtin("list")
            case kind if kind in _BUILTINS:
                return self._names.use_builtin(_BUILTINS[kind])
            case kind:
                return self._names.use(_CLASSES[kind])

    def _use_record(self, type_: DataType, path: tuple[str, ...]) -> Code:
        """Return the class of a record; equal records are one class."""
        if type_ not in self._records:
            fields = tuple(
                format_code(
                    "{}: {}",
                    identifier_code(member.name),
                    self.format_annotation(member.type, *path, member.name),
                )
                for member in type_.members
            )
            name = self._names.claim_record(*path)
            self._records[type_] = name
            self.records.append(SourceRecord(name, fields))
        return self._records[type_]
