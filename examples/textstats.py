"""A small model to try clarigen with: it computes statistics of a text. No weights, no dependencies.

    python examples/textstats.py          serve it until Ctrl-C, and print the address

`make demo` serves it, generates its client and calls every method. `clarigen.testing.serve` needs nothing but
an object like this one, with public methods that have annotations.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Literal

from clarigen import Image
from clarigen.testing import Param, serve

Top = Annotated[int, Param("How many words to report.", ge=1, le=50)]
Order = Annotated[
    Literal["frequency", "length", "alphabet"], Param("What the words are sorted by.")
]


@dataclass(frozen=True)
class Word:
    """A word and its number of occurrences."""

    text: Annotated[str, Param("The word, in lower case.")]
    count: Annotated[int, Param("How often it occurs.")]


@dataclass(frozen=True)
class Statistics:
    """Statistics of a text."""

    characters: Annotated[int, Param("Characters, white space included.")]
    words: int
    sentences: int
    reading_time: Annotated[float, Param("Seconds to read it, at 240 words per minute.")]
    top: Annotated[list[Word], Param("The words that stand out, in the order asked for.")]


@dataclass(frozen=True)
class Total:
    """Running totals of the lines received so far."""

    lines: int
    words: int
    longest: Annotated[str, Param("The longest word so far, in lower case.")]


class TextStats:
    """A model that computes statistics of texts."""

    def analyze(self, text: str, top: Top = 5, order: Order = "frequency") -> Statistics:
        """Count characters, words and sentences, and find the words that stand out."""
        words = _split_words(text)
        return Statistics(
            characters=len(text),
            words=len(words),
            sentences=len(_split_sentences(text)),
            reading_time=len(words) / 240 * 60,
            top=_rank(words, order)[:top],
        )

    def sentences(self, text: str) -> Iterator[str]:
        """Split a text into sentences and send each as it is found."""
        yield from _split_sentences(text)

    def follow(
        self,
        lines: Iterator[str],
        min_length: Annotated[int, Param("Shorter words are not counted.", ge=1, le=20)] = 1,
    ) -> Iterator[Total]:
        """Keep a running total: an answer to each line, before the next is needed."""
        words: list[str] = []
        for number, line in enumerate(lines, start=1):
            words += [word for word in _split_words(line) if len(word) >= min_length]
            yield Total(lines=number, words=len(words), longest=max(words, key=len, default=""))

    def chart(self, text: str) -> Image:
        """Draw the lengths of the words as a PNG: one bar per length, from one letter on."""
        lengths = Counter(map(len, _split_words(text)))
        longest = max(lengths, default=1)
        return Image(bytes=_draw_bars([lengths[length] for length in range(1, longest + 1)]))


def _split_words(text: str) -> list[str]:
    return re.findall(r"[^\W\d_]+(?:'[^\W\d_]+)*", text.lower())


def _split_sentences(text: str) -> list[str]:
    return [part.strip() for part in re.findall(r"[^.!?]+[.!?]*", text) if part.strip()]


def _rank(words: list[str], order: str) -> list[Word]:
    counted = [Word(word, count) for word, count in Counter(words).items()]
    if order == "alphabet":
        return sorted(counted, key=lambda word: word.text)
    if order == "length":
        return sorted(counted, key=lambda word: (-len(word.text), word.text))
    return sorted(counted, key=lambda word: (-word.count, word.text))


def _draw_bars(heights: list[int], bar: int = 12, scale: int = 8) -> bytes:
    """Draw a bar chart as a PNG with two colors."""
    top = max(heights, default=0) + 1
    rows = bytearray()
    for level in range(top, 0, -1):
        row = b"".join(
            (b"\x01" if height >= level else b"\x00") * (bar - 2) + b"\x00\x00"
            for height in heights
        )
        rows += (b"\x00" + row) * scale

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    size = struct.pack(">II", bar * len(heights), scale * top)
    palette = bytes((255, 255, 255, 40, 90, 200))
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", size + bytes((8, 3, 0, 0, 0)))
        + chunk(b"PLTE", palette)
        + chunk(b"IDAT", zlib.compress(bytes(rows)))
        + chunk(b"IEND", b"")
    )


if __name__ == "__main__":
    with serve(TextStats()) as server:
        print(f"serving TextStats; try: gen-client --url {server.url} --name text_stats")
        with suppress(KeyboardInterrupt):
            server.wait()
