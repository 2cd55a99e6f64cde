"""A method over Arrow tables: columns to arguments, outcomes to two more columns.

`TableMapping` knows the wire description of a method and how to start a batch of it, so it serves generated methods and those
that `gen-client run` describes from signatures. pyarrow is imported when the first Arrow type is needed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from .._wire.codec import CodecError, to_codec_error
from .._wire.method import REQUIRED, Field, Unary
from ..errors import ClarigenError, ConfigError, DecodeError, InputError, suggest
from .describe import BOOL, INT, STRING, describe_codec
from .rows import Input, RowError, Rows, StartBatch, describe_error, run_chunks
from .types import (
    ArrowArray,
    ArrowBatch,
    ArrowSchema,
    ArrowType,
    ColumnType,
    JsonColumn,
    StructColumn,
    import_pyarrow,
    split_attributes,
)

_ERROR: Final = StructColumn(
    {
        "type": STRING,
        "message": STRING,
        "code": STRING,
        "again": BOOL,
        "request_id": STRING,
        "attempts": INT,
    },
    split_attributes(RowError._fields),
    lambda content: RowError(**content),
)
_ROWS_PER_ARRAY: Final = 1024
"""Rows of a table whose results become one array, so that none grows beyond the size that Arrow allows."""


class TableMapping:
    """A method over tables.

    Args:
        method: The wire description.
        start: Starts a batch of the method.
        columns: The column of each parameter whose name differs from that of its column.
        constants: The value of each parameter that has the same for all rows.
        type: The Arrow type of the results; None for the one that follows from the signature.
        result: The name of the column of results.
        error: The name of the column of errors.

    Raises:
        ConfigError: The method has no such parameter or none at all, a constant does not fit, or the names are equal.
    """

    def __init__(
        self,
        method: Unary[Any],
        start: StartBatch,
        *,
        columns: Mapping[str, str] | None = None,
        constants: Mapping[str, Any] | None = None,
        type: ArrowType | None = None,
        result: str = "result",
        error: str = "error",
    ) -> None:
        self._method = method
        self._start = start
        self._columns = {self._find_field(name).name: own for name, own in (columns or {}).items()}
        self._constants = {
            self._find_field(name).name: value for name, value in (constants or {}).items()
        }
        self._type = type
        self._names = (result, error)
        if not method.fields:
            raise self._refuse("takes no arguments, so rows cannot differ")
        if result == error:
            raise self._refuse(f"two columns would have the name {result!r}")
        self._types = {field.name: describe_codec(field.codec) for field in method.fields}
        self._result = describe_codec(method.returns)
        self._check_constants()

    @property
    def schema(self) -> ArrowSchema:
        """The schema of the two columns that are added. Nothing is sent to know it."""
        arrow = import_pyarrow()
        types = (self._type or self._result.make_arrow_type(), _ERROR.make_arrow_type())
        return arrow.schema(list(zip(self._names, types, strict=True)))

    def check(self, schema: ArrowSchema) -> ArrowSchema:
        """Return the schema of the table that comes of one with this schema. Nothing is sent.

        Raises:
            ConfigError: A column is missing, or one of the added columns exists already.
        """
        for name in self._names:
            if name in schema.names:
                raise self._refuse(
                    f"the table has a column {name!r} already; choose other names with `result` and `error`"
                )
        self.find_columns(schema.names)
        return import_pyarrow().schema([*schema, *self.schema])

    def find_columns(self, names: Sequence[str]) -> dict[str, str]:
        """Return the column of each parameter that has one.

        Args:
            names: The names of the columns.

        Raises:
            ConfigError: A column is missing.
        """
        found: dict[str, str] = {}
        for field in self._method.fields:
            if field.name in self._constants:
                continue
            chosen = self._columns.get(field.name)
            candidates = (field.name, field.wire_name) if chosen is None else (chosen,)
            column = next((name for name in candidates if name in names), None)
            if column is not None:
                found[field.name] = column
            elif chosen is not None or field.default is REQUIRED:
                wanted = candidates[0]
                hint = suggest(wanted, names) or f"; it has {', '.join(map(repr, names[:12]))}"
                raise self._refuse(
                    f"`{field.name}`: the table has no column {wanted!r}{hint}, or give"
                    f" columns={{{field.name!r}: …}}"
                )
        return found

    def __call__(self, table: Any) -> Any:
        """Call the method for each row.

        Args:
            table: A `pyarrow.Table` or `pyarrow.RecordBatch`.

        Returns:
            The same with two more columns.

        Raises:
            ConfigError: It is no table, or does not have the columns that the method needs.
            ClarigenError: No row survives the error, or every row failed without being to blame.
        """
        arrow = import_pyarrow()
        if isinstance(table, arrow.RecordBatch):
            return next(self.batches([table]))
        if not isinstance(table, arrow.Table):
            raise self._refuse(f"takes a pyarrow.Table or RecordBatch, not {type(table).__name__}")
        columns = self.find_columns(self.check(table.schema).names)
        pieces = (batch for batch in table.to_batches(max_chunksize=_ROWS_PER_ARRAY))
        inputs = (item for batch in pieces for item in self._read_inputs(batch, columns))
        _, outcomes = next(run_chunks(self._start, [(table, Rows(table.num_rows, inputs))]))
        parts = [
            self.make_columns(outcomes[first : first + _ROWS_PER_ARRAY])
            for first in range(0, len(outcomes), _ROWS_PER_ARRAY)
        ]
        for index, field in enumerate(self.schema):
            arrays = [columns[index] for columns in parts]
            table = table.append_column(field, arrow.chunked_array(arrays, field.type))
        return table

    def batches(self, batches: Iterable[ArrowBatch]) -> Iterator[ArrowBatch]:
        """Call the method for each row of record batches, with requests in flight between the batches.

        Args:
            batches: The record batches, all of one schema, which are read as they are needed.

        Yields:
            Each with two more columns.

        Raises:
            ConfigError: The batches do not have the columns that the method needs.
            ClarigenError: No row survives the error, or every row of a batch failed without being to blame.
        """
        arrow = import_pyarrow()
        chunks = ((batch, Rows(batch.num_rows, self.read_inputs(batch))) for batch in batches)
        for batch, outcomes in run_chunks(self._start, chunks):
            arrays = [*batch.columns, *self.make_columns(outcomes)]
            yield arrow.RecordBatch.from_arrays(arrays, schema=self.check(batch.schema))

    # Rows to inputs

    def read_inputs(self, batch: ArrowBatch) -> Iterator[Input]:
        """Yield the input of each row of a record batch.

        Raises:
            ConfigError: A column is missing.
        """
        self.check(batch.schema)
        return self._read_inputs(batch, self.find_columns(batch.schema.names))

    def _read_inputs(self, batch: ArrowBatch, columns: Mapping[str, str]) -> Iterator[Input]:
        values = {name: _to_values(batch.column(own)) for name, own in columns.items()}
        for row in range(batch.num_rows):
            yield self._make_input({name: column[row] for name, column in values.items()})

    def _make_input(self, values: Mapping[str, Any]) -> Input:
        arguments = dict(self._constants)
        for name, value in values.items():
            if value is None:
                continue
            try:
                arguments[name] = self._types[name].from_plain(value)
            except Exception as error:  # noqa: BLE001 - see `to_codec_error`
                problem = to_codec_error(error)
                path = name + problem.path
                text = f"{self._method.name}: `{path}` {problem.problem}"
                return InputError(text, method=self._method.name, parameter=path)
        return arguments

    # Outcomes to columns

    def make_columns(self, outcomes: Sequence[Any]) -> tuple[ArrowArray, ArrowArray]:
        """Return the results and the errors of some rows as columns."""
        arrow = import_pyarrow()
        type_, error_type = self.schema.types
        rows = [(None, o) if isinstance(o, ClarigenError) else self._to_plain(o) for o in outcomes]
        try:
            results = arrow.array([plain for plain, _ in rows], type_)
        except (arrow.ArrowException, ValueError, TypeError, OverflowError):
            rows = [self._check_plain(plain, error, type_) for plain, error in rows]
            results = arrow.array([plain for plain, _ in rows], type_)
        errors = [
            None if error is None else _ERROR.to_plain(describe_error(error)) for _, error in rows
        ]
        return results, arrow.array(errors, error_type)

    def _to_plain(self, result: Any) -> tuple[Any, ClarigenError | None]:
        """Return a result as plain data, or the error that it has none."""
        try:
            if result is None:
                return None, None
            if self._type is None:
                return self._result.to_plain(result), None
            return _to_json(self._result, result), None
        except Exception as error:  # noqa: BLE001 - see `to_codec_error`
            return None, self._refuse_result(to_codec_error(error).problem)

    def _check_plain(self, plain: Any, error: Any, type_: ArrowType) -> tuple[Any, Any]:
        """Return the outcome of a row, with an error if its result does not fit into the column."""
        arrow = import_pyarrow()
        try:
            arrow.array([plain], type_)
        except (arrow.ArrowException, ValueError, TypeError, OverflowError):
            return None, self._refuse_result(f"does not fit into a column of {type_}")
        return plain, error

    def _refuse_result(self, problem: str) -> DecodeError:
        return DecodeError(f"{self._method.name}: the result {problem}")

    # Checks

    def _find_field(self, name: str) -> Field:
        for field in self._method.fields:
            if name in (field.name, field.wire_name):
                return field
        names = [field.name for field in self._method.fields]
        raise self._refuse(f"has no parameter {name!r}; it has {', '.join(names)}")

    def _check_constants(self) -> None:
        for field in self._method.fields:
            if field.name not in self._constants:
                continue
            if field.name in self._columns:
                raise self._refuse(f"`{field.name}` has both a column and a constant")
            try:
                field.value_encoder(self._constants[field.name], [])
            except Exception as error:  # noqa: BLE001 - see `to_codec_error`
                problem: CodecError = to_codec_error(error)
                raise self._refuse(f"`{field.name}{problem.path}` {problem.problem}") from None

    def _refuse(self, problem: str) -> ConfigError:
        return ConfigError(f"{self._method.name}: {problem}")


def _to_json(column: ColumnType, result: Any) -> Any:
    """Return a result as data for an Arrow type that the caller chose: nested lists of an array, JSON as it is."""
    if hasattr(result, "tolist"):
        return result.tolist()
    return column.to_json(result) if isinstance(column, JsonColumn) else column.to_plain(result)


def _to_values(column: ArrowArray) -> list[Any]:
    """Return the values of a column; tensors are nested lists."""
    if hasattr(column, "to_numpy_ndarray"):
        return column.to_numpy_ndarray().tolist()  # type: ignore[no-any-return]
    storage: Any = getattr(column, "storage", column)
    values: list[Any] = storage.to_pylist()
    return values
