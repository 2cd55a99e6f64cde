"""The model that the benchmarks call: a plain Python object, served by `clarigen.testing`."""

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
    """A model with a method per kind of value. All methods but `chunks` return their first argument."""

    def predict(
        self, prompt: str, max_tokens: int = 256, temperature: float = 0.7, echo: bool = False
    ) -> str:
        """Return the prompt."""
        return prompt

    def chunks(self, prompt: str, count: int = 100) -> Iterator[str]:
        """Stream the prompt `count` times."""
        for _ in range(count):
            yield prompt

    def image(self, value: Image) -> Image:
        """Return an image."""
        return value

    def array(self, value: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return an array."""
        return value

    def strings(self, value: list[str]) -> list[str]:
        """Return strings."""
        return value

    def concepts(self, value: list[Concept]) -> list[Concept]:
        """Return concepts."""
        return value

    def regions(self, value: list[Region]) -> list[Region]:
        """Return regions."""
        return value

    def records(self, value: list[Reading]) -> list[Reading]:
        """Return records."""
        return value

    def json(self, value: JSON) -> JSON:
        """Return JSON."""
        return value


if __name__ == "__main__":
    with serve(Bench(), threads=64) as server:
        print(server.url, flush=True)
        sys.stdin.read()  # until the parent process closes the pipe or exits
