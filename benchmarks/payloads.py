"""Payloads: the CPU time and the memory to encode and decode images and arrays."""

from __future__ import annotations

import gc
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy

from benchmarks.measure import Cost, Row, alternate, cpu_cost
from benchmarks.stage import Stage
from benchmarks.values import Converter, build_converters
from clarigen import Image

_MIB = 1 << 20


def rows(stage: Stage, *, quick: bool) -> Iterator[Row]:
    """Measure encoding and decoding of each size, and for the largest array the peak memory."""
    rounds, sizes = (3, ((1, 4),)) if quick else (15, ((1, 4), (16, 64)))
    for image, array in sizes:
        for name, method, value in (
            (f"image of {image} MiB", "image", _make_image(image)),
            (f"array of {array} MiB", "array", _make_array(array)),
        ):
            converters = build_converters(stage, method, value, quick=quick)
            yield Row(f"{name}, encoded", "ms", alternate(_costs(converters, "encode"), rounds))
            yield Row(f"{name}, decoded", "ms", alternate(_costs(converters, "decode"), rounds))
    if not quick:
        size = 64 * _MIB
        converters = build_converters(stage, "array", _make_array(64), quick=quick)
        for step in ("encode", "decode"):
            peaks = {
                peer: _peak_memory(getattr(converter, step), size)
                for peer, converter in converters.items()
            }
            yield Row(
                f"array of 64 MiB, peak memory to {step} (1: its size)", "", alternate(peaks, 3)
            )


def _make_image(mebibytes: int) -> Image:
    return Image(bytes=os.urandom(mebibytes * _MIB))


def _make_array(mebibytes: int) -> Any:
    return numpy.random.default_rng(0).random((mebibytes * _MIB // 1024 // 8, 1024))


def _costs(converters: dict[str, Converter], step: str) -> dict[str, Cost]:
    return {peer: cpu_cost(getattr(converter, step)) for peer, converter in converters.items()}


def _peak_memory(work: Callable[[], object], size: int) -> Cost:
    """Return the cost of `work` in peak memory of this process, as a multiple of `size`, at least 0.01."""

    def cost() -> float:
        gc.collect()
        Path("/proc/self/clear_refs").write_text("5")  # resets the peak
        before = _read_status("VmHWM")
        result = work()
        peak = _read_status("VmHWM")
        del result
        return max((peak - before) / size, 0.01)

    return cost


def _read_status(name: str) -> int:
    match = re.search(rf"{name}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert match is not None
    return int(match[1]) * 1024
