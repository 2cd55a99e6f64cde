"""Tools with their names, types and descriptions: what `build`, `show` and `diff` read.

Each description is parsed here, once. This module knows nothing of pages, docstrings or templates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gen_client.escape import Code
from gen_client.interface.mcp.toolset import ObjectType, Property, SchemaKind, Tool
from gen_client.naming import tools as naming
from gen_client.naming.names import MethodNames, TypeNames
from gen_client.plan.descriptions import parse_description, split_lines
from gen_client.plan.named_callable import NamedCallable


@dataclass(frozen=True, slots=True)
class NamedProperty:
    """A parameter of a tool, or a property of an object.

    Attributes:
        own: The property as the schema declares it.
        name: Its name in Python; of a property of an object, the key, which may be any text.
        description: The lines that its author wrote.
    """

    own: Property
    name: str
    description: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NamedObject:
    """An object with known properties: a `TypedDict`.

    Attributes:
        own: The object as the schema declares it.
        name: The name of its class.
        properties: Its properties, in the order of the schema.
        has_fields: Whether all keys can be fields in the body of a class.
    """

    own: ObjectType
    name: Code
    properties: tuple[NamedProperty, ...]
    has_fields: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedTool(NamedCallable):
    """A tool. It has no batch if it has no parameters.

    Attributes:
        own: The tool as the server declares it.
        parameters: Its parameters, in the order of the schema.
        objects: The objects in its types, by their index.
    """

    own: Tool
    parameters: tuple[NamedProperty, ...]
    objects: tuple[NamedObject, ...]

    @property
    def classes(self) -> tuple[Code, ...]:
        """The names of the classes of its objects, by their index."""
        return tuple(own.name for own in self.objects)

    @property
    def required(self) -> list[bool]:
        """Whether each parameter is required."""
        return [parameter.own.is_required for parameter in self.parameters]

    @property
    def result_object(self) -> NamedObject | None:
        """The object that the tool returns; None if it returns something else."""
        result = self.own.result
        is_object = result is not None and result.kind is SchemaKind.OBJECT
        return self.objects[result.object] if result is not None and is_object else None


def name_tools(
    tools: Sequence[Tool], names: Sequence[MethodNames], type_names: TypeNames
) -> list[NamedTool]:
    """Name the types of tools and parse their descriptions.

    Args:
        tools: The tools.
        names: Their names, in the same order.
        type_names: The names of the package's types.
    """
    inputs = [
        type_names.claim_input(own.method) if tool.parameters else None
        for tool, own in zip(tools, names, strict=True)
    ]
    return [
        _name_tool(tool, own, input_, type_names)
        for tool, own, input_ in zip(tools, names, inputs, strict=True)
    ]


def _name_tool(
    tool: Tool, names: MethodNames, input_: Code | None, type_names: TypeNames
) -> NamedTool:
    description = parse_description(
        tool.description or tool.title, [own.name for own in tool.parameters]
    )
    classes = naming.name_objects(tool.objects, names.method, type_names)
    return NamedTool(
        own=tool,
        names=names,
        parameters=tuple(
            NamedProperty(
                own,
                name,
                split_lines(own.description) or tuple(description.args.get(own.name, ())),
            )
            for own, name in zip(tool.parameters, names.parameters, strict=True)
        ),
        objects=tuple(
            _name_object(own, name) for own, name in zip(tool.objects, classes, strict=True)
        ),
        description=description.text,
        returns=split_lines(tool.result_description) or description.returns,
        input=input_,
    )


def _name_object(own: ObjectType, name: Code) -> NamedObject:
    return NamedObject(
        own,
        name,
        tuple(
            NamedProperty(inner, inner.name, split_lines(inner.description))
            for inner in own.properties
        ),
        all(naming.is_field_name(inner.name) for inner in own.properties),
    )


def reserved_names(tools: Sequence[Tool], names: Sequence[MethodNames]) -> set[str]:
    """Return the names in the code of tools that no type may have: it would hide the type."""
    reserved: set[str] = set()
    for tool, own in zip(tools, names, strict=True):
        reserved.update((own.method, own.batch, own.example, own.async_example, *own.parameters))
        reserved.update(inner.name for object_ in tool.objects for inner in object_.properties)
    return reserved
