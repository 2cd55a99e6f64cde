"""What a run needs of a format of tables: rows in, and parts of results out.

`json_lines` and `parquet` are the formats. Rows are numbered through all files, from 0. A format reads blocks of them as
they are needed, so that memory does not grow with the files, and a part is small enough to be built in memory.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from clarigen._tooling import Rows
from gen_client.diagnostics import Refusal
from gen_client.exit_codes import USAGE
from gen_client.text import quote


class Block(NamedTuple):
    """Some rows that follow each other.

    Attributes:
        first: The number of the first row.
        content: The rows, as the format has them.
        rows: Their inputs.
    """

    first: int
    content: Any
    rows: Rows


class Counts(NamedTuple):
    """What became of the rows of a part.

    Attributes:
        failed: The positions in the part of the rows that failed.
        again: Those of them that may pass another time.
    """

    failed: Sequence[int]
    again: Sequence[int]


class Tables(Protocol):
    """The input files of a run, in one format."""

    @property
    def suffix(self) -> str:
        """The suffix of parts."""
        ...

    @property
    def files(self) -> Sequence[InputFile]:
        """The files, in order."""
        ...

    @property
    def columns(self) -> Mapping[str, str]:
        """The column of each parameter that has one."""
        ...

    def describe_result(self) -> Mapping[str, str]:
        """Return the type of each added column."""
        ...

    def read(self, first: int, last: int, limit: int) -> Iterator[Block]:
        """Yield the rows from `first` to `last`, which is included, in blocks of at most `limit` rows."""
        ...

    def select(self, block: Block, positions: Sequence[int]) -> Rows:
        """Return some rows of a block, by their positions in it."""
        ...

    def add_outcomes(self, content: Any, outcomes: Sequence[Any]) -> tuple[Any, int]:
        """Return rows with the outcomes beside them, and their size in bytes."""
        ...

    def format_part(self, pieces: Sequence[Any]) -> bytes:
        """Return the content of a part of rows with outcomes."""
        ...

    def count_part(self, path: Path) -> Counts:
        """Return what became of the rows of a part."""
        ...

    def replace_outcomes(self, path: Path, outcomes: Mapping[int, Any]) -> bytes:
        """Return the content of a part with other outcomes of some rows, by their positions in it."""
        ...


@dataclass(frozen=True, slots=True)
class InputFile:
    """An input file, as it was when the run began.

    Attributes:
        path: Its path.
        first: The number of its first row.
        count: The number of its rows.
        digest: A digest of its content.
        stamp: What changes when the file is written or replaced.
    """

    path: Path
    first: int
    count: int
    digest: str
    stamp: tuple[int, int, int]

    def check_unchanged(self) -> None:
        """Raise `Refusal` if the file has changed since the run began."""
        try:
            is_same = read_stamp(self.path) == self.stamp
        except OSError:
            is_same = False
        if not is_same:
            raise Refusal(
                f"{quote(str(self.path), 200)} has changed while it was read; the last rows were not written",
                exit_code=USAGE,
                remedy="put the file back, or begin with another --out",
            )


def read_stamp(path: Path) -> tuple[int, int, int]:
    """Return what changes when a file is written or replaced."""
    status = os.stat(path)  # noqa: PTH116  it works for both a path and a descriptor
    return status.st_ino, status.st_size, status.st_mtime_ns


def refuse_read(path: Path, reason: object) -> Refusal:
    """Return the refusal of a file that cannot be read."""
    return Refusal(f"{quote(str(path), 200)} cannot be read: {reason}", exit_code=USAGE)
