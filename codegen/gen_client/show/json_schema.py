"""A method's input and output as JSON Schema (draft 2020-12), ready for tool calling.

What lives here: the table from wire types to schemas. Properties are called as the parameters in Python are, so that a tool's
arguments can be passed on by name; bytes and media travel as base64 text or as an address. Pure data, which `json` writes.
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

_BYTES: Final = {"type": "string", "contentEncoding": "base64"}
_FRACTION: Final = {"type": "number"}
_PLAIN: Final[Mapping[TypeKind, Schema]] = {
    TypeKind.STR: {"type": "string"},
    TypeKind.TEXT: {"type": "string"},
    TypeKind.BYTES: _BYTES,
    TypeKind.INT: {"type": "integer"},
    TypeKind.FLOAT: {"type": "number"},
    TypeKind.BOOL: {"type": "boolean"},
    TypeKind.JSON_DATA: {"type": ["object", "array"]},
}
_OF_JSON: Final[Mapping[str, Schema]] = {
    "str": {"type": "string"},
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "bool": {"type": "boolean"},
    "Any": {},
}
_REFERRED: Final = {
    TypeKind.NDARRAY: "NDArray",
    TypeKind.IMAGE: "Media",
    TypeKind.AUDIO: "Media",
    TypeKind.VIDEO: "Media",
    TypeKind.CONCEPT: "Concept",
    TypeKind.REGION: "Region",
    TypeKind.FRAME: "Frame",
}


def _object(properties: Schema, required: Sequence[str] = (), **more: Any) -> Schema:
    schema: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return {**schema, **({"required": list(required)} if required else {}), **more}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


_EDGES: Final = ("left", "top", "right", "bottom")
_DEFINED: Final[Mapping[str, Schema]] = {
    "NDArray": {
        "description": "Numbers in nested arrays of equal lengths.",
        "anyOf": [{"type": "number"}, {"type": "array", "items": _ref("NDArray")}],
    },
    "Media": _object(
        {"url": {"type": "string", "format": "uri"}, "bytes": _BYTES},
        description="An encoded file: its bytes as base64, or its address.",
        minProperties=1,
    ),
    "Concept": _object(
        {"name": {"type": "string"}, "value": _FRACTION, "id": {"type": "string"}}, ["name"]
    ),
    "Box": _object(
        dict.fromkeys(_EDGES, _FRACTION),
        _EDGES,
        description="Edges as fractions of the image's width and height, 0 to 1.",
    ),
    "Point": _object(dict.fromkeys("xyz", _FRACTION), ["x", "y"]),
    "Region": _object(
        {
            "box": _ref("Box"),
            "point": _ref("Point"),
            "mask": _ref("Media"),
            "concepts": {"type": "array", "items": _ref("Concept")},
            "text": {"type": "string"},
            "value": _FRACTION,
            "id": {"type": "string"},
            "track_id": {"type": "string"},
        }
    ),
    "Frame": _object(
        {
            "image": _ref("Media"),
            "regions": {"type": "array", "items": _ref("Region")},
            "time": {"type": "number", "description": "Seconds."},
            "index": {"type": "integer"},
        }
    ),
}
_NEEDS: Final = {
    "Region": ("Box", "Point", "Media", "Concept"),
    "Frame": ("Region", "Box", "Point", "Media", "Concept"),
}


def describe_tool(method: NamedMethod) -> Schema:
    """Return a method as a tool: its name, its description, the schemas of its input and output.

    A stream becomes the array of its items.
    """
    properties = {str(parameter.name): _parameter(parameter) for parameter in method.parameters}
    required = [str(parameter.name) for parameter in method.parameters if parameter.wire.required]
    result = _type(method.result)
    if method.is_stream:
        result = {"type": "array", "items": result}
    return {
        "name": str(method.name),
        "description": "\n".join(method.description),
        "input_schema": _whole(_object(properties, required)),
        "output_schema": _whole(_described(result, " ".join(method.returns))),
    }


def _whole(schema: Schema) -> Schema:
    """A schema that stands alone: with its dialect, and the definitions that it refers to."""
    used = set(_references(schema))
    used |= {needed for name in used for needed in _NEEDS.get(name, ())}
    definitions = {name: _DEFINED[name] for name in _DEFINED if name in used}
    return {
        "$schema": DIALECT,
        **schema,
        **({"$defs": definitions} if definitions else {}),
    }


def _references(schema: object) -> Iterator[str]:
    """The definitions that a schema mentions; what a default or a choice holds is no schema."""
    if isinstance(schema, dict):
        for key, value in cast("Schema", schema).items():
            if key == "$ref":
                yield str(value).rsplit("/", 1)[-1]
            elif key == "properties":
                yield from _references(list(value.values()))
            elif key not in ("default", "enum", "description"):
                yield from _references(value)
    elif isinstance(schema, list):
        for item in cast("list[object]", schema):
            yield from _references(item)


def _described(schema: Schema, description: str) -> Schema:
    return {**schema, "description": description} if description else schema


def _parameter(named: NamedParameter) -> Schema:
    parameter, shape = named.wire, named.shape
    schema = dict(_type(shape))
    if parameter.choices:
        values = (_json(choice.value, shape) for choice in parameter.choices)
        schema["enum"] = [value for value in values if _is_finite(value)]
    if parameter.range is not None:
        lowest, highest = parameter.range.enforced
        if lowest is not None:
            schema["minimum"] = types.range_bound(lowest, shape.kind)
        if highest is not None:
            schema["maximum"] = types.range_bound(highest, shape.kind)
    if parameter.stream:
        schema = {"type": "array", "items": schema}
    elif isinstance(parameter.default, NullDefault):
        schema = {"anyOf": [schema, {"type": "null"}], "default": None}
    elif isinstance(parameter.default, KnownDefault):
        default = _json(parameter.default.value, shape)
        if _is_finite(default):
            schema["default"] = default
    description = " ".join(named.description)
    choices = (
        f"{choice.id}: {' '.join(split_lines(choice.description))}"
        for choice in parameter.choices
        if choice.description.strip()
    )
    return _described(schema, "\n".join(line for line in (description, *choices) if line))


def _is_finite(value: object) -> bool:
    """Whether JSON can hold a value: it has neither infinities nor what is not a number."""
    if isinstance(value, list):
        return all(map(_is_finite, cast("list[object]", value)))
    if isinstance(value, dict):
        return all(map(_is_finite, cast("Schema", value).values()))
    return not isinstance(value, float) or math.isfinite(value)


def _type(its: Shape) -> Schema:
    if its.type.json_type is not None:
        return _refined(its.type.json_type)
    match its.kind:
        case TypeKind.LIST:
            return {"type": "array", "items": _type(its.items[0])}
        case TypeKind.TUPLE:
            items = list(map(_type, its.items))
            ends = {"minItems": len(items), "maxItems": len(items)}
            return {"type": "array", "prefixItems": items, "items": False, **ends}
        case TypeKind.NAMED_FIELDS:
            properties = {
                str(field.name): _described(
                    _type(field.shape), " ".join(split_lines(field.wire.description))
                )
                for field in its.fields
            }
            return _object(properties, list(properties))
        case kind if kind in _REFERRED:
            return _ref(_REFERRED[kind])
        case kind:
            return dict(_PLAIN[kind])


def _refined(its: TypeText) -> Schema:
    """JSON that the user has given a type. Of a class nothing is known but its name: it is not imported."""
    schema: Schema
    if its.module:
        schema = {**_PLAIN[TypeKind.JSON_DATA], "description": its.text.removesuffix(" | None")}
    elif its.item is None:
        schema = dict(_OF_JSON[its.name])
    elif its.name == "list":
        schema = {"type": "array", "items": _refined(its.item)}
    else:
        schema = {"type": "object", "additionalProperties": _refined(its.item)}
    return {"anyOf": [schema, {"type": "null"}]} if its.optional and schema else schema


def _json(value: object, its: Shape) -> Any:
    """A value of a type as JSON has it, under the names of Python."""
    match its.kind:
        case TypeKind.BYTES:
            return base64.b64encode(cast("bytes", value)).decode("ascii")
        case TypeKind.FLOAT:
            return float(cast("float", value))
        case TypeKind.LIST:
            return [_json(item, its.items[0]) for item in cast("Sequence[object]", value)]
        case TypeKind.TUPLE:
            pairs = zip(cast("Sequence[object]", value), its.items, strict=True)
            return [_json(item, inner) for item, inner in pairs]
        case TypeKind.NAMED_FIELDS:
            record = cast("Mapping[str, object]", value)
            return {
                str(field.name): _json(record[field.wire.name], field.shape) for field in its.fields
            }
        case _:
            return value
