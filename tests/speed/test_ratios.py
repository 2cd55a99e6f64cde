"""Bounds on the quick benchmarks, wide enough to fail on a severe slowdown and not on a busy machine."""

from __future__ import annotations

import json
import sys

import pytest

from support import ROOT, run

LIMITS = {
    "import": 1.0,
    "fresh process": 2.5,
    "modules": 1.5,
    "memory": 1.5,
    "small": 2.5,
    "image of 1 MiB, encoded": 0.5,
    "image": 3.0,
    "array of 4 MiB, encoded": 0.5,
    "array": 3.0,
    "1,000": 3.0,
    "JSON": 3.0,
    "stream": 4.0,
    "async stream": 4.0,
}
"""The greatest ratio of our cost to that of hand-written code, by the first words of a row's name."""


@pytest.fixture(scope="module")
def ratios() -> dict[str, float]:
    """The ratios of all rows to hand-written code, except those above the floor of grpc."""
    completed = run(sys.executable, "-m", "benchmarks", "--quick", "--json", cwd=ROOT)
    assert completed.returncode == 0, completed.stderr
    rows: dict[str, float] = json.loads(completed.stdout)
    return {name: ratio for name, ratio in rows.items() if "above grpc" not in name}


def test_no_benchmark_exceeds_its_limit(ratios: dict[str, float]) -> None:
    slow = {
        name: ratio
        for name, ratio in ratios.items()
        for prefix, limit in LIMITS.items()
        if name.startswith(prefix) and ratio > limit
    }
    assert not slow


def test_every_benchmark_has_a_limit(ratios: dict[str, float]) -> None:
    assert not [name for name in ratios if not name.startswith(tuple(LIMITS))]
