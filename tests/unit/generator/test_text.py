"""Text of others is repeated in one printable line, and cut if it is long."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gen_client.text import escape_unprintable, quote, quote_unless_identifier


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


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("it's plain", None, "it's plain"),
        ("\x1b[31m\u202e", None, r"\x1b[31m\u202e"),
        ("x" * 5, 5, "x" * 5),
        ("x" * 6, 5, "x" * 5 + "…"),
    ],
)
def test_escape_unprintable(text: str, limit: int | None, expected: str) -> None:
    assert escape_unprintable(text, limit) == expected
