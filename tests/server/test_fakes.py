"""A fake whose functions are the methods of a served object behaves like the server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from clarigen import InputError
from clarigen.testing import calls, fake
from server.conftest import Served
from server.own_model import Everything
from server.test_calls import ARRAYS, CALLS, ECHOES, STREAMS

OF_OTHER_CLASSES = {"record", "records", "first_record_none", "readings"}
"""Methods whose records are of the server's own classes: those of a client are generated."""


def functions() -> dict[str, Any]:
    """Return the methods of the served object."""
    model = Everything()
    names = [name for name in vars(Everything) if not name.startswith("_")]

    def first_record_none(**options: Any) -> str:
        return model.first_record_none(**options)

    return {name: getattr(model, name) for name in names if name not in OF_OTHER_CLASSES} | {
        "first_record_none": first_record_none,
        "readings": lambda items: ([*item.kinds, str(item.x)] for item in items),
    }


@pytest.fixture(scope="module")
def model(own: Served) -> Any:
    return fake(own.package.Everything, **functions())


def test_fake_value_survives_a_round_trip(model: Any) -> None:
    for method, values in ECHOES:
        for value in values:
            assert getattr(model, method)(value) == value, method
    for array in ARRAYS:
        back = model.echo_ndarray(array)
        assert (back.dtype, back.shape) == (array.dtype, array.shape)
        assert (back == array).all()


def test_fake_calls_and_streams(own: Served, model: Any) -> None:
    for name, call, expected in CALLS:
        assert call(model) == expected, name
    for name, call, items in STREAMS:
        assert list(call(model)) == items, name

    async def twin() -> None:
        model = fake(own.package.AsyncEverything, **functions())
        for name, call, expected in CALLS:
            assert await call(model) == expected, name
        for name, call, items in STREAMS:
            assert [item async for item in call(model)] == items, name

    asyncio.run(twin())


def test_fake_functions_receive_the_same_arguments_as_methods(own: Served) -> None:
    """The same calls of a server and a fake pass the same arguments, including omitted ones."""
    from clarigen.testing import serve

    made: list[Callable[[Any], Any]] = [call for _, call, _ in CALLS]
    with serve(Everything()) as server, own.package.Everything(base_url=server.url) as real:
        for call in made:
            call(real)
        logged = server.calls
    model = fake(own.package.Everything, **functions())
    for call in made:
        call(model)
    for mine, entry in zip(calls(model), logged, strict=True):
        assert mine.method == entry.method
        options = {name: value for name, value in mine.arguments.items() if value is not None}
        assert options == {
            name: value for name, value in entry.arguments.items() if value is not None
        }


def test_fake_records_are_of_the_generated_classes(own: Served) -> None:
    package = own.package.client
    reading = package.ReadingsItems
    model = fake(own.package.Everything, **functions())
    assert list(model.readings([reading(x=1.0, kinds=["k"])])) == [["k", "1.0"]]

    def records(x: list[Any]) -> Any:
        return [package.RecordsResult(x=record.x, kinds=record.kinds) for record in x]

    model = fake(own.package.Everything, records=records)
    assert model.records([package.RecordsX(x=1.0, kinds=[])])[0].x == 1.0
    with pytest.raises(Exception, match="`x` is annotated Outer; the method passes a RecordX"):
        fake(own.package.Everything, record=Everything().record)


def test_fake_accepts_a_list_of_inputs(own: Served) -> None:
    """Each input calls the function once; invalid inputs and additional options fail as with a model."""

    def double(x: int) -> int:
        return 2 * x

    async def awaited(x: int) -> int:
        return 2 * x

    inputs = [{"x": n} for n in range(3)]
    noted = [("echo_int", {"x": n}) for n in (*range(3), 7)]
    model = fake(own.package.Everything, echo_int=double, late="late", ints=lambda x: x)
    assert (model.echo_int(inputs), model.echo_int(7)) == ([0, 2, 4], 14)
    assert calls(model) == noted
    assert model.ints([1, 2]) == [1, 2]  # here the list is the argument
    assert model.ints([{"x": [1, 2]}, {"x": []}]) == [[1, 2], []]
    with pytest.raises(InputError, match="input 1 of the batch: echo_int: has no parameter 'y'"):
        model.echo_int([{"x": 1}, {"y": 1}])
    with pytest.raises(InputError, match="`second` cannot be combined with a list of inputs"):
        model.late([{"second": "b"}], second="b")
    with model.recording() as seen:
        model.echo_int(inputs)
    assert [response.method for response in seen] == ["echo_int"] * 3

    async def twin(function: Any) -> None:
        model = fake(own.package.AsyncEverything, echo_int=function)
        assert await model.echo_int(tuple(inputs)) == [0, 2, 4]
        assert await model.echo_int(7) == 14
        assert calls(model) == noted
        with pytest.raises(InputError, match="input 0 of the batch: echo_int: `x` must be an int"):
            await model.echo_int([{"x": "1"}])

    for function in (double, awaited):
        asyncio.run(twin(function))
