"""Text of others in messages and logs."""

from __future__ import annotations

import pytest

from clarigen._text import escape_unprintable, quote, shorten


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("plain, with an é", "plain, with an é"),
        ("two\nlines", "two\\nlines"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("\u202eleft", "\\u202eleft"),
        ("a\U000e0001b", "a\\U000e0001b"),
    ],
)
def test_unprintable_characters_are_escaped(text: str, escaped: str) -> None:
    assert escape_unprintable(text) == escaped


def test_other_objects_are_converted_to_text() -> None:
    assert escape_unprintable(ValueError("a\rb")) == "a\\rb"


def test_short_text_is_not_shortened() -> None:
    assert shorten("abc", 3) == "abc"


def test_long_text_is_shortened_to_the_length() -> None:
    assert shorten("abcd", 3) == "ab…"


def test_quoted_text_is_on_one_line_and_short() -> None:
    assert quote("a b") == "'a b'"
    assert quote("a\nb") == "'a\\nb'"
    assert len(quote("x" * 1000)) == 120
