"""A run: the rows that are not done, through the method, into parts.

Results come in the order of the rows. They are collected until a part is worth a file, or until its rows have taken long
enough: what is not in a part yet is paid again after a crash.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

from clarigen._tooling import Rows, StartBatch, run_chunks
from clarigen.errors import ClarigenError
from gen_client.run.folder import Folder, Part
from gen_client.run.tables import Block, Counts, Tables

ROWS_PER_PART: Final = 5000
"""The rows of a part, unless the user chooses."""
_ROWS_PER_BLOCK: Final = 256
"""The most rows that are read at once."""
_BYTES_PER_PART: Final = 64 << 20
"""The size at which a part is written although it has fewer rows."""
_SECONDS_PER_PART: Final = 30.0
"""The time after which a part is written although it has fewer rows, in seconds."""


class Progress(NamedTuple):
    """How far a run is.

    Attributes:
        done: The rows that are done, also those of earlier runs.
        total: The number of all rows.
        failed: The rows that failed in this run.
        rows: The rows that have just been done.
    """

    done: int
    total: int
    failed: int
    rows: int


class Job:
    """A run.

    Args:
        tables: The input files.
        folder: The folder of the run.
        start: Starts a batch of the method.
        rows_per_part: The rows after which a part is written.
        on_progress: Called after each block of rows.
        on_part: Called with each part that was written.
        clock: Returns the time, in seconds.
    """

    def __init__(
        self,
        tables: Tables,
        folder: Folder,
        start: StartBatch,
        *,
        rows_per_part: int = ROWS_PER_PART,
        on_progress: Callable[[Progress], None],
        on_part: Callable[[Part], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._tables = tables
        self._folder = folder
        self._start = start
        self._rows_per_part = rows_per_part
        self._rows_per_block = min(rows_per_part, _ROWS_PER_BLOCK)
        self._on_progress = on_progress
        self._on_part = on_part
        self._clock = clock
        self._total = sum(file.count for file in tables.files)
        self._done = self._total - sum(last - first + 1 for first, last in self.list_gaps())
        self._failed = 0
        self._pieces: list[Any] = []
        self._first = self._next = self._size = 0
        self._began = 0.0

    def list_gaps(self) -> list[tuple[int, int]]:
        """Return the first and the last row of what is not done."""
        return list(self._folder.find_gaps(self._total))

    def run(self) -> None:
        """Call the method for the rows that are not done.

        What is paid is written, also if the run ends early.

        Raises:
            ClarigenError: No row survives the error, or the model takes none at the moment.
            Refusal: Exit 2: a part cannot be written, or an input file has changed.
        """
        try:
            for block, outcomes in run_chunks(self._start, self._read_gaps()):
                self._add(block, outcomes)
        finally:
            self._finish_part()

    def repeat(self) -> int:
        """Call the method again for the failed rows that may pass another time; return their number.

        The errors are those of `run`.
        """
        count = 0
        for part, outcomes in run_chunks(self._start, self._read_failed()):
            positions = self._tables.count_part(part.path).again
            count += len(positions)
            self._failed += _count_failed(outcomes)
            content = self._tables.replace_outcomes(
                part.path, dict(zip(positions, outcomes, strict=True))
            )
            self._check_inputs()
            self._on_part(self._folder.write_part(part.first, part.last, content))
            self._on_progress(self._measure(len(outcomes)))
        return count

    def count(self) -> Counts:
        """Return the numbers of the rows of all parts that failed, and of those that may pass another time."""
        failed: list[int] = []
        again: list[int] = []
        for part in self._folder.list_parts():
            counts = self._tables.count_part(part.path)
            failed += (part.first + position for position in counts.failed)
            again += (part.first + position for position in counts.again)
        return Counts(failed, again)

    # Rows that are not done

    def _read_gaps(self) -> Iterator[tuple[Block, Rows]]:
        for first, last in self.list_gaps():
            for block in self._tables.read(first, last, self._rows_per_block):
                yield block, block.rows

    def _add(self, block: Block, outcomes: list[Any]) -> None:
        """Add rows to the part that is being collected."""
        if self._pieces and block.first != self._next:
            self._finish_part()
        if not self._pieces:
            self._first, self._began = block.first, self._clock()
        piece, size = self._tables.add_outcomes(block.content, outcomes)
        self._pieces.append(piece)
        self._next = block.first + len(outcomes)
        self._size += size
        self._done += len(outcomes)
        self._failed += _count_failed(outcomes)
        if (
            self._next - self._first >= self._rows_per_part
            or self._size >= _BYTES_PER_PART
            or self._clock() - self._began >= _SECONDS_PER_PART
        ):
            self._finish_part()
        self._on_progress(self._measure(len(outcomes)))

    def _finish_part(self) -> None:
        """Write the part that is being collected, if there is one."""
        if not self._pieces:
            return
        content = self._tables.format_part(self._pieces)
        self._pieces, self._size = [], 0
        self._check_inputs()
        self._on_part(self._folder.write_part(self._first, self._next - 1, content))

    def _check_inputs(self) -> None:
        for file in self._tables.files:
            file.check_unchanged()

    # Rows that failed

    def _read_failed(self) -> Iterator[tuple[Part, Rows]]:
        for part in self._folder.list_parts():
            positions = self._tables.count_part(part.path).again
            if positions:
                yield part, Rows(len(positions), self._select(part, positions))

    def _select(self, part: Part, positions: Any) -> Iterator[Any]:
        """Yield the inputs of some rows of a part."""
        for block in self._tables.read(part.first, part.last, self._rows_per_block):
            start = block.first - part.first
            own = [n - start for n in positions if start <= n < start + block.rows.count]
            if own:
                yield from self._tables.select(block, own).inputs

    def _measure(self, rows: int) -> Progress:
        return Progress(self._done, self._total, self._failed, rows)


def _count_failed(outcomes: list[Any]) -> int:
    return sum(isinstance(outcome, ClarigenError) for outcome in outcomes)
