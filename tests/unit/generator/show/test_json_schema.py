"""Methods as tools: their schemas are valid, and accept what the methods accept."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from clarigen._wire.json_schema import DIALECT
from gen_client.diagnostics import Refusal, Report
from gen_client.escape import Code
from gen_client.interface.read import read_model
from gen_client.plan.named import name_methods
from gen_client.show import json_schema
from gen_client.source import Document
from support import CORPUS

FILES = sorted(
    path
    for folder in ("docs", "real", "kitchen_sink", "hostile")
    for path in (CORPUS / folder).glob("*.json")
)


def describe_tools(*signatures: dict[str, Any]) -> list[dict[str, Any]]:
    model = read_model(Document(None, "", signatures), Report())
    return [
        json_schema.describe_tool(method)
        for method in name_methods(model, Code("package"), Report())
    ]


def describe_tool(*fields: dict[str, Any], returns: dict[str, Any] | None = None) -> dict[str, Any]:
    output = {"name": "return", **(returns or {"type": "STR"})}
    (tool,) = describe_tools(
        {
            "name": "predict",
            "method_type": "UNARY_UNARY",
            "description": "Do it.\n\nArgs:\n    x: What.",
            "input_fields": list(fields),
            "output_fields": [output],
        }
    )
    return tool


def is_valid(schema: dict[str, Any], value: Any) -> bool:
    return jsonschema.Draft202012Validator(schema).is_valid(value)


def test_the_schemas_of_all_models_are_valid() -> None:
    count = 0
    for path in FILES:
        content = json.loads(path.read_text())
        try:
            tools = describe_tools(*content["method_signatures"])
        except (Refusal, KeyError, TypeError):
            continue
        for tool in tools:
            count += 1
            for schema in (tool["input_schema"], tool["output_schema"]):
                assert schema["$schema"] == DIALECT
                jsonschema.Draft202012Validator.check_schema(schema)
                json.dumps(schema, allow_nan=False)
                _check_defaults(schema)
    assert count > 500


def _check_defaults(schema: dict[str, Any]) -> None:
    """Check that each default fits its own schema, and that each reference has a definition."""
    for part in schema.get("properties", {}).values():
        whole = {**part, "$defs": schema.get("$defs", {})}
        if "default" in part:
            assert is_valid(whole, part["default"]), part
        else:
            is_valid(whole, {})


MEDIA = {"url": "https://example.com/a.png"}
BOX = {"left": 0.1, "top": 0.1, "right": 0.9, "bottom": 0.9}
REGION = {"box": BOX, "concepts": [{"name": "cat", "value": 0.5}], "mask": {"bytes": "aGk="}}
LIST = {"type": "LIST", "type_args": [{"type": "INT"}]}
TUPLE = {"type": "TUPLE", "type_args": [{"type": "INT"}, {"type": "STR"}]}
RECORD = {
    "type": "NAMED_FIELDS",
    "type_args": [{"name": "default", "type": "IMAGE"}, {"name": "class", "type": "STR"}],
}


@pytest.mark.parametrize(
    ("type_", "valid", "invalid"),
    [
        ({"type": "STR"}, "a", 1),
        ({"type": "BYTES"}, "aGk=", 1),
        ({"type": "INT"}, 3, 0.5),
        ({"type": "FLOAT"}, 3, "3"),
        ({"type": "BOOL"}, True, 1),
        ({"type": "TEXT"}, "a", {}),
        ({"type": "JSON_DATA"}, {"a": [1]}, "a"),
        ({"type": "NDARRAY"}, [[1.5, 2], [3, 4]], ["a"]),
        ({"type": "IMAGE"}, MEDIA, {}),
        ({"type": "AUDIO"}, {"bytes": "aGk="}, "a"),
        ({"type": "VIDEO"}, MEDIA, {"path": "a"}),
        ({"type": "CONCEPT"}, {"name": "cat"}, {"value": 1}),
        ({"type": "REGION"}, REGION, {"box": [0, 0, 1, 1]}),
        ({"type": "FRAME"}, {"image": MEDIA, "regions": [REGION]}, {"regions": [1]}),
        (LIST, [1, 2], [0.5]),
        (TUPLE, [1, "a"], [1, "a", 2]),
        (TUPLE, [1, "a"], [1]),
        (RECORD, {"default": MEDIA, "class_": "a"}, {"default": MEDIA}),
    ],
)
def test_schemas_of_types(type_: dict[str, Any], valid: object, invalid: object) -> None:
    tool = describe_tool({"name": "x", "required": True, **type_}, returns=type_)
    assert is_valid(tool["input_schema"], {"x": valid})
    assert not is_valid(tool["input_schema"], {"x": invalid})
    assert not is_valid(tool["input_schema"], {})
    assert not is_valid(tool["input_schema"], {"x": valid, "y": 1})
    assert is_valid(tool["output_schema"], valid)
    assert not is_valid(tool["output_schema"], invalid)


@pytest.mark.parametrize(
    ("text", "valid", "invalid"),
    [
        ("str", "a", {}),
        ("int | None", None, "a"),
        ("float", 0.5, "a"),
        ("bool", True, None),
        ("Any", None, ...),
        ("Any | None", [1], ...),
        ("list[str]", ["a"], [1]),
        ("list[int | None]", [1, None], ["a"]),
        ("dict[str, float]", {"a": 0.5}, {"a": "b"}),
        ("dict[str, list[bool]] | None", {"a": [True]}, [True]),
        ("app.types:Message", {"role": "user"}, "a"),
        ("list[app.types:Message]", [{}], {}),
        ("app.types:Message | None", None, 1),
    ],
)
def test_schemas_of_json_types(text: str, valid: object, invalid: object) -> None:
    """The schema accepts what the client returns."""
    field = {"name": "return", "type": "JSON_DATA"}
    signature = {"name": "predict", "method_type": "UNARY_UNARY", "output_fields": [field]}
    document = Document(None, "", (signature,), json_types=(("predict.return", text),))
    model = read_model(document, Report())
    schema = json_schema.describe_tool(*name_methods(model, Code("package"), Report()))[
        "output_schema"
    ]
    jsonschema.Draft202012Validator.check_schema(schema)
    assert is_valid(schema, valid)
    assert invalid is ... or not is_valid(schema, invalid)
    assert ("app.types:Message" in json.dumps(schema)) == ("app" in text)


def test_schemas_of_choices_ranges_and_defaults() -> None:
    tool = describe_tool(
        {
            "name": "mode",
            "type": "STR",
            "default": "fast",
            "model_type_enum_options": [{"id": "fast", "description": "Soon."}, {"id": "good"}],
        },
        {
            "name": "n",
            "type": "INT",
            "default": "3",
            "model_type_range_info": {"min": 1, "max": 9},
        },
        {"name": "from", "type": "INT", "default": "null"},
        {"name": "x", "type": "FLOAT", "default": "Infinity"},
        {"name": "y", "type": "IMAGE", "default": "Image(…)"},
    )
    schema = tool["input_schema"]
    properties = schema["properties"]
    assert properties["mode"] == {
        "type": "string",
        "enum": ["fast", "good"],
        "default": "fast",
        "description": "fast: Soon.",
    }
    assert (properties["n"]["minimum"], properties["n"]["maximum"]) == (1, 9)
    assert properties["from_"]["default"] is None
    assert "default" not in properties["x"]
    assert "default" not in properties["y"]
    assert "required" not in schema
    assert is_valid(schema, {"from_": None})
    assert is_valid(schema, {"from_": 1, "mode": "good"})
    assert not is_valid(schema, {"mode": "other"})
    assert not is_valid(schema, {"n": 10})


def test_descriptions_of_a_tool() -> None:
    tool = describe_tool({"name": "x", "type": "STR", "required": True})
    assert (tool["name"], tool["description"]) == ("predict", "Do it.")
    assert tool["input_schema"]["properties"]["x"]["description"] == "What."


def test_the_schema_of_a_stream_is_an_array() -> None:
    content = json.loads((CORPUS / "docs" / "sensors.json").read_text())
    (tool,) = describe_tools(*content["method_signatures"])
    assert tool["output_schema"]["type"] == "array"
    assert tool["input_schema"]["properties"]["sensor_stream"]["type"] == "array"
