"""Chunks of rows through one batch: an outcome per row, and which errors end the run.

A chunk is what came as a whole, such as a record batch. All chunks go through one batch of the client, so that requests
stay in flight between them. What failed is the outcome of its row, unless no row could have passed, or every row of a
chunk failed and none is to blame: then the chunk can be repeated at no cost. This module knows no library of tables.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias, TypeVar

from ..errors import (
    ClarigenError,
    DeadlineExceededError,
    InputError,
    ModelNotReadyError,
    RateLimitError,
    ServerError,
    SignatureMismatchError,
    TransportError,
    UnavailableError,
)

if TYPE_CHECKING:
    from .._sync.batch import Batch
else:
    Batch = list

_ChunkT = TypeVar("_ChunkT")

Input: TypeAlias = Mapping[str, Any] | InputError
"""The arguments of a row by the names of parameters, or why it has none."""

StartBatch: TypeAlias = "Callable[[Iterator[Input]], Batch[Any]]"
"""Starts a batch of the method."""

_REFUSED: Final = (RateLimitError, ModelNotReadyError, ServerError, UnavailableError)
_INTERRUPTED: Final = frozenset({"CANCELLED", "INTERNAL", "UNKNOWN", "ABORTED"})
"""The gRPC codes of calls that broke off."""


class RowError(NamedTuple):
    """What a row met, as it stands beside the row.

    Attributes:
        type: Name of the class of the error.
        message: The message.
        code: The platform's status code, or the name of a gRPC status; None if there is none.
        again: Whether the row may pass another time: it was refused, or got no answer.
        request_id: The platform's id of the request; None if it is not known.
        attempts: How often the request was sent; None if it was not.
    """

    type: str
    message: str
    code: str | None
    again: bool
    request_id: str | None
    attempts: int | None


def describe_error(error: ClarigenError) -> RowError:
    """Describe the error of a row."""
    code = getattr(error, "code", None) or getattr(error, "name", None)
    return RowError(
        type=type(error).__name__,
        message=str(error),
        code=str(code) if code else None,
        again=_may_pass_again(error),
        request_id=getattr(error, "request_id", None) or None,
        attempts=getattr(error, "attempts", None),
    )


def _may_pass_again(error: ClarigenError) -> bool:
    if isinstance(error, TransportError) and error.code in _INTERRUPTED:
        return True
    return isinstance(error, (*_REFUSED, DeadlineExceededError))


def raise_if_blameless(outcomes: Sequence[Any]) -> None:
    """Raise an error of a chunk of which every row failed, if no row is to blame.

    At least one row has surely not run. If all may have run, a row may be to blame all the same, and it would cost
    to run them again.

    Raises:
        ClarigenError: The error of the first row that has not run.
    """
    if all(map(_is_blameless, outcomes)):
        unsent = next((outcome for outcome in outcomes if not outcome.may_have_run), None)
        if unsent is not None:
            raise unsent


def _is_blameless(outcome: object) -> bool:
    """Return whether an outcome is an error that says nothing of its row."""
    is_late = isinstance(outcome, DeadlineExceededError) and not outcome.may_have_run
    return is_late or isinstance(outcome, _REFUSED)


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a chunk.

    Attributes:
        count: Their number.
        inputs: Their inputs, which are read as they are needed.
    """

    count: int
    inputs: Iterable[Input]


def run_chunks(
    start: StartBatch, chunks: Iterable[tuple[_ChunkT, Rows]]
) -> Iterator[tuple[_ChunkT, list[Any]]]:
    """Call the method for the rows of chunks; yield each chunk with the outcomes of its rows, in order.

    Chunks are read as they are needed. Leaving the iteration early cancels what is in flight.

    Args:
        start: Starts the batch.
        chunks: Whatever identifies a chunk, and its rows.

    Raises:
        ClarigenError: No row survives the error, or it failed a whole chunk without a row to blame.
        Exception: Anything that `chunks` raises.
    """
    from .._calls.batch import OF_ALL_INPUTS  # here, because it loads protobuf

    waiting: deque[tuple[_ChunkT, int]] = deque()

    def read_inputs() -> Iterator[Input]:
        for chunk, rows in chunks:
            waiting.append((chunk, rows.count))
            yield from rows.inputs

    outcomes: list[Any] = []
    with start(read_inputs()) as batch:
        for outcome in batch.outcomes(isolate=True):
            if isinstance(outcome, (*OF_ALL_INPUTS, SignatureMismatchError)):
                raise outcome
            outcomes.append(outcome)
            while waiting and len(outcomes) >= waiting[0][1]:
                chunk, count = waiting.popleft()
                raise_if_blameless(outcomes[:count])
                yield chunk, outcomes[:count]
                del outcomes[:count]
    for chunk, _ in waiting:  # without rows
        yield chunk, []
