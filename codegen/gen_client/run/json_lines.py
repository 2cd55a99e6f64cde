"""JSON lines: a row is an object on a line of its own. Blank lines do not count.

A row of a part is the line as it was, with the result and the error as its last keys. Arguments and results have the
JSON of `gen-client call`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final

from clarigen import errors
from clarigen._tooling import Rows, describe_error
from gen_client.call.readers import format_json, has_type, parse_json
from gen_client.call.results import to_json
from gen_client.call.words import ArgumentReader
from gen_client.diagnostics import Refusal, suggest
from gen_client.exit_codes import USAGE
from gen_client.run.tables import (
    Block,
    Counts,
    InputFile,
    read_stamp,
    refuse_read,
)
from gen_client.text import quote

_ROWS_PER_MARK: Final = 1024
"""Rows between two positions of a file that are remembered."""
_SAMPLE_ROWS: Final = 100
"""The first rows, whose keys are the columns that a run checks before it begins."""


class JsonLines:
    """Files of JSON lines.

    Attributes:
        files: The files, in order.
        columns: The column of each parameter that has one in the first rows.
    """

    suffix = ".jsonl"

    def __init__(
        self,
        paths: Sequence[Path],
        reader: ArgumentReader,
        constants: Mapping[str, Any],
        columns: Mapping[str, str],
        names: tuple[str, str],
    ) -> None:
        """Read the files once, to count their rows.

        Args:
            paths: The files.
            reader: Reads the arguments of a row.
            constants: The arguments of all rows.
            columns: The key of each parameter whose key is not its name.
            names: The keys of the result and of the error.

        Raises:
            Refusal: Exit 2: a file cannot be read, or its first rows lack a key.
        """
        self._reader = reader
        self._constants = constants
        self._chosen = columns
        self._names = names
        self._pairs = list(self._list_candidates())
        self._heads = [f"{format_json(name)}: " for name in names]
        self._marks: list[list[int]] = []
        self.files: Sequence[InputFile] = []
        for path in paths:
            first = sum(file.count for file in self.files)
            self.files = [*self.files, self._scan(path, first)]
        self.columns = self._find_columns()

    def describe_result(self) -> Mapping[str, str]:
        """Return what each added key has."""
        fields = ", ".join(errors_fields())
        return {
            self._names[0]: "JSON, as `gen-client call` prints it",
            self._names[1]: f"null, or an object with {fields}",
        }

    def read(self, first: int, last: int, limit: int) -> Iterator[Block]:
        """Yield the rows from `first` to `last`, which is included, in blocks of at most `limit` rows."""
        lines = self._read_lines(first, last)
        while block := list(islice(lines, limit)):
            yield self._make_block(first, block)
            first += len(block)

    def select(self, block: Block, positions: Sequence[int]) -> Rows:
        """Return some rows of a block."""
        return self._make_block(block.first, [block.content[n] for n in positions]).rows

    def add_outcomes(self, content: Any, outcomes: Sequence[Any]) -> tuple[Any, int]:
        """Return lines with the outcomes as their last keys, and their size."""
        lines = [self._finish_line(*pair) for pair in zip(content, outcomes, strict=True)]
        return lines, sum(map(len, lines))

    def format_part(self, pieces: Sequence[Any]) -> bytes:
        """Return the lines of a part."""
        return b"".join(line for piece in pieces for line in piece)

    def count_part(self, path: Path) -> Counts:
        """Return which lines of a part have an error."""
        failed: list[int] = []
        again: list[int] = []
        passed = f"{self._heads[1]}null}}".encode()
        with path.open("rb") as file:
            for position, line in enumerate(file):
                if not line.rstrip().endswith(passed):
                    failed.append(position)
                    if self._parse(line)[self._names[1]]["again"]:
                        again.append(position)
        return Counts(failed, again)

    def replace_outcomes(self, path: Path, outcomes: Mapping[int, Any]) -> bytes:
        """Return the lines of a part, some with other outcomes."""
        lines = path.read_bytes().splitlines(keepends=True)
        for position, outcome in outcomes.items():
            content = self._parse(lines[position])
            row = {key: item for key, item in content.items() if key not in self._names}
            lines[position] = self._finish_line(format_json(row).encode(), outcome)
        return b"".join(lines)

    # Lines

    def _scan(self, path: Path, first: int) -> InputFile:
        """Count the rows of a file, and remember the positions of some."""
        digest, count, position, marks = hashlib.sha256(), 0, 0, list[int]()
        try:
            stamp = read_stamp(path)
            with path.open("rb") as file:
                for line in file:
                    digest.update(line)
                    if line.strip():
                        if count % _ROWS_PER_MARK == 0:
                            marks.append(position)
                        count += 1
                    position += len(line)
        except OSError as error:
            raise refuse_read(path, error.strerror) from None
        self._marks.append(marks)
        return InputFile(path, first, count, digest.hexdigest(), stamp)

    def _read_lines(self, first: int, last: int) -> Iterator[bytes]:
        for file, marks in zip(self.files, self._marks, strict=True):
            start, end = max(first - file.first, 0), min(last - file.first + 1, file.count)
            if start >= end:
                continue
            mark = start // _ROWS_PER_MARK
            try:
                with file.path.open("rb") as content:
                    content.seek(marks[mark])
                    rows = filter(bytes.strip, content)
                    skipped = mark * _ROWS_PER_MARK
                    yield from islice(rows, start - skipped, end - skipped)
            except OSError as error:
                raise refuse_read(file.path, error.strerror) from None

    def _make_block(self, first: int, lines: Sequence[bytes]) -> Block:
        return Block(first, lines, Rows(len(lines), self._read_inputs(lines)))

    def _read_inputs(self, lines: Iterable[bytes]) -> Iterator[Any]:
        for line in lines:
            try:
                yield self._read_input(line)
            except errors.InputError as error:
                yield error

    def _read_input(self, line: bytes) -> Mapping[str, Any]:
        """Return the arguments of a line.

        Raises:
            InputError: They do not fit.
            Refusal: Exit 2: the line has the key of a result already.
        """
        try:
            content = self._parse(line)
        except ValueError as error:
            raise self._refuse_row(f"the line {error}") from None
        taken = next((name for name in self._names if name in content), None)
        if taken is not None:
            raise Refusal(
                f"a line has a key {quote(taken)} already",
                exit_code=USAGE,
                remedy="choose other names with --result and --error",
            )
        columns = {name: key for name, key in self._pairs if key in content}
        row = {name: content[key] for name, key in columns.items() if content[key] is not None}
        try:
            return {**self._constants, **self._reader.read_object(row)}
        except Refusal as refusal:
            raise self._refuse_row(refusal.diagnostic.message, is_whole=True) from None

    def _parse(self, line: bytes) -> dict[str, Any]:
        """Parse a line; raise `ValueError` with a phrase if it is no object."""
        try:
            content = parse_json(line.decode("utf-8"))
        except UnicodeDecodeError:
            raise ValueError("must be UTF-8") from None
        if not has_type(content, dict):
            raise ValueError("must be a JSON object")
        result: dict[str, Any] = content
        return result

    def _refuse_row(self, problem: str, *, is_whole: bool = False) -> errors.InputError:
        name = self._reader.method.name
        return errors.InputError(problem if is_whole else f"{name}: {problem}", method=name)

    def _finish_line(self, line: bytes, outcome: Any) -> bytes:
        """Return a line with its outcome; a line that is no object becomes the text of an object."""
        failed = isinstance(outcome, errors.ClarigenError)
        result = "null" if failed else format_json(to_json(outcome))
        error = format_json(describe_error(outcome)._asdict()) if failed else "null"
        result_head, error_head = self._heads
        added = f"{result_head}{result}, {error_head}{error}"
        start = line.strip()[:-1].rstrip()
        if failed and not self._is_object(line):
            start = f'{{"line": {format_json(line.decode("utf-8", "replace").strip())}'.encode()
        return start + (b"" if start == b"{" else b", ") + added.encode() + b"}\n"

    def _is_object(self, line: bytes) -> bool:
        try:
            self._parse(line)
        except ValueError:
            return False
        return True

    # Columns

    def _list_candidates(self) -> Iterator[tuple[str, str]]:
        """Yield each parameter that rows may give, with a key that may hold it; the last key counts."""
        for argument in self._reader.method.arguments:
            if argument.name in self._constants:
                continue
            if argument.name in self._chosen:
                yield argument.name, self._chosen[argument.name]
            else:
                yield argument.name, argument.wire_name
                yield argument.name, argument.name

    def _find_columns(self) -> dict[str, str]:
        """Return the columns of the first rows.

        Raises:
            Refusal: Exit 2: they lack a column.
        """
        keys: dict[str, None] = {}
        for line in self._read_lines(0, min(_SAMPLE_ROWS, sum(f.count for f in self.files)) - 1):
            try:
                keys |= dict.fromkeys(self._parse(line))
            except ValueError:
                continue
        columns = {name: key for name, key in self._pairs if key in keys}
        for argument in self._reader.method.arguments:
            chosen = self._chosen.get(argument.name)
            is_needed = argument.is_required and argument.name not in self._constants
            if argument.name not in columns and keys and (chosen is not None or is_needed):
                wanted = chosen or argument.name
                raise Refusal(
                    f"`{argument.name}`: the first rows have no key {quote(wanted)}",
                    exit_code=USAGE,
                    remedy=suggest(wanted, keys) + f"; or name it: --column {argument.name}=KEY",
                )
        return columns


def errors_fields() -> Sequence[str]:
    """Return the keys of an error."""
    return describe_error(errors.ClarigenError())._fields
