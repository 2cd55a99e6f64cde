"""Python names for the tools of an MCP model, their parameters and their types.

Names on the wire are any text: `get-weather.v2` becomes `get_weather_v2`. A name that is a plain identifier in lower
case does not change, and keeps its name if others become equal to it. Methods of the model always keep theirs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from gen_client.escape import Code
from gen_client.identifiers import is_identifier, is_word, normalize
from gen_client.interface.mcp.toolset import ObjectType, Tool
from gen_client.naming.names import (
    MODEL_CONSTANT,
    MethodNames,
    TypeNames,
    async_class_name,
    batch_name,
    constant_name,
    pascal_case,
    python_name,
    type_name,
)
from gen_client.naming.namespace import Namespace
from gen_client.naming.reserved import (
    CLASS_ATTRIBUTES,
    CLIENT_ATTRIBUTES,
    EXAMPLE_NAMES,
    KEYWORDS,
    MCP_ATTRIBUTES,
    MODULE_NAMES,
)

_MAX_LENGTH: Final = 100
"""Maximum length of a name that is made of other text, in characters."""


def snake_case(text: str) -> str:
    """Return a Python name for any text: `getWeather` and `get-weather` become `get_weather`; not unique."""
    folded = normalize(text)
    lower = _lowercase(folded)
    is_plain = is_identifier(folded) and all(map(_is_letter, folded))
    if is_plain and folded == lower and not folded.startswith("_"):
        return folded[:_MAX_LENGTH]
    separated = re.sub(r"([a-z0-9])([A-Z])|([A-Z])(?=[A-Z][a-z])", r"\1\3_\2", folded)
    name = _join_words(_lowercase(separated)) or "x"
    return name if is_identifier(name) else f"n{name}"


def _lowercase(text: str) -> str:
    """Return a text in lower case; characters whose lower case is in no identifier stay as they are."""
    return "".join(c.lower() if is_word(c.lower()) else c for c in text)


def _is_letter(character: str) -> bool:
    """Return whether a character is a letter, a digit or an underscore, and no mark on another character."""
    return is_word(character) and (character == "_" or character.isalnum())


def _join_words(text: str) -> str:
    """Return the words of a text, joined by underscores; empty if there are none."""
    name = "".join(c if _is_letter(c) else "_" for c in text)
    return normalize(re.sub("__+", "_", name)[:_MAX_LENGTH].strip("_"))


def name_tools(
    tools: Sequence[Tool], client: str, methods: Iterable[MethodNames]
) -> list[MethodNames]:
    """Return the names of tools, in their order.

    Args:
        tools: The tools of the model.
        client: The name of the client's class.
        methods: The names of the model's own methods, which are taken.
    """
    own = list(methods)
    wire_names = [tool.name for tool in tools]
    preferred = [_attribute_name(tool.name) for tool in tools]
    attributes = Namespace(name for names in own for name in (names.method, names.batch))
    # As for methods, batch names are claimed first: `search_batch` must not take the batch name of `search`.
    batches = attributes.claim_all(zip(wire_names, map(batch_name, preferred), strict=True))
    methods_ = attributes.claim_all(zip(wire_names, preferred, strict=True))
    constants = Namespace({MODEL_CONSTANT, *(names.constant for names in own)})
    examples = Namespace({*MODULE_NAMES, *EXAMPLE_NAMES, client, async_class_name(client)})
    examples.names.update(name for n in own for name in (n.example, n.async_example))
    example_names = [examples.claim(name) for name in methods_]
    return [
        MethodNames(
            method=name,
            constant=constants.claim(constant_name(name)),
            example=example_names[index],
            async_example=examples.claim(f"{name.rstrip('_')}_async"),
            parameters=_name_parameters(tool),
            batch=(
                batches[index] if name == preferred[index] else attributes.claim(batch_name(name))
            ),
        )
        for index, (tool, name) in enumerate(zip(tools, methods_, strict=True))
    ]


def _attribute_name(name: str) -> str:
    return python_name(snake_case(name), CLIENT_ATTRIBUTES | MCP_ATTRIBUTES)


def _name_parameters(tool: Tool) -> tuple[Code, ...]:
    return Namespace().claim_all(
        (own.name, python_name(snake_case(own.name))) for own in tool.parameters
    )


def name_objects(
    objects: Sequence[ObjectType], method: Code, type_names: TypeNames
) -> tuple[Code, ...]:
    """Return the names of the types of a tool's objects: the method and the path in PascalCase.

    Args:
        objects: The objects, those of parameters first.
        method: The name of the tool's method.
        type_names: The names of the package's types.
    """
    parameters: set[str] = set()
    result: list[Code] = []
    for own in objects:
        path = [_type_part(step) for step in own.path]
        short = type_name(method, *path)
        if not own.is_result:
            parameters.add(short)
        elif len(path) > 1 and own.path[0] == "result":
            # `AreaResult` holds `AreaCorners`, or `AreaResultCorners` if a parameter has the type `AreaCorners`.
            inner = type_name(method, *path[1:])
            path = path if inner in parameters else path[1:]
        elif short in parameters:
            path = ["result", *path]
        result.append(type_names.claim(method, *path))
    return tuple(result)


def _type_part(step: str) -> str:
    """Return a step of a path as part of a type's name; the case of its words stays."""
    return pascal_case(_join_words(normalize(step))) or "X"


def is_field_name(key: str) -> bool:
    """Return whether a key can be written as a field in the body of a `TypedDict`, with no other meaning there."""
    return (
        is_identifier(key)
        and all(map(_is_letter, key))
        and not key.startswith("_")
        and key not in KEYWORDS | MODULE_NAMES | CLASS_ATTRIBUTES
    )
