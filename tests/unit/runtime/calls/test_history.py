"""Thousands of random histories of calls to a failing server, each replayed from its seed.

The flows are driven without I/O. The server, its faults, the time and the jitter of the pauses all come from one
random number generator, and the server records what it ran. In every history nothing runs more often than the
reported attempts, there are no more attempts than allowed, no item of a stream is lost or duplicated, and each
result of a batch is at the index of its input.
"""

from __future__ import annotations

import heapq
import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from random import Random
from typing import Any, Final

import pytest

from clarigen import ClarigenError, InputError, Response, wire
from clarigen._calls.actions import (
    END,
    Deliver,
    GrpcFailure,
    Open,
    PullFirst,
    Receive,
    Reclaim,
    Sleep,
)
from clarigen._calls.address import Address, Routing
from clarigen._calls.batch import AdaptiveLimits, BatchPlan, Chunk
from clarigen._calls.call import CallContext, call_stream, call_unary
from clarigen._calls.capacity_queue import CapacityQueue
from clarigen._calls.retry import Policy
from clarigen._calls.retry_throttle import RetryThrottle
from clarigen._proto import MultiOutputResponse, PostModelOutputsRequest, Status

_N = wire.field("n", wire.INT)
DOUBLE = wire.unary("double", _N, returns=wire.INT)
COUNT = wire.server_stream("count", _N, returns=wire.INT)
ADD = wire.bidi_stream("add", wire.field("items", wire.INT, stream=True), returns=wire.INT)
HERE = Address(None, "", Routing())

TRANSIENT: Final = (10030, 11003, 11005, 25604, 40030, 40031)
"""Replies of a server that has run nothing; they are retried."""

FULL: Final = GrpcFailure("RESOURCE_EXHAUSTED", "Concurrent RPC limit exceeded!")
WAITING: Final = (FULL, 21351, 21354, 21355)
"""Replies of a server that has run nothing, which only the deadline limits."""

UNSENT: Final = GrpcFailure("UNAVAILABLE", "no connection", is_unsent=True)
FINAL: Final = (
    GrpcFailure("UNAVAILABLE", "failed to connect to all addresses; last error: refused"),
    GrpcFailure("RESOURCE_EXHAUSTED", "received metadata size exceeds hard limit"),
    GrpcFailure("RESOURCE_EXHAUSTED", "CUDA error: Concurrent RPC limit exceeded!"),
    GrpcFailure("UNAVAILABLE", "recvmsg:Connection reset by peer"),
    GrpcFailure("INTERNAL", "stream error"),
    GrpcFailure("CANCELLED", ""),
    *(10020, 30002, 21313, 40032, 99009, 0),
)
"""Replies of a server that may have run the request, in part or as a whole; they are final."""

Reply = int | GrpcFailure
BLOCKS: Final = 10

MIN_TIMEOUT: Final = 0.001
"""Timeout of an attempt that begins just before the deadline, in seconds."""


def message(numbers: list[int], code: int = 10000, failed: frozenset[int] = frozenset()) -> bytes:
    response = MultiOutputResponse(status=Status(code=code))
    for number in numbers:
        output = response.outputs.add()
        output.status.code = 30002 if number in failed else 10000
        output.data.parts.add(id="return").data.int_value = number
    return response.SerializeToString()


def numbers(request: bytes) -> list[int]:
    inputs = PostModelOutputsRequest.FromString(request).inputs
    return [item.data.parts[0].data.int_value for item in inputs]


class World:
    """A clock, a server with its faults, and what it saw, all from one seed.

    Attributes:
        now: The time, in seconds.
        sends: Number of requests.
        waiting: Number of requests that were answered with "the model is starting" or "the server is full".
        ran: How often each number was run.
        idempotent: Whether a number may run more than once.
        log: Everything that happened, to compare replays.
        responses: The responses that observers got.
    """

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.now = 0.0
        self.sends = self.waiting = 0
        self.ran: Counter[int] = Counter()
        self.log: list[object] = []
        self.responses: list[Response] = []
        self.unsent_rate = self.random.choice([0.0, 0.1])
        self.fault_rate = self.random.choice([0.1, 0.5, 0.9])
        self.throttle = RetryThrottle()
        self.queue = CapacityQueue()
        self.max_retries = self.random.randrange(6)
        self.timeout = self.random.choice([0.5, 5.0, 60.0, 600.0])
        self.idempotent = self.random.random() < 0.3

    def context(self) -> CallContext:
        policy = Policy(
            self.timeout,
            self.max_retries,
            self.throttle,
            lambda: self.now,
            self.random.random,
            self.idempotent,
            self.queue,
        )
        return CallContext(HERE, policy, (self.responses.append,))

    def takes(self, timeout: float | None) -> tuple[float, bool]:
        """Return how long an attempt takes, and whether it exceeds its deadline."""
        assert timeout is not None
        seconds = self.random.choice([0.001, 0.1, 1.0, 50.0]) * self.random.random()
        return min(seconds, timeout), seconds >= timeout

    def run(self, values: list[int]) -> None:
        self.ran.update(values)

    def fate(self, timeout: float | None, values: list[int]) -> tuple[float, bytes | GrpcFailure]:
        """Return how long a request takes, and its reply."""
        seconds, late = self.takes(timeout)
        reply: bytes | GrpcFailure
        if self.random.random() < self.unsent_rate:
            self.log.append(("unsent", round(seconds, 9)))
            return seconds, UNSENT
        self.sends += 1
        if late:
            self.run(values[: self.random.randint(0, len(values))])
            reply = GrpcFailure("DEADLINE_EXCEEDED", "Deadline Exceeded")
        elif self.random.random() > self.fault_rate:
            self.run(values)
            failed = frozenset(n for n in values if self.random.random() < 0.1)
            doubled = [2 * n for n in values]
            code = 10010 if failed else 10000
            reply = message(doubled, code, frozenset(2 * n for n in failed))
        else:
            reply = self.fault(values)
        self.log.append((self.sends, tuple(values), round(seconds, 9), str(reply)))
        return seconds, reply

    def fault(self, values: list[int]) -> bytes | GrpcFailure:
        kind = self.random.randrange(4)
        reply: Reply
        if kind == 0:
            reply = self.random.choice(TRANSIENT)
        elif kind == 1:
            reply = self.random.choice(WAITING)
            self.waiting += 1
        else:
            self.run(values[: self.random.randint(0, len(values))])
            if kind == 2:
                return b"\xff\xff" if self.random.random() < 0.5 else message(values[1:])
            reply = self.random.choice(FINAL)
        return reply if isinstance(reply, GrpcFailure) else message([], reply)


def run_histories(block: int, count: int, history: Callable[[World], None]) -> None:
    """Run the histories of a block of seeds; a failure names its seed."""
    for seed in range(block * count, (block + 1) * count):
        try:
            history(World(seed))
        except BaseException as error:
            error.add_note(f"in the history of seed {seed}")
            raise


def reported_attempts(error: ClarigenError | None, world: World) -> int | None:
    """Return the reported number of attempts; None if nothing reports it."""
    return world.responses[-1].attempts if error is None else getattr(error, "attempts", None)


def drive_unary(world: World, n: int) -> int:
    """Drive a unary call in simulated time, and return its result."""
    flow = call_unary(DOUBLE, [n], world.context())
    reply: Any = None
    while True:
        try:
            action = flow.throw(reply) if isinstance(reply, GrpcFailure) else flow.send(reply)
        except StopIteration as end:
            result: int = end.value
            return result
        if isinstance(action, Sleep):
            seconds, reply = action.seconds, None
        else:
            seconds, reply = world.fate(action.timeout, numbers(action.request))
        world.now += seconds


def call_once(world: World, n: int) -> None:
    """Make a unary call, and check what must hold for every call."""
    start, sends, waiting = world.now, world.sends, world.waiting
    error: ClarigenError | None = None
    try:
        result = drive_unary(world, n)
    except ClarigenError as caught:
        error = caught
    else:
        assert result == 2 * n
        assert world.ran[n] >= 1
    sends, waiting = world.sends - sends, world.waiting - waiting
    assert world.ran[n] <= (sends if world.idempotent else 1)  # else nothing is run again
    assert reported_attempts(error, world) in (sends, None)
    if error is not None and not getattr(error, "may_have_run", True):
        assert not world.ran[n]
    assert sends - waiting <= 1 + world.max_retries
    assert world.now - start <= world.timeout + MIN_TIMEOUT + 1e-6


def call_several(world: World) -> None:
    for n in range(1, 6):
        call_once(world, n)


@pytest.mark.parametrize("block", range(BLOCKS))
def test_calls(block: int) -> None:
    run_histories(block, 600, call_several)


class StreamDriver:
    """A driver of a stream in simulated time.

    Attributes:
        pulled: The inputs that were taken from the caller.
        sent: The inputs that the current attempt sent.
        delivered: The results that the caller got.
    """

    def __init__(self, world: World, count: int) -> None:
        self.pulled: list[int] = []
        self.sent: list[int] = []
        self.delivered: list[int] = []
        self._world = world
        self._count = count
        self._items = self._source()
        self._answers: Iterator[Any] = iter(())
        self._deadline = 0.0

    def _source(self) -> Iterator[int]:
        for n in range(self._count):
            self.pulled.append(n)
            yield n

    def run(self, flow: Any) -> None:
        """Drive a flow to its end; raise StopIteration if it succeeded."""
        reply: Any = None
        while True:
            action = flow.throw(reply) if isinstance(reply, GrpcFailure) else flow.send(reply)
            reply = self._do(action)

    def _do(self, action: Any) -> Any:
        world = self._world
        if isinstance(action, Sleep):
            world.now += action.seconds
        elif isinstance(action, Deliver):
            self.delivered.append(action.result)
        elif isinstance(action, PullFirst):
            return next(self._items, END)
        elif isinstance(action, Reclaim):
            return len(self.pulled) == 1
        elif isinstance(action, Open):
            assert action.timeout is not None
            self._deadline = world.now + action.timeout
            self.sent.clear()
            self._answers = server(world, action, self._items, self.sent, self._count)
        else:
            assert isinstance(action, Receive)
            reply = next(self._answers)
            world.now += world.random.random() * world.random.choice([0.001, 0.1, 1.0])
            if world.now < self._deadline:
                return reply
            world.now = self._deadline
            return GrpcFailure("DEADLINE_EXCEEDED", "")
        return None


def run_stream(world: World, *, both_ways: bool) -> None:
    """Run a stream, and check what must hold for every stream."""
    count, start = world.random.randrange(6), world.now
    driver = StreamDriver(world, count)
    method, argument = (ADD, []) if both_ways else (COUNT, count)
    error: ClarigenError | None = None
    with pytest.raises((StopIteration, ClarigenError)) as ended:
        driver.run(call_stream(method, [argument], world.context()))
    whole = [2 * n for n in range(count)] if both_ways else list(range(count))
    if isinstance(ended.value, ClarigenError):
        error = ended.value
        assert driver.delivered == whole[: len(driver.delivered)]
    else:
        assert driver.delivered == whole
    most = world.sends if world.idempotent else 1
    assert all(times <= most for times in world.ran.values())
    assert world.now - start <= world.timeout + MIN_TIMEOUT + 1e-6
    if world.sends:
        assert reported_attempts(error, world) in (world.sends, None)
    assert world.sends - world.waiting <= 1 + world.max_retries
    if both_ways:
        assert world.sends >= min(count, 1)
        assert driver.sent == driver.pulled  # each once, in order, and no input is lost


def server(
    world: World, opened: Open, items: Iterator[int], sent: list[int], count: int
) -> Iterator[Any]:
    """Yield the replies of a stream: items, and at any point a fault instead."""
    world.sends += 1
    values = numbers(opened.request)
    assert len(values) == 1
    takes_ahead = opened.encode_item is not None and world.random.random() < 0.3
    if opened.encode_item is not None:
        sent += values
    if takes_ahead and (item := next(items, None)) is not None:  # taken before there is any answer
        assert opened.encode_item is not None
        sent += numbers(opened.encode_item(item))
    for index in itertools.count():
        if world.random.random() < world.fault_rate / 3:
            reply: Any = world.random.choice([*FINAL, *TRANSIENT, *WAITING, b"\xff"])
            world.waiting += index == 0 and reply in WAITING
            yield message([], reply) if isinstance(reply, int) else reply
            return
        if opened.encode_item is None:
            if index == 0:
                world.ran[0] += 1
            if index == count:
                break
            yield message([index])
        else:
            world.ran[sent[index]] += 1
            yield message([2 * sent[index]])
            if index + 1 == len(sent):
                item = next(items, None)
                if item is None:
                    break
                sent += numbers(opened.encode_item(item))
    yield END


@pytest.mark.parametrize("both_ways", [False, True])
@pytest.mark.parametrize("block", range(BLOCKS))
def test_streams(block: int, both_ways: bool) -> None:
    run_histories(block, 600, lambda world: run_stream(world, both_ways=both_ways))


class BatchDriver:
    """A driver of a batch in simulated time: the earliest event happens next."""

    def __init__(
        self, world: World, plan: BatchPlan[int], inputs: Iterator[dict[str, Any]]
    ) -> None:
        self._world = world
        self._plan = plan
        self._inputs = inputs
        self._due: list[tuple[float, int, Chunk, Any]] = []
        self._order = itertools.count()

    def outcomes(self) -> Iterator[Any]:
        while not self._plan.is_finished:
            while size := self._plan.next_size():
                taken = list(itertools.islice(self._inputs, size))
                self._plan.is_exhausted = len(taken) < size
                if taken:
                    self._step(self._plan.add_chunk(taken), None)
            yield from self._plan.take_ready()
            if self._due:
                due, _, chunk, reply = heapq.heappop(self._due)
                self._world.now = max(self._world.now, due)
                self._step(chunk, reply)

    def _step(self, chunk: Chunk, reply: Any) -> None:
        try:
            action = (
                chunk.flow.throw(reply)
                if isinstance(reply, GrpcFailure)
                else chunk.flow.send(reply)
            )
        except StopIteration as end:
            self._plan.finish_chunk(chunk, end.value)
            return
        if isinstance(action, Sleep):
            seconds, reply = action.seconds, None
        else:
            seconds, reply = self._world.fate(action.timeout, numbers(action.request))
        due = self._world.now + seconds
        heapq.heappush(self._due, (due, next(self._order), chunk, reply))


def run_batch(world: World, *, isolate: bool) -> None:
    """Run a batch, and check what must hold for every batch."""
    random = world.random
    count = random.randrange(60)
    misfits = {n for n in range(count) if random.random() < 0.05}
    inputs = ({"n": "x" if n in misfits else n} for n in range(count))
    limits = AdaptiveLimits(random.choice([None, 1, 3, 128]), random.choice([None, 1, 4]))
    plan = BatchPlan(DOUBLE, world.context(), limits, isolate=isolate)
    outcomes = list(BatchDriver(world, plan, inputs).outcomes())
    assert len(outcomes) == count
    for n, outcome in enumerate(outcomes):
        assert isinstance(outcome, InputError) == (n in misfits)
        if not isinstance(outcome, ClarigenError):
            assert outcome == 2 * n
            assert world.ran[n] >= 1
    assert not misfits & set(world.ran)
    most = 1 if not isolate else 8  # a request is halved at most this often until it has one input
    most *= 1 + world.max_retries if world.idempotent else 1
    assert all(times <= most for times in world.ran.values())


@pytest.mark.parametrize("isolate", [False, True])
@pytest.mark.parametrize("block", range(BLOCKS))
def test_batches(block: int, isolate: bool) -> None:
    run_histories(block, 120, lambda world: run_batch(world, isolate=isolate))


@pytest.mark.parametrize(
    "history",
    [
        call_several,
        lambda world: run_stream(world, both_ways=False),
        lambda world: run_stream(world, both_ways=True),
        lambda world: run_batch(world, isolate=True),
    ],
)
def test_a_seed_replays(history: Callable[[World], None]) -> None:
    for seed in range(50):
        first, second = World(seed), World(seed)
        history(first)
        history(second)
        assert (first.log, first.now, first.ran) == (second.log, second.now, second.ran)


@pytest.mark.parametrize("refusal", TRANSIENT[:3])
def test_a_server_that_refuses_everything_gets_1_1_requests_per_call(refusal: int) -> None:
    """Calls, streams and batches share one throttle."""
    world = World(0)
    world.max_retries, world.timeout, world.fault_rate = 5, 600.0, 1.0
    world.unsent_rate = 0.0
    world.fault = lambda values: message([], refusal)  # type: ignore[method-assign]
    world.takes = lambda timeout: (0.01, False)  # type: ignore[method-assign]

    def calls(count: int) -> int:
        before = world.sends
        for n in range(count):
            call_once(world, n)
        batch = BatchPlan(DOUBLE, world.context(), AdaptiveLimits(1, 4), isolate=False)
        outcomes = BatchDriver(world, batch, ({"n": n} for n in range(count))).outcomes()
        assert sum(isinstance(outcome, ClarigenError) for outcome in outcomes) == count
        return world.sends - before

    calls(100)  # until the initial tokens are gone
    assert 2000 <= calls(1000) <= 1.1 * 2000 + 1
