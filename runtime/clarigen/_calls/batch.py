"""Batches: how many inputs a request has, how many requests are in flight, and which result belongs to which input.

A server processes the inputs of a request one after another, and several requests at once. So a request has few
inputs if the method is slow, and many if it is fast. There is no I/O here, and the clock comes from the policy. The
synchronous and the async batch read the inputs, run the flow of each chunk, and hand out the results that are ready.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, Generic, NamedTuple, TypeVar

from .._wire.method import Unary
from ..errors import (
    AuthenticationError,
    ClarigenError,
    ConfigError,
    InputError,
    NotFoundError,
    PermissionDeniedError,
    PredictionError,
)
from .call import CallContext, UnaryFlow, call_chunk, encode_input

_R = TypeVar("_R")

MAX_INPUTS: Final = 128
"""Maximum number of inputs that the platform accepts in one request."""

OF_ALL_INPUTS: Final = (ConfigError, AuthenticationError, PermissionDeniedError, NotFoundError)
"""The errors that no input of a batch escapes."""

MAX_CONCURRENCY: Final = 32
"""Maximum number of requests in flight, unless the caller fixes it. A model's server with default settings processes
32 requests at once, queues ten more, and refuses others."""

MIN_REQUEST_SECONDS: Final = 0.04
"""Shortest time that a request should take, in seconds. In shorter requests, the overhead per request matters."""

_LATENCY_BOUND_INPUTS: Final = 4
"""Maximum number of inputs at which a slow request may be bound by network latency, so that a doubling is tried."""

_PROBE_SECONDS: Final = 0.001
"""Longest time that the second request is in flight alone, in seconds. A fast method answers within this time."""

_MAX_GROWTH_SECONDS: Final = 1.0
"""Maximum duration of a request, in seconds, after which a first doubling of its inputs is tried."""

_MIN_SPEEDUP: Final = 4 / 3
"""Minimum speedup of a doubling that is kept: time per input before it, divided by time per input after it."""

_CONCURRENCY_DECREASE: Final = 0.75
"""Factor by which a refusal reduces the number of requests in flight."""


class BatchLimits(NamedTuple):
    """The limits of a batch that the caller fixes.

    Attributes:
        size: Number of inputs per request; None for a number that adapts.
        concurrency: Number of requests in flight; None for a number that adapts.
    """

    size: int | None = None
    concurrency: int | None = None


class AdaptiveLimits:
    """How many inputs a request has, and how many requests are in flight. Each is fixed or adapts.

    Attributes:
        size: Number of inputs for the next request.
    """

    def __init__(self, size: int | None = None, concurrency: int | None = None) -> None:
        """Fix the limits, or let them adapt, as in `BatchLimits`."""
        self.size = size or 1
        self._concurrency = float(concurrency or MAX_CONCURRENCY)
        self._adapts_size = size is None
        self._adapts_concurrency = concurrency is None
        self._answer_count = 0
        self._seconds_per_input: float | None = None

    @property
    def concurrency(self) -> int:
        """Number of requests that may be in flight."""
        return int(self._concurrency)

    @property
    def probe_seconds(self) -> float:
        """Longest time for which the newest request delays the next, in seconds; 0 if the next may follow at once.

        The durations of the first two requests show how many inputs later requests should have. Two are needed
        because the first duration may include the time to connect.
        """
        if not self._adapts_size or self._answer_count > 1:
            return 0.0
        return _PROBE_SECONDS if self._answer_count else MIN_REQUEST_SECONDS

    def record(self, input_count: int, seconds: float, *, refused: bool) -> None:
        """Adapt to a request that has ended.

        Args:
            input_count: Number of inputs in the request.
            seconds: Duration of the request.
            refused: Whether the server refused it at first, so that it was sent again.
        """
        self._answer_count += 1
        if self._adapts_concurrency:
            self._adapt_concurrency(refused=refused)
        if refused or not self._adapts_size or input_count < self.size:
            return
        if seconds < MIN_REQUEST_SECONDS:
            enough = round(MIN_REQUEST_SECONDS * input_count / seconds)
            self.size = min(max(self.size, enough), MAX_INPUTS)
        else:
            self._try_doubling(input_count, seconds)

    def _adapt_concurrency(self, *, refused: bool) -> None:
        """Increase additively and decrease multiplicatively, as TCP does."""
        if refused:
            self._concurrency *= _CONCURRENCY_DECREASE
        else:
            self._concurrency += 1 / self._concurrency
        self._concurrency = min(max(self._concurrency, 1.0), float(MAX_CONCURRENCY))

    def _try_doubling(self, input_count: int, seconds: float) -> None:
        """Double the size while that shortens the time per input; undo the last doubling if it did not."""
        current, previous = seconds / input_count, self._seconds_per_input
        if previous is None:
            pays = input_count <= _LATENCY_BOUND_INPUTS and seconds < _MAX_GROWTH_SECONDS
        else:
            pays = current * _MIN_SPEEDUP < previous
            if not pays:
                self.size = max(input_count // 2, 1)
        self._seconds_per_input = current
        self._adapts_size = pays and input_count < MAX_INPUTS
        if pays:
            self.size = min(input_count * 2, MAX_INPUTS)


class EncodedInput(bytes):
    """An input that was encoded before the batch began."""


def encode_list(method: Unary[Any], inputs: Iterable[Any]) -> list[EncodedInput]:
    """Encode all inputs of a list.

    Raises:
        InputError: An input does not fit. Nothing was sent.
    """
    encoded: list[EncodedInput] = []
    for index, arguments in enumerate(inputs):
        try:
            encoded.append(EncodedInput(encode_input(method, method.bind(arguments))))
        except InputError as error:
            _set_inputs(error, index, index)
            raise name_inputs(error) from None
    return encoded


def _set_inputs(error: ClarigenError, first: int, last: int) -> None:
    """Record in an error which inputs its request had."""
    if not isinstance(error, OF_ALL_INPUTS):
        error.inputs = range(first, last + 1)


def name_inputs(error: ClarigenError) -> ClarigenError:
    """Add to the message of an error that ends a batch which inputs it is about; return it."""
    if error.inputs is not None:
        first, last = error.inputs[0], error.inputs[-1]
        inputs = f"input {first}" if first == last else f"inputs {first} to {last}"
        error.args = (f"{inputs} of the batch: {error}", *error.args[1:])
    return error


class Chunk:
    """The inputs of one request, and their outcomes.

    Attributes:
        flow: Sends the inputs, fills in the outcomes, and returns the number of attempts.
        outcomes: Result or error of each input; None before it is known.
        start_time: Time at which the request was prepared, which is sent at once.
        size: Number of inputs in the request, without those that have an `InputError`.
        is_done: Whether all outcomes are known.
    """

    __slots__ = ("flow", "is_done", "outcomes", "size", "start_time")

    def __init__(
        self, flow: UnaryFlow[int], outcomes: list[Any], start_time: float, size: int
    ) -> None:
        self.flow, self.outcomes = flow, outcomes
        self.start_time, self.size = start_time, size
        self.is_done = False


class BatchPlan(Generic[_R]):
    """A running batch: its chunks, in the order of their inputs.

    Attributes:
        is_exhausted: Whether there are no more inputs. Set by the code that reads them.
    """

    def __init__(
        self, method: Unary[_R], context: CallContext, limits: AdaptiveLimits, *, isolate: bool
    ) -> None:
        """Plan a batch that has no inputs yet; see `add_chunk`.

        Args:
            method: The method to call.
            context: Everything else that the calls need.
            limits: Size and number of the requests.
            isolate: Whether a request that failed is split until it is clear which inputs fail.
        """
        self.is_exhausted = False
        self._method = method
        self._context = context
        self._limits = limits
        self._isolate = isolate
        self._clock: Callable[[], float] = context.policy.clock
        self._chunks: deque[Chunk] = deque()
        self._in_flight = 0
        self._input_count = 0

    @property
    def is_finished(self) -> bool:
        """Whether all outcomes have been taken."""
        return self.is_exhausted and not self._chunks

    def next_size(self) -> int:
        """Return the number of inputs for the next request; 0 if none may be sent now."""
        limits = self._limits
        is_probing = self._in_flight and self._newest_age() < limits.probe_seconds
        # A chunk that is done stays in memory until all earlier ones are done, so the number of chunks is limited too.
        concurrency = limits.concurrency
        is_full = self._in_flight >= concurrency or len(self._chunks) >= 2 * concurrency
        return 0 if self.is_exhausted or is_probing or is_full else limits.size

    def wait_timeout(self) -> float | None:
        """Return the seconds to wait for a response before `next_size` is called again; None for no limit."""
        if self.is_exhausted or not self._in_flight:
            return None
        remaining = self._limits.probe_seconds - self._newest_age()
        return remaining if remaining > 0 else None

    def _newest_age(self) -> float:
        return self._clock() - self._chunks[-1].start_time

    def add_chunk(self, inputs: Iterable[Any]) -> Chunk:
        """Prepare the request for some inputs.

        An input that does not fit, or that is an `InputError` itself, is not sent: its outcome is the error.
        """
        outcomes: list[Any] = []
        requests: dict[int, bytes] = {}
        start = self._input_count
        for arguments in inputs:
            try:
                requests[len(outcomes)] = self._encode(arguments)
                outcomes.append(None)
            except InputError as error:
                _set_inputs(error, self._input_count, self._input_count)
                outcomes.append(error)
            self._input_count += 1
        chunk = Chunk(
            self._run_chunk(requests, outcomes, start), outcomes, self._clock(), len(requests)
        )
        self._chunks.append(chunk)
        self._in_flight += 1
        return chunk

    def _encode(self, arguments: Any) -> bytes:
        if type(arguments) is EncodedInput:
            return arguments
        if isinstance(arguments, InputError):
            raise arguments
        return encode_input(self._method, self._method.bind(arguments))

    def start_input_timer(self) -> Callable[[], bool]:
        """Return a function that says whether a chunk must be sent although it is not full.

        That is so once reading its inputs has taken as long as a request should take.
        """
        start = self._clock()
        return lambda: self._clock() - start > MIN_REQUEST_SECONDS

    def _run_chunk(
        self, requests: Mapping[int, bytes], outcomes: list[Any], start: int
    ) -> UnaryFlow[int]:
        """Call the method for some inputs, fill in their outcomes, and return the number of attempts.

        Args:
            requests: Each input as a request, by its index in the chunk.
            outcomes: The outcomes of the chunk.
            start: Index in the batch of the chunk's first input.
        """
        attempts = 1
        if requests:
            for indexes, parts in self._method.join_requests(requests):
                own = {index: requests[index] for index in indexes}
                attempts = max(
                    attempts, (yield from self._send_request(own, parts, outcomes, start))
                )
        return attempts

    def _send_request(
        self, requests: Mapping[int, bytes], parts: list[bytes], outcomes: list[Any], start: int
    ) -> UnaryFlow[int]:
        """Send one request, fill in the outcomes of its inputs, and return the number of attempts.

        Args:
            requests: Each of its inputs as a request, by its index in the chunk.
            parts: The parts of the request.
            outcomes: The outcomes of the chunk.
            start: Index in the batch of the chunk's first input.
        """
        indexes, attempts = list(requests), 1
        results: list[Any]
        try:
            results, attempts = yield from call_chunk(
                self._method, parts, len(indexes), self._context
            )
            for index, result in zip(indexes, results, strict=True):
                if isinstance(result, ClarigenError):
                    _set_inputs(result, start + index, start + index)
        except ClarigenError as error:
            if self._isolate and len(indexes) > 1 and isinstance(error, PredictionError):
                middle = len(indexes) // 2
                for half in (indexes[:middle], indexes[middle:]):
                    yield from self._run_chunk({n: requests[n] for n in half}, outcomes, start)
                return 1
            _set_inputs(error, start + indexes[0], start + indexes[-1])
            results, attempts = [error] * len(indexes), getattr(error, "attempts", 1)
        for index, result in zip(indexes, results, strict=True):
            outcomes[index] = result
        return attempts

    def finish_chunk(self, chunk: Chunk, attempts: int) -> None:
        """Record that the flow of a chunk has ended.

        Args:
            chunk: The chunk.
            attempts: Return value of its flow.
        """
        self._in_flight -= 1
        chunk.is_done = True
        if chunk.size:
            seconds = self._clock() - chunk.start_time
            self._limits.record(chunk.size, seconds, refused=attempts > 1)

    @property
    def has_ready(self) -> bool:
        """Whether there are outcomes for `take_ready`."""
        return bool(self._chunks) and self._chunks[0].is_done

    def take_ready(self) -> Iterator[_R | ClarigenError]:
        """Take the outcomes that are next in order and known."""
        while self._chunks and self._chunks[0].is_done:
            yield from self._chunks.popleft().outcomes
