"""Methods over Arrow tables: `pip install 'clarigen[tables]'`.

    from clarigen.tables import Mapped

    mapped = Mapped(model.detect, columns={"image": "content"}, constants={"threshold": 0.7})
    table = mapped(pyarrow.parquet.read_table("images.parquet"))

Each row is one call; its result, or the error that it met, stands in two more columns. Data engines that hand over Arrow
(DuckDB, Polars, Dask, Daft, Hugging Face datasets) need nothing else. A prediction may be billed twice: whoever runs a
part of the data again after a failure pays for the rows that it had already.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from ._method_schema import find_description
from ._sync.batch import Batch
from ._sync.client import Client
from ._tables.mapping import TableMapping
from ._tables.rows import Input
from ._tables.types import ArrowType
from ._wire.codec import describe
from ._wire.method import Unary
from .errors import ConfigError

__all__ = ["Mapped"]


class Mapped(TableMapping):
    """A method over Arrow tables and record batches. It can be pickled if its client can.

    A row is one call. A column is the argument of the parameter with its name, and columns of other names stay as they
    are. A null leaves the argument out. Binary is an image, audio or a video; so is a text that is a URL, and a struct
    of `bytes` and `url`. A struct is a record, and JSON is text.

    The column `result` has the results, with a type that follows from the signature. Media are structs of `bytes` and
    `url`, records and the platform's values are structs, a tuple is a struct with `_1` and `_2`, JSON is text, and an
    array is a struct of `dtype`, `shape` and `data`. The column `error` is null if a row passed. Otherwise it is a
    struct of `type`, `message`, `code`, `again` (whether the row may pass another time), `request_id` and `attempts`.

    Some errors are raised, so that the whole part can be run again: those that no row survives, such as a wrong
    credential, and one that failed every row of a batch or a table although none is to blame, such as a server that
    cannot be reached.
    """

    def __init__(
        self,
        method: Callable[..., Any],
        *,
        columns: Mapping[str, str] | None = None,
        constants: Mapping[str, Any] | None = None,
        type: ArrowType | None = None,
        result: str = "result",
        error: str = "error",
    ) -> None:
        """Choose a method. Nothing is sent, and pyarrow is not imported yet.

        Args:
            method: A method with one result, of a synchronous client, such as `model.detect`.
            columns: The column of each parameter whose name differs from that of its column.
            constants: The value of each parameter that has the same for all rows.
            type: The Arrow type of the results, if it is to be another: `pa.list_(pa.float32())` for arrays that are
                vectors. A result that does not fit is the error of its row.
            result: The name of the column of results.
            error: The name of the column of errors.

        Raises:
            ConfigError: It is no such method, there is no such parameter, or a constant does not fit.
        """
        description = find_description(method, "Mapped")[1]
        client = getattr(method, "__self__", None)
        if not isinstance(description, Unary) or not isinstance(client, Client):
            problem = (
                "returns a stream"
                if not isinstance(description, Unary)
                else f"belongs to {describe(client)}"
            )
            raise ConfigError(
                f"Mapped({description.name}): expected a method with one result of a client that is not"
                f" async, such as model.predict; this one {problem}"
            )
        self._options: dict[str, Any] = {
            "columns": columns,
            "constants": constants,
            "type": type,
            "result": result,
            "error": error,
        }
        self._bound = method

        def start(inputs: Iterator[Input]) -> Batch[Any]:
            return client._batch(description, inputs, False)  # pyright: ignore[reportPrivateUsage]

        super().__init__(description, start, **self._options)

    def __reduce__(self) -> tuple[Callable[..., Mapped], tuple[Any, ...]]:
        """Pickle the method with its client, and the options."""
        return partial(Mapped, **self._options), (self._bound,)

    def __repr__(self) -> str:
        return f"<Mapped {self._method.name}>"
