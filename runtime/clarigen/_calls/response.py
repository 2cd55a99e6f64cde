"""What a call returned beside its value: `Response`, and who is told of it.

What lives here: the nouns, and the recordings that are open where a call is made. A response is told
from the side, so that no method's signature is written twice; whoever hears of it changes nothing.
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
    """The tokens that a call took, as far as the model tells; 0 also means that it does not.

    Attributes:
        prompt_tokens: Of what was sent.
        completion_tokens: Of what came back.
        cached_tokens: Of the prompt's, those that a cache held.
    """

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0

    def __add__(self, other: Usage) -> Usage:  # type: ignore[override]  # tuples are joined, usages are added up
        return Usage(
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            self.cached_tokens + other.cached_tokens,
        )


@dataclass(frozen=True, slots=True)
class Response:
    """What came back with a call's answer, or with the last one of a stream.

    Attributes:
        method: The method's name.
        usage: The tokens it took.
        request_id: The platform's id of the request; empty from a local runner.
        status: The platform's status code, 10000 for success.
        elapsed: How long the call took with all its attempts, in seconds.
        attempts: How often the request was sent.
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
    """The responses of the calls in a `recording()` block, in the order in which they ended."""

    @property
    def usage(self) -> Usage:
        """The tokens of all of them together."""
        return sum((response.usage for response in self), Usage())

    def _repr_html_(self) -> str:
        from .. import _notebook

        return _notebook.table_html(map(_table_row, self))


def _table_row(response: Response) -> dict[str, object]:
    """What people are shown of a response."""
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

_active: Final[ContextVar[tuple[tuple[object, Recording], ...]]] = ContextVar(
    "clarigen", default=()
)


@contextmanager
def recording(client: object) -> Generator[Recording, None, None]:
    """Collect the responses of the calls that a client makes in this block and in its tasks."""
    seen = Recording()
    token = _active.set((*_active.get(), (client, seen)))
    try:
        yield seen
    finally:
        _active.reset(token)


def active_recordings(client: object) -> tuple[Observer, ...]:
    """What collects the responses of a call that a client makes here and now."""
    opened = _active.get()
    return tuple(seen.append for owner, seen in opened if owner is client) if opened else ()
