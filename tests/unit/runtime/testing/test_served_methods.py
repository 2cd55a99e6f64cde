"""How a plain Python object is described by signatures, and which objects are rejected."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy.typing as npt
import pytest

from clarigen import JSON, Audio, Concept, ConfigError, Frame, Image, Region, Text, Video
from clarigen.testing import Param, serve
from unit.runtime.testing.raw_calls import read_signatures

# Signatures.


@dataclass(frozen=True)
class Point:
    x: Annotated[float, Param("Rightwards.")]
    tags: list[str]


class Base:
    def first(self) -> str:
        return "base"


class Model(Base):
    attribute = 3

    def predict(
        self,
        prompt: str,
        n: Annotated[int, Param("How many.", ge=1, le=5)] = 3,
        mode: Literal["a", "b"] = "a",
        data: JSON | None = None,
        points: list[tuple[Point, int]] | None = None,
    ) -> list[Point]:
        """Predict.

        At length.
        """
        return [Point(1.0, [prompt])] * n

    def unannotated(self, x):  # type: ignore[no-untyped-def]
        return x

    def _private(self, x: str) -> str:
        return x

    @staticmethod
    def static(x: bool) -> Iterator[Text]:
        yield Text(str(x))

    @classmethod
    def of_class(cls, items: Iterable[Annotated[int, Param("Each.")]]) -> Iterator[int]:
        yield from items


def test_served_method_has_a_signature() -> None:
    point = {
        "type": "NAMED_FIELDS",
        "typeArgs": [
            {"name": "x", "type": "FLOAT", "description": "Rightwards."},
            {"name": "tags", "type": "LIST", "typeArgs": [{"name": "tags_item", "type": "STR"}]},
        ],
    }
    pair = {
        "name": "points_item",
        "type": "TUPLE",
        "typeArgs": [
            {"name": "points_item_item", **point},
            {"name": "points_item_item", "type": "INT"},
        ],
    }
    assert read_signatures(Model())["predict"] == {
        "name": "predict",
        "methodType": "UNARY_UNARY",
        "description": "Predict.\n\nAt length.",
        "inputFields": [
            {"name": "prompt", "type": "STR", "required": True},
            {
                "name": "n",
                "type": "INT",
                "description": "How many.",
                "modelTypeRangeInfo": {"min": 1, "max": 5},
                "isParam": True,
                "default": "3",
            },
            {
                "name": "mode",
                "type": "STR",
                "modelTypeEnumOptions": [{"id": "a"}, {"id": "b"}],
                "isParam": True,
                "default": "a",
            },
            {"name": "data", "type": "JSON_DATA", "default": "null"},
            {"name": "points", "type": "LIST", "typeArgs": [pair], "default": "null"},
        ],
        "outputFields": [
            {"name": "return", "type": "LIST", "typeArgs": [{"name": "return_item", **point}]}
        ],
    }


def test_annotated_public_methods_are_served_base_class_first() -> None:
    signatures = read_signatures(Model())
    assert list(signatures) == ["first", "predict", "static", "of_class"]
    assert signatures["static"]["methodType"] == "UNARY_STREAMING"
    assert signatures["static"]["outputFields"] == [
        {"name": "return", "type": "TEXT", "iterator": True}
    ]
    assert signatures["of_class"]["methodType"] == "STREAMING_STREAMING"
    assert signatures["of_class"]["inputFields"] == [
        {
            "name": "items",
            "type": "INT",
            "description": "Each.",
            "iterator": True,
            "isParam": True,
            "required": True,
        }
    ]


@pytest.mark.parametrize(
    ("annotation", "type_"),
    [
        (str, "STR"),
        (bytes, "BYTES"),
        (int, "INT"),
        (float, "FLOAT"),
        (bool, "BOOL"),
        (npt.NDArray[Any], "NDARRAY"),
        (JSON, "JSON_DATA"),
        (dict, "JSON_DATA"),
        (list, "JSON_DATA"),
        (dict[str, list[int]], "JSON_DATA"),
        (Text, "TEXT"),
        (Image, "IMAGE"),
        (Concept, "CONCEPT"),
        (Region, "REGION"),
        (Frame, "FRAME"),
        (Audio, "AUDIO"),
        (Video, "VIDEO"),
        (Point, "NAMED_FIELDS"),
        (tuple[int, str], "TUPLE"),
        (list[JSON], "LIST"),
        (Literal[1, 2], "INT"),
        (Literal[True], "BOOL"),
    ],
)
def test_parameter_of_every_type_is_served(annotation: Any, type_: str) -> None:
    assert _only_field(annotation)["type"] == type_


def _only_field(annotation: Any, **default: Any) -> dict[str, Any]:
    class Fake:
        def predict(self, x: Any = None) -> str:
            return ""

    Fake.predict.__annotations__["x"] = annotation
    Fake.predict.__defaults__ = (default["default"],) if default else None
    field: dict[str, Any] = read_signatures(Fake())["predict"]["inputFields"][0]
    return field


@pytest.mark.parametrize(
    ("annotation", "default", "text"),
    [
        (str, "hi", "hi"),
        (str, "null", "null"),
        (str | None, None, "null"),
        (int, -5, "-5"),
        (float, 1.0, "1.0"),
        (float, float("inf"), "Infinity"),
        (bool, True, "true"),
        (list[int], [1, 2], "[1, 2]"),
        (tuple[int, str], (1, "z"), '[1, "z"]'),
        (dict, {"a": None}, '{"a": null}'),
        (bytes, b"ab", "b'ab'"),
        (Text, Text("tt"), "Text(text='tt')"),
    ],
)
def test_defaults_are_formatted_like_the_platforms(
    annotation: Any, default: Any, text: str
) -> None:
    field = _only_field(annotation, default=default)
    assert field["default"] == text
    assert "required" not in field


def test_empty_default_has_no_text() -> None:
    assert _only_field(str, default="") == {"name": "x", "type": "STR"}


# Objects that cannot be served.


@dataclass(frozen=True)
class Endless:
    child: Endless


def _serve_parameter(annotation: Any, default: Any = ...) -> Callable[[], object]:
    return lambda: _only_field(annotation, **({} if default is ... else {"default": default}))


class Unfinished:
    def predict(self, x, y: int) -> str:  # type: ignore[no-untyped-def]
        return ""


class NoResult:
    def predict(self, x: int):  # type: ignore[no-untyped-def]
        return x


class ReturnsNone:
    def predict(self, x: int) -> None: ...


class MayReturnNone:
    def predict(self, x: int) -> str | None: ...


class Star:
    def predict(self, *x: int) -> str:
        return ""


class Reserved:
    def predict(self, with_proto: bool) -> str:
        return ""


class Coroutine:
    async def predict(self, x: int) -> str:
        return ""


class OnlyIn:
    def predict(self, x: Iterator[str]) -> str:
        return ""


class TwoStreams:
    def predict(self, x: Iterator[str], y: Iterator[str]) -> Iterator[str]:
        yield ""


class StreamWithDefault:
    def predict(self, x: Iterator[str] | None = None) -> Iterator[str]:
        yield ""


class Unknown:
    def predict(self, x: Missing) -> str:  # type: ignore[name-defined]  # noqa: F821
        return ""


class Empty:
    pass


@pytest.mark.parametrize(
    ("serving", "message"),
    [
        (_serve_parameter(set[int]), "predict: parameter `x`: set[int] cannot be served"),
        (_serve_parameter(Any), "predict: parameter `x`: "),
        (_serve_parameter(int | str), "predict: parameter `x`: int | str cannot be served"),
        (_serve_parameter(list[int | None]), "predict: parameter `x`: int | None cannot be served"),
        (_serve_parameter(list[Iterator[int]]), "predict: parameter `x`: "),
        (_serve_parameter(tuple[int, ...]), "has no fixed length"),
        (_serve_parameter(Literal[1, "a"]), "the values of a Literal must be of one type"),
        (_serve_parameter(Endless), "Endless contains itself"),
        (_serve_parameter(int | None, 3), "may be None only if None is its default"),
        (_serve_parameter(int | None), "may be None only if None is its default"),
        (lambda: serve(Unfinished()), "predict: parameter `x` has no annotation"),
        (lambda: serve(NoResult()), "predict: the result has no annotation; add one"),
        (lambda: serve(ReturnsNone()), "predict: the result: "),
        (lambda: serve(MayReturnNone()), "predict: the result must not be None"),
        (lambda: serve(Star()), "predict: parameter `x` must be passed by name"),
        (lambda: serve(Reserved()), "the platform reserves this name"),
        (lambda: serve(Coroutine()), "predict: a served method must not be async"),
        (lambda: serve(OnlyIn()), "a method that takes a stream must return a stream"),
        (lambda: serve(TwoStreams()), "only one parameter may be a stream, not x, y"),
        (lambda: serve(StreamWithDefault()), "a stream must be the whole parameter or result"),
        (_serve_parameter(Iterator[int], ()), "is a stream and must not have a default"),
        (lambda: serve(Unknown()), "Unknown.predict: its annotations do not evaluate"),
        (lambda: serve(Empty()), "Empty has no public method with annotations"),
        (lambda: serve(Model), "serve an object, not the class; pass Model()"),
    ],
)
def test_object_that_cannot_be_served_is_rejected(
    serving: Callable[[], object], message: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        serving()
    assert message in str(caught.value)


def test_port_in_use_is_rejected() -> None:
    with serve(Model()) as server, pytest.raises(ConfigError, match=f"port {server.port} "):
        serve(Model(), port=server.port)
