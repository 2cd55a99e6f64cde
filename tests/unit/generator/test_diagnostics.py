"""Diagnostics: refusals, reports, and remedies for unknown words."""

from __future__ import annotations

import pytest

from gen_client.diagnostics import Refusal, Report, Severity, suggest


def test_a_refusal_is_one_line_or_two_with_a_remedy() -> None:
    short = Refusal("it is wrong", exit_code=2)
    assert str(short) == "error: it is wrong"
    full = Refusal("it is wrong", location="predict.x", remedy="fix it", exit_code=4)
    assert str(full) == "error: predict.x: it is wrong\n  fix it"
    assert full.diagnostic.severity is Severity.REFUSAL
    assert full.diagnostic.exit_code == 4


def test_a_report_keeps_the_order_and_drops_duplicates() -> None:
    report = Report()
    for message in ("one", "two", "one"):
        report.warn(message, location="predict")
    assert [str(warning) for warning in report.warnings] == [
        "warning: predict: one",
        "warning: predict: two",
    ]
    assert report.warnings[0].exit_code == 0


@pytest.mark.parametrize(
    ("word", "fallback", "expected"),
    [
        ("shwo", "", "did you mean 'show'?"),
        ("frobnicate", "", "expected one of init, show"),
        ("frobnicate", "see the manual", "see the manual"),
    ],
)
def test_suggest(word: str, fallback: str, expected: str) -> None:
    assert suggest(word, ["init", "show"], fallback=fallback) == expected


def test_suggest_without_candidates_has_no_remedy() -> None:
    assert suggest("word", []) == ""


def test_raise_if_warnings_is_exit_code_4() -> None:
    report = Report()
    report.raise_if_warnings()
    report.warn("it is odd")
    with pytest.raises(Refusal, match="--strict allows none") as caught:
        report.raise_if_warnings()
    assert caught.value.diagnostic.exit_code == 4
