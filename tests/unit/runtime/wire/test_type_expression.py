"""Type expressions: their canonical spelling, and text outside of the grammar."""

from __future__ import annotations

import pytest

from clarigen import wire


@pytest.mark.parametrize(
    "text",
    [
        "dict[str, float]",
        "list[a.b:C]",
        "a:B | None",
        "dict[str, list[int | None]]",
        "Any",
    ],
)
def test_a_type_has_one_spelling(text: str) -> None:
    assert wire.parse_type(text).text == text
    assert wire.parse_type(f" {text.replace(',', ' ,  ')} ").text == text


@pytest.mark.parametrize(
    "text",
    [
        *("", "list", "list[]", "dict[int, str]", "int | str", "None", "a.b.C", "a:b:C", "a:_B"),
        *("a:class", "if:C", ".a:B", "a.:B", "__import__('os')", "a:B()", "a:B.c", "list[int]]"),
        *("a:B\n", "a\u2024b:C", "\u00e4:B", "a" * 401, "list[" * 50 + "int" + "]" * 50),
        "a" * 399 + "-",
    ],
)
def test_text_outside_of_the_grammar_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^(is|has|lacks|ends)"):
        wire.parse_type(text)
