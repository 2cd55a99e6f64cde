"""Diagnostics are short and printable, whoever wrote the text in them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gen_client.diagnostics import Refusal, Report, Severity
from gen_client.text import quote, quote_unless_identifier


@settings(deadline=None)
@given(st.text(st.characters()))
def test_quoted_text_is_one_printable_line(text: str) -> None:
    line = quote(text)
    assert line.isprintable()
    line.encode("utf-8")
    assert line.startswith("'")


@settings(deadline=None)
@given(st.text(st.characters(), max_size=40), st.text(st.characters(), max_size=40))
def test_different_texts_have_different_quotes(first: str, second: str) -> None:
    assert (quote(first) == quote(second)) is (first == second)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "'plain'"),
        ("", "''"),
        ("naïve 名", "'naïve 名'"),
        ("it's", r"'it\'s'"),
        ("a\\b", r"'a\\b'"),
        ("\x1b[31m", r"'\x1b[31m'"),
        ("a\r\nb", r"'a\r\nb'"),
        ("\u202e", r"'\u202e'"),
        ("\u200b\u2028\x85", r"'\u200b\u2028\x85'"),
        ("\ud800", r"'\ud800'"),
        ("\u0301x", r"'\u0301x'"),
        ("x" * 100, "'" + "x" * 80 + "'…"),
    ],
)
def test_quote(text: str, expected: str) -> None:
    assert quote(text) == expected


def test_quote_unless_identifier() -> None:
    assert quote_unless_identifier("threshold") == "threshold"
    assert quote_unless_identifier("a.b") == "'a.b'"
    assert quote_unless_identifier("x" * 81) == quote("x" * 81)


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
