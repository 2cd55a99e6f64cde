"""Network faults on a real socket: every fault, with every kind of call, sync and async.

The rule: a call ends within its timeout plus 100 ms, with the documented class and the true number of attempts, and
neither loses, duplicates nor reorders an item. A test that depends on the clock has three tries: load may delay any
single run, but a defect delays every run.
"""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import pytest

from clarigen import Response, ServerError, UnavailableError
from clarigen._calls.retry_throttle import RetryThrottle
from clarigen._client.base import get_policy, with_policy
from clarigen._transport import channel, connecting
from faults import proxy
from faults.callers import (
    KINDS_AND_TWINS,
    RESULTS,
    TWINS,
    AsyncCalls,
    Calls,
    FinishedCall,
    Outcome,
    ask,
    successful_outcome,
)
from faults.proxy import Proxy
from faults.scripted import UNARY, Answer, Garble, Hang, Platform, Refuse, Scripted
from support import SOURCES

GRACE: Final = 0.1
"""How much later than its timeout a call may end, in seconds."""

SHORT: Final = 0.3
TRIES: Final = 3

cells = pytest.mark.parametrize(("kind", "twin"), KINDS_AND_TWINS)


def lost(attempts: int = 1, *items: int) -> Outcome:
    return Outcome(items, "UnavailableError", attempts)


def ask_in_time(kind: str, twin: str, url: str, timeout: float) -> Outcome:
    """Make a call and return its outcome; it must end in time."""
    late: list[float] = []
    for _ in range(TRIES):
        asked = FinishedCall(kind, twin, url, timeout=timeout)
        assert asked.elapsed > timeout - 0.05  # nor did it end early
        late.append(asked.elapsed - timeout)
        if late[-1] <= GRACE:
            return asked.outcome
    raise AssertionError(f"{late} seconds too late")


@pytest.fixture
def short_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let calls wait for a connection only briefly."""
    monkeypatch.setattr(connecting, "FAILURE_SECONDS", SHORT)


@cells
def test_connection_refused_is_waited_for(kind: str, twin: str, short_wait: None) -> None:
    """No request was sent, so no attempt is counted."""
    with closing(socket.socket()) as bound:
        bound.bind(
            ("127.0.0.1", 0)
        )  # bound but not listening, so that no other process gets the port
        outcome = ask(kind, twin, f"grpc://127.0.0.1:{bound.getsockname()[1]}")
    assert outcome == lost(0)


@cells
def test_server_that_comes_within_the_wait_is_reached(kind: str, twin: str) -> None:
    """A restart costs a call time, and nothing else."""
    with closing(socket.socket()) as bound:
        bound.bind(("127.0.0.1", 0))
        port: int = bound.getsockname()[1]
    started = threading.Event()
    with Scripted(port=port, starts=False) as server:

        def start() -> None:
            started.wait(20)
            server.start()

        thread = threading.Thread(target=start)
        thread.start()
        threading.Timer(0.3, started.set).start()
        assert ask(kind, twin, server.url) == successful_outcome(kind)
        thread.join()
    assert len(server.sends) == 1


@cells
def test_reset_before_the_request_is_not_sent(kind: str, twin: str, short_wait: None) -> None:
    with Scripted() as server, Proxy(server.port, proxy.ResetBefore()) as spoiled:
        assert ask(kind, twin, spoiled.url) == lost(0)
    assert server.sends == []


@cells
@pytest.mark.parametrize("fault", [proxy.ResetAfter, proxy.ResetMidway, proxy.HalfClose])
def test_connection_lost_after_the_request_is_not_retried(
    fault: Callable[[], proxy.Fault], kind: str, twin: str
) -> None:
    """The model has run, so the request is not sent again."""
    with Scripted() as server, Proxy(server.port, fault()) as spoiled:
        assert ask(kind, twin, spoiled.url) == lost()
    assert len(server.sends) == 1
    assert len(server.executed) == len(set(server.executed)) > 0


@cells
@pytest.mark.parametrize("fault", [proxy.ResetAfter, proxy.ResetMidway])
def test_connection_lost_is_retried_for_idempotent_calls(
    fault: Callable[[], proxy.Fault], kind: str, twin: str
) -> None:
    """The request is sent again, up to `max_retries` times."""
    with Scripted() as server, Proxy(server.port, fault()) as spoiled:
        asked = FinishedCall(kind, twin, spoiled.url, idempotent=True)
    assert asked.outcome == lost(3)
    assert 1 <= len(server.sends) <= 3  # a reset may arrive before the request
    assert isinstance(asked.error, UnavailableError)
    assert 0 < asked.error.elapsed <= asked.elapsed


@pytest.mark.parametrize("kind", ["stream", "bidi"])
@pytest.mark.parametrize("twin", TWINS)
def test_reset_within_a_stream_delivers_the_received_items(kind: str, twin: str) -> None:
    """The received items are delivered, then the error; nothing is sent again."""
    fault = proxy.OnDemand()

    def struck(items: list[int]) -> None:
        if len(items) == 2:
            fault.strike()

    with Scripted(lambda _: Hang(after=2)) as server, Proxy(server.port, fault) as spoiled:
        asked = FinishedCall(kind, twin, spoiled.url, on_item=struck)
    assert asked.outcome == lost(1, *RESULTS[kind][:2])
    assert len(server.sends) == 1


@cells
def test_goaway_after_the_request_affects_only_later_calls(kind: str, twin: str) -> None:
    """A server that accepts no more requests answers those that it has; the next call connects anew.

    Each call waits until gRPC has left the connection of the one before. A call that begins while gRPC still handles the
    GOAWAY is sent again by gRPC (see below), which makes the number of connections unknown.
    """
    with Scripted() as server, Proxy(server.port, proxy.GoAway()) as spoiled:
        assert ask(kind, twin, spoiled.url) == successful_outcome(kind)
        with Calls(base_url=spoiled.url, timeout=20) as model:
            for n in range(5):
                assert spoiled.wait_until_disconnected()
                assert model.double(n) == 2 * n
    assert len(server.sends) == 6
    assert spoiled.connections == 6


@cells
def test_goaway_instead_of_an_answer_is_sent_again_by_grpc(kind: str, twin: str) -> None:
    """HTTP/2 says that the request was not processed, so gRPC sends it over another connection (gRFC A6)."""
    with Scripted() as server, Proxy(server.port, proxy.GoAwayRefusing(connections=1)) as spoiled:
        outcome = ask(kind, twin, spoiled.url)
    expected = successful_outcome(kind)
    if (kind, twin) == ("bidi", "async") and outcome.error:
        # grpc.aio ends the call with an internal error of its own if the connection goes while it sends a message.
        # Seen in 1 of 75 calls on a machine under load. The model has run once all the same.
        expected = Outcome(expected.items[: len(outcome.items)], "TransportError", 1)
    assert outcome == expected
    assert len(server.sends) == 1
    assert spoiled.connections == 2


@cells
def test_goaway_instead_of_every_answer_ends_the_call(kind: str, twin: str) -> None:
    with Scripted() as server, Proxy(server.port, proxy.GoAwayRefusing()) as spoiled:
        assert ask(kind, twin, spoiled.url) == lost()
    assert server.sends == []


@cells
@pytest.mark.parametrize("fault", [proxy.Fault, proxy.ByteByByte, proxy.Slow])
def test_slow_connection_succeeds(fault: Callable[[], proxy.Fault], kind: str, twin: str) -> None:
    with Scripted(lambda _: Answer(pad=500)) as server, Proxy(server.port, fault()) as spoiled:
        assert ask(kind, twin, spoiled.url) == successful_outcome(kind)
    assert len(server.sends) == 1


@pytest.mark.item(53)
@pytest.mark.defect("no deadline anywhere")
@cells
@pytest.mark.parametrize(
    ("fault", "attempts"),
    [(proxy.BlackHole, 0), (proxy.Stall, 1), (proxy.StallMidway, 1), (proxy.Slow, 1)],
)
def test_stalled_connection_ends_in_the_timeout(
    fault: Callable[[], proxy.Fault], attempts: int, kind: str, twin: str
) -> None:
    with Scripted(lambda _: Answer(pad=20_000)) as server, Proxy(server.port, fault()) as spoiled:
        outcome = ask_in_time(kind, twin, spoiled.url, SHORT)
        assert server.wait_until_idle()
    # A machine under load may not even connect in time.
    assert outcome in (
        Outcome((), "DeadlineExceededError", attempts),
        Outcome((), "DeadlineExceededError", 0),
    )


@cells
def test_hanging_model_ends_in_the_timeout(kind: str, twin: str) -> None:
    """Received items are delivered first, and the server sees the cancellation."""
    with Scripted(lambda _: Hang(after=2)) as server:
        outcome = ask_in_time(kind, twin, server.url, SHORT)
        assert server.wait_until_idle()
    items = () if kind in ("unary", "batch") else tuple(RESULTS[kind][:2])
    assert outcome == Outcome(items, "DeadlineExceededError", 1)


@cells
def test_backoff_ends_with_the_timeout(kind: str, twin: str) -> None:
    """No backoff outlasts the deadline: the last error is raised in time, with all attempts counted."""
    with Scripted(lambda _: Platform(40031)) as server:
        asked = FinishedCall(kind, twin, server.url, chance=0.9, timeout=1.0, max_retries=9)
    assert asked.outcome.error == "ServerError"
    assert asked.outcome.attempts == len(server.sends)
    assert asked.outcome.attempts == 2
    assert asked.elapsed < 1.0 + GRACE


@cells
@pytest.mark.parametrize("after", [0, 2])
def test_truncated_message_raises(after: int, kind: str, twin: str) -> None:
    with Scripted(lambda _: Garble(after)) as server:
        outcome = ask(kind, twin, server.url)
    items = () if kind in ("unary", "batch") else tuple(RESULTS[kind][:after])
    assert outcome == Outcome(items, "DecodeError", None)
    assert len(server.sends) == 1


@pytest.mark.item(51)
@cells
@pytest.mark.parametrize("there", [True, False])
def test_message_over_the_size_limit_is_sent_once(
    there: bool, kind: str, twin: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A message that exceeds a size limit would fail again, so it is sent once."""
    if there:
        server = Scripted(limit=10)
    else:
        monkeypatch.setattr(channel, "MAX_MESSAGE_BYTES", 1000)
        server = Scripted(lambda _: Answer(pad=2000))
    with server:
        outcome = ask(kind, twin, server.url)
    assert outcome == Outcome((), "TransportError", 1)


@cells
def test_restarted_server_is_reached_again(kind: str, twin: str) -> None:
    """The server is killed while it answers, and restarted: one call is lost and raises, the next succeeds."""
    with Scripted(lambda _: Hang()) as first:
        killer = threading.Thread(target=_kill_when_asked, args=(first,))
        killer.start()
        outcome = ask(kind, twin, first.url)
        killer.join()
    # A server that is stopped without grace still sends `Cancelling all calls`.
    assert outcome == lost()
    assert len(first.sends) == 1
    with Scripted(port=first.port) as second:
        assert ask(kind, twin, second.url) == successful_outcome(kind)
    assert len(second.sends) == 1


def _kill_when_asked(server: Scripted) -> None:
    arrived = threading.Event()
    original = server.script

    def script(send: int) -> Any:
        arrived.set()
        return original(send)

    server.script = script
    assert arrived.wait(20)
    server.kill()


SERVER = """
import sys
from faults.scripted import Hang, Scripted
with Scripted(lambda _: Hang(after=2), port=int(sys.argv[1])) as server:
    print(server.port, flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("twin", TWINS)
def test_client_outlives_a_killed_server(twin: str) -> None:
    """After its process is killed, the client waits for its successor and calls it."""
    child = _child(0)
    assert child.stdout is not None
    port = int(child.stdout.readline())
    url = f"grpc://127.0.0.1:{port}"

    async def twins() -> tuple[list[int], int]:
        async with AsyncCalls(base_url=url, timeout=20, max_retries=9) as model:
            stream = model.count(5)
            got = [await anext(stream), await anext(stream)]
            _end(child)
            with pytest.raises(UnavailableError):
                await anext(stream)
            with Scripted(port=port):
                return got, await model.double(4)

    if twin == "sync":
        with Calls(base_url=url, timeout=20, max_retries=9) as model:
            stream = model.count(5)
            got = [next(stream), next(stream)]
            _end(child)
            with pytest.raises(UnavailableError):
                next(stream)
            with Scripted(port=port):
                result = model.double(4)
    else:
        got, result = asyncio.run(twins())
    assert (got, result) == ([0, 1], 8)


def _child(port: int) -> subprocess.Popen[str]:
    tests = str(Path(__file__).parents[1])
    return subprocess.Popen(
        [sys.executable, "-c", SERVER, str(port)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": f"{SOURCES}:{tests}"},
    )


def _end(child: subprocess.Popen[str]) -> None:
    child.kill()
    child.wait()
    for pipe in (child.stdin, child.stdout):
        assert pipe is not None
        pipe.close()


CROWD: Final = 500
ADMITTED: Final = 42


@pytest.mark.parametrize("twin", TWINS)
def test_500_calls_succeed_on_a_server_that_admits_42(twin: str) -> None:
    """The server is full but works: each call waits for its turn, and none is lost, duplicated or mixed up."""
    outcomes: dict[int, Any] = {}
    responses: list[Response] = []
    options: Any = {"timeout": 60, "on_response": responses.append}
    gate = threading.Barrier(CROWD)

    def call_once(model: Calls, n: int) -> None:
        gate.wait(60)
        outcomes[n] = model.double(n)

    async def each(client: AsyncCalls, n: int) -> None:
        outcomes[n] = await client.double(n)

    async def crowd(url: str) -> None:
        async with AsyncCalls(base_url=url, **options) as client:
            await asyncio.gather(*(each(client, n) for n in range(CROWD)))

    with Scripted(lambda _: Answer(seconds=0.02), max_concurrent_calls=ADMITTED) as server:
        if twin == "sync":
            with Calls(base_url=server.url, **options) as model, ThreadPoolExecutor(CROWD) as pool:
                list(pool.map(call_once, [model] * CROWD, range(CROWD)))
        else:
            asyncio.run(crowd(server.url))
        assert server.wait_until_idle()
    assert outcomes == {n: 2 * n for n in range(CROWD)}
    assert sorted(server.executed) == list(range(CROWD))
    assert len(server.sends) == CROWD  # refused requests never reach a handler
    assert server.max_concurrency <= ADMITTED
    assert len(responses) == CROWD
    assert max(response.attempts for response in responses) > 1


def test_batch_adapts_to_the_servers_capacity() -> None:
    """With adaptive limits, fewer than one in twenty requests of a batch is refused."""
    responses: list[Response] = []
    with (
        Scripted(lambda _: Answer(seconds=0.01), max_concurrent_calls=ADMITTED) as server,
        Calls(base_url=server.url, timeout=60, on_response=responses.append) as model,
    ):
        inputs = ({"n": n} for n in range(1000))
        assert model.double_batch(inputs).collect() == [2 * n for n in range(1000)]
    assert sum(response.attempts - 1 for response in responses) < len(responses) / 20
    assert 8 < server.max_concurrency <= ADMITTED


@pytest.mark.parametrize("twin", TWINS)
def test_retry_throttle_bounds_attempts_to_one_and_a_tenth(twin: str) -> None:
    """Concurrent clients share the retry throttle of a model; each error reports its own attempts."""
    attempts: list[int] = []

    def call_once(model: Calls) -> None:
        with pytest.raises(ServerError) as caught:
            model.double(1)
        attempts.append(caught.value.attempts)

    async def each(client: AsyncCalls) -> None:
        with pytest.raises(ServerError) as caught:
            await client.double(1)
        attempts.append(caught.value.attempts)

    def hasty(model: Any) -> Any:
        return with_policy(model, get_policy(model).replace(random=lambda: 0.001))

    async def crowd(url: str) -> None:
        async with AsyncCalls(base_url=url, timeout=60) as opened:
            client = hasty(opened)
            for _ in range(CROWD // 10):
                await asyncio.gather(*(each(client) for _ in range(10)))

    with Scripted(lambda _: Platform(40031)) as server:
        if twin == "sync":
            with Calls(base_url=server.url, timeout=60) as opened, ThreadPoolExecutor(10) as pool:
                list(pool.map(call_once, [hasty(opened)] * CROWD))
        else:
            asyncio.run(crowd(server.url))
    assert len(server.sends) == sum(attempts)
    assert CROWD < len(server.sends) <= 1.1 * CROWD + RetryThrottle.MAX_TOKENS


def test_batch_results_keep_their_positions_despite_faults() -> None:
    """Every third request is refused permanently, every fourth temporarily."""

    def script(send: int) -> Any:
        return Refuse("INTERNAL") if send % 3 == 2 else Answer()

    with Scripted(script) as server, Calls(base_url=server.url, timeout=20) as model:
        fixed = model.with_options(batch_size=4, concurrency=6)
        outcomes = list(fixed.double_batch({"n": n} for n in range(200)).outcomes())
    assert len(outcomes) == 200
    assert set(server.sends) == {UNARY}
    good = {n: outcome for n, outcome in enumerate(outcomes) if isinstance(outcome, int)}
    assert good == {n: 2 * n for n in good}
    assert sorted(server.executed) == sorted(good)
    assert 120 <= len(good) <= 144
