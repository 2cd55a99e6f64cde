"""One name for one input or a list of them, on both servers, sync and async."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Iterator
from functools import partial
from types import MappingProxyType
from typing import Any

import grpc
import pytest

from clarigen import InputError, PredictionError
from clarigen.examples import IMAGE
from server.conftest import Served


def outcome_of(served: Served, call: Callable[[Any], Any]) -> tuple[Any, Any]:
    """Return the outcome of a call, the same sync and async: its result, or the error's class and text."""

    async def run() -> Any:
        async with served.async_client() as model:
            return await call(model)

    def capture(run: Callable[[], Any]) -> Any:
        try:
            return run()
        except Exception as error:  # noqa: BLE001 - compared by the caller
            return type(error), str(error)

    with served.client() as model:
        return capture(lambda: call(model)), capture(lambda: asyncio.run(run()))


def assert_result(served: Served, expected: Any, call: Callable[[Any], Any]) -> None:
    assert outcome_of(served, call) == (expected, expected)


def assert_rejected(served: Served, *messages: str, call: Callable[[Any], Any]) -> None:
    (kind, text), twin = outcome_of(served, call)
    assert (kind, text) == twin
    assert kind is InputError
    for word in messages:
        assert word in text


def test_method_accepts_one_input_or_a_list(served: Served) -> None:
    assert_result(served, 7, lambda model: model.echo_int(7))
    assert_result(served, 7, lambda model: model.echo_int(x=7))
    assert_result(served, [7, 8], lambda model: model.echo_int([{"x": 7}, {"x": 8}]))
    assert_result(served, [7, 8], lambda model: model.echo_int(({"x": 7}, {"x": 8})))
    assert_result(served, [7], lambda model: model.echo_int([{"x": 7}]))
    assert_result(served, [7], lambda model: model.echo_int([MappingProxyType({"x": 7})]))
    assert_result(served, [IMAGE] * 2, lambda model: model.echo_image([{"x": IMAGE}] * 2))
    assert_result(
        served, list(range(300)), lambda model: model.echo_int([{"x": n} for n in range(300)])
    )


def test_result_may_be_a_list(served: Served) -> None:
    assert_result(served, [1, 2], lambda model: model.ints([1, 2]))
    assert_result(served, [], lambda model: model.ints([]))
    assert_result(served, [[1, 2], []], lambda model: model.ints([{"x": [1, 2]}, {"x": []}]))
    assert_result(served, [("a", 1)], lambda model: model.pair([{"x": (1, "a")}]))


def test_options_belong_to_each_input(served: Served) -> None:
    inputs = [{"mode": "exact"}, {"level": 9}, {}]
    assert_result(served, ["exact 2", "fast 9", "fast 2"], lambda model: model.chosen(inputs))
    assert_result(served, ["fast 2"], lambda model: model.chosen([{}]))
    message = "chosen: `level` cannot be combined with a list of inputs"
    assert_rejected(served, message, call=lambda model: model.chosen([{}], level=9))
    assert_rejected(served, "`y` cannot", call=lambda model: model.first_float([{"x": 1.0}], y="z"))


def test_required_parameter_is_required_of_each_input(served: Served) -> None:
    assert_result(served, "(1, 'b')", lambda model: model.late(second="b"))
    assert_result(served, ["(1, 'b')"], lambda model: model.late([{"second": "b"}]))
    assert_rejected(served, "late: `second` is required", call=lambda model: model.late(1))
    assert_rejected(
        served, "input 0 of the batch: late: `second` is", call=lambda model: model.late([{}])
    )
    assert_rejected(served, "`second` cannot", call=lambda model: model.late([{}], second="b"))


def test_misplaced_list_of_inputs_raises_with_a_hint(served: Served) -> None:
    meant = "to send many inputs, pass mappings of arguments to `echo_int_batch`"
    for arguments in ([7], [7, {"x": 8}], {"x": 7}, {7}, range(3)):
        call = partial(lambda x, model: model.echo_int(x), arguments)
        assert_rejected(served, "`x` must be an int", meant, call=call)

    def many() -> Iterator[Any]:
        return ({"x": n} for n in range(3))

    assert_rejected(served, "not generator", meant, call=lambda model: model.echo_int(many()))
    assert_rejected(served, "not generator", "`ints_batch`", call=lambda model: model.ints(many()))
    assert_rejected(
        served,
        "input 1 of the batch: echo_int: an input must be a mapping",
        call=lambda model: model.echo_int([{"x": 7}, 8]),
    )
    wrong = [{"x": 7}, {"y": 8}]
    assert_rejected(
        served,
        "input 1 of the batch: echo_int: has no parameter 'y'",
        call=lambda model: model.echo_int(wrong),
    )
    (_, text), _ = outcome_of(served, lambda model: model.echo_str(7))
    assert text == "echo_str: `x` must be a str, not int 7"


def test_empty_list_is_a_list_of_inputs_if_it_is_no_argument(served: Served) -> None:
    """An empty list has no results, unless the first parameter accepts it."""
    empty: tuple[Any, ...] = ([], ())
    for inputs in empty:
        assert_result(served, [], partial(lambda x, model: model.echo_int(x), inputs))
    assert_result(served, [], lambda model: model.echo_int_batch([]).collect())
    assert_result(served, [], lambda model: model.strings([]))
    assert_rejected(
        served,
        "cannot be combined with a list of inputs",
        call=lambda model: model.late([], second="x"),
    )


def test_list_of_mappings_may_be_an_argument(served: Served) -> None:
    """If the first parameter accepts such a list, it is the argument."""
    objects = [{"x": [{"a": True}]}, {"b": None}]
    assert_result(served, objects, lambda model: model.objects(objects))
    assert_result(served, objects, lambda model: model.echo_json_list(objects))
    assert_rejected(
        served, "`x[0]` must be a", call=lambda model: model.records([{"x": 1.0, "kinds": []}])
    )
    for name in ("objects", "echo_json", "echo_json_list", "records"):
        method = getattr(served.package.Everything, name)
        assert "Sequence[" not in str(inspect.signature(method).return_annotation)


def test_list_of_inputs_is_a_batch(served: Served) -> None:
    with served.client() as model:
        fixed = model.with_options(batch_size=128, concurrency=2)
        with fixed.recording() as seen:
            assert fixed.echo_int([{"x": n} for n in range(300)]) == list(range(300))
            assert fixed.echo_int(1) == 1
        assert sorted(len(response.raw.outputs) for response in seen) == [1, 44, 128, 128]
        with pytest.raises(PredictionError):
            fixed.fail([{"message": "a"}, {"message": "b"}])


def test_list_of_inputs_is_recorded_in_a_task(served: Served) -> None:
    async def run() -> None:
        async with served.async_client() as model:
            with model.recording() as seen:
                task = asyncio.create_task(model.echo_int([{"x": 1}, {"x": 2}]))
                assert await task == [1, 2]
            assert sum(len(response.raw.outputs) for response in seen) == 2

    asyncio.run(run())


class RequestRecorder(grpc.UnaryUnaryClientInterceptor):
    """An interceptor that records requests."""

    def __init__(self) -> None:
        self.requests: list[bytes] = []

    def intercept_unary_unary(
        self, continuation: Any, client_call_details: Any, request: Any
    ) -> Any:
        self.requests.append(request)
        return continuation(client_call_details, request)


class AsyncRequestRecorder(grpc.aio.UnaryUnaryClientInterceptor):
    """An async interceptor that records requests."""

    def __init__(self) -> None:
        self.requests: list[bytes] = []

    async def intercept_unary_unary(
        self, continuation: Any, client_call_details: Any, request: Any
    ) -> Any:
        self.requests.append(request)
        return await continuation(client_call_details, request)


def test_both_names_and_both_clients_send_the_same_bytes(served: Served) -> None:
    inputs = [{"mode": "exact", "level": n} for n in range(1, 8)]
    seen, twin = RequestRecorder(), AsyncRequestRecorder()
    with served.client(interceptors=[seen]) as model:
        fixed = model.with_options(batch_size=3, concurrency=1)
        fixed.chosen(inputs)
        listed = seen.requests[:]
        fixed.chosen_batch(iter(inputs)).collect()
    assert len(listed) == 3
    assert seen.requests == listed * 2

    async def run() -> None:
        async with served.async_client(interceptors=[twin]) as model:
            fixed = model.with_options(batch_size=3, concurrency=1)
            await fixed.chosen(inputs)
            await fixed.chosen_batch(iter(inputs)).collect()

    asyncio.run(run())
    assert twin.requests == listed * 2
