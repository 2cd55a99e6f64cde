"""Invalid values are rejected by name before anything is sent; the server counts its calls."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest

from clarigen import InputError
from clarigen.examples import IMAGE
from server.conftest import Served


@pytest.fixture(scope="module")
def counting() -> Iterator[tuple[str, list[str]]]:
    """A server that records every call and answers none."""
    calls: list[str] = []

    class Note(grpc.GenericRpcHandler):
        def service(self, handler_call_details: Any) -> None:
            calls.append(handler_call_details.method)

    server = grpc.server(ThreadPoolExecutor(2), handlers=[Note()])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"grpc://127.0.0.1:{port}", calls
    server.stop(None).wait()


REFUSED: list[tuple[Callable[[Any], Any], str, str]] = [
    (lambda m: m.echo_str(3), "echo_str: `x` must be a str, not int 3", "x"),
    (lambda m: m.echo_str(None), "echo_str: `x` must be a str, not None", "x"),
    (lambda m: m.echo_bytes("x"), "echo_bytes: `x` must be bytes, not str 'x'", "x"),
    (lambda m: m.echo_int(True), "echo_int: `x` must be an int, not bool True", "x"),
    (lambda m: m.echo_int(1.0), "echo_int: `x` must be an int, not float 1.0", "x"),
    (lambda m: m.echo_int(2**63), "echo_int: `x` must fit into 64 bits", "x"),
    (lambda m: m.echo_float("1"), "echo_float: `x` must be a float, not str '1'", "x"),
    (lambda m: m.echo_bool(1), "echo_bool: `x` must be a bool, not int 1", "x"),
    (lambda m: m.nothing(None), "nothing: `x` must be an int, not None", "x"),
    (
        lambda m: m.chosen("exakt"),
        "chosen: `mode` must be one of 'fast', 'exact', not str 'exakt'; did you mean 'exact'?",
        "mode",
    ),
    (lambda m: m.chosen(level=0), "chosen: `level` must be at least 1, not 0", "level"),
    (lambda m: m.chosen(level=10), "chosen: `level` must be at most 9, not 10", "level"),
    (lambda m: m.pair((1,)), "pair: `x` must be a tuple of 2, not of 1", "x"),
    (lambda m: m.pair((1, 2)), "pair: `x[1]` must be a str, not int 2", "x[1]"),
    (lambda m: m.pairs([("a", "b")]), "pairs: `x[0][1]` must be a float, not str 'b'", "x[0][1]"),
    (lambda m: m.strings("abc"), "strings: `x` must be a list, not a lone str 'abc'", "x"),
    (lambda m: m.strings(["a", 3]), "strings: `x[1]` must be a str, not int 3", "x[1]"),
    (lambda m: m.matrix([[1], [2, None]]), "matrix: `x[1][1]` must be an int, not None", "x[1][1]"),
    (lambda m: m.images([IMAGE, None]), "images: `x[1]` must be an Image, not None", "x[1]"),
    (lambda m: m.echo_image("a.png"), "echo_image: `x` must be an Image, not str 'a.png'", "x"),
    (lambda m: m.record({"name": "x"}), "record: `x` must be a RecordX, not dict", "x"),
    (
        lambda m: m.echo_json({"a": [1, {"b": math.nan}]}),
        "echo_json: `x['a'][1]['b']` must be a finite number",
        "x['a'][1]['b']",
    ),
    (lambda m: m.echo_json({1: 2}), "echo_json: `x` must have strings as keys, not int 1", "x"),
    (lambda m: m.echo_json("text"), "echo_json: `x` must be a JSON object or array", "x"),
    (lambda m: m.echo_json({"_list": []}), "echo_json: `x` must not have '_list'", "x"),
    (lambda m: m.objects([{}, 3]), "objects: `x[1]` must be a JSON object or array", "x[1]"),
    (lambda m: m.echo_ndarray("x"), "echo_ndarray: `x` must be an array of numbers", "x"),
    (lambda m: m.echo_concept("cat"), "echo_concept: `x` must be a Concept, not str 'cat'", "x"),
    (lambda m: m.count("3"), "count: `n` must be an int, not str '3'", "n"),
    (
        lambda m: m.double("abc"),
        "double: `items` must be an iterable, not a lone str 'abc'",
        "items",
    ),
    (lambda m: m.double(3), "double: `items` must be an iterable, not int 3", "items"),
    (lambda m: m.double([1], factor=0.5), "double: `factor` must be an int", "factor"),
]


@pytest.mark.item(30, 31)
@pytest.mark.parametrize(
    ("call", "problem", "parameter"), [pytest.param(*row, id=row[1][:40]) for row in REFUSED]
)
def test_invalid_value_is_rejected_before_sending(
    own: Served,
    counting: tuple[str, list[str]],
    call: Callable[[Any], Any],
    problem: str,
    parameter: str,
) -> None:
    url, calls = counting
    calls.clear()
    with (
        own.package.Everything(base_url=url, timeout=5) as model,
        pytest.raises(InputError) as caught,
    ):
        call(model)
    assert str(caught.value).startswith(problem)
    assert caught.value.parameter == parameter
    assert caught.value.method == problem.split(":", maxsplit=1)[0]
    assert isinstance(caught.value, ValueError)
    assert calls == []


def test_first_item_of_a_stream_is_checked_before_sending(
    own: Served, counting: tuple[str, list[str]]
) -> None:
    url, calls = counting
    calls.clear()
    with (
        own.package.Everything(base_url=url, timeout=5) as model,
        pytest.raises(InputError, match="double: an item of `items` must be an int"),
    ):
        next(model.double(["x"]))
    assert calls == []


def test_async_client_rejects_the_same_values(own: Served, counting: tuple[str, list[str]]) -> None:
    url, calls = counting
    calls.clear()

    async def refused() -> list[str]:
        messages = []
        async with own.package.AsyncEverything(base_url=url, timeout=5) as model:
            for call, _, _ in REFUSED:
                with pytest.raises(InputError) as caught:
                    await call(model)
                messages.append(str(caught.value))
        return messages

    messages = asyncio.run(refused())
    assert all(
        message.startswith(problem)
        for message, (_, problem, _) in zip(messages, REFUSED, strict=True)
    )
    assert calls == []


def test_counting_server_counts(own: Served, counting: tuple[str, list[str]]) -> None:
    url, calls = counting
    calls.clear()
    with (
        own.package.Everything(base_url=url, timeout=5) as model,
        pytest.raises(Exception, match="UNIMPLEMENTED"),
    ):
        model.echo_str("x")
    assert calls == ["/clarifai.api.V2/PostModelOutputs"]
