"""`clarigen.testing.fake`: which functions can replace which methods."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, Protocol

import numpy.typing as npt
import pytest

from clarigen import ConfigError, Image, Text
from clarigen.testing import fake
from unit.runtime.parrot import ParrotClient
from unit.runtime.testing.many import Answer, Many


async def _later(text: str, times: int) -> str:
    return text


async def _yielding(text: str, times: int) -> AsyncIterator[str]:
    yield text


@dataclass
class Other:
    x: int


class Speaks(Protocol):
    def speak(self) -> str: ...


def unknown_annotation(text: Missing, times: int) -> str:  # type: ignore[name-defined]  # noqa: F821
    return "said"


def _annotate(text: Any = "", times: Any = 0, result: Any = ...) -> Callable[..., Any]:
    """Build a function for `say` with these annotations."""

    def function(text: Any, times: Any) -> Any:
        return "said"

    function.__annotations__ = {
        name: annotation
        for name, annotation in (("text", text), ("times", times), ("return", result))
        if annotation not in ("", 0, ...)
    }
    return function


@pytest.mark.parametrize(
    "function",
    [
        lambda text, times: "said",
        lambda **_: "said",
        lambda text, **_: "said",
        lambda text: "said",
        lambda text, times, extra=1: "said",
        lambda *_, text, times: "said",
        partial(lambda prefix, text, times: "said", "p"),
        unknown_annotation,
        _annotate(str, float),
        _annotate(str | None, int | str, str),
        _annotate(object, Any, Literal["said"]),
        _annotate(Iterable[str], Speaks, str | None),
        _annotate("str", "int", "str"),
    ],
)
def test_compatible_function_is_accepted(function: Callable[..., Any]) -> None:
    assert fake(ParrotClient, say=function).say("x") == "said"


def test_record_is_accepted_whatever_its_article() -> None:
    def answer(answer: Answer) -> Answer:
        return answer

    assert fake(Many, answer=answer).answer(Answer("x")) == Answer("x")


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda txt, times: "", "the method has no parameter `txt`; did you mean `text`?"),
        (lambda text, times, zzz: "", "the method has no parameter `zzz`; it has text, times"),
        (lambda times: "", "the function has no parameter `text`; add it, or `**_` for the rest"),
        (lambda *_: "", "the function has no parameter `text`"),
        (lambda text, /, times: "", "`text` is positional-only; arguments are passed by name"),
        (lambda: "", "the function has no parameter `text`"),
        (_annotate(bytes), "`text` is annotated bytes; the method passes a str"),
        (_annotate(Text), "`text` is annotated Text; the method passes a str"),
        (_annotate(list[str]), "`text` is annotated list[str]; the method passes a str"),
        (_annotate(Image | bytes), "`text` is annotated"),
        (_annotate(Other), "`text` is annotated Other; the method passes a str"),
        (_annotate(None), "`text` is annotated None; the method passes a str"),
        (_annotate(str, str), "`times` is annotated str; the method passes an int"),
        (_annotate(str, bool), "`times` is annotated bool; the method passes an int"),
        (_annotate(str, Literal["a"]), "`times` is annotated"),
        (_annotate(str, dict[str, int]), "`times` is annotated dict[str, int]"),
        (_annotate(result=int), "the result is annotated int; the method returns a str"),
        (_annotate(result=None), "the result is annotated None; the method returns a str"),
        (_annotate(result=Text), "the result is annotated Text; the method returns a str"),
        (_later, "the function must not be async"),
        (_yielding, "the function must not be async"),
    ],
)
def test_incompatible_function_is_rejected(function: Any, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        fake(ParrotClient, say=function)
    assert str(caught.value).startswith("fake(ParrotClient, say=…): ")
    assert message in str(caught.value)


def _doubles(items: Any, result: Any) -> Callable[..., Any]:
    def function(items: Any) -> Any:
        return [1]

    function.__annotations__ = {"items": items, "return": result}
    return function


@pytest.mark.parametrize(
    ("items", "result"),
    [
        (Iterator[int], Iterator[int]),
        (Iterable[float], list[int]),
        (Any, Sequence[str]),
        (Iterator[int] | None, list),
    ],
)
def test_compatible_stream_annotations_are_accepted(items: Any, result: Any) -> None:
    assert list(fake(ParrotClient, double=_doubles(items, result)).double([1])) == [1]


@pytest.mark.parametrize(
    ("items", "result", "message"),
    [
        (
            int,
            list[int],
            "`items` is annotated int; the method passes an iterator, each item an int",
        ),
        (list[int], list[int], "`items` is annotated list[int]; the method passes an iterator"),
        (Iterator[str], list[int], "the method passes an iterator, each item an int"),
        (Iterator[int], int, "the result is annotated int; the method returns an iterable"),
        (Iterator[int], list[str], "the method returns an iterable, each item an int"),
        (Iterator[int], Iterator[str], "the method returns an iterable, each item an int"),
    ],
)
def test_incompatible_stream_annotations_are_rejected(
    items: Any, result: Any, message: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        fake(ParrotClient, double=_doubles(items, result))
    assert message in str(caught.value)


def test_function_needs_a_default_for_a_server_default() -> None:
    with pytest.raises(ConfigError, match="only the model knows the default of `top`"):
        fake(Many, many=lambda top, **_: "")

    def many(first: float, **_: object) -> str:
        return ""

    with pytest.raises(ConfigError, match=r"`first` may be None; annotate float \| None"):
        fake(Many, many=many)

    def right(
        first: float | None,
        data: dict[str, Any] | list[str] | None,
        array: npt.NDArray[Any] | None,
        text: Text,
        class_: Literal["c", "d"],
        top: int = 3,
    ) -> str:
        return "right"

    assert fake(Many, many=right).many() == "right"
