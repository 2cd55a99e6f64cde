"""The tools, prompts and resources of an MCP model, free of protobuf and of Python's syntax.

`interface.mcp.read` checks these frozen values, so every stage may rely on what is documented here. Names, texts and
values are unchanged from the server: they are untrusted data, not yet Python names.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from gen_client.interface.model import KnownDefault, NoDefault

NO_DEFAULT: Final = NoDefault()

LiteralValue = str | int | bool
"""A value of an enumeration that a type can name."""


class SchemaKind(enum.Enum):
    """The kinds of types that JSON Schemas become."""

    STRING = "string"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    NULL = "null"
    ANY = "any value"
    LITERAL = "values"
    ARRAY = "array"
    TUPLE = "tuple"
    MAP = "map"
    OBJECT = "object"
    UNION = "union"


@dataclass(frozen=True, slots=True)
class SchemaType:
    """A type of a JSON value.

    Attributes:
        kind: The kind.
        items: For ARRAY and MAP, the one type of the items or values; for TUPLE, one type per position; for
            UNION, at least two different types, NULL last.
        values: For LITERAL, the values: at least one, all different.
        object: For OBJECT, the index of the object in `Tool.objects`.
        weight: The number of types in the type, this one included.
    """

    kind: SchemaKind
    items: tuple[SchemaType, ...] = ()
    values: tuple[LiteralValue, ...] = ()
    object: int = -1
    weight: int = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "weight", 1 + sum(item.weight for item in self.items))

    @property
    def is_nullable(self) -> bool:
        """Whether null is a value of the type."""
        return self.kind in (SchemaKind.NULL, SchemaKind.ANY) or any(
            item.is_nullable for item in self.items if self.kind is SchemaKind.UNION
        )

    def iter_types(self) -> Iterator[SchemaType]:
        """Yield the type and every type inside it, except those inside objects."""
        yield self
        for item in self.items:
            yield from item.iter_types()


@dataclass(frozen=True, slots=True)
class UnfitDefault:
    """A default that is not a value of its type, so that it is only described.

    Attributes:
        value: The default.
    """

    value: object


@dataclass(frozen=True, slots=True)
class Property:
    """A parameter of a tool, or a property of an object.

    Attributes:
        name: The name on the wire; any text.
        type: The type.
        is_required: Whether it must be present.
        default: The value that an absent property has, as the schema says.
        description: The author's text; may be empty.
        constraints: What else the schema demands: keywords such as `minimum`, and their values.
    """

    name: str
    type: SchemaType
    is_required: bool
    default: NoDefault | KnownDefault | UnfitDefault = NO_DEFAULT
    description: str = ""
    constraints: tuple[tuple[str, object], ...] = ()


@dataclass(frozen=True, slots=True)
class ObjectType:
    """An object with known properties.

    Attributes:
        path: Where it is in its tool, or the name of its definition; the names of types are made of it.
        properties: Its properties, at least one, with distinct names.
        description: The author's text; may be empty.
        is_result: Whether it is returned by the tool, and not passed to it.
    """

    path: tuple[str, ...]
    properties: tuple[Property, ...]
    description: str = ""
    is_result: bool = False


@dataclass(frozen=True, slots=True)
class Hints:
    """What the server says about the effects of a tool; None for what it does not say."""

    read_only: bool | None = None
    destructive: bool | None = None
    idempotent: bool | None = None
    open_world: bool | None = None


NO_HINTS: Final = Hints()


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool.

    Attributes:
        name: The name on the wire.
        title: The title for people; may be empty.
        description: The author's text; may be empty.
        parameters: The parameters, with distinct names, in the schema's order.
        result: The type of the result; None if the tool returns content blocks.
        is_wrapped: Whether the server wraps the result in an object with the key `result`.
        objects: The objects in the types above, in the order of their appearance: those of parameters come first.
        hints: What the server says about the tool's effects.
        result_description: The author's text about the result; may be empty.
    """

    name: str
    title: str
    description: str
    parameters: tuple[Property, ...]
    result: SchemaType | None
    is_wrapped: bool = False
    objects: tuple[ObjectType, ...] = ()
    hints: Hints = NO_HINTS
    result_description: str = ""


@dataclass(frozen=True, slots=True)
class PromptArgument:
    """An argument of a prompt, always a text."""

    name: str
    description: str
    is_required: bool


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt that the server fills in."""

    name: str
    title: str
    description: str
    arguments: tuple[PromptArgument, ...]


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource, or a resource template.

    Attributes:
        uri: Its URI, or the template of its URI.
        name: Its name.
        title: The title for people; may be empty.
        description: The author's text; may be empty.
        mime_type: The MIME type of its content; may be empty.
    """

    uri: str
    name: str
    title: str
    description: str
    mime_type: str


@dataclass(frozen=True, slots=True)
class Toolset:
    """Everything that an MCP model offers.

    Attributes:
        instructions: The server's text about how to use it; may be empty.
        tools: The tools, with distinct names, sorted by name.
        prompts: The prompts, sorted by name.
        resources: The resources, sorted by URI.
        resource_templates: The resource templates, sorted by URI.
        document: The canonical document of all this, which `read_toolset` reads again: what a lock holds.
    """

    instructions: str
    tools: tuple[Tool, ...]
    prompts: tuple[Prompt, ...] = ()
    resources: tuple[Resource, ...] = ()
    resource_templates: tuple[Resource, ...] = ()
    document: Mapping[str, object] = field(default_factory=dict[str, object], compare=False)
