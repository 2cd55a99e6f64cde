"""A model in the official SDK's own terms: every type, default and trap of the wire.

`own_model.py` has the same methods for `clarigen.testing.serve`; every call must have the same result with both.
The SDK evaluates annotations that are not types, so type checkers skip this file.
"""

from typing import Iterator, List, Tuple

import numpy as np
from clarifai.runners.models.model_class import ModelClass
from clarifai.runners.utils.data_types import (
    Audio,
    Concept,
    Frame,
    Image,
    NamedFields,
    Region,
    Text,
    Video,
)
from clarifai.runners.utils.data_utils import Param

method = ModelClass.method
Inner = NamedFields(x=float, kinds=List[str])
Outer = NamedFields(name=str, inner=Inner, pictures=List[Image])


class Everything(ModelClass):
    """One method for each thing that can go wrong."""

    @method
    def echo_str(self, x: str) -> str:
        """Say it again."""
        return x

    @method
    def echo_bytes(self, x: bytes) -> bytes:
        return x

    @method
    def echo_int(self, x: int) -> int:
        return x

    @method
    def echo_float(self, x: float) -> float:
        return x

    @method
    def echo_bool(self, x: bool) -> bool:
        return x

    @method
    def echo_json(self, x: dict) -> dict:
        return x

    @method
    def echo_json_list(self, x: list) -> list:
        return x

    @method
    def echo_ndarray(self, x: np.ndarray) -> np.ndarray:
        return x

    @method
    def echo_text(self, x: Text) -> Text:
        return x

    @method
    def echo_image(self, x: Image) -> Image:
        return x

    @method
    def echo_audio(self, x: Audio) -> Audio:
        return x

    @method
    def echo_video(self, x: Video) -> Video:
        return x

    @method
    def echo_concept(self, x: Concept) -> Concept:
        return x

    @method
    def echo_region(self, x: Region) -> Region:
        return x

    @method
    def echo_frame(self, x: Frame) -> Frame:
        return x

    @method
    def strings(self, x: List[str]) -> List[str]:
        return x

    @method
    def ints(self, x: List[int]) -> List[int]:
        return x

    @method
    def texts(self, x: List[Text]) -> List[Text]:
        return x

    @method
    def images(self, x: List[Image]) -> List[Image]:
        return x

    @method
    def concepts(self, x: List[Concept]) -> List[Concept]:
        return x

    @method
    def regions(self, x: List[Region]) -> List[Region]:
        return x

    @method
    def frames(self, x: List[Frame]) -> List[Frame]:
        return x

    @method
    def matrix(self, x: List[List[int]]) -> List[List[int]]:
        return x

    @method
    def concepts_each(self, x: List[List[Concept]]) -> List[List[Concept]]:
        return x

    @method
    def objects(self, x: List[dict]) -> List[dict]:
        return x

    @method
    def pair(self, x: Tuple[int, str]) -> Tuple[str, int]:
        return x[1], x[0]

    @method
    def pairs(self, x: List[Tuple[str, float]]) -> List[Tuple[str, float]]:
        return x

    @method
    def record(self, x: Outer) -> Outer:
        return x

    @method
    def records(self, x: List[Inner]) -> List[Inner]:
        return x

    @method
    def defaults(
        self,
        a: str = "hi",
        b: str = "",
        c: str = None,
        d: int = 5,
        e: float = 0.75,
        f: bool = True,
        g: List[str] = ["x", "y"],
        h: dict = {"k": [1, None]},
        i: Tuple[int, str] = (1, "z"),
        j: Image = None,
        k: str = "5",
        m: List[int] = None,
        n: bool = False,
    ) -> str:
        return repr((a, b, c, d, e, f, list(g), h, tuple(i), j, k, m, n))

    @method
    def first_float(self, x: float = 0.7, y: str = "d") -> str:
        return repr((x, y))

    @method
    def first_list(self, x: List[str] = ["a"], y: str = "d") -> str:
        return repr((list(x), y))

    @method
    def first_empty_list(self, x: List[int] = [], y: str = "d") -> str:
        return repr((list(x), y))

    @method
    def first_tuple(self, x: Tuple[int, str] = (1, "a"), y: str = "d") -> str:
        return repr((tuple(x), y))

    @method
    def first_tuple_none(self, x: Tuple[int, str] = None, y: str = "d") -> str:
        return repr((x, y))

    @method
    def first_record_none(self, x: Inner = None, y: str = "d") -> str:
        return repr((x, y))

    @method
    def first_image_none(self, x: Image = None, y: str = "d") -> str:
        return repr((x, y))

    @method
    def zero_str(self) -> str:
        return ""

    @method
    def zero_bytes(self) -> bytes:
        return b""

    @method
    def zero_int(self) -> int:
        return 0

    @method
    def zero_float(self) -> float:
        return 0.0

    @method
    def zero_bool(self) -> bool:
        return False

    @method
    def zero_list(self) -> List[str]:
        return []

    @method
    def nothing(self, x: int = 3) -> int:
        return x

    @method
    def list(self, type: str, input: int = 1) -> str:
        return repr((type, input))

    @method
    def chosen(
        self,
        mode: str = Param(
            default="fast", description="How hard to try.", choices=["fast", "exact"]
        ),
        level: int = Param(default=2, description="How deep.", min_value=1, max_value=9),
    ) -> str:
        return f"{mode} {int(level)}"

    @method
    def late(self, first: int = 1, *, second: str) -> str:
        return repr((first, second))

    @method
    def fail(self, message: str) -> str:
        raise ValueError(message)

    @method
    def count(self, n: int) -> Iterator[str]:
        for i in range(n):
            yield str(i)

    @method
    def fail_midway(self, n: int) -> Iterator[int]:
        for i in range(n):
            yield i
        raise ValueError("midway")

    @method
    def pictures(self, x: Image, times: int = 2) -> Iterator[Image]:
        for _ in range(times):
            yield x

    @method
    def double(self, items: Iterator[int], factor: int = 2) -> Iterator[int]:
        for item in items:
            yield item * factor

    @method
    def prefixed(self, prefix: str, items: Iterator[str]) -> Iterator[str]:
        for item in items:
            yield prefix + item

    @method
    def readings(self, items: Iterator[Inner]) -> Iterator[List[str]]:
        for item in items:
            yield [*item.kinds, str(item.x)]

    @method
    def sizes(self, images: Iterator[Image]) -> Iterator[int]:
        for image in images:
            yield len(image.bytes)
