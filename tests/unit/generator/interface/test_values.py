"""Reading of interfaces: defaults, choices and ranges of parameters, and the limits of a model."""

from __future__ import annotations

import json
import math
from itertools import product

import pytest

from gen_client import limits
from gen_client.diagnostics import Report
from gen_client.interface.model import Choice, KnownDefault, Range, ServerDefault
from gen_client.interface.read import read_model
from gen_client.source import Document
from unit.generator.signatures import (
    RETURN,
    TEXT,
    Signature,
    method,
    read_methods,
    read_parameter,
    refuse,
)

# Defaults, choices, ranges


def test_a_default_of_another_type_is_left_to_the_server_with_a_note() -> None:
    report = Report()
    signature = method({"name": "x", "type": "INT", "default": "0.7"})
    model = read_model(Document(None, "", (signature,)), report)
    result = model.methods[0].parameters[0]
    assert result.default == ServerDefault("0.7")
    assert result.default_text == "0.7"
    assert report.warnings == []
    assert [note.location for note in report.notes] == ["predict.x"]


def test_an_unreadable_default_of_media_and_arrays_gives_no_warning() -> None:
    for type, text in (("TEXT", "Text(text='')"), ("NDARRAY", "[1. 2.]")):
        result, warnings = read_parameter(type=type, default=text)
        assert result.default == ServerDefault(text)
        assert warnings == []


@pytest.mark.item(20)
def test_the_default_of_a_required_parameter_is_ignored() -> None:
    result, warnings = read_parameter(type="INT", default="5", required=True)
    assert result.required
    assert result.default_text == ""
    assert len(warnings) == 1


def options(*ids: str) -> list[Signature]:
    return [{"id": id} for id in ids]


@pytest.mark.item(21)
@pytest.mark.parametrize(
    ("type", "ids", "values"),
    [
        ("STR", ["a", "b", "a", ""], ["a", "b", ""]),
        ("INT", ["1", "2", "2.0"], [1, 2]),
        ("FLOAT", ["0.5", "1", "Infinity"], [0.5, 1.0, math.inf]),
        ("BOOL", ["True", "false"], [True, False]),
        ("BYTES", ["b'a'"], [b"a"]),
    ],
)
def test_choices_have_the_type_of_the_parameter(
    type: str, ids: list[str], values: list[object]
) -> None:
    result, warnings = read_parameter(
        type=type, required=True, model_type_enum_options=options(*ids)
    )
    assert [choice.value for choice in result.choices] == values
    assert warnings == []


@pytest.mark.parametrize(
    ("type", "ids"),
    [("INT", ["two", "3.5", ""]), ("FLOAT", ["NaN", "x"]), ("BYTES", ["a"]), ("IMAGE", ["a"])],
)
def test_choices_of_another_type_are_left_out(type: str, ids: list[str]) -> None:
    result, warnings = read_parameter(
        type=type, required=True, model_type_enum_options=options(*ids)
    )
    assert result.choices == ()
    assert len(warnings) == 1


def test_a_known_default_is_added_to_the_choices() -> None:
    result, warnings = read_parameter(
        type="STR", default='"z"', model_type_enum_options=options("a", "b")
    )
    assert result.default == KnownDefault("z")
    assert result.choices[-1] == Choice("z", "z")
    assert len(warnings) == 1


def test_an_empty_default_outside_of_the_choices_is_left_to_the_server() -> None:
    result, warnings = read_parameter(type="STR", model_type_enum_options=options("a", "b"))
    assert result.default == ServerDefault("")
    assert len(result.choices) == 2
    assert warnings == []


@pytest.mark.item(21)
@pytest.mark.parametrize(
    ("bounds", "default", "expected", "is_warned"),
    [
        ({"min": 1, "max": 10}, "4", Range(1, 10), False),
        ({"max": 2}, "0.5", Range(0, 2), False),
        ({"min": -1}, "3", Range(-1, None), False),
        ({"min": 0.5}, "1", Range(0.5, None), False),
        ({"min": -10, "max": -1}, "-5", Range(-10, -1), False),
        ({"max": -1}, "-5", Range(None, -1), False),
        ({"max": 10}, "-1", Range(None, 10), False),
        ({"min": 1, "max": 10}, "0", Range(0, 10), True),
        ({"min": 1, "max": 10}, "-1", Range(None, 10), True),
        ({"min": 1, "max": 1}, "0.5", Range(0, 1), True),
        ({"max": 2}, "3", None, True),
        ({"min": 1, "max": 10}, "11", Range(1, None), True),
        ({"min": 2, "max": 1}, "1", None, True),
        ({"min": 1, "max": 2}, "NaN", None, True),
        ({}, "1", None, False),
        ({"min": 0, "max": 0}, "1", None, False),
        ({"step": 0.1}, "1", Range(None, None, 0.1), False),
        ({"min": "0.5", "max": "Infinity"}, "1", Range(0.5, None), False),
        ({"min": "NaN", "max": 1e300}, "1", None, False),
        ({"min": 0.10000000149011612, "max": 1}, "0.1", Range(0.1, 1), False),
        ({"min": 0.1, "max": 0.8999999761581421}, "0.5", Range(0.1, 0.9), False),
    ],
)
def test_ranges(bounds: Signature, default: str, expected: Range | None, is_warned: bool) -> None:
    result, warnings = read_parameter(type="FLOAT", default=default, model_type_range_info=bounds)
    assert result.range == expected
    assert bool(warnings) is is_warned


def test_a_range_reads_the_same_from_a_lock() -> None:
    numbers = (0.0, 1.0, 2.0, -1.0, -2.0, 0.5)
    for lowest, highest, default in product(numbers, repeat=3):
        bounds: Signature = {"min": lowest, "max": highest}
        result, _ = read_parameter(type="FLOAT", default=str(default), model_type_range_info=bounds)
        range_ = result.range or Range(None, None)
        locked: Signature = {"min": range_.lowest or 0, "max": range_.highest or 0}
        again = read_parameter(type="FLOAT", default=str(default), model_type_range_info=locked)
        assert again == (result, []), (bounds, default)


def test_only_numbers_have_a_range() -> None:
    for type in ("STR", "IMAGE", "JSON_DATA"):
        assert read_parameter(type=type, model_type_range_info={"min": 1})[0].range is None


# Limits


@pytest.mark.parametrize(
    "signatures",
    [
        [method(name=f"m{index}") for index in range(limits.METHODS + 1)],
        [method(*({**TEXT, "name": f"p{index}"} for index in range(limits.PARAMETERS + 1)))],
        [method({**TEXT, "model_type_enum_options": options(*["a"] * (limits.CHOICES + 1))})],
        [method({"name": "x", "type": "TUPLE", "type_args": [TEXT] * (limits.MEMBERS + 1)})],
        [method(output_fields=[TEXT] * (limits.MEMBERS + 1))],
        [method(name="m" * (limits.NAME + 1))],
        [method({**TEXT, "name": "p" * (limits.NAME + 1)})],
        [method(description="d" * (limits.DESCRIPTION + 1))],
        [method({**TEXT, "description": "d" * (limits.DESCRIPTION + 1)})],
        [method({**TEXT, "default": "d" * (limits.DEFAULT + 1)})],
        [method({**TEXT, "model_type_enum_options": options("d" * (limits.DEFAULT + 1))})],
        [method(ignored="x" * (limits.SIZE + 1))],
        [method(ignored=[0] * (limits.SIZE // 8 + 1))],
        [method(ignored={5: 5})],
    ],
    ids=range(14),
)
def test_a_model_beyond_a_limit_is_refused(signatures: list[Signature]) -> None:
    refuse(*signatures)


HEAVY = {
    "methods": [
        method(*({**TEXT, "name": name} for name in "abcd"), name=f"m{index}")
        for index in range(limits.METHODS)
    ],
    "parameters": [
        method(*({**TEXT, "name": f"p{index}"} for index in range(200)), name=f"m{number}")
        for number in range(36)
    ],
    "members": [
        method(
            output_fields=[
                {"name": f"r{index}", "type": "NAMED_FIELDS", "type_args": [RETURN]}
                for index in range(limits.MEMBERS)
            ],
            name=f"m{number}",
        )
        for number in range(14)
    ],
    "items": [
        method({"name": "x", "type": "TUPLE", "type_args": [TEXT] * 200}, name=f"m{number}")
        for number in range(40)
    ],
    "choices": [
        method({**TEXT, "model_type_enum_options": options(*map(str, range(9_000)))}, name=name)
        for name in ("a", "b")
    ],
    "values": [method({"name": "x", "type": "JSON_DATA", "default": f"[{'0,' * 20_000}0]"})],
    "keys": [
        method(
            {
                "name": "x",
                "type": "JSON_DATA",
                "default": json.dumps(dict.fromkeys(map(str, range(8_000)), 0)),
            }
        )
    ],
    "texts": [method(description="d" * 190_000, name=f"m{number}") for number in range(13)],
    "defaults": [
        method({**TEXT, "required": False, "default": "d" * 95_000}, name=f"m{number}")
        for number in range(26)
    ],
}


@pytest.mark.parametrize("part", HEAVY)
def test_the_weight_of_a_model_is_bounded(part: str) -> None:
    assert "the model is too large" in refuse(*HEAVY[part])
    half = HEAVY[part][: len(HEAVY[part]) // 2]
    if half:
        assert len(read_methods(*half)[0].methods) == len(half)


def test_a_model_at_the_limits_is_read() -> None:
    fields = [{**TEXT, "name": f"p{index}"} for index in range(limits.PARAMETERS)]
    fields[0] = {**fields[0], "default": "d" * limits.DEFAULT, "required": False}
    fields[1]["model_type_enum_options"] = options(*map(str, range(limits.CHOICES)))
    model, _ = read_methods(
        method(*fields, name="m" * limits.NAME, description="d" * limits.DESCRIPTION)
    )
    assert len(model.methods[0].parameters) == limits.PARAMETERS
