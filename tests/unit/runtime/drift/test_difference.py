"""Differences between the signatures of a lock and of the deployed model: which are reported, and which are not."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from clarigen import wire
from clarigen._drift.difference import describe_differences
from clarigen._drift.signature import read_signatures
from clarigen._proto import MethodSignature
from golden.packages import GENERATED, PACKAGES
from support import MODEL_TYPES

METHOD: dict[str, Any] = {
    "name": "detect",
    "method_type": "UNARY_UNARY",
    "description": "Detect.",
    "input_fields": [
        {"name": "image", "type": "IMAGE", "required": True},
        {
            "name": "threshold",
            "type": "FLOAT",
            "default": "0.5",
            "model_type_range_info": {"max": 1.0},
        },
        {
            "name": "mode",
            "type": "STR",
            "default": "fast",
            "model_type_enum_options": [{"id": "fast"}, {"id": "exact"}],
        },
        {"name": "count", "type": "INT", "default": "null"},
        {
            "name": "box",
            "type": "NAMED_FIELDS",
            "default": "null",
            "type_args": [{"name": "x", "type": "INT"}, {"name": "y", "type": "INT"}],
        },
    ],
    "output_fields": [
        {
            "name": "return",
            "type": "NAMED_FIELDS",
            "type_args": [
                {"name": "label", "type": "STR"},
                {"name": "boxes", "type": "LIST", "type_args": [{"type": "REGION"}]},
            ],
        }
    ],
}


def report_change(change: Callable[[dict[str, Any]], object]) -> list[str]:
    """Return the reported differences of a change, without the method's name."""
    other = copy.deepcopy(METHOD)
    change(other)
    lines = describe_differences(read_signatures([METHOD]), read_signatures([other]))
    assert all(line.startswith("method detect") for line in lines)
    return [line.removeprefix("method detect").removeprefix(": ") for line in lines]


def field(place: int, **values: Any) -> Callable[[dict[str, Any]], object]:
    return lambda method: method["input_fields"][place].update(values)


def output(**values: Any) -> Callable[[dict[str, Any]], object]:
    return lambda method: method["output_fields"][0].update(values)


def add(**values: Any) -> Callable[[dict[str, Any]], object]:
    return lambda method: method["input_fields"].append(values)


RESULT = METHOD["output_fields"][0]["type_args"]


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lambda method: method.update(name="other"), " is gone"),
        (
            lambda method: method.update(method_type="UNARY_STREAMING"),
            "its kind was UNARY_UNARY, and is UNARY_STREAMING",
        ),
        (lambda method: method["input_fields"].pop(), "parameter box is gone"),
        (
            field(3, name="limit"),
            "parameter count is gone; limit seems to be its new name",
        ),
        (add(name="key", type="STR", required=True), "parameter key is new, and required"),
        (field(0, type="BYTES"), "parameter image: its type was IMAGE, and is BYTES"),
        (
            field(4, type_args=[{"name": "x", "type": "INT"}, {"name": "y", "type": "FLOAT"}]),
            "parameter box: its type was NAMED_FIELDS[x: INT, y: INT], and is NAMED_FIELDS[x: INT, y: FLOAT]",
        ),
        (
            field(4, type_args=[{"name": name, "type": "INT"} for name in "xyz"]),
            "parameter box: its type was NAMED_FIELDS[x: INT, y: INT], and is NAMED_FIELDS[x: INT, y: INT, z: INT]",
        ),
        (field(1, required=True, default=""), "parameter threshold: it is required now"),
        (field(1, default="0.7"), "parameter threshold: its default was 0.5, and is 0.7"),
        (field(3, default="5"), "parameter count: its default was None, and is 5"),
        (field(2, default="exact"), "parameter mode: its default was fast, and is exact"),
        (
            field(2, model_type_enum_options=[{"id": "fast"}, {"id": "best"}]),
            "parameter mode: it may not be 'exact' any more",
        ),
        (
            field(3, model_type_enum_options=[{"id": "1"}, {"id": "2"}]),
            "parameter count: it may only be '1', '2' now",
        ),
        (
            output(type="STR", type_args=[]),
            "it returned NAMED_FIELDS[label: STR, boxes: LIST[REGION]], and returns STR",
        ),
        (
            output(type_args=RESULT[:1]),
            "it returned NAMED_FIELDS[label: STR, boxes: LIST[REGION]], and returns NAMED_FIELDS[label: STR]",
        ),
    ],
)
def test_breaking_change_is_reported_in_a_line(
    change: Callable[[dict[str, Any]], object], line: str
) -> None:
    assert report_change(change) == [line]


@pytest.mark.parametrize(
    "change",
    [
        lambda method: method.update(description="Other words."),
        lambda method: method["input_fields"].reverse(),
        lambda method: method.update(method_type="UNKNOWN"),
        field(0, description="A picture.", is_param=True),
        field(0, required=False, default="null"),
        field(1, default="0.50"),
        field(1, model_type_range_info={"min": 0.1, "max": 0.9}),
        field(2, default='"fast"'),
        field(2, model_type_enum_options=[{"id": name} for name in ("best", "exact", "fast")]),
        field(2, model_type_enum_options=[]),
        field(3, default=""),
        add(name="extra", type="STR", default=""),
        output(name="", description="What was found."),
        output(type_args=[*RESULT, {"name": "more", "type": "STR"}]),
    ],
)
def test_compatible_change_is_not_reported(change: Callable[[dict[str, Any]], object]) -> None:
    assert report_change(change) == []


def test_all_differences_are_reported() -> None:
    def change(method: dict[str, Any]) -> None:
        method["input_fields"] = [{"name": "image", "type": "VIDEO"}]
        method["output_fields"][0]["type"] = "TUPLE"

    assert len(report_change(change)) == 6


def test_new_methods_are_not_reported() -> None:
    assert (
        describe_differences(
            read_signatures([METHOD]), read_signatures([METHOD, {**METHOD, "name": "more"}])
        )
        == []
    )
    assert describe_differences(read_signatures([METHOD]), {}) == ["method detect is gone"]


def test_untrusted_text_is_escaped_and_shortened() -> None:
    def change(method: dict[str, Any]) -> None:
        method["input_fields"][2]["default"] = "\x1b[31m\n" + "x" * 1000
        method["input_fields"].append({"name": "\x1b]0;\n", "type": "STR", "required": True})

    for line in report_change(change):
        assert line.isprintable()
        assert len(line) < 300


@pytest.mark.item(15)
def test_all_forms_of_signatures_are_equal() -> None:
    """camelCase and snake_case, names and numbers, absent and unknown values."""
    camel = {
        "name": "detect",
        "methodType": 1,
        "inputFields": [
            {"name": "image", "type": 9, "required": True, "unknown": [1]},
            {"name": "threshold", "type": "FLOAT", "default": "0.5"},
            {
                "name": "mode",
                "type": 1,
                "default": "fast",
                "modelTypeEnumOptions": [{"id": "fast"}, {"id": "exact"}],
            },
            {"name": "count", "type": "INT", "default": "null"},
            {
                "name": "box",
                "type": "NAMED_FIELDS",
                "default": "null",
                "typeArgs": [{"name": "x", "type": 3}, {"name": "y", "type": 3}],
            },
        ],
        "outputFields": METHOD["output_fields"],
    }
    assert read_signatures([camel]) == read_signatures([METHOD])
    strange = read_signatures([{"name": "f", "method_type": 99, "output_fields": [{"type": 99}]}])[
        "f"
    ]
    assert (strange.kind, str(strange.result)) == ("number 99", "number 99")


def message(entry: dict[str, Any]) -> Any:
    """Convert a signature to the platform's message."""
    signature = MethodSignature(
        name=entry["name"], method_type=wire.METHOD_TYPES.index(entry["method_type"])
    )
    for key in ("input_fields", "output_fields"):
        for entry_field in entry.get(key, []):
            _fill(entry_field, getattr(signature, key).add())
    return signature


def _fill(entry_field: dict[str, Any], field: Any) -> None:
    field.name, field.type = entry_field.get("name", ""), wire.DATA_TYPES.index(entry_field["type"])
    field.default = entry_field.get("default", "")
    field.required = entry_field.get("required", False)
    for option in entry_field.get("model_type_enum_options", []):
        field.model_type_enum_options.add(id=option["id"])
    for part in entry_field.get("type_args", []):
        _fill(part, field.type_args.add())


@pytest.mark.parametrize("name", PACKAGES)
def test_lock_equals_the_platforms_answer(name: str) -> None:
    entries = json.loads((GENERATED / name / "signatures.json").read_text())["method_signatures"]
    for (
        entry
    ) in entries:  # the platform's messages have no paths: it has no signatures of such models
        for field in entry.get("input_fields", []) + entry["output_fields"]:
            field.pop("path", None)
    served = read_signatures(message(entry) for entry in entries)
    assert served == read_signatures(entries)
    assert describe_differences(read_signatures(entries), served) == []


@pytest.mark.parametrize(
    "name", [name for name, path in PACKAGES.items() if path.parent != MODEL_TYPES]
)
def test_lock_equals_its_source(name: str) -> None:
    """The generator normalizes signatures; the normal form is no difference."""
    made_of = json.loads(PACKAGES[name].read_text())
    lock = json.loads((GENERATED / name / "signatures.json").read_text())
    original = made_of.get("method_signatures") or list(made_of.values())
    assert (
        describe_differences(read_signatures(lock["method_signatures"]), read_signatures(original))
        == []
    )
