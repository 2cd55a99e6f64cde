"""One name for one input or a list of them, against both servers, sync and async."""

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


def called(served: Served, call: Callable[[Any], Any]) -> tuple[Any, Any]:
    """What a call gives on both twins: its result, or the error's class and text."""

    async def run() -> Any:
        async with served.async_client() as model:
            return await call(model)

    def tried(run: Callable[[], Any]) -> Any:
        try:
            return run()
        except Exception as error:  # noqa: BLE001 - compared by the caller
            return type(error), str(error)

    with served.client() as model:
        return tried(lambda: call(model)), tried(lambda: asyncio.run(run()))


def gives(served: Served, wanted: Any, call: Callable[[Any], Any]) -> None:
    assert called(served, call) == (wanted, wanted)


def refused(served: Served, *words: str, call: Callable[[Any], Any]) -> None:
    (kind, text), twin = called(served, call)
    assert (kind, text) == twin
    assert kind is InputError
    for word in words:
        assert word in text


def test_one_input_or_a_list(served: Served) -> None:
    gives(served, 7, lambda model: model.echo_int(7))
    gives(served, 7, lambda model: model.echo_int(x=7))
    gives(served, [7, 8], lambda model: model.echo_int([{"x": 7}, {"x": 8}]))
    gives(served, [7, 8], lambda model: model.echo_int(({"x": 7}, {"x": 8})))
    gives(served, [7], lambda model: model.echo_int([{"x": 7}]))
    gives(served, [7], lambda model: model.echo_int([MappingProxyType({"x": 7})]))
    gives(served, [IMAGE] * 2, lambda model: model.echo_image([{"x": IMAGE}] * 2))
    gives(served, list(range(300)), lambda model: model.echo_int([{"x": n} for n in range(300)]))


def test_a_result_may_be_a_list_itself(served: Served) -> None:
    gives(served, [1, 2], lambda model: model.ints([1, 2]))
    gives(served, [], lambda model: model.ints([]))
    gives(served, [[1, 2], []], lambda model: model.ints([{"x": [1, 2]}, {"x": []}]))
    gives(served, [("a", 1)], lambda model: model.pair([{"x": (1, "a")}]))


def test_options_go_into_each_input(served: Served) -> None:
    inputs = [{"mode": "exact"}, {"level": 9}, {}]
    gives(served, ["exact 2", "fast 9", "fast 2"], lambda model: model.chosen(inputs))
    gives(served, ["fast 2"], lambda model: model.chosen([{}]))
    beside = "chosen: `level` cannot be combined with a list of inputs"
    refused(served, beside, call=lambda model: model.chosen([{}], level=9))
    refused(served, "`y` cannot", call=lambda model: model.first_float([{"x": 1.0}], y="z"))


def test_a_required_parameter_is_required_of_one_input_and_of_each(served: Served) -> None:
    gives(served, "(1, 'b')", lambda model: model.late(second="b"))
    gives(served, ["(1, 'b')"], lambda model: model.late([{"second": "b"}]))
    refused(served, "late: `second` is required", call=lambda model: model.late(1))
    refused(served, "input 0 of the batch: late: `second` is", call=lambda model: model.late([{}]))
    refused(served, "`second` cannot", call=lambda model: model.late([{}], second="b"))


def test_what_is_no_list_of_inputs_says_what_was_meant(served: Served) -> None:
    meant = "to send many inputs, pass mappings of arguments to `echo_int_batch`"
    for given in ([7], [7, {"x": 8}], {"x": 7}, {7}, range(3)):
        call = partial(lambda x, model: model.echo_int(x), given)
        refused(served, "`x` must be an int", meant, call=call)

    def many() -> Iterator[Any]:
        return ({"x": n} for n in range(3))

    refused(served, "not generator", meant, call=lambda model: model.echo_int(many()))
    refused(served, "not generator", "`ints_batch`", call=lambda model: model.ints(many()))
    refused(
        served,
        "input 1 of the batch: echo_int: must be a mapping",
        call=lambda model: model.echo_int([{"x": 7}, 8]),
    )
    wrong = [{"x": 7}, {"y": 8}]
    refused(
        served,
        "input 1 of the batch: echo_int: has no parameter 'y'",
        call=lambda model: model.echo_int(wrong),
    )
    (_, text), _ = called(served, lambda model: model.echo_str(7))
    assert text == "echo_str: `x` must be a str, not int 7"


def test_no_inputs_go_to_the_twin(served: Served) -> None:
    """An empty list is an argument: whether it is one of inputs cannot be seen."""
    none = "an empty list is not a batch of inputs; `echo_int_batch([])` accepts one"
    empty: tuple[Any, ...] = ([], ())
    for given in empty:
        call = partial(lambda x, model: model.echo_int(x), given)
        refused(served, "`x` must be an int, not", none, call=call)
    gives(served, [], lambda model: model.echo_int_batch([]).collect())


def test_a_list_of_mappings_may_be_an_argument(served: Served) -> None:
    """Where the first parameter can be one, the list is it."""
    objects = [{"x": [{"a": True}]}, {"b": None}]
    gives(served, objects, lambda model: model.objects(objects))
    gives(served, objects, lambda model: model.echo_json_list(objects))
    refused(served, "`x[0]` must be a", call=lambda model: model.records([{"x": 1.0, "kinds": []}]))
    for name in ("objects", "echo_json", "echo_json_list", "records"):
        method = getattr(served.package.Everything, name)
        assert "Sequence[" not in str(inspect.signature(method).return_annotation)


def test_it_is_a_batch_like_any_other(served: Served) -> None:
    with served.client() as model:
        fixed = model.with_options(batch_size=128, concurrency=2)
        with fixed.recording() as seen:
            assert fixed.echo_int([{"x": n} for n in range(300)]) == list(range(300))
            assert fixed.echo_int(1) == 1
        assert sorted(len(response.raw.outputs) for response in seen) == [1, 44, 128, 128]
        with pytest.raises(PredictionError):
            fixed.fail([{"message": "a"}, {"message": "b"}])


def test_recording_in_a_task(served: Served) -> None:
    async def run() -> None:
        async with served.async_client() as model:
            with model.recording() as seen:
                task = asyncio.create_task(model.echo_int([{"x": 1}, {"x": 2}]))
                assert await task == [1, 2]
            assert sum(len(response.raw.outputs) for response in seen) == 2

    asyncio.run(run())


class Seen(grpc.UnaryUnaryClientInterceptor):
    """Keeps the requests."""

    def __init__(self) -> None:
        self.requests: list[bytes] = []

    def intercept_unary_unary(
        self, continuation: Any, client_call_details: Any, request: Any
    ) -> Any:
        self.requests.append(request)
        return continuation(client_call_details, request)


class AsyncSeen(grpc.aio.UnaryUnaryClientInterceptor):
    """Its twin."""

    def __init__(self) -> None:
        self.requests: list[bytes] = []

    async def intercept_unary_unary(
        self, continuation: Any, client_call_details: Any, request: Any
    ) -> Any:
        self.requests.append(request)
        return await continuation(client_call_details, request)


def test_both_names_and_both_twins_send_the_same_bytes(served: Served) -> None:
    inputs = [{"mode": "exact", "level": n} for n in range(1, 8)]
    seen, twin = Seen(), AsyncSeen()
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
