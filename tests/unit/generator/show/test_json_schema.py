"""Methods as tools: their schemas are schemas, and take what the methods take."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

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


def tools(*signatures: dict[str, Any]) -> list[dict[str, Any]]:
    model = read_model(Document(None, "", signatures), Report())
    return [
        json_schema.describe_tool(its) for its in name_methods(model, Code("package"), Report())
    ]


def tool(*fields: dict[str, Any], returns: dict[str, Any] | None = None) -> dict[str, Any]:
    output = {"name": "return", **(returns or {"type": "STR"})}
    (made,) = tools(
        {
            "name": "predict",
            "method_type": "UNARY_UNARY",
            "description": "Do it.\n\nArgs:\n    x: What.",
            "input_fields": list(fields),
            "output_fields": [output],
        }
    )
    return made


def valid(schema: dict[str, Any], value: Any) -> bool:
    return jsonschema.Draft202012Validator(schema).is_valid(value)


def test_the_schemas_of_all_models_are_schemas() -> None:
    count = 0
    for path in FILES:
        content = json.loads(path.read_text())
        try:
            made = tools(*content["method_signatures"])
        except (Refusal, KeyError, TypeError):
            continue
        for one in made:
            count += 1
            for schema in (one["input_schema"], one["output_schema"]):
                assert schema["$schema"] == json_schema.DIALECT
                jsonschema.Draft202012Validator.check_schema(schema)
                json.dumps(schema, allow_nan=False)
                _check_defaults(schema)
    assert count > 500


def _check_defaults(schema: dict[str, Any]) -> None:
    """A default fits its own schema, and every reference leads somewhere."""
    for part in schema.get("properties", {}).values():
        whole = {**part, "$defs": schema.get("$defs", {})}
        if "default" in part:
            assert valid(whole, part["default"]), part
        else:
            valid(whole, {})


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
    ("type_", "right", "wrong"),
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
def test_every_type(type_: dict[str, Any], right: object, wrong: object) -> None:
    made = tool({"name": "x", "required": True, **type_}, returns=type_)
    assert valid(made["input_schema"], {"x": right})
    assert not valid(made["input_schema"], {"x": wrong})
    assert not valid(made["input_schema"], {})
    assert not valid(made["input_schema"], {"x": right, "y": 1})
    assert valid(made["output_schema"], right)
    assert not valid(made["output_schema"], wrong)


@pytest.mark.parametrize(
    ("text", "right", "wrong"),
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
def test_types_of_the_users(text: str, right: object, wrong: object) -> None:
    """What the client returns is what the schema takes."""
    field = {"name": "return", "type": "JSON_DATA"}
    signature = {"name": "predict", "method_type": "UNARY_UNARY", "output_fields": [field]}
    document = Document(None, "", (signature,), json_types=(("predict.return", text),))
    model = read_model(document, Report())
    schema = json_schema.describe_tool(*name_methods(model, Code("package"), Report()))[
        "output_schema"
    ]
    jsonschema.Draft202012Validator.check_schema(schema)
    assert valid(schema, right)
    assert wrong is ... or not valid(schema, wrong)
    assert ("app.types:Message" in json.dumps(schema)) == ("app" in text)


def test_choices_limits_and_defaults() -> None:
    made = tool(
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
    schema = made["input_schema"]
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
    assert valid(schema, {"from_": None})
    assert valid(schema, {"from_": 1, "mode": "good"})
    assert not valid(schema, {"mode": "other"})
    assert not valid(schema, {"n": 10})


def test_what_a_tool_says() -> None:
    made = tool({"name": "x", "type": "STR", "required": True})
    assert (made["name"], made["description"]) == ("predict", "Do it.")
    assert made["input_schema"]["properties"]["x"]["description"] == "What."


def test_a_stream_is_an_array() -> None:
    content = json.loads((CORPUS / "docs" / "sensors.json").read_text())
    (made,) = tools(*content["method_signatures"])
    assert made["output_schema"]["type"] == "array"
    assert made["input_schema"]["properties"]["sensor_stream"]["type"] == "array"
