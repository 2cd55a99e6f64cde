"""Names are the same on every Python, and every character of them can be seen."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gen_client.characters import BLANKS, HIDDEN_CHARACTER
from gen_client.identifiers import is_identifier, is_word, normalize, uppercase

ALL = [chr(code_point) for code_point in range(0x110000)]
"""Some tests look at each character there is."""


def test_the_table_is_that_of_the_oldest_python() -> None:
    """And each newer Python accepts all of it."""
    ours = {c for c in ALL if is_word(c)}
    starts = {c for c in ours if is_identifier(c)}
    python = {c for c in ALL if f"a{c}".isidentifier()}
    normal = {c for c in ours if c.isidentifier() and unicodedata.is_normalized("NFKC", c)}
    assert ours <= python
    assert starts <= normal
    if sys.version_info < (3, 12):
        assert {c for c in python - ours if not HIDDEN_CHARACTER.match(c)} == set()
        assert starts == normal


def test_what_nobody_sees_is_hidden() -> None:
    """The frozen list has all of these categories, whatever the version of Unicode adds to them."""
    for character in ALL:
        if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}:
            assert HIDDEN_CHARACTER.match(character) or character == "\n", ascii(character)
        if unicodedata.category(character) == "Zs":
            assert character in BLANKS + " ", ascii(character)


@pytest.mark.parametrize(
    "character",
    [
        *("\u034f", "\u115f", "\u1160", "\u17b4", "\u180b", "\u200b", "\u200c", "\u200d", "\u2060"),
        *("\u3164", "\ufe00", "\ufe0f", "\uffa0", "\U00016fe4", "\U000e0100", "\U000e0041", "\xad"),
    ],
    ids=ascii,
)
def test_a_hidden_character_is_in_no_identifier(character: str) -> None:
    for name in (character, f"a{character}", f"{character}a", f"a{character}b"):
        assert not is_identifier(normalize(name))


@pytest.mark.parametrize(
    "name", ["\U00011f02a", "x\U0001e4d0", "\U0001e030x", "x\u30fby", "x\u200cy"], ids=ascii
)
def test_what_a_newer_unicode_accepts_is_no_identifier(name: str) -> None:
    """On a newer Python these are identifiers, or become one in their normal form."""
    assert not is_identifier(normalize(name))
    assert not is_word(name)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("\ufb01ne", "fine"),
        ("\uff43lass", "class"),
        ("e\u0301", "\xe9"),
        ("\u2460", "1"),
        ("\u1d43", "a"),
        ("\U0001e030", "\U0001e030"),
        ("\ufb01\U0001e030", "\ufb01\U0001e030"),
    ],
)
def test_normal_form(name: str, expected: str) -> None:
    assert normalize(name) == expected


def test_a_name_that_is_written_unlike_it_is_read_is_no_identifier() -> None:
    assert not is_identifier("\ufb01ne")
    assert is_identifier("fine")
    assert is_identifier("größe")
    assert is_identifier("名前")
    assert not is_identifier("")
    assert not is_identifier("1x")
    assert is_identifier("_")


def test_upper_case_never_leaves_the_table() -> None:
    """U+019B got an upper case in Unicode 16, which no older Python accepts."""
    assert uppercase("aß\u019b\u0264") in ("ASS\u019b\u0264",)
    assert all(is_word(uppercase(c)) for c in ALL if is_word(c))


@settings(deadline=None)
@given(st.text(max_size=12))
def test_ours_is_stricter_than_python(name: str) -> None:
    if is_identifier(name):
        assert name.isidentifier()
        assert unicodedata.normalize("NFKC", name) == name
    if is_identifier(normalize(name)):
        assert normalize(name) == unicodedata.normalize("NFKC", name)
