"""A wide bound on each quick benchmark: what has become several times slower fails, a busy machine does not."""

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
"""How often our cost may be that of hand-written code, by how the names of rows begin."""


@pytest.fixture(scope="module")
def ratios() -> dict[str, float]:
    done = run(sys.executable, "-m", "benchmarks", "--quick", "--json", cwd=ROOT)
    assert done.returncode == 0, done.stderr
    found: dict[str, float] = json.loads(done.stdout)
    return {what: ratio for what, ratio in found.items() if "above grpc" not in what}


def test_no_row_is_far_from_hand_written_code(ratios: dict[str, float]) -> None:
    slow = {
        what: ratio
        for what, ratio in ratios.items()
        for name, limit in LIMITS.items()
        if what.startswith(name) and ratio > limit
    }
    assert not slow


def test_every_row_has_a_limit(ratios: dict[str, float]) -> None:
    assert not [what for what in ratios if not what.startswith(tuple(LIMITS))]
