"""Run the examples of a generated package from the command line.

    python -m my_model.examples            lists them
    python -m my_model.examples predict    runs one

The samples that examples send are made when this module is imported, so that an example needs no file. An
example connects only to the model.
"""

from __future__ import annotations

import inspect
import io
import math
import struct
import sys
import zlib
from collections.abc import Callable
from contextlib import redirect_stdout
from typing import Any, Final, TextIO

from ._data import Audio, Image, Video
from ._text import escape_unprintable
from .errors import ClarigenError

__all__ = ["AUDIO", "IMAGE", "VIDEO", "YOURS", "main"]


_LINE_END: Final = 100
"""Characters of an unfinished line that are kept: more than a command of a CI runner has before its bracket."""


def main(*functions: Callable[[], object]) -> None:
    """Run the examples that the command line names. Without a name, list all.

    Exits with 1 if a call fails, or if there is no such example.

    Args:
        functions: The examples; the name of an example is that of its function.
    """
    examples = {function.__name__: function for function in functions}
    names = sys.argv[1:]
    if not names or names[0] in ("-h", "--help"):
        width = max(map(len, examples), default=0)
        lines = (f"{name:{width}}  {_summary(examples[name])}".rstrip() for name in examples)
        print("Examples (run one by its name):", *lines, sep="\n  ")
        return
    for name in names:
        if name not in examples:
            sys.exit(f"no example {name!r}; there are: {', '.join(examples)}")
    try:
        for name in names:
            _run_example(examples[name])
    except Exception as error:
        if not isinstance(error, (ClarigenError, *_library_errors())):
            raise
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


def _library_errors() -> tuple[type[Exception], ...]:
    """Return the base class of the errors of the library `openai`, if an example has loaded it."""
    library = sys.modules.get("openai")
    return () if library is None else (library.OpenAIError,)


def _summary(function: Callable[[], object]) -> str:
    """Return the first line of an example's docstring, or nothing."""
    return (function.__doc__ or "").split("\n", 1)[0].strip()


def _run_example(function: Callable[[], object]) -> None:
    with redirect_stdout(PrintableOutput(sys.stdout)):
        result = function()
        if inspect.iscoroutine(result):
            import asyncio

            asyncio.run(result)


class PrintableOutput(io.TextIOBase):
    """A stream that writes what a model answers, so that neither a terminal nor a CI runner obeys it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._line = ""  # the end of the unfinished line

    def write(self, text: str) -> int:
        """Write a text; characters that are not printable appear as escapes, apart from newlines."""
        first, *others = text.split("\n")
        self._write_part(first)
        for line in others:
            self._stream.write("\n")
            self._line = ""
            self._write_part(line)
        return len(text)

    def _write_part(self, part: str) -> None:
        """Write a part of a line. A command may also be split between two parts."""
        escaped = escape_unprintable(part)
        is_first = not self._line.strip()
        if is_first and part.lstrip().startswith(":"):
            escaped = escaped.replace(":", r"\u003a", 1)
        elif escape_unprintable(self._line + part) != escape_unprintable(self._line) + escaped:
            escaped = f"\\{escaped}"
        encoding = getattr(self._stream, "encoding", None) or "utf-8"
        self._stream.write(escaped.encode(encoding, "backslashreplace").decode(encoding))
        self._line = (self._line + part)[-_LINE_END:]

    def flush(self) -> None:
        """Flush the stream."""
        self._stream.flush()


def _make_png(side: int = 64) -> bytes:
    """Return a PNG of a red disc on a blue-green gradient.

    Args:
        side: The width and the height, in pixels.
    """
    rows = bytearray()
    for y in range(side):
        rows.append(0)
        for x in range(side):
            is_inside = math.hypot(x - side / 2, y - side / 2) < side / 4
            rows += bytes((220, 40, 40) if is_inside else (0, 255 * x // side, 255 * y // side))
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _make_png_chunk(b"IHDR", header)
        + _make_png_chunk(b"IDAT", zlib.compress(bytes(rows)))
        + _make_png_chunk(b"IEND", b"")
    )


def _make_png_chunk(kind: bytes, body: bytes) -> bytes:
    checksum = zlib.crc32(kind + body)
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", checksum)


def _make_wav(seconds: float = 0.5, rate: int = 8000, frequency: float = 440.0) -> bytes:
    """Return a WAV of a sine tone: mono, 16 bits.

    Args:
        seconds: The duration.
        rate: The number of samples per second.
        frequency: The pitch, in hertz.
    """
    times = (index / rate for index in range(int(seconds * rate)))
    samples = [round(20000 * math.sin(2 * math.pi * frequency * time)) for time in times]
    body = struct.pack(f"<{len(samples)}h", *samples)
    head = struct.pack(
        "<4sIHHIIHH4sI", b"fmt ", 16, 1, 1, rate, 2 * rate, 2, 16, b"data", len(body)
    )
    return b"RIFF" + struct.pack("<I", 4 + len(head) + len(body)) + b"WAVE" + head + body


IMAGE: Final = Image(bytes=_make_png())
"""A PNG of 64 x 64 pixels."""

AUDIO: Final = Audio(bytes=_make_wav())
"""A WAV of half a second at 440 Hz."""

VIDEO: Final = Video.from_url("https://samples.clarifai.com/beer.mp4")
"""One of the platform's public samples, which the platform downloads itself."""

YOURS: Final[Any] = {}
"""Placeholder for a value of a type of your own. Replace it in the example."""
