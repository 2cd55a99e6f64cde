"""`clarigen.testing.serve`: how calls of a served object are answered."""

from __future__ import annotations

import queue
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pytest

from clarigen import Client, PredictionError, Stream, _proto, wire
from clarigen.testing import Server, serve
from unit.runtime.testing.raw_calls import call_rpc, predict


@dataclass(frozen=True)
class Point:
    x: float
    tags: list[str]


class Echo:
    def echo(self, x: str) -> str:
        return x

    def hello(self, x: str = "hello") -> str:
        return x

    def wrong(self) -> int:
        return "3"  # type: ignore[return-value]

    def wrong_inside(self) -> list[Point]:
        return [Point(x="1", tags=[])]  # type: ignore[arg-type]

    def items(self, n: int) -> Iterator[str]:
        yield from map(str, range(n))


class EchoClient(Client):
    def echo(self, x: str) -> str:
        return self._unary(_ECHO, x)

    def items_as_unary(self, n: int) -> str:
        return self._unary(_ITEMS_AS_UNARY, n)


_ECHO = wire.unary("echo", wire.field("x", wire.STR), returns=wire.STR)
_ITEMS_AS_UNARY = wire.unary("items", wire.field("n", wire.INT), returns=wire.STR)


@pytest.fixture(scope="module")
def echo() -> Iterator[Server]:
    with serve(Echo()) as server:
        yield server


@pytest.mark.parametrize(
    ("method", "details"),
    [
        ("nowhere", "Method nowhere not found in model class"),
        ("", "Method  not found in model class"),
        ("echo", "Missing required field: x"),
        ("wrong", "wrong: the result must be an int, not str '3'"),
        ("wrong_inside", "wrong_inside: the result[0].x must be a float, not str '1'"),
    ],
)
def test_failed_method_answers_a_status_with_its_cause(
    echo: Server, method: str, details: str
) -> None:
    answer = predict(echo, method)
    assert (answer.status.code, answer.status.details) == (10020, details)
    assert any(line.startswith("Traceback") for line in answer.status.stack_trace)
    assert not answer.outputs


def test_inputs_of_a_request_are_answered_in_order_and_fail_together(echo: Server) -> None:
    good = predict(echo, "hello", "hello")
    assert good.status.code == 10000
    assert [o.data.parts[0].data.string_value for o in good.outputs] == ["hello", "hello"]
    assert [o.status.code for o in good.outputs] == [10000, 10000]
    bad = predict(echo, "hello", "wrong")
    assert (bad.status.code, len(bad.outputs)) == (10020, 0)
    assert predict(echo).status.code == 10000


def test_method_called_with_the_wrong_rpc_fails(echo: Server) -> None:
    message = "is UNARY_STREAMING, but was called as UNARY"
    with (
        EchoClient(base_url=echo.url, timeout=30) as model,
        pytest.raises(PredictionError, match=message),
    ):
        model.items_as_unary(3)


def test_large_messages_are_served(echo: Server) -> None:
    text = "x" * (8 << 20)
    with EchoClient(base_url=echo.url, timeout=30) as model:
        assert model.echo(text) == text


def test_discovery_answers_like_the_platform(echo: Server) -> None:
    user_app = _proto.UserAppIDSet(user_id="u", app_id="a")
    model = call_rpc(
        echo,
        "GetModel",
        _proto.GetModelRequest(user_app_id=user_app, model_id="m"),
        _proto.SingleModelResponse,
    )
    assert model.status.code == 10000
    assert (model.model.user_id, model.model.app_id, model.model.id) == ("u", "a", "m")
    version = call_rpc(
        echo,
        "GetModelVersion",
        _proto.GetModelVersionRequest(
            user_app_id=user_app, model_id="m", version_id=model.model.model_version.id
        ),
        _proto.SingleModelVersionResponse,
    ).model_version
    assert version == model.model.model_version
    assert version.status.code == 21100
    assert [s.name for s in version.method_signatures] == [
        "echo",
        "hello",
        "wrong",
        "wrong_inside",
        "items",
    ]
    assert [s.method_type for s in version.method_signatures] == [1, 1, 1, 1, 2]
    assert version.method_signatures[3].output_fields[0].type == 17
    pages = [
        call_rpc(
            echo,
            "ListModelVersions",
            _proto.ListModelVersionsRequest(user_app_id=user_app, model_id="m", page=page),
            _proto.MultiModelVersionResponse,
        )
        for page in (1, 2)
    ]
    assert [len(page.model_versions) for page in pages] == [1, 0]


# Bidirectional streams.


class Loop:
    def double(self, items: Iterator[int]) -> Iterator[int]:
        for item in items:
            yield item * 2


class LoopClient(Client):
    def double(self, items: Iterable[int]) -> Stream[int]:
        return self._stream(_DOUBLE, items)


_DOUBLE = wire.bidi_stream("double", wire.field("items", wire.INT, stream=True), returns=wire.INT)


def test_served_bidi_streams_interleave() -> None:
    """Each item depends on the answer to the previous one: a server that reads all items first would deadlock."""
    answers: queue.Queue[int] = queue.Queue()

    def items() -> Iterator[int]:
        yield 1
        for _ in range(5):
            yield answers.get(timeout=20)

    with serve(Loop()) as server, LoopClient(base_url=server.url, timeout=30) as model:
        seen = []
        for answer in model.double(items()):
            seen.append(answer)
            answers.put(answer)
    assert seen == [2, 4, 8, 16, 32, 64]


def test_closing_the_server_ends_open_calls() -> None:
    waiting: queue.Queue[int] = queue.Queue()

    def items() -> Iterator[int]:
        yield 1
        yield waiting.get(timeout=20)

    server = serve(Loop())
    with LoopClient(base_url=server.url, timeout=30) as model:
        stream = model.double(items())
        assert next(stream) == 2
        server.close()
        server.close()
        server.wait()
        with pytest.raises(Exception, match="double: "):
            next(stream)
        waiting.put(0)
