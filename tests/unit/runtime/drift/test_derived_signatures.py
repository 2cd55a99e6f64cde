"""The signatures that are derived from a model type."""

from __future__ import annotations

import json
from typing import Any

import pytest

from clarigen._drift.derived_signatures import derive_signatures
from clarigen._drift.model_type import UnknownModelTypeError, read_model_type
from support import MODEL_TYPES

PARAMS = "output_info.params."


def derive(*fields: dict[str, Any], **changes: Any) -> list[dict[str, Any]]:
    content = {"input_fields": ["text"], "output_fields": ["text"], "model_type_fields": fields}
    return derive_signatures(read_model_type({**content, **changes}))


def parameters(signature: dict[str, Any]) -> dict[str, str]:
    return {field["name"]: field["path"] for field in signature["input_fields"]}


@pytest.mark.parametrize(
    ("field_type", "value", "data_type", "default"),
    [
        ("BOOLEAN", True, "BOOL", "true"),
        ("BOOLEAN", None, "BOOL", ""),
        ("STRING", "a", "STR", '"a"'),
        ("STRING", "", "STR", '""'),
        ("STRING", "null", "STR", '"null"'),
        ("STRING", None, "STR", "null"),
        ("NUMBER", 20.0, "FLOAT", "20"),
        ("RANGE", 0.7, "FLOAT", "0.7"),
        ("NUMBER", "0.7", "FLOAT", "0.7"),
        ("ENUM", "a", "STR", '"a"'),
        ("JSON", {"a": [1.0]}, "JSON_DATA", '{"a": [1]}'),
        ("ARRAY_OF_NUMBERS", [1, 0.5], "LIST", "[1, 0.5]"),
        ("ARRAY_OF_STRINGS", ["a"], "LIST", '["a"]'),
        (1, True, "BOOL", "true"),
        (13, None, "LIST", ""),
    ],
)
def test_types_and_defaults_of_parameters(
    field_type: object, value: object, data_type: str, default: str
) -> None:
    field = {"path": f"{PARAMS}p", "field_type": field_type, "default_value": value}
    (signature,) = derive(field)
    parameter = signature["input_fields"][1]
    assert (parameter["type"], parameter.get("default", "")) == (data_type, default)
    assert "required" not in parameter


def test_required_means_without_a_default() -> None:
    field = {"path": f"{PARAMS}p", "field_type": "STRING", "required": True}
    assert derive(field)[0]["input_fields"][1]["required"]
    assert "required" not in derive({**field, "default_value": ""})[0]["input_fields"][1]


def test_parameters_of_training_and_internal_ones_are_left_out() -> None:
    (signature,) = derive(
        {"path": "train_info.params.epochs", "field_type": "NUMBER"},
        {"path": "input_info.params.size", "field_type": "NUMBER"},
        {"path": f"{PARAMS}secret", "field_type": "STRING", "internal_only": True},
        {"path": f"{PARAMS}hidden", "fieldType": "STRING", "internalOnly": True},
    )
    assert list(parameters(signature)) == ["text"]


def test_names_that_are_taken_get_a_prefix() -> None:
    (signature,) = derive(
        {"path": f"{PARAMS}text", "field_type": "STRING"},
        {"path": f"{PARAMS}max_concepts", "field_type": "NUMBER"},
        {"path": f"{PARAMS}top-k", "field_type": "NUMBER"},
        output_fields=["concepts"],
    )
    assert parameters(signature) == {
        "text": "text",
        "max_concepts": "output_info.output_config.max_concepts",
        "min_value": "output_info.output_config.min_value",
        "select_concepts": "output_info.output_config.select_concepts",
        "language": "output_info.output_config.language",
        "params_max_concepts": f"{PARAMS}max_concepts",
        "params_text": f"{PARAMS}text",
        "top_k": f"{PARAMS}top-k",
    }


@pytest.mark.parametrize(
    ("inputs", "outputs", "methods"),
    [
        (["image"], ["concepts"], ["predict", "predict_video"]),
        (["image"], ["regions"], ["predict", "predict_video"]),
        (["image"], ["embeddings"], ["predict"]),
        (["image,text"], ["concepts"], ["predict"]),
        (["video"], ["frames"], ["predict"]),
        ([" image , text "], ["text , image"], ["predict"]),
    ],
)
def test_methods(inputs: list[str], outputs: list[str], methods: list[str]) -> None:
    signatures = derive(input_fields=inputs, output_fields=outputs)
    assert [signature["name"] for signature in signatures] == methods
    has_interval = "sample_ms" in parameters(signatures[-1])
    assert has_interval == ("predict_video" in methods or inputs == ["video"])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"input_fields": []}, "it names no inputs"),
        ({"output_fields": [","]}, "it names no outputs"),
        ({"input_fields": ["geo"]}, "its input 'geo' is not supported; image, video"),
        ({"output_fields": ["clusters"]}, "its output 'clusters' is not supported"),
        ({"input_fields": ["image", "text"]}, "inputs from several sources (image, text)"),
        ({"input_fields": [5]}, "its inputs are not texts"),
    ],
)
def test_fields_that_are_not_supported(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(UnknownModelTypeError) as caught:
        derive(**changes)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("path", "field_type", "message"),
    [
        (f"{PARAMS}p", "PYTHON_CODE", "has the type PYTHON_CODE"),
        (f"{PARAMS}p", 15, "has the type PYTHON_CODE"),
        (f"{PARAMS}p", 99, "has the type 99"),
        (f"{PARAMS}p", None, "has the type None"),
        (f"{PARAMS}a.b", "STRING", "its parameter 'output_info.params.a.b' is not supported"),
        ("output_info.output_config.hyper_params", "JSON", "hyper_params' is not supported"),
        ("output_info.fields_map", "JSON", "fields_map' is not supported"),
    ],
)
def test_parameters_that_are_not_supported(path: str, field_type: object, message: str) -> None:
    with pytest.raises(UnknownModelTypeError) as caught:
        derive({"path": path, "field_type": field_type})
    assert message in str(caught.value)


@pytest.mark.parametrize("path", sorted(MODEL_TYPES.glob("*.json")), ids=lambda path: path.stem)
def test_a_document_is_its_own_canonical_form(path: Any) -> None:
    document = read_model_type(json.loads(path.read_text())["model_type"])
    assert read_model_type(document) == document
    shuffled = {**document, "model_type_fields": document.get("model_type_fields", [])[::-1]}
    assert read_model_type(shuffled) == document
