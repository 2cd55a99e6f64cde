"""A payload in any text of a model type gives the same code as a harmless text, or exit 4."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from gen_client import limits, pipeline
from gen_client.diagnostics import Refusal, Report
from gen_client.interface.model import Model
from gen_client.interface.read import read_model
from gen_client.interface.write import write_signatures
from gen_client.source import signature_forms
from safety.payloads import HARMLESS, PAYLOADS
from safety.trees import shape

Place = tuple[str | int, ...]

PARAMS = "output_info.params."
PREFIXES = ("", PARAMS, "output_info.output_config.")
FIELD = {
    "path": "output_info.params.word",
    "field_type": "ENUM",
    "default_value": "word",
    "description": "Some words.",
    "placeholder": "word",
    "model_type_enum_options": [{"id": "word", "description": "Some words."}, {"id": "two"}],
}
MODEL_TYPE = {
    "id": "text-to-text",
    "title": "word",
    "description": "Some words.",
    "input_fields": ["text"],
    "output_fields": ["text"],
    "model_type_fields": [FIELD],
}
STRING = {**MODEL_TYPE, "model_type_fields": [{**FIELD, "field_type": "STRING"}]}
"""An option is a text, not a choice: its default can be anything."""


def find_texts(value: Any, place: Place = ()) -> Iterator[Place]:
    """Yield the place of each text inside a value."""
    if isinstance(value, str):
        yield place
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from find_texts(item, (*place, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from find_texts(item, (*place, index))


PLACES = list(find_texts(MODEL_TYPE))


def plant(place: Place, text: str, model_type: dict[str, Any] = MODEL_TYPE) -> dict[str, Any]:
    """Return a file with a text at a place of a model type."""
    content = copy.deepcopy(model_type)
    holder: Any = content
    for step in place[:-1]:
        holder = holder[step]
    holder[place[-1]] = text
    return {"model_type": content}


def build(content: Any) -> str | None:
    """Return the shape of the package; None if the file is refused with exit 4."""
    try:
        document = signature_forms.read_document(copy.deepcopy(content), Report())
        package = pipeline.build_package(document, "pkg", Report(), formatter=str)
        return shape(package.files)
    except Refusal as refusal:
        check_refusal(refusal)
        return None


def check_refusal(refusal: Refusal) -> None:
    """Check for exit 4 and at most two printable lines of limited length."""
    text = str(refusal)
    assert refusal.diagnostic.exit_code == 4, text
    assert text.replace("\n", "").isprintable(), text
    assert text.count("\n") <= 1, text
    assert len(text) < 1_000, text
    assert "a bug or an attack" not in text, text  # the filters are enough; the gate is not needed


def read(content: dict[str, Any]) -> Model | None:
    """Return the interface of a file; None if it is refused with exit 4."""
    try:
        return read_model(signature_forms.read_document(content, Report()), Report())
    except Refusal as refusal:
        check_refusal(refusal)
        return None


def prefixes(place: Place) -> tuple[str, ...]:
    return PREFIXES if place[-1] == "path" else ("",)


@pytest.mark.parametrize("place", PLACES, ids=lambda place: "-".join(map(str, place)))
def test_text_changes_no_code(place: Place) -> None:
    plain = read(plant(place, "word"))
    for prefix in prefixes(place):
        texts = [prefix + word for word in HARMLESS]
        harmless = {build(plant(place, text)) for text in texts}
        for payload in PAYLOADS.values():
            content = plant(place, prefix + payload)
            if read(content) not in (None, plain):  # else the package is that of a harmless text
                assert build(content) in harmless, payload[:80]


@pytest.mark.parametrize(
    ("place", "model_type"),
    [
        (("description",), MODEL_TYPE),
        (("model_type_fields", 0, "description"), MODEL_TYPE),
        (("model_type_fields", 0, "model_type_enum_options", 1, "id"), MODEL_TYPE),
        (("model_type_fields", 0, "default_value"), STRING),
    ],
)
def test_most_payloads_become_packages(place: Place, model_type: dict[str, Any]) -> None:
    """The test above would prove nothing if all payloads were refused."""
    shapes = [build(plant(place, payload, model_type)) for payload in PAYLOADS.values()]
    assert sum(shape is not None for shape in shapes) > len(PAYLOADS) / 2
    assert set(shapes) <= {None, *(build(plant(place, word, model_type)) for word in HARMLESS)}


def test_a_path_in_a_lock_changes_no_code() -> None:
    """A lock has the derived signatures: their paths are a stranger's text too."""
    document = signature_forms.read_document({"model_type": MODEL_TYPE}, Report())
    signatures = write_signatures(read_model(document, Report()))
    plain = build({"method_signatures": signatures})
    assert plain is not None
    for payload in PAYLOADS.values():
        for prefix in PREFIXES:
            for side, index in (("input_fields", 0), ("input_fields", 1), ("output_fields", 0)):
                changed: Any = copy.deepcopy(signatures)
                changed[0][side][index]["path"] = prefix + payload
                content = {"method_signatures": changed}
                assert read(content) is None or build(content) == plain


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("input_fields", ["image"] * 300_000),
        ("input_fields", [",".join(["image"] * 1_000_000)]),
        ("input_fields", "image"),
        ("input_fields", [{"image": 1}]),
        ("input_fields", []),
        ("output_fields", ["concepts", None]),
        ("description", "x" * (limits.DESCRIPTION + 1)),
        ("description", 5),
        ("id", ["x"]),
        ("model_type_fields", {}),
        ("model_type_fields", [5]),
        ("model_type_fields", [{"path": 5}]),
        (
            "model_type_fields",
            [{"field_type": "STRING", "path": f"{PARAMS}p{n}"} for n in range(400)],
        ),
        (
            "model_type_fields",
            [{"field_type": "JSON", "path": f"{PARAMS}p", "default_value": float("nan")}],
        ),
        (
            "model_type_fields",
            [{"field_type": "ENUM", "path": f"{PARAMS}p", "model_type_enum_options": 5}],
        ),
        ("model_type_fields", [{"field_type": "STRING", "path": f"{PARAMS}p", "description": 5}]),
        ("model_type_fields", [{"field_type": "STRING", "path": f"{PARAMS}p", "required": "yes"}]),
        (
            "model_type_fields",
            [{"field_type": "NUMBER", "path": f"{PARAMS}p", "model_type_range_info": [1]}],
        ),
        ("model_type_fields", [{"field_type": ["x"], "path": f"{PARAMS}p"}]),
        ("model_type_fields", [{"field_type": "STRING", "path": PARAMS}]),
        ("model_type_fields", [{"field_type": "STRING", "path": f"{PARAMS}1"}]),
    ],
)
def test_a_malformed_or_large_model_type_is_refused(key: str, value: object) -> None:
    assert build({"model_type": {**MODEL_TYPE, key: value}}) is None
