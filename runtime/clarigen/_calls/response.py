"""What is known of a call in addition to its result: `Usage`, `Response`, and `Recording`, which collects responses.

Responses go to observers, so that methods need no second variant that returns them. Observers cannot change a result.
Every generated package loads this module, so it must not import protobuf.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from dataclasses import dataclass, field

    from .._proto import MultiOutputResponse
else:
    from .._dataclass import dataclass, field

    MultiOutputResponse = Any


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


def sum_usage(response: MultiOutputResponse) -> Usage:
    """Return the token counts of all outputs together."""
    prompt = completion = cached = 0
    for output in response.outputs:
        prompt += output.prompt_tokens
        completion += output.completion_tokens
        cached += output.cached_tokens
    return Usage(prompt, completion, cached)


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


class RecordedClient:
    """The identity of a client and its views, with their open recordings.

    Attributes:
        recordings: The open recordings. The tuple is replaced, never changed.
    """

    __slots__ = ("recordings",)

    def __init__(self) -> None:
        self.recordings: tuple[_OpenRecording, ...] = ()


class _OpenRecording:
    """A recording whose block has not ended.

    Attributes:
        responses: The responses so far.
        thread: The id of the thread that has opened it.
    """

    __slots__ = ("responses", "thread")

    def __init__(self, responses: Recording, thread: int) -> None:
        self.responses: Final = responses
        self.thread: Final = thread


_active_recordings: Final[ContextVar[tuple[Recording, ...]]] = ContextVar("clarigen", default=())
"""The recordings of the enclosing `recording()` blocks, of all clients."""

_lock: Final = threading.Lock()
"""Guards `RecordedClient.recordings`."""


@contextmanager
def recording(client: RecordedClient) -> Generator[Recording, None, None]:
    """Record the responses of the calls that a client makes while the block runs (see `ClientBase.recording`)."""
    responses = Recording()
    entry = _OpenRecording(responses, threading.get_ident())
    with _lock:
        client.recordings = (*client.recordings, entry)
    _active_recordings.set((*_active_recordings.get(), responses))
    try:
        yield responses
    finally:
        with _lock:
            client.recordings = tuple(other for other in client.recordings if other is not entry)
        # Not by a token: a generator may end in another context than it began in.
        active = _active_recordings.get()
        _active_recordings.set(tuple(other for other in active if other is not responses))


def get_recording_observers(client: RecordedClient) -> tuple[Observer, ...]:
    """Return the observers that add the responses of a call, which begins here and now, to a client's recordings.

    A call belongs to the blocks around it. A call in another thread, where no block is known, belongs to every block
    that is open: a thread pool does not tell who has submitted its work.
    """
    recordings = client.recordings
    if not recordings:
        return ()
    active, thread = {
        id(responses) for responses in _active_recordings.get()
    }, threading.get_ident()
    enclosing = [entry for entry in recordings if id(entry.responses) in active] or [
        entry for entry in recordings if entry.thread != thread
    ]
    return tuple(entry.responses.append for entry in enclosing)


def notify_observers(observers: Iterable[Observer], response: Response) -> None:
    """Call observers with the response of a call. What they raise is logged: the result has been paid for."""
    for observer in observers:
        try:
            observer(response)
        except Exception:  # noqa: BLE001 - the caller's own code
            from .._log import LOGGER  # not at the top: every generated package loads this module

            LOGGER.exception("%s: on_response failed; the call did not", response.method)
