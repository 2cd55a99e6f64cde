"""The gate on overloaded methods and on the twins: what follows from the first overload, and `await`."""

from __future__ import annotations

import pytest

from gen_client.layout import FileKind
from unit.generator.gate.gated import PAGES, refused
from unit.generator.page_text import CLIENT

# Overloads: the second one and the body follow from the first.

FORM = "compare(\n        self, image: Image, other: Image, *, lowest: float | None = None, label: str\n    )"
LISTED = "compare(self, inputs: Sequence[CompareInput], /) -> builtins.list[Region]: ..."


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    @overload\n    def compare(\n", "    @overload\n    @overload\n    def compare(\n"),
        ("    @overload\n    def compare(\n", "    @evil\n    def compare(\n"),
        ("    @overload\n    def compare(\n", "    @wire\n    def compare(\n"),
        ("    @overload\n    def compare(\n", "    @overload()\n    def compare(\n"),
        ("    @overload\n    def compare(\n", "    def compare(\n"),
        ("    @overload\n    def compare(self", "    def compare(self"),
        ("    @overload\n    def compare(self", "    @overload\n    async def compare(self"),
        ("    @overload\n    def compare(self", "    @overload\n    def other(self"),
        (LISTED, LISTED[:-3] + "evil()"),
        (LISTED, LISTED[:-3] + '"a"'),
        (LISTED, LISTED[:-3] + "return self._unary_or_batch(_COMPARE, inputs)"),
        (LISTED, LISTED.replace("inputs:", "other:")),
        (LISTED, LISTED.replace(", /", "")),
        (LISTED, LISTED.replace(", /", " = (), /")),
        (LISTED, LISTED.replace(", /", ", /, other: int")),
        (LISTED, LISTED.replace(", /", ", /, *, other: int")),
        (LISTED, LISTED.replace(", /", ", /, *evil: int")),
        (LISTED, LISTED.replace(", /", ", /, **evil: int")),
        (LISTED, LISTED.replace("Sequence[CompareInput]", "Sequence[DetectResult]")),
        (LISTED, LISTED.replace("Sequence[CompareInput]", "Sequence[evil()]")),
        (LISTED, LISTED.replace("Sequence[CompareInput]", "Iterable[CompareInput]")),
        (LISTED, LISTED.replace("Sequence[CompareInput]", "Sequence[EmbedInput]")),
        (LISTED, LISTED.replace("builtins.list[Region]", "builtins.list[Start]")),
        (LISTED, LISTED.replace("builtins.list[Region]", "tuple[Region]")),
        (LISTED, LISTED.replace("builtins.list[Region]", "wire.list[Region]")),
        (LISTED, LISTED.replace(" -> builtins.list[Region]", "")),
        (FORM, FORM.replace("other: Image", "other: Text")),
        (FORM, FORM.replace("other: Image", "another: Image")),
        (FORM, FORM.replace("other: Image", "other: Image = Image()")),
        (FORM, FORM.replace("other: Image, ", "")),
        (FORM, FORM.replace("None = None", "None = evil()")),
        (FORM, FORM.replace("None = None", "None = 1.0")),
        (FORM, FORM.replace("self, ", "self, /, ")),
        ("image: Image | Sequence[CompareInput],", "image: Image,"),
        ("image: Image | Sequence[CompareInput],", "image: Image | Sequence[EmbedInput],"),
        ("image: Image | Sequence[CompareInput],", "image: Image | Sequence[evil()],"),
        ("other: Image = wire.REQUIRED", "other: Image"),
        ("other: Image = wire.REQUIRED", "other: Image = wire.STR"),
        ("other: Image = wire.REQUIRED", "other: Image = evil.REQUIRED"),
        ("other: Image = wire.REQUIRED", "other: Image = SERVER_DEFAULT"),
        ("label: str = wire.REQUIRED", "label: str"),
        ("-> Region | builtins.list[Region]:", "-> Region:"),
        ("-> Region | builtins.list[Region]:", "-> Region | evil:"),
        ("self._unary_or_batch(_COMPARE, image", "self._unary(_COMPARE, image"),
        ("self._unary_or_batch(_COMPARE, image", "self._batch(_COMPARE, image"),
        ("self._unary_or_batch(_COMPARE, image", "self._unary_or_batch(_COMPARE, inputs"),
        ("self._unary(_EMBED, values)", "self._unary_or_batch(_EMBED, values)"),
        ("self._stream(_TRACK, frames, Text)", "self._unary_or_batch(_TRACK, frames, Text)"),
        ("values: npt.ArrayLike) ->", "values: npt.ArrayLike = wire.REQUIRED) ->"),
        ("TypedDict, overload\n", "TypedDict\n"),
    ],
)
def test_changed_overload_is_refused(old: str, new: str) -> None:
    assert old in CLIENT
    refused(CLIENT.replace(old, new, 1))


def test_overload_without_a_body_is_refused() -> None:
    lines = CLIENT.split("\n")
    first = next(
        i for i, line in enumerate(lines) if line.endswith("image: Image | Sequence[CompareInput],")
    )
    last = next(i for i, line in enumerate(lines) if "self._unary_or_batch(" in line)
    refused("\n".join([*lines[: first - 2], *lines[last + 1 :]]))


# The twins: a coroutine awaits, a plain function does not.


@pytest.mark.parametrize(
    ("kind", "old", "new"),
    [
        ("client", "return await self._unary(_EMBED", "return self._unary(_EMBED"),
        (
            "client",
            "return await self._unary(_EMBED",
            "return await (await self._unary(_EMBED, values), values",
        ),
        ("client", "async def embed", "def embed"),
        (
            "client",
            "return await self._unary_or_batch(_COMPARE",
            "return self._unary_or_batch(_COMPARE",
        ),
        ("client", "    async def compare(self, inputs", "    def compare(self, inputs"),
        ("client", "class AsyncDetector(AsyncClient", "class AsyncDetector(Client"),
        ("examples", "async with AsyncDetector", "with AsyncDetector"),
        ("examples", "async for piece", "for piece"),
        ("examples", "print(await model.detect(IMAGE))", "print(model.detect(IMAGE))"),
        ("examples", "async def detect_async", "def detect_async"),
        ("examples", "await model.detect(IMAGE)", "await main"),
    ],
)
def test_misplaced_await_is_refused(kind: FileKind, old: str, new: str) -> None:
    assert PAGES[kind].count(old) >= 1
    refused(PAGES[kind].replace(old, new, 1), kind)
