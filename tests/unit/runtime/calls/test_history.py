"""Thousands of histories of calls to a server at its worst, each made of a seed that replays it.

The flows are driven without I/O. The server, its faults, the time and the chance of the pauses all come from
one generator of random numbers; the server notes what it ran. Whatever happens: nothing runs more often than
the attempts that are reported, those are no more than allowed, no item of a stream is lost or doubled, and
each result of a batch stands at the place of its input.
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
from clarigen._calls.actions import END, Deliver, Failure, Open, Pull, Receive, Reclaim, Sleep
from clarigen._calls.address import Address, Routing
from clarigen._calls.batch import AdaptiveLimits, BatchPlan, Chunk
from clarigen._calls.call import CallContext, call_stream, call_unary
from clarigen._calls.retry import Policy
from clarigen._calls.throttle import RetryThrottle
from clarigen._proto import MultiOutputResponse, PostModelOutputsRequest, Status

_N = wire.field("n", wire.INT)
DOUBLE = wire.unary("double", _N, returns=wire.INT)
COUNT = wire.server_stream("count", _N, returns=wire.INT)
ADD = wire.bidi_stream("add", wire.field("items", wire.INT, stream=True), returns=wire.INT)
HERE = Address(None, "", Routing())

PASSING: Final = (
    Failure("UNAVAILABLE", "failed to connect to all addresses; last error: refused"),
    Failure("RESOURCE_EXHAUSTED", "Concurrent RPC limit exceeded!"),
    *(10030, 11003, 11005, 25604, 40030, 40031),
)
"""What a server says that has run nothing."""

STARTING: Final = (21351, 21354, 21355)
FINAL: Final = (
    Failure("UNAVAILABLE", "recvmsg:Connection reset by peer"),
    Failure("INTERNAL", "stream error"),
    Failure("CANCELLED", ""),
    *(10020, 11008, 21313, 40032, 99009, 0),
)
"""What may be said by a server that has run it, in part or in whole."""

Said = int | Failure
BLOCKS: Final = 10

LEAST: Final = 0.001
"""An attempt that begins at the last moment has so many seconds all the same."""


def message(numbers: list[int], code: int = 10000, failed: frozenset[int] = frozenset()) -> bytes:
    response = MultiOutputResponse(status=Status(code=code))
    for number in numbers:
        output = response.outputs.add()
        output.status.code = 30002 if number in failed else 10000
        output.data.parts.add(id="return").data.int_value = number
    return response.SerializeToString()


def numbers(request: bytes) -> list[int]:
    inputs = PostModelOutputsRequest.FromString(request).inputs
    return [given.data.parts[0].data.int_value for given in inputs]


class World:
    """A clock, a server with its faults, and what it saw, all of one seed.

    Attributes:
        now: The time.
        sends: How many requests came.
        starting: How many of them were told that the model starts.
        ran: How often each number was run.
        idempotent: Whether that may be more than once.
        log: Everything that happened, to compare replays.
        told: The responses that observers were told of.
    """

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.now = 0.0
        self.sends = self.starting = 0
        self.ran: Counter[int] = Counter()
        self.log: list[object] = []
        self.told: list[Response] = []
        self.evil = self.random.choice([0.1, 0.5, 0.9])
        self.budget = RetryThrottle()
        self.max_retries = self.random.randrange(6)
        self.timeout = self.random.choice([0.5, 5.0, 60.0, 600.0])
        self.idempotent = self.random.random() < 0.3

    def context(self) -> CallContext:
        policy = Policy(
            self.timeout,
            self.max_retries,
            self.budget,
            lambda: self.now,
            self.random.random,
            self.idempotent,
        )
        return CallContext(HERE, policy, (self.told.append,))

    def takes(self, timeout: float | None) -> tuple[float, bool]:
        """How long an attempt takes, and whether it ended in its deadline."""
        assert timeout is not None
        wish = self.random.choice([0.001, 0.1, 1.0, 50.0]) * self.random.random()
        return min(wish, timeout), wish >= timeout

    def run(self, given: list[int]) -> None:
        self.ran.update(given)

    def fate(self, timeout: float | None, given: list[int]) -> tuple[float, bytes | Failure]:
        """What comes of a request, after how many seconds."""
        self.sends += 1
        seconds, late = self.takes(timeout)
        reply: bytes | Failure
        if late:
            self.run(given[: self.random.randint(0, len(given))])
            reply = Failure("DEADLINE_EXCEEDED", "Deadline Exceeded")
        elif self.random.random() > self.evil:
            self.run(given)
            failed = frozenset(n for n in given if self.random.random() < 0.1)
            doubled = [2 * n for n in given]
            code = 10010 if failed else 10000
            reply = message(doubled, code, frozenset(2 * n for n in failed))
        else:
            reply = self.fault(given)
        self.log.append((self.sends, tuple(given), round(seconds, 9), str(reply)))
        return seconds, reply

    def fault(self, given: list[int]) -> bytes | Failure:
        kind = self.random.randrange(4)
        said: Said
        if kind == 0:
            said = self.random.choice(PASSING)
        elif kind == 1:
            said = self.random.choice(STARTING)
            self.starting += 1
        else:
            self.run(given[: self.random.randint(0, len(given))])
            if kind == 2:
                return b"\xff\xff" if self.random.random() < 0.5 else message(given[1:])
            said = self.random.choice(FINAL)
        return said if isinstance(said, Failure) else message([], said)


def each(block: int, count: int, history: Callable[[World], None]) -> None:
    """Live the histories of a block of seeds; a failure names the seed."""
    for seed in range(block * count, (block + 1) * count):
        try:
            history(World(seed))
        except BaseException as error:
            error.add_note(f"in the history of seed {seed}")
            raise


def told_attempts(error: ClarigenError | None, world: World) -> int | None:
    """How often a call was sent, as it was reported; None where nothing reports it."""
    return world.told[-1].attempts if error is None else getattr(error, "attempts", None)


def called(world: World, n: int) -> int:
    """The driver of a unary call, in simulated time."""
    flow = call_unary(DOUBLE, [n], world.context())
    came: Any = None
    while True:
        try:
            action = flow.throw(came) if isinstance(came, Failure) else flow.send(came)
        except StopIteration as end:
            result: int = end.value
            return result
        if isinstance(action, Sleep):
            seconds, came = action.seconds, None
        else:
            seconds, came = world.fate(action.timeout, numbers(action.request))
        world.now += seconds


def one(world: World, n: int) -> None:
    """A unary call from its begin to its end, and what holds of it."""
    start, sends, starting = world.now, world.sends, world.starting
    error: ClarigenError | None = None
    try:
        result = called(world, n)
    except ClarigenError as caught:
        error = caught
    else:
        assert result == 2 * n
        assert world.ran[n] >= 1
    sends, starting = world.sends - sends, world.starting - starting
    assert world.ran[n] <= (sends if world.idempotent else 1)  # else nothing is run again
    assert told_attempts(error, world) in (sends, None)
    assert sends - starting <= 1 + world.max_retries
    assert world.now - start <= world.timeout + LEAST + 1e-6


def several(world: World) -> None:
    for n in range(1, 6):
        one(world, n)


@pytest.mark.parametrize("block", range(BLOCKS))
def test_calls(block: int) -> None:
    each(block, 600, several)


class Watched:
    """The driver of a stream, in simulated time.

    Attributes:
        pulled: The items that were taken from the caller.
        sent: Those that were sent.
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
        """Drive it to its end; StopIteration if it ended well."""
        came: Any = None
        while True:
            action = flow.throw(came) if isinstance(came, Failure) else flow.send(came)
            came = self._do(action)

    def _do(self, action: Any) -> Any:
        world = self._world
        if isinstance(action, Sleep):
            world.now += action.seconds
        elif isinstance(action, Deliver):
            self.delivered.append(action.item)
        elif isinstance(action, Pull):
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
            came = next(self._answers)
            world.now += world.random.random() * world.random.choice([0.001, 0.1, 1.0])
            if world.now < self._deadline:
                return came
            world.now = self._deadline
            return Failure("DEADLINE_EXCEEDED", "")
        return None


def streamed(world: World, *, both_ways: bool) -> None:
    """A stream from its begin to its end, and what holds of it."""
    count, start = world.random.randrange(6), world.now
    watched = Watched(world, count)
    method, argument = (ADD, []) if both_ways else (COUNT, count)
    error: ClarigenError | None = None
    with pytest.raises((StopIteration, ClarigenError)) as ended:
        watched.run(call_stream(method, [argument], world.context()))
    whole = [2 * n for n in range(count)] if both_ways else list(range(count))
    if isinstance(ended.value, ClarigenError):
        error = ended.value
        assert watched.delivered == whole[: len(watched.delivered)]
    else:
        assert watched.delivered == whole
    most = world.sends if world.idempotent else 1
    assert all(times <= most for times in world.ran.values())
    assert world.now - start <= world.timeout + LEAST + 1e-6
    if world.sends:
        assert told_attempts(error, world) in (world.sends, None)
    assert world.sends - world.starting <= 1 + world.max_retries
    if both_ways:
        assert world.sends >= min(count, 1)
        assert watched.sent == watched.pulled  # each once, in order, and none is taken to be lost


def server(
    world: World, opened: Open, items: Iterator[int], sent: list[int], count: int
) -> Iterator[Any]:
    """What a stream answers: items, and at any point a fault in their place."""
    world.sends += 1
    given = numbers(opened.request)
    assert len(given) == 1
    ahead = opened.encode_item is not None and world.random.random() < 0.3
    if opened.encode_item is not None:
        sent += given
    if ahead and (item := next(items, None)) is not None:  # taken before there is any answer
        assert opened.encode_item is not None
        sent += numbers(opened.encode_item(item))
    for place in itertools.count():
        if world.random.random() < world.evil / 3:
            said: Any = world.random.choice([*FINAL, *PASSING, *STARTING, b"\xff"])
            world.starting += place == 0 and said in STARTING
            yield message([], said) if isinstance(said, int) else said
            return
        if opened.encode_item is None:
            if place == 0:
                world.ran[0] += 1
            if place == count:
                break
            yield message([place])
        else:
            world.ran[sent[place]] += 1
            yield message([2 * sent[place]])
            if place + 1 == len(sent):
                item = next(items, None)
                if item is None:
                    break
                sent += numbers(opened.encode_item(item))
    yield END


@pytest.mark.parametrize("both_ways", [False, True])
@pytest.mark.parametrize("block", range(BLOCKS))
def test_streams(block: int, both_ways: bool) -> None:
    each(block, 600, lambda world: streamed(world, both_ways=both_ways))


class Flight:
    """The driver of a batch, in simulated time: what happens next is what is due first."""

    def __init__(
        self, world: World, work: BatchPlan[int], inputs: Iterator[dict[str, Any]]
    ) -> None:
        self._world = world
        self._work = work
        self._inputs = inputs
        self._due: list[tuple[float, int, Chunk, Any]] = []
        self._order = itertools.count()

    def outcomes(self) -> Iterator[Any]:
        while not self._work.is_finished:
            while wanted := self._work.next_size():
                taken = list(itertools.islice(self._inputs, wanted))
                self._work.is_exhausted = len(taken) < wanted
                if taken:
                    self._step(self._work.add_chunk(taken), None)
            yield from self._work.take_ready()
            if self._due:
                due, _, made, came = heapq.heappop(self._due)
                self._world.now = max(self._world.now, due)
                self._step(made, came)

    def _step(self, made: Chunk, came: Any) -> None:
        try:
            action = made.flow.throw(came) if isinstance(came, Failure) else made.flow.send(came)
        except StopIteration as end:
            self._work.finish_chunk(made, end.value)
            return
        if isinstance(action, Sleep):
            seconds, reply = action.seconds, None
        else:
            seconds, reply = self._world.fate(action.timeout, numbers(action.request))
        due = self._world.now + seconds
        heapq.heappush(self._due, (due, next(self._order), made, reply))


def batched(world: World, *, isolate: bool) -> None:
    """A batch from its begin to its end, and what holds of it."""
    random = world.random
    count = random.randrange(60)
    misfits = {n for n in range(count) if random.random() < 0.05}
    inputs = ({"n": "x" if n in misfits else n} for n in range(count))
    pace = AdaptiveLimits(random.choice([None, 1, 3, 128]), random.choice([None, 1, 4]))
    work = BatchPlan(DOUBLE, world.context(), pace, isolate=isolate)
    outcomes = list(Flight(world, work, inputs).outcomes())
    assert len(outcomes) == count
    for n, outcome in enumerate(outcomes):
        assert isinstance(outcome, InputError) == (n in misfits)
        if not isinstance(outcome, ClarigenError):
            assert outcome == 2 * n
            assert world.ran[n] >= 1
    assert not misfits & set(world.ran)
    most = 1 if not isolate else 8  # a request is halved at most so often, until it has one input
    most *= 1 + world.max_retries if world.idempotent else 1
    assert all(times <= most for times in world.ran.values())


@pytest.mark.parametrize("isolate", [False, True])
@pytest.mark.parametrize("block", range(BLOCKS))
def test_batches(block: int, isolate: bool) -> None:
    each(block, 120, lambda world: batched(world, isolate=isolate))


@pytest.mark.parametrize(
    "history",
    [
        several,
        lambda world: streamed(world, both_ways=False),
        lambda world: streamed(world, both_ways=True),
        lambda world: batched(world, isolate=True),
    ],
)
def test_a_seed_replays(history: Callable[[World], None]) -> None:
    for seed in range(50):
        first, second = World(seed), World(seed)
        history(first)
        history(second)
        assert (first.log, first.now, first.ran) == (second.log, second.now, second.ran)


@pytest.mark.parametrize("refusal", PASSING)
def test_a_server_that_refuses_everything_gets_one_and_a_tenth(refusal: Said) -> None:
    """Calls, streams and batches pay into one budget, and draw on it together."""
    world = World(0)
    world.max_retries, world.timeout, world.evil = 5, 600.0, 1.0
    world.fault = lambda given: refusal if isinstance(refusal, Failure) else message([], refusal)  # type: ignore[method-assign]
    world.takes = lambda timeout: (0.01, False)  # type: ignore[method-assign]

    def calls(count: int) -> int:
        before = world.sends
        for n in range(count):
            one(world, n)
        batch = BatchPlan(DOUBLE, world.context(), AdaptiveLimits(1, 4))
        outcomes = Flight(world, batch, ({"n": n} for n in range(count))).outcomes()
        assert sum(isinstance(outcome, ClarigenError) for outcome in outcomes) == count
        return world.sends - before

    calls(100)  # the savings are spent
    assert 2000 <= calls(1000) <= 1.1 * 2000 + 1
