"""Faults of `clarigen.testing.Server`, and its log of calls."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from clarigen import (
    AuthenticationError,
    ClarigenError,
    ConfigError,
    DeadlineExceededError,
    ModelError,
    ModelNotReadyError,
    NotFoundError,
    PermissionDeniedError,
    PredictionError,
    RateLimitError,
    ServerError,
    Stream,
    TransportError,
    UnavailableError,
)
from clarigen._calls.status import CODES_BY_NAME
from clarigen.testing import Server, serve
from unit.runtime.parrot import AsyncParrotClient, Parrot, ParrotClient
from unit.runtime.testing.raw_calls import predict

WORKERS = "clarigen-testing"
"""The names of a server's threads start with this."""


@pytest.fixture
def server() -> Iterator[Server]:
    with serve(Parrot()) as server:
        yield server


@pytest.fixture
def model(server: Server) -> Iterator[ParrotClient]:
    with ParrotClient(base_url=server.url, timeout=30, max_retries=0) as model:
        yield model


# Statuses.


@pytest.mark.parametrize(
    "error",
    [
        AuthenticationError,
        DeadlineExceededError,
        ModelNotReadyError,
        NotFoundError,
        PermissionDeniedError,
        PredictionError,
        RateLimitError,
        ServerError,
        TransportError,
        UnavailableError,
    ],
)
def test_a_fault_may_be_named_by_its_error(
    server: Server, model: ParrotClient, error: type[ClarigenError]
) -> None:
    server.faults.add(error=error)
    with pytest.raises(error, match=r"^say: ") as caught:
        model.say("x")
    assert type(caught.value) is error


def test_errors_without_a_status_are_refused(server: Server) -> None:
    for error in (ClarigenError, ConfigError, ValueError, "RateLimitError"):
        wrong: Any = error
        with pytest.raises(ConfigError, match="one of AuthenticationError, "):
            server.faults.add(error=wrong)
    with pytest.raises(ConfigError, match="pass status= or error=, not both"):
        server.faults.add(error=RateLimitError, status="FAILURE")


def test_errors_say_what_to_check(server: Server) -> None:
    with ParrotClient(
        base_url=server.url, model="acme/birds/models/parrot", max_retries=0
    ) as model:
        server.faults.add(error=NotFoundError, details="no such\nmodel")
        with pytest.raises(NotFoundError) as caught:
            model.say("x")
        assert str(caught.value) == (
            r"say: 21200 MODEL_DOES_NOT_EXIST: no such\nmodel; the client calls"
            " acme/birds/models/parrot; ids are case-sensitive"
        )
        server.faults.clear()
        server.faults.add(error=AuthenticationError)
        with pytest.raises(AuthenticationError, match="; check CLARIFAI_PAT, or pat= in a program"):
            model.say("x")
    with (
        ParrotClient(base_url="grpc://127.0.0.1:1", timeout=5, max_retries=0) as model,
        pytest.raises(UnavailableError, match="; is the server running, "),
    ):
        model.say("x")


@pytest.mark.parametrize(
    ("status", "error"),
    [
        ("RESOURCE_EXHAUSTED", UnavailableError),
        ("INTERNAL", TransportError),
        ("PERMISSION_DENIED", PermissionDeniedError),
        ("CONN_EXCEED_MONTHLY_LIMIT", RateLimitError),
        ("MODEL_DOES_NOT_EXIST", NotFoundError),
        ("FAILURE", PredictionError),
        (21200, NotFoundError),
        (77777, ModelError),
    ],
)
@pytest.mark.parametrize("method", ["say", "count", "double"])
def test_fault_answers_a_status_instead_of_the_model(
    server: Server, model: ParrotClient, method: str, status: str | int, error: type[Exception]
) -> None:
    fault = server.faults.add(status=status, details="as told", times=1)
    calls: dict[str, Callable[[], Any]] = {
        "say": lambda: model.say("x"),
        "count": lambda: list(model.count(2)),
        "double": lambda: list(model.double([1])),
    }
    with pytest.raises(error, match=f"^{method}: .*as told") as caught:
        calls[method]()
    assert type(caught.value) is error
    assert fault.met == 1
    assert server.calls == []
    assert calls[method]()
    assert fault.met == 1
    assert [call.method for call in server.calls] == [method]


def test_fault_accepts_every_named_status(server: Server) -> None:
    for name, code in CODES_BY_NAME.items():
        assert server.faults.add(status=name).code == code
    for name in ("UNAVAILABLE", "UNAUTHENTICATED", "DATA_LOSS"):
        assert server.faults.add(status=name).code is None
    assert len(list(server.faults)) == len(CODES_BY_NAME) + 3


def test_fault_of_a_starting_model_is_awaited(server: Server) -> None:
    fault = server.faults.add(status="MODEL_DEPLOYING", times=2)
    with ParrotClient(base_url=server.url, timeout=30) as model, model.recording() as seen:
        assert model.say("x") == "xx"
    assert (fault.met, seen[0].attempts) == (2, 3)
    assert server.calls == [("say", {"text": "x", "times": 2})]


def test_fault_without_times_affects_all_calls(server: Server, model: ParrotClient) -> None:
    fault = server.faults.add(status="MODEL_NOT_DEPLOYED")
    for _ in range(5):
        with pytest.raises(ModelNotReadyError):
            model.say("x")
    assert fault.met == 5
    server.faults.remove(fault)
    server.faults.remove(fault)
    assert model.say("x") == "xx"


def test_fault_affects_one_method_or_all(server: Server, model: ParrotClient) -> None:
    server.faults.add(status="INTERNAL", method="say")
    assert list(model.count(2)) == [0, 1]
    with pytest.raises(TransportError):
        model.say("x")
    server.faults.clear()
    assert list(server.faults) == []
    assert model.say("x") == "xx"


def test_faults_apply_in_the_order_of_addition(server: Server, model: ParrotClient) -> None:
    faults = [
        server.faults.add(status="INTERNAL", times=2),
        server.faults.add(delay=0.001),
        server.faults.add(status="CONN_THROTTLED", times=1),
        server.faults.add(status="FAILURE"),
    ]
    met = []
    for _ in range(5):
        with pytest.raises((ModelError, TransportError)) as caught:
            model.say("x")
        met.append(type(caught.value))
    assert met == [TransportError, TransportError, RateLimitError, PredictionError, PredictionError]
    assert [fault.met for fault in faults] == [2, 3, 1, 2]


def test_fault_after_the_call_lets_it_run(server: Server, model: ParrotClient) -> None:
    server.faults.add(status="INTERNAL", after=True, times=1)
    with pytest.raises(TransportError):
        model.say("x", times=3)
    assert server.calls == [("say", {"text": "x", "times": 3})]
    server.faults.add(status="FAILURE", after=True, times=1)
    stream = model.count(2)
    assert (next(stream), next(stream)) == (0, 1)
    with pytest.raises(PredictionError):
        next(stream)


# Items of streams.


@pytest.mark.parametrize("status", ["DATA_LOSS", "FAILURE"])
@pytest.mark.parametrize("after", [False, True])
def test_fault_ends_a_stream_at_an_item(
    server: Server, model: ParrotClient, status: str, after: bool
) -> None:
    fault = server.faults.add(status=status, item=3, after=after, times=2)
    assert _until_it_fails(model.count(10)) == [0, 1, 2, 3][: 3 + after]
    assert _until_it_fails(model.double(range(10))) == [0, 2, 4, 6][: 3 + after]
    assert fault.met == 2
    assert list(model.count(5)) == [0, 1, 2, 3, 4]


def _until_it_fails(stream: Stream[int]) -> list[int]:
    got: list[int] = []
    with pytest.raises((TransportError, PredictionError)):
        _into(got, stream)
    return got


def _into(got: list[int], stream: Stream[int]) -> None:
    for item in stream:
        got.append(item)


def test_fault_does_not_affect_shorter_streams(server: Server, model: ParrotClient) -> None:
    fault = server.faults.add(status="INTERNAL", item=3)
    assert list(model.count(3)) == [0, 1, 2]
    assert model.say("x") == "xx"
    assert fault.met == 0


def test_calls_log_the_consumed_items(server: Server, model: ParrotClient) -> None:
    server.faults.add(status="INTERNAL", item=1, after=True)
    with pytest.raises(TransportError):
        list(model.double(iter(range(1000))))
    assert server.calls == [("double", {"items": [0, 1]})]


# Lost connections and delays.


def test_drop_before_and_after_the_call(server: Server, model: ParrotClient) -> None:
    eager = model.with_options(max_retries=4)
    for after in (False, True):
        fault = server.faults.add(drop=True, after=after, times=1)
        with pytest.raises(UnavailableError) as caught:
            eager.say("x")
        assert (caught.value.attempts, fault.met) == (1, 1), "what may have run is not sent again"
        assert len(server.calls) == after
    assert eager.say("x") == "xx"


def test_idempotent_call_is_retried_after_a_drop(server: Server) -> None:
    server.faults.add(drop=True, after=True, times=2)
    with ParrotClient(base_url=server.url, timeout=30, idempotent=True) as model:
        assert model.say("x") == "xx"
    assert server.calls == [("say", {"text": "x", "times": 2})] * 3


def test_drop_within_a_stream_keeps_the_sent_items(server: Server, model: ParrotClient) -> None:
    for _ in range(100):
        server.faults.add(drop=True, item=3, times=1)
        assert _until_it_fails(model.count(10)) == [0, 1, 2]


def test_delay_beyond_the_deadline_fails_the_call(server: Server, model: ParrotClient) -> None:
    fault = server.faults.add(delay=60, times=1)
    with pytest.raises(DeadlineExceededError):
        model.with_options(timeout=0.2).say("x")
    assert fault.met == 1
    start = time.monotonic()
    server.faults.add(delay=0.2, method="say")
    assert model.say("x") == "xx"
    assert list(model.count(1)) == [0]
    assert time.monotonic() - start >= 0.2
    assert [call.method for call in server.calls] == ["say", "count"], "the first one never ran"


def test_closing_the_server_does_not_wait_for_delays(server: Server) -> None:
    before = set(threading.enumerate())
    fault = server.faults.add(delay=600)
    with ParrotClient(base_url=server.url, timeout=60, max_retries=0) as model:
        failed: list[Exception] = []

        def call() -> None:
            try:
                model.say("x")
            except TransportError as error:
                failed.append(error)

        caller = threading.Thread(target=call)
        caller.start()
        while not fault.met:
            time.sleep(0.001)
        workers = [t for t in set(threading.enumerate()) - before if t.name.startswith(WORKERS)]
        server.close()
        caller.join(20)
        assert failed
    assert workers
    for worker in workers:
        worker.join(20)
        assert not worker.is_alive()


# Concurrency.


def test_limited_fault_affects_each_concurrent_call_once(
    server: Server, model: ParrotClient
) -> None:
    fault = server.faults.add(status="FAILURE", times=37)

    def call(_: int) -> str:
        try:
            return model.say("x")
        except PredictionError:
            return "failed"

    with ThreadPoolExecutor(16) as pool:
        results = Counter(pool.map(call, range(200)))
    assert results == {"failed": 37, "xx": 163}
    assert (fault.met, len(server.calls)) == (37, 163)


def test_faults_affect_async_clients(server: Server) -> None:
    server.faults.add(status="INTERNAL", item=2, method="count")
    server.faults.add(drop=True, method="say", times=1)

    async def calls() -> None:
        async with AsyncParrotClient(base_url=server.url, timeout=30) as model:
            with pytest.raises(UnavailableError):
                await model.say("x")
            assert await model.say("x") == "xx"
            stream = model.count(5)
            assert [await anext(stream), await anext(stream)] == [0, 1]
            with pytest.raises(TransportError):
                await anext(stream)

    asyncio.run(calls())


def test_fault_affects_a_request_of_a_batch_once(server: Server, model: ParrotClient) -> None:
    server.faults.add(status="FAILURE", times=1)
    paced = model.with_options(batch_size=5, concurrency=1)
    inputs = [{"text": str(n), "times": 1} for n in range(10)]
    outcomes = list(paced.say_batch(inputs).outcomes())
    assert all(isinstance(outcome, PredictionError) for outcome in outcomes[:5])
    assert outcomes[5:] == list("56789")
    assert server.calls == [("say", argument) for argument in inputs[5:]]


# The log of calls, and invalid arguments.


def test_server_keeps_the_latest_calls() -> None:
    with (
        serve(Parrot(), record=3) as server,
        ParrotClient(base_url=server.url, timeout=30) as model,
    ):
        for n in range(5):
            model.say(str(n))
        assert [call.arguments["text"] for call in server.calls] == ["2", "3", "4"]
    with (
        serve(Parrot(), record=0) as server,
        ParrotClient(base_url=server.url, timeout=30) as model,
    ):
        model.say("x")
        assert server.calls == []


def test_discovery_is_exempt_from_faults(server: Server) -> None:
    fault = server.faults.add(status="INTERNAL")
    assert predict(server, "_GET_SIGNATURES").outputs[0].data.text.raw
    assert fault.met == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "pass status=, error=, delay= or drop=True"),
        (
            {"status": "MODEL_DEPLOYNG"},
            "there is no status 'MODEL_DEPLOYNG'; did you mean 'MODEL_DEPLOYING'?",
        ),
        ({"status": "unavailable"}, "did you mean 'UNAVAILABLE'?"),
        ({"status": "OK"}, "there is no status 'OK'"),
        ({"status": -1}, "`status` must be a number from 0 to 2**31 - 1, not -1"),
        ({"status": "INTERNAL", "drop": True}, "pass status= or drop=True, not both"),
        ({"delay": -1}, "`delay` must be a number of seconds from 0, not -1"),
        ({"delay": float("inf")}, "`delay` must be a number of seconds from 0, not inf"),
        ({"drop": True, "times": 0}, "`times` must be a number from 1, or None for always, not 0"),
        ({"drop": True, "item": -1}, "`item` must be a number from 0, not -1"),
        ({"drop": True, "method": "cuont"}, "there is no method 'cuont'; did you mean 'count'?"),
        ({"drop": True, "method": "say", "item": 1}, "item=1: say returns one result"),
    ],
)
def test_invalid_fault_is_rejected(server: Server, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        server.faults.add(**arguments)
    assert message in str(caught.value)
    assert list(server.faults) == []


def test_invalid_record_option_is_rejected() -> None:
    with pytest.raises(ConfigError, match="`record` must be a number from 0, not -1"):
        serve(Parrot(), record=-1)
