"""Start: imports, the first prediction of a fresh process, and the size of that process.

Each reading uses a fresh interpreter and compiled bytecode, like an installed package.
"""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.measure import HAND, OURS, SDK, Cost, Row, alternate
from benchmarks.stage import Stage

_IMPORTS = {OURS: "import bench", HAND: "import grpc", SDK: "from clarifai.client import Model"}

_FIRST = {
    OURS: "from bench import Bench\nBench(base_url='grpc://' + address).predict('Hello')",
    HAND: "from benchmarks.peers.hand import Client\nClient(address).predict('Hello')",
    SDK: "from benchmarks.peers.official import model\nmodel(address).predict(prompt='Hello')",
}

_READING = """
import sys, time
address = sys.argv[1]
wall, cpu = time.perf_counter(), time.process_time()
{code}
print(time.perf_counter() - wall, time.process_time() - cpu, len(sys.modules))
with open("/proc/self/status") as status:
    print(*(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM")), flush=True)
import os
os._exit(0)
"""

_WALL, _CPU, _MODULES, _MEMORY = range(4)


def rows(stage: Stage, *, quick: bool) -> Iterator[Row]:
    """Measure each peer in fresh processes."""
    rounds = 3 if quick else 15
    peers = (OURS, HAND) if quick else (OURS, HAND, SDK)

    def reading(code: str, column: int) -> Cost:
        return lambda: stage.run_in_child(_READING.format(code=code))[column]

    imports = {peer: reading(_IMPORTS[peer], _CPU) for peer in peers}
    name = "import of a generated package, CPU (hand-written: `import grpc`)"
    yield Row(name, "ms", alternate(imports, rounds))
    for name, unit, column in (
        ("fresh process to first prediction", "ms", _WALL),
        ("fresh process to first prediction, CPU", "ms", _CPU),
        ("modules of a process that made one call", "", _MODULES),
        ("memory of a process that made one call", "MiB", _MEMORY),
    ):
        first = {peer: reading(_FIRST[peer], column) for peer in peers}
        yield Row(name, unit, alternate(first, rounds))
