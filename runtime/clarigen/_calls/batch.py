"""Many inputs: which go into one request, how many requests at once, and whose result is whose.

What lives here: the pace, and the order of a batch, without I/O and without a clock of its own. The
drivers take inputs, run the flows of its chunks and hand out what is ready. A server works the inputs
of one request off one after the other, and takes a number of requests at once: so requests carry few
inputs of a slow method, and many of a fast one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, Generic, TypeVar

from .._wire.codec import describe
from .._wire.method import Unary
from ..errors import ClarigenError, InputError, PredictionError
from .call import CallContext, UnaryFlow, call_chunk, encode_input

_R = TypeVar("_R")

MAX_INPUTS: Final = 128
"""The most inputs that the platform takes in one request."""

MAX_CONCURRENCY: Final = 32
"""How many requests are in flight at most, if nothing else is said: what a model's server works off at
once by default. It lets ten more wait, and refuses others."""

MIN_REQUEST_SECONDS: Final = 0.04
"""How long a request should take at least, in seconds: less, and its own cost would matter."""

_LATENCY_BOUND_INPUTS: Final = 4
"""Up to so many inputs, the way may be most of what a request takes."""

_PROBE_SECONDS: Final = 0.001
"""How long the second request is in flight alone: a fast method has answered by then."""

_MAX_GROWTH_SECONDS: Final = 1.0
"""Above this many seconds, a request is not made larger to see whether that pays."""

_MIN_SPEEDUP: Final = 4 / 3
"""How many times faster an input must be after its request was doubled, for the doubling to pay."""


class AdaptiveLimits:
    """How many inputs a request has, and how many requests are in flight: fixed, or found as it goes.

    Attributes:
        size: How many inputs the next request has.
    """

    def __init__(self, size: int | None = None, concurrency: int | None = None) -> None:
        self.size = size or 1
        self._concurrency = float(concurrency or MAX_CONCURRENCY)
        self._adapts_size = size is None
        self._adapts_concurrency = concurrency is None
        self._answer_count = 0
        self._seconds_per_input: float | None = None

    @property
    def concurrency(self) -> int:
        """How many requests may be in flight."""
        return int(self._concurrency)

    @property
    def probe_seconds(self) -> float:
        """How many seconds a request should be in flight alone: it tells how large the others should be.

        The first one may have had to make the connection, so the second one is looked at as well.
        """
        if not self._adapts_size or self._answer_count > 1:
            return 0.0
        return _PROBE_SECONDS if self._answer_count else MIN_REQUEST_SECONDS

    def record(self, inputs: int, seconds: float, *, refused: bool) -> None:
        """Learn from a request that was answered.

        Args:
            inputs: How many inputs it had.
            seconds: How long it took.
            refused: Whether it was refused before.
        """
        self._answer_count += 1
        if self._adapts_concurrency:
            grown = (
                self._concurrency * 0.75 if refused else self._concurrency + 1 / self._concurrency
            )
            self._concurrency = min(max(grown, 1.0), float(MAX_CONCURRENCY))
        if refused or not self._adapts_size or inputs < self.size:
            return
        if seconds < MIN_REQUEST_SECONDS:
            self.size = min(
                max(self.size, round(MIN_REQUEST_SECONDS * inputs / seconds)), MAX_INPUTS
            )
        else:
            self._try_doubling(inputs, seconds)

    def _try_doubling(self, inputs: int, seconds: float) -> None:
        """Where the way takes long, more inputs a request cost little: try twice as many."""
        each, before = seconds / inputs, self._seconds_per_input
        if before is None:
            pays = inputs <= _LATENCY_BOUND_INPUTS and seconds < _MAX_GROWTH_SECONDS
        else:
            pays = each * _MIN_SPEEDUP < before
            if not pays:
                self.size = max(inputs // 2, 1)
        self._seconds_per_input = each
        self._adapts_size = pays and inputs < MAX_INPUTS
        if pays:
            self.size = min(inputs * 2, MAX_INPUTS)


class Chunk:
    """The inputs of one request, and what became of them.

    Attributes:
        flow: What asks for them.
        outcomes: An input's result or error; at its place, nothing before there is one.
        started: When it was sent.
        count: How many inputs it asks for.
        ended: Whether all of its outcomes are there.
    """

    __slots__ = ("flow", "is_done", "outcomes", "size", "started_at")

    def __init__(
        self, flow: UnaryFlow[int], outcomes: list[Any], started: float, count: int
    ) -> None:
        self.flow = flow
        self.outcomes = outcomes
        self.started_at = started
        self.size = count
        self.is_done = False


class BatchPlan(Generic[_R]):
    """A batch under way: its chunks in the order of their inputs.

    Attributes:
        exhausted: Whether there are no more inputs; the driver says so.
    """

    def __init__(
        self,
        method: Unary[_R],
        context: CallContext,
        pace: AdaptiveLimits,
        *,
        isolate: bool = False,
    ) -> None:
        self.is_exhausted = False
        self._method = method
        self._context = context
        self._limits = pace
        self._isolate = isolate
        self._clock: Callable[[], float] = context.policy.clock
        self._chunks: deque[Chunk] = deque()
        self._running = 0
        self._input_count = 0

    @property
    def is_finished(self) -> bool:
        """Whether all outcomes have been handed out."""
        return self.is_exhausted and not self._chunks

    def next_size(self) -> int:
        """How many inputs to take for a request that may be sent now; 0 if none may."""
        pace = self._limits
        waiting = self._running and self._newest_age() < pace.probe_seconds
        # What waits for an earlier result is held in memory: no more of it than is in flight.
        full = self._running >= pace.concurrency or len(self._chunks) >= 2 * pace.concurrency
        return 0 if self.is_exhausted or waiting or full else pace.size

    def wait_timeout(self) -> float | None:
        """How many seconds to wait for an answer before asking again what is wanted; None: for ever."""
        if self.is_exhausted or not self._running:
            return None
        left = self._limits.probe_seconds - self._newest_age()
        return left if left > 0 else None

    def _newest_age(self) -> float:
        return self._clock() - self._chunks[-1].started_at

    def add_chunk(self, inputs: Iterable[Any]) -> Chunk:
        """Make the request for some inputs. An input that does not fit has its error at once."""
        outcomes: list[Any] = []
        payloads: dict[int, bytes] = {}
        for given in inputs:
            try:
                payloads[len(outcomes)] = encode_input(self._method, self._method.bind(given))
                outcomes.append(None)
            except InputError as error:
                text = f"input {self._input_count} of the batch: {error}"
                outcomes.append(InputError(text, method=error.method, parameter=error.parameter))
            self._input_count += 1
        made = Chunk(self._call_chunk(payloads, outcomes), outcomes, self._clock(), len(payloads))
        self._chunks.append(made)
        self._running += 1
        return made

    def taking_deadline(self) -> Callable[[], bool]:
        """Tells, from now on, whether taking inputs has gone on for so long that those there should go."""
        start = self._clock()
        return lambda: self._clock() - start > MIN_REQUEST_SECONDS

    def _call_chunk(self, payloads: Mapping[int, bytes], outcomes: list[Any]) -> UnaryFlow[int]:
        """Ask for inputs and put their outcomes in place. Ends with how often the request was sent."""
        if not payloads:
            return 1
        places, attempts = list(payloads), 1
        found: list[Any]
        try:
            found, attempts = yield from call_chunk(
                self._method, list(payloads.values()), self._context
            )
        except ClarigenError as error:
            if self._isolate and len(places) > 1 and isinstance(error, PredictionError):
                for half in (places[: len(places) // 2], places[len(places) // 2 :]):
                    yield from self._call_chunk(
                        {place: payloads[place] for place in half}, outcomes
                    )
                return 1
            found, attempts = [error] * len(places), getattr(error, "attempts", 1)
        for place, outcome in zip(places, found, strict=True):
            outcomes[place] = outcome
        return attempts

    def finish_chunk(self, made: Chunk, attempts: int) -> None:
        """Take note that the flow of a chunk is at its end."""
        self._running -= 1
        made.is_done = True
        if made.size:
            seconds = self._clock() - made.started_at
            self._limits.record(made.size, seconds, refused=attempts > 1)

    def take_ready(self) -> Iterator[_R | ClarigenError]:
        """The outcomes that are next in order, as far as they are there."""
        while self._chunks and self._chunks[0].is_done:
            yield from self._chunks.popleft().outcomes


def check_inputs(method: Unary[Any], inputs: object, *, asynchronous: bool = False) -> Any:
    """The inputs of a batch, if they can be.

    Raises:
        InputError: They are no iterable, or a lone input.
    """
    given = describe(inputs)
    lone = isinstance(inputs, (Mapping, str, bytes))
    iterable = hasattr(inputs, "__iter__") or (asynchronous and hasattr(inputs, "__aiter__"))
    if lone or not iterable:
        raise InputError(
            f"{method.name}: `inputs` must be an iterable of mappings, not {given}",
            method=method.name,
            parameter="inputs",
        )
    return inputs
