"""The tools of an MCP model as the runtime calls them, and their arguments read from the command line.

The types that generated code writes as TypedDicts are made here from the schemas. The runtime checks values by them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, NotRequired, TypedDict, Union

from clarigen import SERVER_DEFAULT, ToolResult, wire
from gen_client.call.describe import Argument, CallableMethod
from gen_client.call.readers import decode_text, parse_json
from gen_client.interface.mcp.toolset import ObjectType, Property, SchemaKind, SchemaType
from gen_client.interface.model import KnownDefault, MethodKind
from gen_client.plan.mcp.named import NamedTool
from gen_client.plan.mcp.types import is_filled_in

_SCALARS: Final[Mapping[SchemaKind, Any]] = {
    SchemaKind.STRING: str,
    SchemaKind.INTEGER: int,
    SchemaKind.NUMBER: float,
    SchemaKind.BOOLEAN: bool,
    SchemaKind.NULL: None,
    SchemaKind.ANY: object,
}
_FORMS: Final[Mapping[SchemaKind, Any]] = {
    SchemaKind.LITERAL: Literal,
    SchemaKind.UNION: Union,
    SchemaKind.TUPLE: tuple,
    SchemaKind.ARRAY: list,
    SchemaKind.MAP: dict,
}


@dataclass(frozen=True, slots=True)
class SchemaReader:
    """Reads the values of a type of a tool: text if the type allows text, else JSON.

    Attributes:
        type: The type.
    """

    type: SchemaType

    @property
    def is_list(self) -> bool:
        """Whether the type is an array, or may be one."""
        return _find_items(self.type) is not None

    def read_text(self, text: str) -> Any:
        """Read the text after `name=`; of an array, also one item, as a list."""
        if _allows_text(self.type):
            return text
        items = _find_items(self.type)
        if items is not None and not text.lstrip().startswith("["):
            return [text if _allows_text(items) else parse_json(text)]
        return parse_json(text)

    def read_content(self, content: bytes) -> Any:
        """Read the content of a file or of standard input."""
        text = decode_text(content)
        return text if _allows_text(self.type) else parse_json(text)

    def read_json(self, value: Any) -> Any:
        """Read a parsed JSON value, which the runtime checks."""
        return value


def _allows_text(type_: SchemaType) -> bool:
    match type_.kind:
        case SchemaKind.STRING | SchemaKind.ANY:
            return True
        case SchemaKind.LITERAL:
            return any(isinstance(value, str) for value in type_.values)
        case SchemaKind.UNION:
            return any(map(_allows_text, type_.items))
        case _:
            return False


def _find_items(type_: SchemaType) -> SchemaType | None:
    """Return the type of the items of an array, also of one in a union; None if it is none."""
    if type_.kind is SchemaKind.ARRAY:
        return type_.items[0]
    members = type_.items if type_.kind is SchemaKind.UNION else ()
    return next((items for items in map(_find_items, members) if items is not None), None)


def describe_tool(tool: NamedTool) -> CallableMethod:
    """Describe a tool of an MCP model."""
    own = tool.own
    classes = _make_classes([object_.own for object_ in tool.objects])
    fields = [
        wire.argument(
            parameter.own.name,
            _make_annotation(parameter.own.type, classes),
            name=parameter.name,
            default=_choose_default(parameter.own),
        )
        for parameter in tool.parameters
    ]
    defaults = {
        cls: {
            key.name: key.default.value
            for key in object_.own.properties
            if is_filled_in(key) and isinstance(key.default, KnownDefault)
        }
        for cls, object_ in zip(classes, tool.objects, strict=True)
        if object_.own.is_result
    }
    returns = ToolResult if own.result is None else _make_annotation(own.result, classes)
    return CallableMethod(
        name=str(tool.name),
        wire_name=own.name,
        kind=MethodKind.UNARY,
        wire=wire.tool(
            own.name,
            *fields,
            name=str(tool.name),
            returns=returns,
            wrapped=own.is_wrapped,
            defaults=defaults,
        ),
        arguments=tuple(
            Argument(
                parameter.name,
                parameter.own.name,
                SchemaReader(parameter.own.type),
                choices=tuple(map(_format_choice, _list_choices(parameter.own.type))),
                is_required=parameter.own.is_required,
            )
            for parameter in tool.parameters
        ),
    )


def _list_choices(type_: SchemaType) -> Sequence[object]:
    return type_.values if type_.kind is SchemaKind.LITERAL else ()


def _format_choice(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _choose_default(own: Property) -> Any:
    """Return what stands for an omitted argument, as generated code has it."""
    if own.is_required:
        return wire.REQUIRED
    match own.default:
        case KnownDefault(None):
            return None
        case KnownDefault(str() | int() | float() as value):
            return value
        case _:
            return SERVER_DEFAULT if own.type.is_nullable else None


def _make_classes(objects: Sequence[ObjectType]) -> list[Any]:
    """Make a TypedDict for each object. They may contain each other, so their keys get their types at the end."""
    classes: list[Any] = []
    for index, object_ in enumerate(objects):
        keys = {
            key.name: object if _is_present(key, object_) else NotRequired[object]
            for key in object_.properties
        }
        name = "".join(part for part in object_.path if part.isidentifier()) or f"Object{index}"
        # mypy wants the keys of a TypedDict to be constants.
        make: Any = TypedDict
        classes.append(make(name, keys))
    for cls, object_ in zip(classes, objects, strict=True):
        cls.__annotations__ = {
            key.name: (
                _make_annotation(key.type, classes)
                if _is_present(key, object_)
                else NotRequired[_make_annotation(key.type, classes)]
            )
            for key in object_.properties
        }
    return classes


def _is_present(key: Property, object_: ObjectType) -> bool:
    """Return whether a key is always present, as sent or, in a result, by its default."""
    return key.is_required or (object_.is_result and is_filled_in(key))


def _make_annotation(type_: SchemaType, classes: Sequence[Any]) -> Any:
    """Make the annotation of a type. The forms are variables, for type checkers know annotations only as code."""
    items = tuple(_make_annotation(item, classes) for item in type_.items)
    match type_.kind:
        case SchemaKind.OBJECT:
            return classes[type_.object]
        case SchemaKind.UNION:
            return _FORMS[type_.kind][items]
        case SchemaKind.LITERAL:
            return _FORMS[type_.kind][type_.values]
        case SchemaKind.TUPLE:
            return _FORMS[type_.kind][items]
        case SchemaKind.ARRAY:
            return _FORMS[type_.kind][items[0]]
        case SchemaKind.MAP:
            return _FORMS[type_.kind][str, items[0]]
        case kind:
            return _SCALARS[kind]
