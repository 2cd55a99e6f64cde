"""The time limits of streams: until the first result, between results, and of a whole stream.

A stream that makes progress is healthy, however long it takes.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, Final

import pytest

from clarigen import ConfigError, DeadlineExceededError, TransportError
from faults.callers import TWINS, AsyncCalls, Calls
from faults.scripted import Answer, Hang, Platform, Refuse, Scripted

KINDS: Final = ("stream", "bidi")
DEPLOYING: Final = 21351


def _inputs(pause: float, count: int) -> Iterator[int]:
    for number in range(count):
        yield number
        time.sleep(pause)


async def _async_inputs(pause: float, count: int) -> AsyncIterator[int]:
    for number in range(count):
        yield number
        await asyncio.sleep(pause)


def _read(
    kind: str,
    twin: str,
    url: str,
    *,
    on_item: Callable[[], object] = lambda: None,
    pause: float = 0.0,
    count: int = 12,
    **options: Any,
) -> list[int]:
    """Return the results of a stream of `count` results, read with some options."""

    async def read() -> list[int]:
        async with AsyncCalls(base_url=url, **options) as model:
            stream = (
                model.count(count) if kind == "stream" else model.add(_async_inputs(pause, count))
            )
            results = []
            async for item in stream:
                results.append(item)
                on_item()
            return results

    if twin == "async":
        return asyncio.run(read())
    with Calls(base_url=url, **options) as model:
        stream = model.count(count) if kind == "stream" else model.add(_inputs(pause, count))
        results = []
        for item in stream:
            results.append(item)
            on_item()
        return results


@pytest.mark.parametrize("twin", TWINS)
@pytest.mark.parametrize("kind", KINDS)
def test_healthy_stream_outlives_its_timeout(kind: str, twin: str) -> None:
    with Scripted(lambda _: Answer(gap=0.1)) as server:
        start = time.monotonic()
        assert len(_read(kind, twin, server.url, timeout=0.8)) == 12
        assert time.monotonic() - start > 1


@pytest.mark.parametrize("twin", TWINS)
def test_inputs_are_no_silence(twin: str) -> None:
    with Scripted() as server:
        assert len(_read("bidi", twin, server.url, pause=0.2, count=6, timeout=0.8)) == 6


@pytest.mark.parametrize("twin", TWINS)
@pytest.mark.parametrize("kind", KINDS)
def test_reader_that_is_slow_is_no_silence(kind: str, twin: str) -> None:
    def pause() -> None:
        time.sleep(0.5)

    with Scripted() as server:
        assert len(_read(kind, twin, server.url, on_item=pause, count=3, timeout=0.4)) == 3


@pytest.mark.parametrize("twin", TWINS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("options", "seconds", "text"),
    [
        ({"timeout": 0.5}, 0.5, "no result within 0.5 seconds after the last"),
        ({"idle_timeout": 0.5}, 0.5, "no result within 0.5 seconds after the last"),
        ({"timeout": None, "idle_timeout": 0.5}, 0.5, "no result within 0.5 seconds"),
        ({"stream_timeout": 0.5}, 0.5, "the stream did not end within 0.5 seconds"),
        (
            {"timeout": 9, "idle_timeout": 9, "stream_timeout": 0.5},
            0.5,
            "the stream did not end within 0.5 seconds",
        ),
    ],
)
def test_silent_stream_ends_at_its_limit(
    kind: str, twin: str, options: dict[str, Any], seconds: float, text: str
) -> None:
    """It ends in time, says why, and is canceled at the server."""
    with Scripted(lambda _: Hang(after=2)) as server:
        start = time.monotonic()
        with pytest.raises(DeadlineExceededError, match=text) as caught:
            _read(kind, twin, server.url, **options)
        assert 0.4 < time.monotonic() - start < 8
        assert caught.value.timeout == seconds
        assert caught.value.may_have_run
        assert caught.value.attempts == 1
        assert server.wait_until_idle()


@pytest.mark.parametrize("twin", TWINS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("options", "seconds"),
    [
        ({"timeout": 0.5}, 0.5),
        ({"timeout": 0.5, "idle_timeout": None}, 0.5),
        ({"timeout": 9, "idle_timeout": 0.1, "stream_timeout": 0.5}, 0.5),
    ],
)
def test_stream_without_a_result_ends_at_its_timeout(
    kind: str, twin: str, options: dict[str, Any], seconds: float
) -> None:
    with Scripted(lambda _: Hang()) as server:
        start = time.monotonic()
        with pytest.raises(DeadlineExceededError, match=r"no answer within 0.5 seconds") as caught:
            _read(kind, twin, server.url, **options)
        assert 0.4 < time.monotonic() - start < 8
        assert caught.value.timeout == seconds
        assert server.wait_until_idle()


@pytest.mark.parametrize("twin", TWINS)
def test_timeout_covers_all_attempts_before_the_first_result(twin: str) -> None:
    """The model starts for ever."""
    with Scripted(lambda _: Platform(DEPLOYING)) as server:
        start = time.monotonic()
        with pytest.raises(Exception, match="21351"):
            _read("stream", twin, server.url, timeout=1.5)
        assert time.monotonic() - start < 5


@pytest.mark.parametrize("twin", TWINS)
def test_dead_connection_is_replaced_after_a_silent_stream(twin: str) -> None:
    """The limit of a stream that got nothing at all retires the connection, as that of a call does."""
    with Scripted(lambda number: Hang() if number == 0 else Answer()) as server:

        async def read() -> list[int]:
            async with AsyncCalls(base_url=server.url) as model:
                with pytest.raises(DeadlineExceededError):
                    async for _ in model.with_options(timeout=0.3).count(1):
                        pass
                return [item async for item in model.count(2)]

        if twin == "async":
            assert asyncio.run(read()) == [0, 1]
        else:
            with Calls(base_url=server.url) as model:
                with pytest.raises(DeadlineExceededError):
                    list(model.with_options(timeout=0.3).count(1))
                assert list(model.count(2)) == [0, 1]


def test_wrong_limits_are_refused() -> None:
    with Calls(base_url="grpc://127.0.0.1:1") as model:
        for name in ("timeout", "idle_timeout", "stream_timeout"):
            options: Any = {name: -1}
            with pytest.raises(ConfigError, match=f"`{name}` must be seconds above 0"):
                model.with_options(**options)
            with pytest.raises(ConfigError, match=f"`{name}` must be seconds above 0"):
                Calls(base_url="grpc://127.0.0.1:1", **options)


@pytest.mark.parametrize("twin", TWINS)
@pytest.mark.parametrize(
    "refusal",
    [Platform(DEPLOYING), Refuse("RESOURCE_EXHAUSTED", "Concurrent RPC limit exceeded!")],
    ids=["backoff", "queue"],
)
def test_canceling_takes_effect_within_a_pause(twin: str, refusal: Any) -> None:
    """A stream that waits to be sent again ends at once when it is canceled."""
    with Scripted(lambda _: refusal) as server:

        async def read() -> float:
            async with AsyncCalls(base_url=server.url, timeout=60) as model:
                stream = _with_long_pauses(model).count(2)
                asyncio.get_running_loop().call_later(0.5, stream.cancel)
                start = time.monotonic()
                assert [item async for item in stream] == []
                return time.monotonic() - start

        if twin == "async":
            elapsed = asyncio.run(read())
        else:
            with Calls(base_url=server.url, timeout=60) as model:
                stream = _with_long_pauses(model).count(2)
                threading.Timer(0.5, stream.cancel).start()
                start = time.monotonic()
                assert list(stream) == []
                elapsed = time.monotonic() - start
        assert elapsed < 2


def _with_long_pauses(model: Any) -> Any:
    from clarigen._client.base import get_policy, with_policy

    return with_policy(model, get_policy(model).replace(random=lambda: 1e6))


@pytest.mark.parametrize("twin", TWINS)
def test_canceling_takes_effect_while_there_is_no_connection(twin: str) -> None:
    url = "grpc://192.0.2.1:9"  # nobody is there, by RFC 5737

    async def read() -> float:
        async with AsyncCalls(base_url=url) as model:
            stream = model.count(2)
            asyncio.get_running_loop().call_later(0.3, stream.cancel)
            start = time.monotonic()
            assert [item async for item in stream] == []
            return time.monotonic() - start

    if twin == "async":
        elapsed = asyncio.run(read())
    else:
        with Calls(base_url=url) as model:
            stream = model.count(2)
            threading.Timer(0.3, stream.cancel).start()
            start = time.monotonic()
            assert list(stream) == []
            elapsed = time.monotonic() - start
    assert elapsed < 3


@pytest.mark.parametrize("kind", ["stream", "bidi", "batch"])
def test_thread_that_cannot_be_started_is_told(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The call fails at once, and the next one succeeds."""
    start_thread = threading.Thread.start

    def call(model: Calls) -> list[int]:
        if kind == "batch":
            return model.double_batch([{"n": 1}]).collect()
        return list(model.count(2) if kind == "stream" else model.add([1, 2]))

    def refuse(thread: threading.Thread) -> None:
        if not thread.name.startswith("ThreadPool"):
            raise RuntimeError("can't start new thread")
        start_thread(thread)

    with Scripted() as server, Calls(base_url=server.url, timeout=5) as model:
        model.double(1)  # connects
        with monkeypatch.context() as patch:
            patch.setattr(threading.Thread, "start", refuse)
            with pytest.raises(TransportError, match="thread"):
                call(model)
        assert call(model) == {"stream": [0, 1], "bidi": [2, 4], "batch": [2]}[kind]
