"""`fold` breaks lines where black does, so that black formats each text once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path

from black import format_str
from black.mode import Mode, TargetVersion
from hypothesis import given, settings
from hypothesis import strategies as st

from gen_client import pipeline
from gen_client.diagnostics import Report
from gen_client.escape import LINE_LENGTH
from gen_client.fold import fold
from gen_client.source import Document
from gen_client.tidy.black import format_source
from support import CORPUS

HEAD = "class _:\n"
WORDS = st.text("xyz", min_size=1, max_size=30)
PARAMETERS = st.lists(st.builds("{}: {}".format, WORDS, WORDS), max_size=6)


@cache
def black(text: str) -> str:
    return format_str(text, mode=Mode({TargetVersion.PY311}, LINE_LENGTH))


def definition(parameters: list[str], returns: str) -> str:
    items = "".join(f"        {item},\n" for item in ["self", *parameters])
    return f"    def f(\n{items}    ) -> {returns}:\n"


def test_items_are_joined_if_they_fit() -> None:
    assert fold(definition(["a: int"], "str")) == "    def f(self, a: int) -> str:\n"
    a, b = (f"{letter * 34}: int" for letter in "ab")
    assert fold(definition([a, b], "str")) == (
        f"    def f(\n        self, {a}, {b}\n    ) -> str:\n"
    )
    assert fold(definition([a, b, "c: str"], "str")) == (
        f"    def f(\n        self,\n        {a},\n        {b},\n        c: str,\n    ) -> str:\n"
    )


@settings(max_examples=100, deadline=None)
@given(PARAMETERS, WORDS)
def test_black_does_not_change_a_folded_definition(parameters: list[str], returns: str) -> None:
    text = f"{HEAD}{fold(definition(parameters, returns))}        pass\n"
    assert black(text) == text
    flat = f"{HEAD}    def f({', '.join(['self', *parameters])}) -> {returns}:\n        pass\n"
    assert black(flat) == text


@settings(max_examples=100, deadline=None)
@given(st.lists(WORDS, min_size=1, max_size=8))
def test_black_does_not_change_a_folded_call(arguments: list[str]) -> None:
    items = "".join(f"    {item},\n" for item in arguments)
    text = fold(f"f(\n{items})\n")
    assert black(text) == text
    assert black(f"f({', '.join(arguments)})\n") == text


def pieces(file: Path) -> Iterator[tuple[str, str]]:
    """Yield the methods of a client before and after black."""
    content = json.loads(file.read_text())["method_signatures"]
    seen: list[tuple[str, str]] = []

    def record(text: str) -> str:
        seen.append((text, black(text)))
        return seen[-1][1]

    formatter = partial(format_source, piece_formatter=record)
    pipeline.build_package(Document(None, "", tuple(content)), "pkg", Report(), formatter=formatter)
    return (piece for piece in seen if piece[0].startswith((HEAD, "_")))


def test_black_changes_few_methods_of_real_models() -> None:
    files = sorted((CORPUS / "real").glob("*.json"))
    all_of_them = [
        piece
        for file in files
        if json.loads(file.read_text()).get("method_signatures")
        for piece in pieces(file)
    ]
    changed = [text for text, formatted in all_of_them if text != formatted]
    assert len(all_of_them) > 1_000
    assert len(changed) < len(all_of_them) / 100, changed
