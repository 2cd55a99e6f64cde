"""The input and output of a method as JSON Schema (draft 2020-12), ready for tool calling.

Properties have the names of the parameters in Python, so that the arguments of a tool call can be passed by keyword.
Bytes are base64 text; media are base64 text or a URL. Schemas are plain data, which `json` can write.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, cast

from clarigen.wire import TypeText
from gen_client.interface.model import KnownDefault, NullDefault, TypeKind
from gen_client.plan import types
from gen_client.plan.descriptions import split_lines
from gen_client.plan.named import NamedMethod, NamedParameter
from gen_client.plan.types import Shape

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]
"""A JSON Schema as plain data."""

_BYTES: Final = {"type": "string", "contentEncoding": "base64"}
_NUMBER: Final = {"type": "number"}
_PRIMITIVES: Final[Mapping[TypeKind, Schema]] = {
    TypeKind.STR: {"type": "string"},
    TypeKind.TEXT: {"type": "string"},
    TypeKind.BYTES: _BYTES,
    TypeKind.INT: {"type": "integer"},
    TypeKind.FLOAT: {"type": "number"},
    TypeKind.BOOL: {"type": "boolean"},
    TypeKind.JSON_DATA: {"type": ["object", "array"]},
    TypeKind.EMBEDDING: {"type": "array", "items": {"type": "number"}},
}
_JSON_TYPE_SCHEMAS: Final[Mapping[str, Schema]] = {
    "str": {"type": "string"},
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "bool": {"type": "boolean"},
    "Any": {},
}
_DEFINITION_NAMES: Final = {
    TypeKind.NDARRAY: "NDArray",
    TypeKind.IMAGE: "Media",
    TypeKind.AUDIO: "Media",
    TypeKind.VIDEO: "Media",
    TypeKind.CONCEPT: "Concept",
    TypeKind.REGION: "Region",
    TypeKind.FRAME: "Frame",
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


def describe_tool(method: NamedMethod) -> Schema:
    """Return a method as a tool: its name, its description, the schemas of its input and output.

    A stream becomes the array of its items.
    """
    properties = {
        str(parameter.name): _parameter_schema(parameter) for parameter in method.parameters
    }
    required = [str(parameter.name) for parameter in method.parameters if parameter.wire.required]
    result = _type_schema(method.result)
    if method.is_stream:
        result = {"type": "array", "items": result}
    return {
        "name": str(method.name),
        "description": "\n".join(method.description),
        "input_schema": _complete(_object_schema(properties, required)),
        "output_schema": _complete(_with_description(result, " ".join(method.returns))),
    }


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


def _parameter_schema(named: NamedParameter) -> Schema:
    parameter, shape = named.wire, named.shape
    schema = dict(_type_schema(shape))
    if parameter.choices:
        values = (_encode_json(choice.value, shape) for choice in parameter.choices)
        schema["enum"] = [value for value in values if _is_finite(value)]
    if parameter.range is not None:
        lowest, highest = parameter.range.enforced
        if lowest is not None:
            schema["minimum"] = types.range_bound(lowest, shape.kind)
        if highest is not None:
            schema["maximum"] = types.range_bound(highest, shape.kind)
    if parameter.is_stream:
        schema = {"type": "array", "items": schema}
    elif isinstance(parameter.default, NullDefault):
        schema = {"anyOf": [schema, {"type": "null"}], "default": None}
    elif parameter.may_be_none:
        schema = {"anyOf": [schema, {"type": "null"}]}
    elif isinstance(parameter.default, KnownDefault):
        default = _encode_json(parameter.default.value, shape)
        if _is_finite(default):
            schema["default"] = default
    description = " ".join(named.description)
    choices = (
        f"{choice.id}: {' '.join(split_lines(choice.description))}"
        for choice in parameter.choices
        if choice.description.strip()
    )
    return _with_description(schema, "\n".join(line for line in (description, *choices) if line))


def _is_finite(value: object) -> bool:
    """Return whether JSON can represent a value: it contains no infinity and no NaN."""
    if isinstance(value, list):
        return all(map(_is_finite, cast("list[object]", value)))
    if isinstance(value, dict):
        return all(map(_is_finite, cast("Schema", value).values()))
    return not isinstance(value, float) or math.isfinite(value)


def _type_schema(shape: Shape) -> Schema:
    if shape.type.json_type is not None:
        return _json_type_schema(shape.type.json_type)
    match shape.kind:
        case TypeKind.LIST:
            return {"type": "array", "items": _type_schema(shape.items[0])}
        case TypeKind.TUPLE:
            items = list(map(_type_schema, shape.items))
            length = {"minItems": len(items), "maxItems": len(items)}
            return {"type": "array", "prefixItems": items, "items": False, **length}
        case TypeKind.NAMED_FIELDS:
            properties = {
                str(field.name): _with_description(
                    _type_schema(field.shape), " ".join(split_lines(field.wire.description))
                )
                for field in shape.fields
            }
            return _object_schema(properties, list(properties))
        case kind if kind in _DEFINITION_NAMES:
            return _reference(_DEFINITION_NAMES[kind])
        case kind:
            return dict(_PRIMITIVES[kind])


def _json_type_schema(json_type: TypeText) -> Schema:
    """Return the schema of JSON that has a type of the user's. A class is not imported, so it is only named."""
    schema: Schema
    if json_type.module:
        schema = {
            **_PRIMITIVES[TypeKind.JSON_DATA],
            "description": json_type.text.removesuffix(" | None"),
        }
    elif json_type.item is None:
        schema = dict(_JSON_TYPE_SCHEMAS[json_type.name])
    elif json_type.name == "list":
        schema = {"type": "array", "items": _json_type_schema(json_type.item)}
    else:
        schema = {"type": "object", "additionalProperties": _json_type_schema(json_type.item)}
    return {"anyOf": [schema, {"type": "null"}]} if json_type.optional and schema else schema


def _encode_json(value: object, shape: Shape) -> Any:
    """Return a value as JSON; records have the names of Python."""
    match shape.kind:
        case TypeKind.BYTES:
            return base64.b64encode(cast("bytes", value)).decode("ascii")
        case TypeKind.FLOAT:
            return float(cast("float", value))
        case TypeKind.LIST:
            return [_encode_json(item, shape.items[0]) for item in cast("Sequence[object]", value)]
        case TypeKind.TUPLE:
            pairs = zip(cast("Sequence[object]", value), shape.items, strict=True)
            return [_encode_json(item, item_shape) for item, item_shape in pairs]
        case TypeKind.NAMED_FIELDS:
            record = cast("Mapping[str, object]", value)
            return {
                str(field.name): _encode_json(record[field.wire.name], field.shape)
                for field in shape.fields
            }
        case _:
            return value
