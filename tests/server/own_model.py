"""The counterpart of `official/1/model.py`: a plain Python object for `clarigen.testing.serve`."""

from __future__ import annotations

import builtins
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy.typing as npt

from clarigen import Audio, Concept, Frame, Image, Region, Text, Video
from clarigen.testing import Param


@dataclass(frozen=True)
class Inner:
    x: float
    kinds: list[str]


@dataclass(frozen=True)
class Outer:
    name: str
    inner: Inner
    pictures: list[Image]


class Everything:
    """A model with one method per risk."""

    def echo_str(self, x: str) -> str:
        """Say it again."""
        return x

    def echo_bytes(self, x: bytes) -> bytes:
        return x

    def echo_int(self, x: int) -> int:
        return x

    def echo_float(self, x: float) -> float:
        return x

    def echo_bool(self, x: bool) -> bool:
        return x

    def echo_json(self, x: dict[str, Any]) -> dict[str, Any]:
        return x

    def echo_json_list(self, x: builtins.list) -> builtins.list:  # type: ignore[type-arg]
        return x

    def echo_ndarray(self, x: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return x

    def echo_text(self, x: Text) -> Text:
        return x

    def echo_image(self, x: Image) -> Image:
        return x

    def echo_audio(self, x: Audio) -> Audio:
        return x

    def echo_video(self, x: Video) -> Video:
        return x

    def echo_concept(self, x: Concept) -> Concept:
        return x

    def echo_region(self, x: Region) -> Region:
        return x

    def echo_frame(self, x: Frame) -> Frame:
        return x

    def strings(self, x: builtins.list[str]) -> builtins.list[str]:
        return x

    def ints(self, x: builtins.list[int]) -> builtins.list[int]:
        return x

    def texts(self, x: builtins.list[Text]) -> builtins.list[Text]:
        return x

    def images(self, x: builtins.list[Image]) -> builtins.list[Image]:
        return x

    def concepts(self, x: builtins.list[Concept]) -> builtins.list[Concept]:
        return x

    def regions(self, x: builtins.list[Region]) -> builtins.list[Region]:
        return x

    def frames(self, x: builtins.list[Frame]) -> builtins.list[Frame]:
        return x

    def matrix(self, x: builtins.list[builtins.list[int]]) -> builtins.list[builtins.list[int]]:
        return x

    def concepts_each(
        self, x: builtins.list[builtins.list[Concept]]
    ) -> builtins.list[builtins.list[Concept]]:
        return x

    def objects(self, x: builtins.list[dict[str, Any]]) -> builtins.list[dict[str, Any]]:
        return x

    def pair(self, x: tuple[int, str]) -> tuple[str, int]:
        return x[1], x[0]

    def pairs(self, x: builtins.list[tuple[str, float]]) -> builtins.list[tuple[str, float]]:
        return x

    def record(self, x: Outer) -> Outer:
        return x

    def records(self, x: builtins.list[Inner]) -> builtins.list[Inner]:
        return x

    def defaults(
        self,
        a: str = "hi",
        b: str = "",
        c: str | None = None,
        d: int = 5,
        e: float = 0.75,
        f: bool = True,
        g: builtins.list[str] = ["x", "y"],  # noqa: B006 - the signature must have it
        h: dict[str, Any] = {"k": [1, None]},  # noqa: B006
        i: tuple[int, str] = (1, "z"),
        j: Image | None = None,
        k: str = "5",
        m: builtins.list[int] | None = None,
        n: bool = False,
    ) -> str:
        return repr((a, b, c, d, e, f, g, h, i, j, k, m, n))

    def first_float(self, x: float = 0.7, y: str = "d") -> str:
        return repr((x, y))

    def first_list(self, x: builtins.list[str] = ["a"], y: str = "d") -> str:  # noqa: B006
        return repr((x, y))

    def first_empty_list(self, x: builtins.list[int] = [], y: str = "d") -> str:  # noqa: B006
        return repr((x, y))

    def first_tuple(self, x: tuple[int, str] = (1, "a"), y: str = "d") -> str:
        return repr((x, y))

    def first_tuple_none(self, x: tuple[int, str] | None = None, y: str = "d") -> str:
        return repr((x, y))

    def first_record_none(self, x: Inner | None = None, y: str = "d") -> str:
        return repr((x, y))

    def first_image_none(self, x: Image | None = None, y: str = "d") -> str:
        return repr((x, y))

    def zero_str(self) -> str:
        return ""

    def zero_bytes(self) -> bytes:
        return b""

    def zero_int(self) -> int:
        return 0

    def zero_float(self) -> float:
        return 0.0

    def zero_bool(self) -> bool:
        return False

    def zero_list(self) -> builtins.list[str]:
        return []

    def nothing(self, x: int = 3) -> int:
        return x

    def list(self, type: str, input: int = 1) -> str:
        return repr((type, input))

    def chosen(
        self,
        mode: Annotated[Literal["fast", "exact"], Param("How hard to try.")] = "fast",
        level: Annotated[int, Param("How deep.", ge=1, le=9)] = 2,
    ) -> str:
        return f"{mode} {level}"

    def late(self, first: int = 1, *, second: str) -> str:
        return repr((first, second))

    def fail(self, message: str) -> str:
        raise ValueError(message)

    def count(self, n: int) -> Iterator[str]:
        for i in range(n):
            yield str(i)

    def fail_midway(self, n: int) -> Iterator[int]:
        yield from range(n)
        raise ValueError("midway")

    def pictures(self, x: Image, times: int = 2) -> Iterator[Image]:
        for _ in range(times):
            yield x

    def double(self, items: Iterator[int], factor: int = 2) -> Iterator[int]:
        for item in items:
            yield item * factor

    def prefixed(self, prefix: str, items: Iterator[str]) -> Iterator[str]:
        for item in items:
            yield prefix + item

    def readings(self, items: Iterator[Inner]) -> Iterator[builtins.list[str]]:
        for item in items:
            yield [*item.kinds, str(item.x)]

    def sizes(self, images: Iterator[Image]) -> Iterator[int]:
        for image in images:
            yield len(image.bytes)
