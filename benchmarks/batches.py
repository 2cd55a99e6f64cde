"""Batches: the adaptive limits compared with the best of 24 fixed settings.

The server is the official one with its default options, in its own process. The column of the hand-written
client shows the best fixed setting.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import grpc

from benchmarks.measure import HAND, OURS, Cost, Row, alternate
from benchmarks.stage import Stage
from clarigen import Client, wire

METHODS = {
    duration: wire.unary(name, wire.field("x", wire.INT), returns=wire.INT)
    for duration, name in (("0 ms", "fast"), ("5 ms", "slow"), ("50 ms", "slower"))
}
_SIZES, _CALLS = (4, 8, 16, 32, 64, 128), (4, 8, 16, 32)


def rows(stage: Stage, *, quick: bool) -> Iterator[Row]:
    """Measure 1,000 inputs of each method, and 100,000 inputs of the fast one."""
    with serve_official() as url, Client(base_url=url) as model:
        for duration, method in METHODS.items():
            fixed = {
                (size, calls): make_batch(
                    model.with_options(batch_size=size, concurrency=calls), method, 1000
                )
                for size in _SIZES
                for calls in _CALLS
            }
            once = {setting: cost() for setting, cost in fixed.items()}
            best = fixed[min(once, key=once.__getitem__)]
            peers = {HAND: best, OURS: make_batch(model, method, 1000)}
            yield Row(f"1,000 inputs of {duration}", "ms", alternate(peers, 1 if quick else 5))
        many = {
            HAND: make_batch(
                model.with_options(batch_size=128, concurrency=32), METHODS["0 ms"], 100_000
            ),
            OURS: make_batch(model, METHODS["0 ms"], 100_000),
        }
        yield Row("100,000 inputs of 0 ms", "ms", alternate(many, 1))


def make_batch(model: Client, method: wire.Unary[int], count: int) -> Cost:
    """Return the cost of a batch, in seconds."""

    def cost() -> float:
        start = time.perf_counter()
        results = model._batch(method, ({"x": n} for n in range(count)), False)
        assert all(result == n for n, result in enumerate(results))
        return time.perf_counter() - start

    return cost


@contextmanager
def serve_official() -> Iterator[str]:
    """Start the official server with the model in `paced` and yield its base URL."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "clarifai.runners.server", "--grpc", "--port", str(port)]
    model = str(Path(__file__).parent / "paced")
    quiet = subprocess.DEVNULL
    server = subprocess.Popen([*command, "--model_path", model], stdout=quiet, stderr=quiet)
    try:
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            grpc.channel_ready_future(channel).result(timeout=60)
        yield f"grpc://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()
