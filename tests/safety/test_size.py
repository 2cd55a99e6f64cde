"""The largest accepted model is generated within seconds and 300 MB, and time grows with size."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from gen_client import limits
from gen_client.diagnostics import Report
from gen_client.interface.read import read_model
from gen_client.interface.weight import weigh_model
from gen_client.source import signature_forms
from support import SOURCES, run

MEGABYTES = 300
SHAPES = ("methods", "text", "escapes")
SECONDS = 40
"""Twice the documented limit, in seconds of CPU time: the machine may be slow."""
GENERATE = """
import resource, sys
from gen_client import cli
code = cli.main(["--signatures", sys.argv[1], "--out", sys.argv[2], "--name", "pkg", "--quiet"])
used = resource.getrusage(resource.RUSAGE_SELF)
with open("/proc/self/status") as status:  # ru_maxrss would begin with what the parent had
    peak = next(line.split()[1] for line in status if line.startswith("VmHWM"))
print(code, used.ru_utime + used.ru_stime, peak)
"""


def signatures(shape: str, share: float) -> list[dict[str, Any]]:
    """Return a model of a shape, of about this share of the largest accepted weight."""

    def method(name: str, fields: list[dict[str, Any]], description: str = "") -> dict[str, Any]:
        return {
            "name": name,
            "method_type": "UNARY_UNARY",
            "description": description,
            "input_fields": fields,
            "output_fields": [{"name": "return", "type": "STR"}],
        }

    required = [{"name": f"p{index}", "type": "STR", "required": True} for index in range(4)]
    match shape:
        case "methods":
            return [method(f"m{index}", required) for index in range(int(590 * share))]
        case "text":
            return [method(f"m{index}", [], "text " * int(36_000 * share)) for index in range(13)]
        case _:
            text = "\U000e0001" * int(18_000 * share)
            return [method(f"m{index}", [], text) for index in range(13)]


def cost(tmp_path: Path, shape: str, share: float) -> tuple[float, int]:
    """Return the CPU seconds and the peak kilobytes of generating a model."""
    file = tmp_path / f"{shape}-{share}.json"
    file.write_text(json.dumps({"method_signatures": signatures(shape, share)}, ensure_ascii=False))
    done = run(
        *(sys.executable, "-c", GENERATE, file, tmp_path / "out"), env={"PYTHONPATH": SOURCES}
    )
    code, seconds, kilobytes = done.stdout.split()
    assert code == "0", done.stderr
    return float(seconds), int(kilobytes)


@pytest.mark.parametrize("shape", SHAPES)
def test_largest_model_is_near_the_limit(shape: str) -> None:
    model = read_model(signature_forms.read_document(signatures(shape, 1.0), Report()), Report())
    assert 0.95 * limits.WEIGHT < weigh_model(model) <= limits.WEIGHT


@pytest.mark.parametrize("shape", SHAPES)
def test_largest_model_is_within_the_limits(tmp_path: Path, shape: str) -> None:
    small, _ = cost(tmp_path, shape, 0.25)
    large, kilobytes = cost(tmp_path, shape, 1.0)
    assert kilobytes < MEGABYTES << 10
    assert large < SECONDS
    assert large < 4 * small * 2  # quadratic growth would be a factor of sixteen
