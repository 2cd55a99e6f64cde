"""What is known of a call in addition to its result: `Usage`, `Response`, and `Recording`, which collects responses.

Responses go to observers, so that methods need no second variant that returns them. Observers cannot change a result.
Every generated package loads this module, so it must not import protobuf.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from .._proto import MultiOutputResponse


class Usage(NamedTuple):
    """Token counts of a call; 0 if the model reports none.

    Attributes:
        prompt_tokens: Tokens of the input.
        completion_tokens: Tokens of the output.
        cached_tokens: Tokens of the input that came from a cache.
    """

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0

    def __add__(self, other: Usage) -> Usage:  # type: ignore[override]  # tuples concatenate, counts add up
        return Usage(
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            self.cached_tokens + other.cached_tokens,
        )


@dataclass(frozen=True, slots=True)
class Response:
    """The response to a successful call; if it streams, the last response.

    Attributes:
        method: Name of the method.
        usage: Token counts.
        request_id: The platform's id of the request; empty from a local runner.
        status: The platform's status code, 10000 for success.
        elapsed: Duration of the call with all its attempts, in seconds.
        attempts: Number of attempts.
        raw: The platform's message.
    """

    method: str
    usage: Usage
    request_id: str
    status: int
    elapsed: float
    attempts: int
    raw: MultiOutputResponse = field(repr=False)

    def _repr_html_(self) -> str:
        from .. import _notebook

        return _notebook.table_html([_table_row(self)])


class Recording(list[Response]):
    """The responses of the calls in a `recording()` block, in the order in which the calls ended."""

    @property
    def usage(self) -> Usage:
        """Token counts of all responses together."""
        return sum((response.usage for response in self), Usage())

    def _repr_html_(self) -> str:
        from .. import _notebook

        return _notebook.table_html(map(_table_row, self))


def _table_row(response: Response) -> dict[str, object]:
    """Return the table row that shows a response in a notebook: its cells, by column title."""
    usage = response.usage
    return {
        "method": response.method,
        "prompt tokens": usage.prompt_tokens,
        "completion tokens": usage.completion_tokens,
        "cached tokens": usage.cached_tokens,
        "seconds": response.elapsed,
        "attempts": response.attempts,
        "status": response.status,
        "request": response.request_id,
    }


Observer: TypeAlias = Callable[[Response], object]
"""A function that is called with the response of each successful call; what it returns is ignored."""

_active_recordings: Final[ContextVar[tuple[tuple[object, Recording], ...]]] = ContextVar(
    "clarigen", default=()
)
"""The recordings of the enclosing `recording()` blocks, each with its client."""


@contextmanager
def recording(client: object) -> Generator[Recording, None, None]:
    """Record the responses of the calls that a client makes in this block and in tasks started there."""
    responses = Recording()
    token = _active_recordings.set((*_active_recordings.get(), (client, responses)))
    try:
        yield responses
    finally:
        _active_recordings.reset(token)


def get_recording_observers(client: object) -> tuple[Observer, ...]:
    """Return the observers that add a client's responses to its recordings in the current context."""
    active = _active_recordings.get()
    return (
        tuple(responses.append for owner, responses in active if owner is client) if active else ()
    )
