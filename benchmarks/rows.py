"""Rows of files: `gen-client run` compared with a plain loop over a batch, on the official server.

The run is the whole command in this process, from reading the signatures to the last part on the disk. The loop, which
is in the column of the hand-written client, keeps nothing.
"""

from __future__ import annotations

import contextlib
import io
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.batches import METHODS, make_batch, serve_official
from benchmarks.measure import HAND, OURS, Cost, Row, alternate
from benchmarks.stage import Stage
from clarigen import Client
from gen_client import cli

_COUNTS = {"0 ms": 40_000, "5 ms": 8_000, "50 ms": 4_000}


def rows(stage: Stage, *, quick: bool) -> Iterator[Row]:
    """Measure Parquet files, and JSON lines of the fast method."""
    with serve_official() as url, Client(base_url=url) as model, TemporaryDirectory() as folder:
        for duration, count in _COUNTS.items():
            path = Path(folder) / f"{count}.parquet"
            pq.write_table(pa.table({"x": range(count)}), path)
            method = METHODS[duration]
            peers = {
                HAND: make_batch(model, method, count),
                OURS: _run(url, method.name, path),
            }
            name = f"{count:,} rows of {duration}, Parquet"
            yield Row(name, "ms", alternate(peers, 1 if quick else 5))
        count = _COUNTS["0 ms"]
        lines = Path(folder) / "in.jsonl"
        lines.write_text("".join(f'{{"x": {n}}}\n' for n in range(count)))
        method = METHODS["0 ms"]
        peers = {HAND: make_batch(model, method, count), OURS: _run(url, method.name, lines)}
        yield Row(f"{count:,} rows of 0 ms, JSON lines", "ms", alternate(peers, 1 if quick else 5))


def _run(url: str, method: str, path: Path) -> Cost:
    """Return the cost of a run, in seconds."""

    def cost() -> float:
        with TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
            start = time.perf_counter()
            code = cli.main(["run", url, method, "--in", str(path), "--out", folder, "--quiet"])
            assert code == 0
            return time.perf_counter() - start

    return cost
