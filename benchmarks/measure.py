"""Comparison of costs: peers take turns in one run, and the result is a ratio.

The speed of a machine varies from moment to moment. Therefore the peers take turns, and a row shows the median
of the ratios of each turn. No other module of the benchmarks calculates with costs.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

Cost = Callable[[], float]
"""A function that does some work and returns its cost, in seconds or bytes."""

FLOOR, HAND, OURS, SDK = "floor", "hand-written", "ours", "SDK"

_MIN_READING_SECONDS: Final = 0.02
"""The least CPU time of one reading; less would be lost in the clock's resolution."""

_CALLS: Final = 200
"""The number of calls to a server per reading."""

_UNITS: Final = {"ms": 1e3, "µs": 1e6, "MiB": 2**-20, "": 1.0}


@dataclass(frozen=True)
class Row:
    """A row of the table.

    Attributes:
        name: The measured work, as text.
        unit: The unit of the printed costs.
        costs: The costs of each peer, one per turn.
        floor: The peer whose cost is subtracted from all others before they are compared; empty for none.
    """

    name: str
    unit: str
    costs: Mapping[str, list[float]]
    floor: str = ""

    def ratio(self, peer: str, other: str) -> float | None:
        """Return the median over all turns of one peer's cost divided by another's; None if one is missing."""
        if peer not in self.costs or other not in self.costs:
            return None
        turns = zip(self._costs_above_floor(peer), self._costs_above_floor(other), strict=True)
        return statistics.median(cost / max(base, 1e-12) for cost, base in turns)

    def format_cost(self, peer: str) -> str:
        """Format the median of a peer's costs; return an empty string if the peer was not measured."""
        if peer not in self.costs:
            return ""
        value = statistics.median(self._costs_above_floor(peer)) * _UNITS[self.unit]
        return f"{value:,.{0 if value >= 100 else 1 if value >= 10 else 2}f} {self.unit}".rstrip()

    def _costs_above_floor(self, peer: str) -> list[float]:
        if not self.floor:
            return self.costs[peer]
        pairs = zip(self.costs[peer], self.costs[self.floor], strict=True)
        return [cost - floor for cost, floor in pairs]


def alternate(peers: Mapping[str, Cost], rounds: int) -> dict[str, list[float]]:
    """Measure the peers in turn for some rounds, after one round of warming up."""
    for cost in peers.values():
        cost()
    gc.collect()
    gc.freeze()  # the modules of one peer must not slow down garbage collection in another's work
    costs: dict[str, list[float]] = {peer: [] for peer in peers}
    for _ in range(rounds):
        for peer, cost in peers.items():
            costs[peer].append(cost())
    return costs


def repeat(call: Callable[[], object]) -> Cost:
    """Return the cost of a call in CPU seconds of this process; each reading makes a constant number of calls."""

    def cost() -> float:
        start = time.process_time()
        for _ in range(_CALLS):
            call()
        return (time.process_time() - start) / _CALLS

    return cost


def cpu_cost(work: Callable[[], object]) -> Cost:
    """Return the cost of `work` in CPU seconds of this process; short work is repeated in each reading."""
    times = 1
    while True:
        start = time.process_time()
        for _ in range(times):
            work()
        if time.process_time() - start >= _MIN_READING_SECONDS:
            break
        times *= 2

    def cost() -> float:
        start = time.process_time()
        for _ in range(times):
            work()
        return (time.process_time() - start) / times

    return cost


def format_table(rows: list[Row]) -> str:
    """Format rows as a Markdown table."""
    head = "| | ours | hand-written | SDK | ours / hand-written | SDK / ours |\n"
    lines = [
        f"| {row.name} | {row.format_cost(OURS)} | {row.format_cost(HAND)} | {row.format_cost(SDK)}"
        f" | {_format_ratio(row.ratio(OURS, HAND))} | {_format_ratio(row.ratio(SDK, OURS))} |\n"
        for row in rows
    ]
    return head + "|---|---|---|---|---|---|\n" + "".join(lines)


def _format_ratio(ratio: float | None) -> str:
    return "" if ratio is None else f"{ratio:.2f}x"
