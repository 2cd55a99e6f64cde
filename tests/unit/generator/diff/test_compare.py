"""Comparing interfaces: every difference is a change, and equal interfaces have none; formats are safe."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from clarigen import ModelRef
from gen_client.commands import diff_formats
from gen_client.commands.diff_formats import ComparedInterfaces
from gen_client.diagnostics import Refusal, Report
from gen_client.diff import compare
from gen_client.diff.changes import Change, Impact, Rule
from gen_client.escape import Code
from gen_client.interface.model import Model
from gen_client.interface.read import read_model
from gen_client.interface.write import write_signatures
from gen_client.plan.named import NamedMethod, name_methods
from gen_client.source import Document
from strategies import methods, models

MODEL = read_model(
    Document(
        ModelRef("acme", "vision", "detector"),
        "v1",
        ({"name": "a", "output_fields": [{"type": "STR"}], "method_type": "UNARY_UNARY"},),
    ),
    Report(),
)

SLOW = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]


def name_or_skip(model: Model) -> list[NamedMethod]:
    try:
        return name_methods(model, Code("package"), Report())
    except Refusal:
        assume(False)
        raise


@settings(max_examples=30, deadline=None, suppress_health_check=SLOW)
@given(models())
def test_equal_interfaces_have_no_changes(model: Model) -> None:
    assert compare.compare_interfaces(name_or_skip(model), name_or_skip(model)) == []


@settings(max_examples=60, deadline=None, suppress_health_check=SLOW)
@given(models(), st.data())
def test_every_difference_is_a_change(model: Model, data: st.DataObject) -> None:
    """A method is replaced by another one, or by one with the same parameters or the same result."""
    index = data.draw(st.integers(0, len(model.methods) - 1))
    old, new = model.methods[index], data.draw(methods())
    new = replace(new, name=old.name)
    if data.draw(st.booleans()):
        new = replace(new, kind=old.kind, parameters=old.parameters)
    elif data.draw(st.booleans()):
        new = replace(new, kind=old.kind, result=old.result)
    changed = replace(model, methods=(*model.methods[:index], new, *model.methods[index + 1 :]))
    before, after = name_or_skip(model), name_or_skip(changed)
    assume(len(before) == len(model.methods) == len(after))
    different = write_signatures(model) != write_signatures(changed)
    assert bool(compare.compare_interfaces(before, after)) is different


def test_values_that_travel_elsewhere_are_changes() -> None:
    """As the options of a model without signatures may, if its model type changes."""
    signature = {
        "name": "predict",
        "input_fields": [{"name": "limit", "type": "INT", "required": True}],
        "output_fields": [{"type": "STR"}],
        "method_type": "UNARY_UNARY",
    }
    model = read_model(Document(None, "", (signature,)), Report())
    (method,) = model.methods
    moved = replace(
        method,
        parameters=(replace(method.parameters[0], path="params.limit"),),
        result=replace(method.result, path="text"),
    )
    changes = compare.compare_interfaces(
        name_or_skip(model), name_or_skip(replace(model, methods=(moved,)))
    )
    assert [change.rule for change in changes] == [Rule.PATH_CHANGED] * 2
    assert all(change.impact is Impact.BREAKING for change in changes)
    assert "params.limit" in changes[0].format_message(str)


# Formats

HOSTILE = "`a` | @team ::error::x\n::warning::y <img src=x> \x1b[31m ``` \u202e %0A"
CHANGES = [
    Change(Rule.DEFAULT_CHANGED, "a", "x", "left out, it is {} now, not {}", (HOSTILE, "1")),
    Change(Rule.METHOD_REMOVED, "b", "", "was removed"),
]


def format_changes(output_format: str) -> list[str]:
    model = replace(MODEL, version_id="v2")
    compared = ComparedInterfaces(MODEL, model, "a:b,c/signatures.json", CHANGES)
    return [line for line, _ in diff_formats.format_lines([compared], output_format, is_list=False)]


@pytest.mark.parametrize("output_format", ["text", "json", "markdown", "github"])
def test_hostile_text_is_printable_in_every_format(output_format: str) -> None:
    assert all(line.isprintable() for line in format_changes(output_format))


def test_text_has_a_head_and_a_count() -> None:
    first, *changes, last = format_changes("text")
    assert first == "acme/vision/models/detector: version v1 to version v2"
    assert changes[1] == "  breaking       b: was removed"
    assert last == "1 breaking, 1 compatible"


def test_markdown_keeps_values_in_code_spans() -> None:
    line = next(line for line in format_changes("markdown") if "left out" in line)
    fence = "````"  # one more than the longest run inside
    assert line.startswith(f"* `a.x`: left out, it is {fence} `a` | @team")
    assert line.count(fence) == 2
    assert "version `v1` to version `v2`" in format_changes("markdown")


def test_annotations_have_one_command_per_line() -> None:
    first, second, last = format_changes("github")
    start = "::warning file=a%3Ab%2Cc/signatures.json,title=compatible%3A default-changed::a.x: "
    assert first.startswith(start)
    assert "%250A" in first
    assert second.startswith("::error ")
    assert last == "gen-client: a:b,c/signatures.json: 1 breaking, 1 compatible"


def test_json_has_summary_and_changes() -> None:
    content = json.loads("\n".join(format_changes("json")))
    assert content["summary"] == {"breaking": 1, "compatible": 1, "documentation": 0}
    assert content["changes"][1]["rule"] == "method-removed"
    assert content["old"]["model"] == "acme/vision/models/detector"


def test_every_rule_has_an_impact() -> None:
    assert {rule.impact for rule in Rule} == set(Impact)
