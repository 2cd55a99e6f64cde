"""The interface: defaults, choices and ranges of parameters, and the limits of the whole."""

from __future__ import annotations

import json
import math
from itertools import product

import pytest

from gen_client import limits
from gen_client.interface.model import Choice, KnownDefault, Range, ServerDefault
from unit.generator.signatures import RETURN, TEXT, Signature, method, parameter, read, refused

# Defaults, choices, ranges


def test_a_default_that_does_not_fit_is_the_servers_and_warned_of() -> None:
    found, warnings = parameter(type="INT", default="0.7")
    assert found.default == ServerDefault("0.7")
    assert found.default_text == "0.7"
    assert len(warnings) == 1
    assert "predict.x" in warnings[0]


def test_a_default_that_has_no_readable_form_is_not_warned_of() -> None:
    for type, text in (("TEXT", "Text(text='')"), ("NDARRAY", "[1. 2.]")):
        found, warnings = parameter(type=type, default=text)
        assert found.default == ServerDefault(text)
        assert warnings == []


@pytest.mark.item(20)
def test_required_wins_over_a_default() -> None:
    found, warnings = parameter(type="INT", default="5", required=True)
    assert found.required
    assert found.default_text == ""
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
def test_choices_are_of_the_parameters_type(
    type: str, ids: list[str], values: list[object]
) -> None:
    found, warnings = parameter(type=type, required=True, model_type_enum_options=options(*ids))
    assert [choice.value for choice in found.choices] == values
    assert warnings == []


@pytest.mark.parametrize(
    ("type", "ids"),
    [("INT", ["two", "3.5", ""]), ("FLOAT", ["NaN", "x"]), ("BYTES", ["a"]), ("IMAGE", ["a"])],
)
def test_choices_that_are_none_are_left_out(type: str, ids: list[str]) -> None:
    found, warnings = parameter(type=type, required=True, model_type_enum_options=options(*ids))
    assert found.choices == ()
    assert len(warnings) == 1


def test_a_known_default_is_a_choice_too() -> None:
    found, warnings = parameter(
        type="STR", default='"z"', model_type_enum_options=options("a", "b")
    )
    assert found.default == KnownDefault("z")
    assert found.choices[-1] == Choice("z", "z")
    assert len(warnings) == 1


def test_an_empty_default_that_is_no_choice_is_not_known() -> None:
    found, warnings = parameter(type="STR", model_type_enum_options=options("a", "b"))
    assert found.default == ServerDefault("")
    assert len(found.choices) == 2
    assert warnings == []


@pytest.mark.item(21)
@pytest.mark.parametrize(
    ("bounds", "default", "expected", "warned"),
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
    ],
)
def test_ranges(bounds: Signature, default: str, expected: Range | None, warned: bool) -> None:
    found, warnings = parameter(type="FLOAT", default=default, model_type_range_info=bounds)
    assert found.range == expected
    assert bool(warnings) is warned


def test_a_range_reads_the_same_from_a_lock() -> None:
    numbers = (0.0, 1.0, 2.0, -1.0, -2.0, 0.5)
    for least, most, default in product(numbers, repeat=3):
        bounds: Signature = {"min": least, "max": most}
        found, _ = parameter(type="FLOAT", default=str(default), model_type_range_info=bounds)
        kept = found.range or Range(None, None)
        locked: Signature = {"min": kept.lowest or 0, "max": kept.highest or 0}
        again = parameter(type="FLOAT", default=str(default), model_type_range_info=locked)
        assert again == (found, []), (bounds, default)


def test_bounds_are_for_numbers() -> None:
    for type in ("STR", "IMAGE", "JSON_DATA"):
        assert parameter(type=type, model_type_range_info={"min": 1})[0].range is None


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
def test_each_limit(signatures: list[Signature]) -> None:
    refused(*signatures)


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
        for number in range(100)
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


@pytest.mark.parametrize("what", HEAVY)
def test_the_whole_is_bounded(what: str) -> None:
    assert "the model is too large" in refused(*HEAVY[what])
    half = HEAVY[what][: len(HEAVY[what]) // 2]
    if half:
        assert len(read(*half)[0].methods) == len(half)


def test_at_the_limits_it_is_read() -> None:
    fields = [{**TEXT, "name": f"p{index}"} for index in range(limits.PARAMETERS)]
    fields[0] = {**fields[0], "default": "d" * limits.DEFAULT, "required": False}
    fields[1]["model_type_enum_options"] = options(*map(str, range(limits.CHOICES)))
    model, _ = read(method(*fields, name="m" * limits.NAME, description="d" * limits.DESCRIPTION))
    assert len(model.methods[0].parameters) == limits.PARAMETERS
