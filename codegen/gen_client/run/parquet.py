"""Parquet files: a row of a part has the columns of its input, and two more."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from clarigen._tooling import Rows, import_pyarrow, make_table_mapping
from gen_client.diagnostics import Refusal
from gen_client.exit_codes import USAGE
from gen_client.run.tables import (
    Block,
    Counts,
    InputFile,
    read_stamp,
    refuse_read,
)
from gen_client.text import quote

if TYPE_CHECKING:
    from clarigen._tooling import TableMapping

_BLOCK_BYTES: Final = 8 << 20
"""The size of a block that is not exceeded if rows are large."""
_END_BYTES: Final = 64 << 10
"""Bytes at each end of a file that are part of its digest. The last ones describe all the others."""


def open_parquet(
    paths: Sequence[Path], method: Any, names: tuple[str, str], options: Mapping[str, Any]
) -> ParquetFiles:
    """Open Parquet files for a method.

    Args:
        paths: The files.
        method: The wire description of the method.
        names: The columns of the result and of the error.
        options: `columns` and `constants`, as `clarigen.tables.Mapped` takes them.

    Raises:
        Refusal: Exit 2: a file cannot be read, or they have different columns.
        ConfigError: A column is missing, a constant does not fit, or pyarrow is not installed.
    """

    def start(_: object) -> Any:
        raise AssertionError  # the job starts the batches

    mapping = make_table_mapping(method, start, result=names[0], error=names[1], **options)
    return ParquetFiles(paths, mapping)


class ParquetFiles:
    """Parquet files of one schema.

    Attributes:
        files: The files, in order.
        columns: The column of each parameter that has one.
    """

    suffix = ".parquet"

    def __init__(self, paths: Sequence[Path], mapping: TableMapping) -> None:
        """Read the descriptions of the files.

        Args:
            paths: The files.
            mapping: The method over tables.

        Raises:
            Refusal: Exit 2: a file cannot be read, or they have different columns.
            ConfigError: A column is missing, or pyarrow is not installed.
        """
        self._arrow = import_pyarrow()
        self._parquet = import_pyarrow("pyarrow.parquet")
        self._mapping = mapping
        self._schema: Any = self._arrow.schema([])
        self.files: Sequence[InputFile] = []
        for path in paths:
            first = sum(file.count for file in self.files)
            self.files = [*self.files, self._open(path, first)]
        self._whole_schema = mapping.check(self._schema)
        self.columns: Mapping[str, str] = mapping.find_columns(self._schema.names)

    def describe_result(self) -> Mapping[str, str]:
        """Return the type of each added column."""
        return {field.name: str(field.type) for field in self._mapping.schema}

    def read(self, first: int, last: int, limit: int) -> Iterator[Block]:
        """Yield the rows from `first` to `last`, which is included, in blocks of at most `limit` rows."""
        for file in self.files:
            start, end = max(first - file.first, 0), min(last - file.first + 1, file.count)
            if start < end:
                yield from self._read_file(file, start, end, limit)

    def select(self, block: Block, positions: Sequence[int]) -> Rows:
        """Return some rows of a block."""
        batch = block.content.take(self._arrow.array(positions, self._arrow.int64()))
        return self._make_rows(batch)

    def add_outcomes(self, content: Any, outcomes: Sequence[Any]) -> tuple[Any, int]:
        """Return a record batch with the outcomes as columns, and its size."""
        arrays = [*content.columns, *self._mapping.make_columns(outcomes)]
        batch = self._arrow.RecordBatch.from_arrays(arrays, schema=self._whole_schema)
        return batch, batch.nbytes

    def format_part(self, pieces: Sequence[Any]) -> bytes:
        """Return a file with the record batches."""
        return self._format(self._arrow.Table.from_batches(pieces, self._whole_schema))

    def count_part(self, path: Path) -> Counts:
        """Return which rows of a part have an error."""
        name = self._mapping.schema.names[1]
        column = self._read_part(path, [name])[name].to_pylist()
        failed = [position for position, error in enumerate(column) if error is not None]
        return Counts(failed, [position for position in failed if column[position]["again"]])

    def replace_outcomes(self, path: Path, outcomes: Mapping[int, Any]) -> bytes:
        """Return a part, some rows of which have other outcomes."""
        table = self._read_part(path, None)
        positions = sorted(outcomes)
        kept = table.select(self._schema.names).take(positions)
        columns = self._mapping.make_columns([outcomes[position] for position in positions])
        for field, column in zip(self._mapping.schema, columns, strict=True):
            kept = kept.append_column(field, column)
        whole = self._arrow.concat_tables([table, kept])
        order = list(range(table.num_rows))
        for row, position in enumerate(positions):
            order[position] = table.num_rows + row
        return self._format(whole.take(order))

    # Files

    def _open(self, path: Path, first: int) -> InputFile:
        try:
            stamp = read_stamp(path)
            with path.open("rb") as content:
                digest = hashlib.sha256(content.read(_END_BYTES))
                content.seek(max(stamp[1] - _END_BYTES, 0))
                digest.update(content.read())
            digest.update(str(stamp[1]).encode())
            with self._parquet.ParquetFile(path) as file:
                schema, count = file.schema_arrow, file.metadata.num_rows
        except OSError as error:
            raise refuse_read(path, error.strerror or error) from None
        except self._arrow.ArrowException as error:
            raise refuse_read(path, error) from None
        schema = schema.remove_metadata()
        if self.files and schema != self._schema:
            raise Refusal(
                f"{quote(str(path), 200)} has other columns than {quote(str(self.files[0].path), 200)}",
                exit_code=USAGE,
                remedy="run them one by one, each with its own --out",
            )
        self._schema = schema
        return InputFile(path, first, count, digest.hexdigest(), stamp)

    def _read_file(self, file: InputFile, start: int, end: int, limit: int) -> Iterator[Block]:
        """Yield rows of a file, by their positions in it."""
        try:
            with self._parquet.ParquetFile(file.path) as content:
                position, begin, groups, size = 0, 0, list[int](), 0
                for index in range(content.num_row_groups):
                    group = content.metadata.row_group(index)
                    if position + group.num_rows > start and position < end:
                        if not groups:
                            begin = position
                        groups.append(index)
                        size = max(size, group.total_byte_size // max(group.num_rows, 1))
                    position += group.num_rows
                position = begin
                rows = max(1, min(limit, _BLOCK_BYTES // max(size, 1)))
                for batch in content.iter_batches(rows, groups):
                    first, last = max(start - position, 0), min(end - position, batch.num_rows)
                    if first < last:
                        piece = batch.slice(first, last - first).cast(self._schema)
                        yield Block(file.first + position + first, piece, self._make_rows(piece))
                    position += batch.num_rows
                    if position >= end:
                        return
        except (OSError, self._arrow.ArrowException) as error:
            raise refuse_read(file.path, error) from None

    def _make_rows(self, batch: Any) -> Rows:
        return Rows(batch.num_rows, self._mapping.read_inputs(batch))

    def _read_part(self, path: Path, columns: Sequence[str] | None) -> Any:
        """Read a part, or some of its columns."""
        try:
            with self._parquet.ParquetFile(path) as file:
                return file.read(columns).cast(self._select_schema(columns))
        except (OSError, ValueError, self._arrow.ArrowException) as error:
            raise refuse_read(path, error) from None

    def _select_schema(self, columns: Sequence[str] | None) -> Any:
        if columns is None:
            return self._whole_schema
        return self._arrow.schema([self._whole_schema.field(name) for name in columns])

    def _format(self, table: Any) -> bytes:
        sink = self._arrow.BufferOutputStream()
        self._parquet.write_table(table, sink)
        content: bytes = sink.getvalue().to_pybytes()
        return content
