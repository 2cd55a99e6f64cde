"""Methods with other names in Python than on the wire: users see the first, the model the second."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, Callable, Iterable, Iterator
from typing import Any

import pytest

from clarigen import (
    AsyncBatch,
    AsyncClient,
    AsyncStream,
    Batch,
    ClarigenError,
    Client,
    ConfigError,
    Stream,
    wire,
)
from clarigen.testing import Server, calls, fake, serve


class Keywords(Client):
    def import_(self, x_: Any) -> int:
        result: int = self._unary_or_batch(_IMPORT, x_)
        return result

    def import_batch(
        self, inputs: Iterable[Any], *, progress: bool = False, total: int | None = None
    ) -> Batch[int]:
        return self._batch(_IMPORT, inputs, progress, total)

    def yield_(self, x_: int) -> Stream[int]:
        return self._stream(_YIELD, x_)

    def with_(self, items: Iterable[int]) -> Stream[int]:
        return self._stream(_WITH, items)


class AsyncKeywords(AsyncClient):
    async def import_(self, x_: Any) -> int:
        result: int = await self._unary_or_batch(_IMPORT, x_)
        return result

    def import_batch(
        self,
        inputs: Iterable[Any] | AsyncIterable[Any],
        *,
        progress: bool = False,
        total: int | None = None,
    ) -> AsyncBatch[int]:
        return self._batch(_IMPORT, inputs, progress, total)

    def yield_(self, x_: int) -> AsyncStream[int]:
        return self._stream(_YIELD, x_)

    def with_(self, items: Iterable[int] | AsyncIterable[int]) -> AsyncStream[int]:
        return self._stream(_WITH, items)


_X = wire.field("x", wire.INT, name="x_")
_ITEMS = wire.field("items", wire.INT, stream=True)
_IMPORT: Any = wire.unary("import", _X, name="import_", returns=wire.INT)
_YIELD = wire.server_stream("yield", _X, name="yield_", returns=wire.INT)
_WITH = wire.bidi_stream("with", _ITEMS, name="with_", returns=wire.INT)


class Model:
    """The served model: its methods have keywords of Python as names."""


def _double(_self: object, x: int) -> int:
    if x < 0:
        raise ValueError("below nothing")
    return 2 * x


def _count(_self: object, x: int) -> Iterator[int]:
    if x < 0:
        raise ValueError("below nothing")
    yield from range(x)


def _follow(_self: object, items: Iterator[int]) -> Iterator[int]:
    yield from items


def _follow_alone(items: Iterator[int]) -> Iterator[int]:
    return _follow(None, items)


for _name, _function in (("import", _double), ("yield", _count), ("with", _follow)):
    setattr(Model, _name, _function)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serve(Model()) as server:
        yield server


def call_all(server: Server, sync: Callable[[Any], Any], twin: Callable[[Any], Any]) -> list[Any]:
    """Return the result of a call, or the text of its error, on the client, its twin and their fakes."""
    functions: dict[str, Any] = {
        "import_": lambda x_: _double(None, x_),
        "yield_": lambda x_: list(_count(None, x_)),
        "with_": _follow_alone,
    }

    async def run(model: AsyncKeywords) -> Any:
        async with model:
            return await twin(model)

    def result_or_error(call: Callable[[], Any]) -> Any:
        try:
            return call()
        except (ClarigenError, ValueError) as error:
            return str(error)

    with Keywords(base_url=server.url) as model:
        results = [result_or_error(lambda: sync(model))]
    results.append(result_or_error(lambda: asyncio.run(run(AsyncKeywords(base_url=server.url)))))
    results.append(result_or_error(lambda: sync(fake(Keywords, **functions))))
    results.append(result_or_error(lambda: asyncio.run(run(fake(AsyncKeywords, **functions)))))
    return results


async def collect(stream: Any) -> list[Any]:
    return [item async for item in stream]


def test_requests_have_the_names_of_the_wire(server: Server) -> None:
    results = call_all(server, lambda model: model.import_(2), lambda model: model.import_(2))
    assert results == [4] * 4
    inputs = [{"x_": 1}, {"x_": 2}]
    assert (
        call_all(server, lambda m: m.import_(inputs), lambda m: m.import_(inputs)) == [[2, 4]] * 4
    )
    items = call_all(server, lambda m: list(m.yield_(3)), lambda m: collect(m.yield_(3)))
    assert items == [[0, 1, 2]] * 4
    items = call_all(server, lambda m: list(m.with_([5])), lambda m: collect(m.with_([5])))
    assert items == [[5]] * 4
    assert {call.method for call in server.calls} == {"import", "yield", "with"}


def test_input_errors_have_the_names_in_python(server: Server) -> None:
    messages = call_all(server, lambda m: m.import_("a"), lambda m: m.import_("a"))
    assert messages == ["import_: `x_` must be an int, not str 'a'"] * 4
    assert call_all(server, lambda m: m.import_([]), lambda m: m.import_([])) == [[]] * 4
    messages = call_all(
        server,
        lambda m: m.import_batch([{"x": 1}]).collect(),
        lambda m: m.import_batch([{"x": 1}]).collect(),
    )
    assert messages == ["input 0 of the batch: import_: has no parameter 'x'; it has x_"] * 4
    messages = call_all(server, lambda m: m.import_batch(1), lambda m: m.import_batch(1))
    assert messages == ["import_: `inputs` must be an iterable of mappings, not int 1"] * 4
    messages = call_all(server, lambda m: list(m.with_("ab")), lambda m: collect(m.with_("ab")))
    assert len(set(messages)) == 1
    assert messages[0].startswith("with_: `items` must be an iterable")


def test_errors_of_the_model_have_the_names_in_python(server: Server) -> None:
    messages = call_all(server, lambda m: m.import_(-1), lambda m: m.import_(-1))
    assert all(text.startswith("import_: 10020 FAILURE") for text in messages[:2]), messages
    messages = call_all(server, lambda m: list(m.yield_(-1)), lambda m: collect(m.yield_(-1)))
    assert all(text.startswith("yield_: 10020 FAILURE") for text in messages[:2]), messages


def test_recordings_have_the_names_in_python(server: Server) -> None:
    def sync(model: Any) -> Any:
        with model.recording() as recording:
            model.import_(1)
            model.import_batch([{"x_": 1}]).collect()
            list(model.yield_(1))
        return [response.method for response in recording]

    async def twin(model: Any) -> Any:
        with model.recording() as recording:
            await model.import_(1)
            await model.import_batch([{"x_": 1}]).collect()
            await collect(model.yield_(1))
        return [response.method for response in recording]

    assert call_all(server, sync, twin) == [["import_", "import_", "yield_"]] * 4


def test_fakes_take_the_names_in_python() -> None:
    model = fake(Keywords, import_=3)
    assert model.import_(1) == 3
    assert calls(model) == [("import_", {"x_": 1})]
    with pytest.raises(ConfigError, match=r"yield_: the fake has no replacement; .*yield_=…"):
        model.yield_(1)
    with pytest.raises(
        ConfigError, match="there is no method of this name; did you mean `import_`"
    ):
        fake(Keywords, **{"import": 3})
