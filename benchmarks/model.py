"""The model that the benchmarks call, as a plain Python object behind `clarigen.testing`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from clarigen import JSON, Concept, Image, Region
from clarigen.testing import serve


@dataclass(frozen=True, slots=True)
class Reading:
    """A record."""

    name: str
    count: int
    value: float
    good: bool


class Bench:
    """A method for each row of the table; all but `chunks` give back what they get."""

    def predict(
        self, prompt: str, max_tokens: int = 256, temperature: float = 0.7, echo: bool = False
    ) -> str:
        return prompt

    def chunks(self, prompt: str, count: int = 100) -> Iterator[str]:
        for _ in range(count):
            yield prompt

    def image(self, value: Image) -> Image:
        return value

    def array(self, value: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return value

    def strings(self, value: list[str]) -> list[str]:
        return value

    def concepts(self, value: list[Concept]) -> list[Concept]:
        return value

    def regions(self, value: list[Region]) -> list[Region]:
        return value

    def records(self, value: list[Reading]) -> list[Reading]:
        return value

    def json(self, value: JSON) -> JSON:
        return value


if __name__ == "__main__":
    with serve(Bench(), threads=64) as server:
        print(server.url, flush=True)
        sys.stdin.read()  # until whoever started it is gone
