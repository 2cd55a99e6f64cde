"""Batches of 1,000 inputs: the pace found as it goes against the best of fixed ones, in one run.

The server is the official one, in a process of its own, as it starts by default. Prints the ratio to
the best fixed setting, and the share of requests that were refused.

    python benchmarks/batches.py
"""

from __future__ import annotations

import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import grpc

from clarigen import Client, wire

METHODS = [
    wire.unary(name, wire.field("x", wire.INT), returns=wire.INT) for name in ("slow", "fast")
]
INPUTS = [{"x": n} for n in range(1000)]
ROUNDS = 5


@contextmanager
def official() -> Iterator[str]:
    """The official server with the model beside this file."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "clarifai.runners.server", "--grpc", "--port", str(port)]
    model = str(Path(__file__).parent / "model")
    quiet = subprocess.DEVNULL
    server = subprocess.Popen([*command, "--model_path", model], stdout=quiet, stderr=quiet)
    try:
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            grpc.channel_ready_future(channel).result(timeout=60)
        yield f"grpc://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


def measured(model: Client, method: wire.Unary[int]) -> tuple[float, float]:
    """The seconds of a batch, and the share of sends that were refused; medians."""
    seconds, refused = [], []
    for _ in range(ROUNDS):
        with model.recording() as seen:
            start = time.perf_counter()
            results = model._batch(method, INPUTS, False).collect()
            seconds.append(time.perf_counter() - start)
        assert results == list(range(1000))
        sends = sum(response.attempts for response in seen)
        refused.append((sends - len(seen)) / sends)
    return statistics.median(seconds), statistics.median(refused)


def main() -> None:
    """Sweep the fixed settings, then let the pace be found."""
    with official() as url, Client(base_url=url) as model:
        for method in METHODS:
            fixed = {
                (size, calls): measured(
                    model.with_options(batch_size=size, concurrency=calls), method
                )[0]
                for size in (4, 8, 16, 32, 64, 128)
                for calls in (4, 8, 16, 32)
            }
            best = min(fixed, key=fixed.__getitem__)
            found, refused = measured(model, method)
            print(
                f"{method.name}: {found / fixed[best]:.2f}x the best fixed setting"
                f" ({best[0]} inputs, {best[1]} requests), {refused:.1%} refused"
            )


if __name__ == "__main__":
    main()
