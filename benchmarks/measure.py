"""How costs are compared: in turns, as ratios, in one run.

What lives here: the only clock arithmetic of the benchmarks. A machine is faster at one moment than at the
next, so peers take turns and what counts is the median of the ratios of each turn.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

Cost = Callable[[], float]
"""Does some work and returns what it cost, in seconds or bytes."""

FLOOR, HAND, OURS, SDK = "floor", "hand-written", "ours", "SDK"

_LONG_ENOUGH: Final = 0.02
"""How many seconds of work one reading takes, at least."""

_UNITS: Final = {"ms": 1e3, "µs": 1e6, "MiB": 2**-20, "": 1.0}


@dataclass(frozen=True)
class Row:
    """A line of the table.

    Attributes:
        what: What was measured.
        unit: The unit in which it is shown.
        costs: For each peer its cost in each turn.
        floor: The peer whose cost is taken off all others' before they are compared, if one is.
    """

    what: str
    unit: str
    costs: Mapping[str, list[float]]
    floor: str = ""

    def ratio(self, peer: str, other: str) -> float | None:
        """How often the cost of one peer is that of another, each turn by itself; their median."""
        if peer not in self.costs or other not in self.costs:
            return None
        turns = zip(self._above(peer), self._above(other), strict=True)
        return statistics.median(one / max(two, 1e-12) for one, two in turns)

    def shown(self, peer: str) -> str:
        """The median of a peer's costs."""
        if peer not in self.costs:
            return ""
        value = statistics.median(self._above(peer)) * _UNITS[self.unit]
        return f"{value:,.{0 if value >= 100 else 1 if value >= 10 else 2}f} {self.unit}".rstrip()

    def _above(self, peer: str) -> list[float]:
        """A peer's costs, less what everybody has to pay."""
        if not self.floor:
            return self.costs[peer]
        pairs = zip(self.costs[peer], self.costs[self.floor], strict=True)
        return [cost - least for cost, least in pairs]


def alternate(peers: Mapping[str, Cost], rounds: int) -> dict[str, list[float]]:
    """Ask each peer in turn, `rounds` times, after one round that does not count."""
    for cost in peers.values():
        cost()
    gc.collect()
    gc.freeze()  # one peer's modules shall not lengthen the collections of another's work
    costs: dict[str, list[float]] = {peer: [] for peer in peers}
    for _ in range(rounds):
        for peer, cost in peers.items():
            costs[peer].append(cost())
    return costs


def cpu(work: Callable[[], object]) -> Cost:
    """The CPU seconds of this process for `work`, repeated until that can be read."""
    times = 1
    while True:
        start = time.process_time()
        for _ in range(times):
            work()
        if time.process_time() - start >= _LONG_ENOUGH:
            break
        times *= 2

    def cost() -> float:
        start = time.process_time()
        for _ in range(times):
            work()
        return (time.process_time() - start) / times

    return cost


def table(rows: list[Row]) -> str:
    """The rows as Markdown."""
    head = "| | ours | hand-written | SDK | ours / hand-written | SDK / ours |\n"
    lines = [
        f"| {row.what} | {row.shown(OURS)} | {row.shown(HAND)} | {row.shown(SDK)}"
        f" | {_times(row.ratio(OURS, HAND))} | {_times(row.ratio(SDK, OURS))} |\n"
        for row in rows
    ]
    return head + "|---|---|---|---|---|---|\n" + "".join(lines)


def _times(ratio: float | None) -> str:
    return "" if ratio is None else f"{ratio:.2f}x"
