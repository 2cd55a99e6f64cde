"""What breaks callers, between the signatures of a lock and of the deployed model: the same as `gen-client diff` says."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from clarigen import wire
from clarigen._drift.breaking import find_breaks
from clarigen._drift.lock import Lock
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


def describe(old: list[Any], new: list[Any]) -> list[str]:
    """Return what breaks, line by line."""
    breaks = find_breaks(Lock(None, "", read_signatures(old)), read_signatures(new), None)
    return [line for lines in breaks.values() for line in lines]


def report_change(change: Callable[[dict[str, Any]], object]) -> list[str]:
    """Return what a change breaks, without the method's name."""
    other = copy.deepcopy(METHOD)
    change(other)
    lines = describe([METHOD], [other])
    assert all(line.startswith("detect") for line in lines)
    return [line.removeprefix("detect").lstrip(".: ") for line in lines]


def field(place: int, **values: Any) -> Callable[[dict[str, Any]], object]:
    return lambda method: method["input_fields"][place].update(values)


def output(**values: Any) -> Callable[[dict[str, Any]], object]:
    return lambda method: method["output_fields"][0].update(values)


def add(**values: Any) -> Callable[[dict[str, Any]], object]:
    return lambda method: method["input_fields"].append(values)


RESULT = METHOD["output_fields"][0]["type_args"]


@pytest.mark.parametrize(
    ("change", "lines"),
    [
        (lambda method: method.update(name="other"), ["is called `other` now"]),
        (
            lambda method: method.update(method_type="UNARY_STREAMING"),
            ["returns a stream now; before, it returns one result"],
        ),
        (lambda method: method["input_fields"].pop(), ["box: was removed"]),
        (
            lambda method: method["input_fields"].reverse(),
            ["by position it takes `box` now, in this order"],
        ),
        (field(3, name="limit"), ["count: is called `limit` now"]),
        (add(name="key", type="STR", required=True), ["key: is new and required: `str`"]),
        (field(0, type="BYTES"), ["image: takes `bytes` now, not `Image`"]),
        (
            field(4, type_args=[{"name": name, "type": "INT"} for name in "xyz"]),
            ["box.z: is new: `int`"],
        ),
        (field(1, required=True, default=""), ["threshold: is required now"]),
        (field(3, default="5"), ["count: does not take `None` any more"]),
        (
            field(1, model_type_range_info={"min": 0.1, "max": 0.9}),
            ["threshold: must be at least `0.1` now", "threshold: must be at most `0.9` now"],
        ),
        (
            field(2, model_type_enum_options=[{"id": "fast"}, {"id": "best"}]),
            ['mode: does not take `"exact"` any more'],
        ),
        (
            field(3, model_type_enum_options=[{"id": "1"}, {"id": "2"}]),
            ["count: takes nothing but `1, 2` now"],
        ),
        (
            output(type="STR", type_args=[]),
            [
                "return: is `str` now, not `DetectResult`",
                "there is no type `DetectResult` any more",
            ],
        ),
        (output(type_args=RESULT[:1]), ["return.boxes: was removed"]),
        (
            field(4, type_args=[{"name": "x", "type": "INT"}, {"name": "y", "type": "FLOAT"}]),
            [
                "box.y: travels as `FLOAT` now, not `INT`, and is lost until the client is generated again"
            ],
        ),
    ],
)
def test_breaking_change_is_reported(
    change: Callable[[dict[str, Any]], object], lines: list[str]
) -> None:
    assert report_change(change) == lines


@pytest.mark.parametrize(
    "change",
    [
        lambda method: method.update(description="Other words."),
        lambda method: method.update(method_type="UNKNOWN"),
        lambda method: method["input_fields"].insert(1, method["input_fields"].pop()),
        field(0, description="A picture.", is_param=True),
        field(0, required=False, default="null"),
        field(1, default="0.50"),
        field(1, default="0.7"),
        field(1, model_type_range_info={"max": 1.5}),
        field(2, default='"fast"'),
        field(2, default="exact"),
        field(2, model_type_enum_options=[{"id": name} for name in ("best", "exact", "fast")]),
        field(3, default=""),
        add(name="extra", type="STR", default=""),
        output(name="", description="What was found."),
        output(type_args=[*RESULT, {"name": "more", "type": "STR"}]),
    ],
)
def test_compatible_change_is_not_reported(change: Callable[[dict[str, Any]], object]) -> None:
    assert report_change(change) == []


def test_all_breaking_changes_are_reported() -> None:
    def change(method: dict[str, Any]) -> None:
        method["input_fields"] = [{"name": "image", "type": "VIDEO"}]
        method["output_fields"][0]["type"] = "TUPLE"

    assert len(report_change(change)) == 7


def test_new_methods_are_not_reported() -> None:
    assert describe([METHOD], [METHOD, {**METHOD, "name": "more"}]) == []
    assert describe([METHOD], []) == ["detect: was removed"]


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
        "description": "Detect.",
        "methodType": 1,
        "inputFields": [
            {"name": "image", "type": 9, "required": True, "unknown": [1]},
            {
                "name": "threshold",
                "type": "FLOAT",
                "default": "0.5",
                "modelTypeRangeInfo": {"max": 1},
            },
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
    strange = {"name": "f", "method_type": 99, "output_fields": [{"type": 99}]}
    method = read_signatures([strange])["f"]
    assert (method.kind, method.result.kind) == ("number 99", "number 99")


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
    field.iterator = entry_field.get("iterator", False)
    for option in entry_field.get("model_type_enum_options", []):
        field.model_type_enum_options.add(id=option["id"])
    for key, number in entry_field.get("model_type_range_info", {}).items():
        setattr(field.model_type_range_info, key, number)
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
    locked = read_signatures(entries)
    assert find_breaks(Lock(None, "", locked), served, None) == {}
    assert find_breaks(Lock(None, "", served), locked, None) == {}


@pytest.mark.parametrize(
    "name", [name for name, path in PACKAGES.items() if path.parent != MODEL_TYPES]
)
def test_lock_equals_its_source(name: str) -> None:
    """The generator normalizes signatures; the normal form is no difference."""
    made_of = json.loads(PACKAGES[name].read_text())
    lock = json.loads((GENERATED / name / "signatures.json").read_text())
    original = made_of.get("method_signatures") or list(made_of.values())
    assert describe(lock["method_signatures"], original) == []
