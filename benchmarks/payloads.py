"""Images and arrays: the time from a value to bytes and back, and the memory that it takes."""

from __future__ import annotations

import gc
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy

from benchmarks.measure import Cost, Row, alternate, cpu
from benchmarks.stage import Stage
from benchmarks.values import Way, ways
from clarigen import Image

_MIB = 1 << 20


def rows(stage: Stage, *, quick: bool) -> Iterator[Row]:
    """Each size, encoded and decoded; and for the largest the peak of the memory above the payload's."""
    rounds, sizes = (3, ((1, 4),)) if quick else (15, ((1, 4), (16, 64)))
    for image, array in sizes:
        for what, way in (
            (f"image of {image} MiB", ways(stage, "image", _image(image), quick=quick)),
            (f"array of {array} MiB", ways(stage, "array", _array(array), quick=quick)),
        ):
            yield Row(f"{what}, encoded", "ms", alternate(_costs(way, "encode"), rounds))
            yield Row(f"{what}, decoded", "ms", alternate(_costs(way, "decode"), rounds))
    if not quick:
        size, way = 64 * _MIB, ways(stage, "array", _array(64), quick=quick)
        for verb in ("encode", "decode"):
            peaks = {peer: _peak(getattr(its, verb), size) for peer, its in way.items()}
            yield Row(
                f"array of 64 MiB, peak memory to {verb} (1: its size)", "", alternate(peaks, 3)
            )


def _image(size: int) -> Image:
    return Image(bytes=os.urandom(size * _MIB))


def _array(size: int) -> Any:
    return numpy.random.default_rng(0).random((size * _MIB // 1024 // 8, 1024))


def _costs(way: dict[str, Way], verb: str) -> dict[str, Cost]:
    return {peer: cpu(getattr(its, verb)) for peer, its in way.items()}


def _peak(work: Callable[[], object], size: int) -> Cost:
    """By how much the memory of this process peaks above where it was, in times `size`; a hundredth at least."""

    def cost() -> float:
        gc.collect()
        Path("/proc/self/clear_refs").write_text("5")
        before = _status("VmHWM")
        kept = work()
        peak = _status("VmHWM")
        del kept
        return max((peak - before) / size, 0.01)

    return cost


def _status(name: str) -> int:
    found = re.search(rf"{name}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1]) * 1024
