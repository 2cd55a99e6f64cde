"""The input and output of a method as JSON Schema (draft 2020-12), ready for tool calling.

Properties have the names of the parameters in Python, so that the arguments of a tool call can be passed by keyword.
Bytes are base64 text; media are base64 text or a URL. Schemas are plain data, which `json` can write. This is the one
rule: `clarigen.json_schema` applies it to wire descriptions, and `gen-client show` to signatures. Packages do not load
this module.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple, cast

from .codec import is_instance
from .type_expression import TypeText

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]
"""A JSON Schema as plain data."""

NO_DEFAULT: Final = object()
"""The default of a parameter without one that a schema can state."""


class SchemaType(NamedTuple):
    """A type on the wire.

    Attributes:
        kind: The platform's name of the data type.
        items: The types of the items of a list or tuple.
        members: The members of a record: name in Python, type, description.
        json_type: The user's type of JSON.
    """

    kind: str
    items: tuple[SchemaType, ...] = ()
    members: tuple[tuple[str, SchemaType, str], ...] = ()
    json_type: TypeText | None = None


class SchemaParameter(NamedTuple):
    """A parameter of a method.

    Attributes:
        name: The name in Python.
        type: Its type, or that of an item of the stream.
        required: Whether it must be passed.
        is_stream: Whether it is a stream.
        may_be_none: Whether None may be passed.
        default: The default; `NO_DEFAULT` if none is known.
        minimum: The lowest value.
        maximum: The highest value.
        choices: The values allowed; empty if all are.
        description: What it means.
    """

    name: str
    type: SchemaType
    required: bool
    is_stream: bool
    may_be_none: bool
    default: object
    minimum: float | None
    maximum: float | None
    choices: tuple[Any, ...]
    description: str


def describe_parameters(parameters: Iterable[SchemaParameter]) -> Schema:
    """Return the schema of an object with the arguments of a method."""
    listed = list(parameters)
    properties = {parameter.name: _describe_parameter(parameter) for parameter in listed}
    required = [parameter.name for parameter in listed if parameter.required]
    return _complete(_object_schema(properties, required))


def describe_result(type_: SchemaType, *, is_stream: bool, description: str = "") -> Schema:
    """Return the schema of a result; a stream becomes the array of its items."""
    result = _describe_type(type_)
    if is_stream:
        result = {"type": "array", "items": result}
    return _complete(_with_description(result, description))


def describe_tool_arguments(tool: Mapping[str, Any], names: Mapping[str, str]) -> Schema:
    """Return the schema of the arguments of an MCP model's tool: the server's own, with the names of Python.

    Args:
        tool: The tool, as in `tools/list`.
        names: The names of its parameters in Python, by those on the wire.
    """
    result: Schema = {"$schema": DIALECT, **tool.get("inputSchema", {})}
    properties: Any = result.get("properties")
    required: Any = result.get("required")
    if is_instance(properties, dict):
        result["properties"] = {names.get(key, key): inner for key, inner in properties.items()}
    if is_instance(required, list):
        result["required"] = [names.get(str(key), str(key)) for key in required]
    return result


def describe_tool_result(tool: Mapping[str, Any], *, is_wrapped: bool) -> Schema:
    """Return the schema of the result of an MCP model's tool: the server's own.

    Args:
        tool: The tool, as in `tools/list`.
        is_wrapped: Whether the server wraps the result in an object with the key `result`.
    """
    output = tool.get("outputSchema", {})
    if is_wrapped:
        output = {key: output[key] for key in ("$defs", "definitions") if key in output} | {
            **output["properties"]["result"]
        }
    return {"$schema": DIALECT, **output}


def _describe_parameter(parameter: SchemaParameter) -> Schema:
    schema = dict(_describe_type(parameter.type))
    if parameter.choices:
        values = (_encode_json(choice, parameter.type) for choice in parameter.choices)
        schema["enum"] = [value for value in values if _is_finite(value)]
    if parameter.minimum is not None:
        schema["minimum"] = parameter.minimum
    if parameter.maximum is not None:
        schema["maximum"] = parameter.maximum
    if parameter.is_stream:
        schema = {"type": "array", "items": schema}
    elif parameter.default is None:
        schema = {"anyOf": [schema, {"type": "null"}], "default": None}
    elif parameter.may_be_none:
        schema = {"anyOf": [schema, {"type": "null"}]}
    elif parameter.default is not NO_DEFAULT:
        default = _encode_json(parameter.default, parameter.type)
        if _is_finite(default):
            schema["default"] = default
    return _with_description(schema, parameter.description)


def _describe_type(type_: SchemaType) -> Schema:
    if type_.json_type is not None:
        return _json_type_schema(type_.json_type)
    match type_.kind:
        case "LIST":
            return {"type": "array", "items": _describe_type(type_.items[0])}
        case "TUPLE":
            items = list(map(_describe_type, type_.items))
            length = {"minItems": len(items), "maxItems": len(items)}
            return {"type": "array", "prefixItems": items, "items": False, **length}
        case "NAMED_FIELDS":
            properties = {
                name: _with_description(_describe_type(member), description)
                for name, member, description in type_.members
            }
            return _object_schema(properties, list(properties))
        case kind if kind in _DEFINITION_NAMES:
            return _reference(_DEFINITION_NAMES[kind])
        case kind:
            return dict(_PRIMITIVES[kind])


def _encode_json(value: Any, type_: SchemaType) -> Any:
    """Return a value as JSON; records have the names of Python."""
    match type_.kind:
        case "BYTES":
            return base64.b64encode(value).decode("ascii")
        case "FLOAT":
            return float(value)
        case "LIST":
            return [_encode_json(item, type_.items[0]) for item in value]
        case "TUPLE":
            pairs = zip(value, type_.items, strict=True)
            return [_encode_json(item, item_type) for item, item_type in pairs]
        case "NAMED_FIELDS":
            return {
                name: _encode_json(
                    value[name] if isinstance(value, dict) else getattr(value, name), member
                )
                for name, member, _ in type_.members
            }
        case _:
            return _thaw(value)


def _thaw(value: object) -> Any:
    """Return a JSON value with lists in place of the tuples that generated code writes."""
    if isinstance(value, (list, tuple)):
        return list(map(_thaw, cast("Sequence[object]", value)))
    if isinstance(value, dict):
        return {key: _thaw(item) for key, item in cast("Schema", value).items()}
    return value


def _is_finite(value: object) -> bool:
    """Return whether JSON can represent a value: it contains no infinity and no NaN."""
    if isinstance(value, list):
        return all(map(_is_finite, cast("list[object]", value)))
    if isinstance(value, dict):
        return all(map(_is_finite, cast("Schema", value).values()))
    return not isinstance(value, float) or math.isfinite(value)


def _json_type_schema(json_type: TypeText) -> Schema:
    """Return the schema of JSON that has a type of the user's. A class is not imported, so it is only named."""
    schema: Schema
    if json_type.module:
        schema = {
            **_PRIMITIVES["JSON_DATA"],
            "description": json_type.text.removesuffix(" | None"),
        }
    elif json_type.item is None:
        schema = dict(_JSON_TYPE_SCHEMAS[json_type.name])
    elif json_type.name == "list":
        schema = {"type": "array", "items": _json_type_schema(json_type.item)}
    else:
        schema = {"type": "object", "additionalProperties": _json_type_schema(json_type.item)}
    return {"anyOf": [schema, {"type": "null"}]} if json_type.optional and schema else schema


def _complete(schema: Schema) -> Schema:
    """Return the schema as a whole document: with its dialect and the definitions that it refers to."""
    used = set(_find_references(schema))
    used |= {needed for name in used for needed in _NEEDED_DEFINITIONS.get(name, ())}
    definitions = {name: _DEFINITIONS[name] for name in _DEFINITIONS if name in used}
    return {
        "$schema": DIALECT,
        **schema,
        **({"$defs": definitions} if definitions else {}),
    }


def _find_references(schema: object) -> Iterator[str]:
    """Yield the names of the definitions that a schema refers to. Defaults and choices are values, not schemas."""
    if isinstance(schema, dict):
        for key, value in cast("Schema", schema).items():
            if key == "$ref":
                yield str(value).rsplit("/", 1)[-1]
            elif key == "properties":
                yield from _find_references(list(value.values()))
            elif key not in ("default", "enum", "description"):
                yield from _find_references(value)
    elif isinstance(schema, list):
        for item in cast("list[object]", schema):
            yield from _find_references(item)


def _with_description(schema: Schema, description: str) -> Schema:
    return {**schema, "description": description} if description else schema


# Tables


_BYTES: Final = {"type": "string", "contentEncoding": "base64"}
_NUMBER: Final = {"type": "number"}
_PRIMITIVES: Final[Mapping[str, Schema]] = {
    "STR": {"type": "string"},
    "TEXT": {"type": "string"},
    "BYTES": _BYTES,
    "INT": {"type": "integer"},
    "FLOAT": {"type": "number"},
    "BOOL": {"type": "boolean"},
    "JSON_DATA": {"type": ["object", "array"]},
    "EMBEDDING": {"type": "array", "items": {"type": "number"}},
}
_JSON_TYPE_SCHEMAS: Final[Mapping[str, Schema]] = {
    "str": {"type": "string"},
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "bool": {"type": "boolean"},
    "Any": {},
}
_DEFINITION_NAMES: Final = {
    "NDARRAY": "NDArray",
    "IMAGE": "Media",
    "AUDIO": "Media",
    "VIDEO": "Media",
    "CONCEPT": "Concept",
    "REGION": "Region",
    "FRAME": "Frame",
}


def _object_schema(properties: Schema, required: Sequence[str] = (), **more: Any) -> Schema:
    schema: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return {**schema, **({"required": list(required)} if required else {}), **more}


def _reference(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


_BOX_EDGES: Final = ("left", "top", "right", "bottom")
_DEFINITIONS: Final[Mapping[str, Schema]] = {
    "NDArray": {
        "description": "Numbers in nested arrays of equal lengths.",
        "anyOf": [{"type": "number"}, {"type": "array", "items": _reference("NDArray")}],
    },
    "Media": _object_schema(
        {"url": {"type": "string", "format": "uri"}, "bytes": _BYTES},
        description="An encoded file: its bytes as base64, or its address.",
        minProperties=1,
    ),
    "Concept": _object_schema(
        {"name": {"type": "string"}, "value": _NUMBER, "id": {"type": "string"}}, ["name"]
    ),
    "Box": _object_schema(
        dict.fromkeys(_BOX_EDGES, _NUMBER),
        _BOX_EDGES,
        description="Edges as fractions of the image's width and height, 0 to 1.",
    ),
    "Point": _object_schema(dict.fromkeys("xyz", _NUMBER), ["x", "y"]),
    "Region": _object_schema(
        {
            "box": _reference("Box"),
            "point": _reference("Point"),
            "mask": _reference("Media"),
            "concepts": {"type": "array", "items": _reference("Concept")},
            "text": {"type": "string"},
            "value": _NUMBER,
            "id": {"type": "string"},
            "track_id": {"type": "string"},
        }
    ),
    "Frame": _object_schema(
        {
            "image": _reference("Media"),
            "regions": {"type": "array", "items": _reference("Region")},
            "time": {"type": "number", "description": "Seconds."},
            "index": {"type": "integer"},
        }
    ),
}
_NEEDED_DEFINITIONS: Final = {
    "Region": ("Box", "Point", "Media", "Concept"),
    "Frame": ("Region", "Box", "Point", "Media", "Concept"),
}
