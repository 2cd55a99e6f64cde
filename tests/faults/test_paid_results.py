"""What was paid for is not lost, and what was not sent is known: lists, observers, long details, unknown words."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import grpc
import pytest

from clarigen import ClarigenError, InputError, Response
from faults.callers import (
    KINDS,
    KINDS_AND_TWINS,
    RESULTS,
    TWINS,
    AsyncCalls,
    Calls,
    FinishedCall,
    start_call,
)
from faults.scripted import Refuse, Scripted


def call_list(twin: str, url: str, inputs: list[Any]) -> Any:
    """Call `double` with a list of inputs, as a generated method does."""
    if twin == "sync":
        with Calls(base_url=url, timeout=20) as model:
            return model.double_list(inputs)

    async def run() -> Any:
        async with AsyncCalls(base_url=url, timeout=20) as model:
            return await model.double_list(inputs)

    return asyncio.run(run())


@pytest.mark.parametrize("twin", TWINS)
def test_a_list_is_checked_whole_before_its_first_request(twin: str) -> None:
    inputs: list[Any] = [*({"n": n} for n in range(300)), {"n": "four"}]
    with Scripted() as server:
        with pytest.raises(InputError, match=r"input 300 of the batch: double: `n` must be an int"):
            call_list(twin, server.url, inputs)
        assert server.sends == []
        assert call_list(twin, server.url, inputs[:-1]) == [2 * n for n in range(300)]


@pytest.mark.parametrize(("kind", "twin"), KINDS_AND_TWINS)
def test_an_observer_cannot_lose_a_result(
    kind: str, twin: str, caplog: pytest.LogCaptureFixture
) -> None:
    def observe(response: Response) -> None:
        raise ZeroDivisionError(response.method)

    async def call_async(url: str) -> list[int]:
        async with AsyncCalls(base_url=url, timeout=20, on_response=observe) as model:
            if kind == "unary":
                return [await model.double(3)]
            return [item async for item in start_call(model, kind, [1, 2, 3])]

    def call(url: str) -> list[int]:
        with Calls(base_url=url, timeout=20, on_response=observe) as model:
            return (
                [model.double(3)] if kind == "unary" else list(start_call(model, kind, [1, 2, 3]))
            )

    with Scripted() as server, caplog.at_level(logging.ERROR, logger="clarigen"):
        results = call(server.url) if twin == "sync" else asyncio.run(call_async(server.url))
    assert results == RESULTS[kind]
    assert "on_response failed" in caplog.text
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [20_000, 200_000])
def test_a_failure_with_long_details_arrives_as_what_it_is(kind: str, size: int) -> None:
    """With gRPC's default limit, it would become RESOURCE_EXHAUSTED of gRPC's own."""
    details = "Traceback: " + "x" * size
    with Scripted(lambda _: Refuse("INTERNAL", details)) as server:
        finished = FinishedCall(kind, "sync", server.url)
    assert finished.outcome.error == "TransportError"
    assert details in str(finished.error)
    assert len(server.sends) == 1


WORDS = (
    "failed to connect to all addresses; last error: Connection refused",
    "DNS resolution failed for llm.internal",
    "connections to all backends failing",
    "received metadata size exceeds hard limit",
    "Received RST_STREAM with error code 11",
    "Received http2 header with status: 503",
    "CUDA out of memory",
    "GOAWAY received",
)


@pytest.mark.parametrize("code", [code.name for code in grpc.StatusCode if code.value[0]])
def test_no_words_of_a_status_make_a_call_run_again(code: str) -> None:
    """The server says them after the model has run."""
    for words in WORDS:
        with (
            Scripted(lambda _, words=words: Refuse(code, words)) as server,  # type: ignore[misc]
            Calls(base_url=server.url, timeout=20) as model,
        ):
            with pytest.raises(ClarigenError) as caught:
                model.double(3)
            assert getattr(caught.value, "may_have_run", None) is True
        assert len(server.sends) == 1, words
