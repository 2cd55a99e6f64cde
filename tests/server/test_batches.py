"""Batches on both servers, sync and async: order, failures, early exit."""

from __future__ import annotations

import asyncio
import itertools
import pickle
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from clarigen import ConfigError, InputError, PredictionError
from clarigen.examples import IMAGE
from server.conftest import Served

N = 300


def ints(count: int = N) -> Iterator[dict[str, Any]]:
    return ({"x": n} for n in range(count))


def test_batch_results_are_in_input_order(served: Served) -> None:
    with served.client() as model:
        assert model.echo_int_batch(ints()).collect() == list(range(N))
        assert model.echo_int_batch([]).collect() == []
        fixed = model.with_options(batch_size=7, concurrency=3)
        assert list(fixed.echo_int_batch(ints(50))) == list(range(50))
        assert model.echo_image_batch([{"x": IMAGE}]).collect() == [IMAGE]


def test_recording_has_one_response_per_request(served: Served) -> None:
    with served.client() as model, model.recording() as seen:
        model.with_options(batch_size=128, concurrency=2).echo_int_batch(ints()).collect()
    assert [len(response.raw.outputs) for response in seen] in ([128, 128, 44], [128, 44, 128])


def test_batch_consumes_inputs_lazily(served: Served) -> None:
    taken = itertools.count()

    def endless() -> Iterator[dict[str, Any]]:
        for n in taken:
            yield {"x": n}

    with served.client() as model:
        few = model.with_options(batch_size=2, concurrency=2).echo_int_batch(endless())
        with few as results:
            assert [next(results) for _ in range(10)] == list(range(10))
        assert next(taken) < 30
        assert list(few) == []


def test_invalid_input_raises_at_its_position(served: Served) -> None:
    with served.client() as model:
        results = model.echo_int_batch([{"x": 1}, {"x": "x"}, {"x": 3}])
        assert next(results) == 1
        with pytest.raises(InputError, match="input 1 of the batch: echo_int: `x` must be"):
            next(results)
        assert list(results) == []
        first, second, third = model.echo_int_batch([{"x": 1}, {"x": "x"}, {"x": 3}]).outcomes()
        assert (first, third) == (1, 3)
        assert isinstance(second, InputError)


def test_error_of_the_callers_iterator_propagates(served: Served) -> None:
    def failing() -> Iterator[dict[str, Any]]:
        yield {"x": 1}
        raise LookupError("of the caller")

    with served.client() as model, pytest.raises(LookupError, match="of the caller"):
        model.echo_int_batch(failing()).collect()


@pytest.mark.parametrize("inputs", [{"x": 1}, "x", 7, None])
def test_invalid_batch_is_rejected(served: Served, inputs: Any) -> None:
    with served.client() as model, pytest.raises(InputError, match="iterable of mappings"):
        model.echo_int_batch(inputs)


def test_batch_options_are_checked_and_pickled(served: Served) -> None:
    with served.client() as model:
        for wrong in ({"batch_size": 0}, {"batch_size": 129}, {"concurrency": 0}):
            with pytest.raises(ConfigError, match=next(iter(wrong))):
                model.with_options(**wrong)
        fixed = model.with_options(batch_size=7, concurrency=3)
        with fixed.recording() as seen:
            fixed.echo_int_batch(ints(14)).collect()
        assert len(seen) == 2
        with pickle.loads(pickle.dumps(fixed)) as copy, copy.recording() as seen:
            copy.echo_int_batch(ints(14)).collect()
        assert len(seen) == 2


def test_async_batches(served: Served) -> None:
    async def source() -> AsyncIterator[dict[str, Any]]:
        for result in ints():
            await asyncio.sleep(0)
            yield result

    async def run() -> None:
        async with served.async_client() as model:
            assert await model.echo_int_batch(ints()).collect() == list(range(N))
            assert await model.echo_int_batch(source()).collect() == list(range(N))
            endless = ({"x": n} for n in itertools.count())
            async with model.echo_int_batch(endless) as results:
                assert [await anext(results) for _ in range(10)] == list(range(10))
            outcomes = model.echo_int_batch([{"x": 1}, {"x": "x"}]).outcomes()
            first, second = [outcome async for outcome in outcomes]
            assert first == 1
            assert isinstance(second, InputError)
            with pytest.raises(InputError, match="input 0"):
                await model.echo_int_batch([{"other": 1}]).collect()
            left = asyncio.all_tasks() - {asyncio.current_task()}
            assert not [task for task in left if not task.done() and "run" in repr(task)]

    asyncio.run(run())


def test_progress_bar_is_drawn(served: Served, capfd: pytest.CaptureFixture[str]) -> None:
    with served.client() as model:
        assert model.echo_int_batch(list(ints(20)), progress=True).collect() == list(range(20))
    assert "echo_int" in capfd.readouterr().err


def test_progress_bar_without_rich_names_the_missing_package(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "rich", None)
    with served.client() as model, pytest.raises(ConfigError, match="pip install rich"):
        model.echo_int_batch(ints(2), progress=True).collect()


def test_failed_model_fails_the_whole_request(served: Served) -> None:
    with served.client() as model:
        fixed = model.with_options(batch_size=2, concurrency=1)
        outcomes = list(fixed.fail_batch([{"message": "a"}, {"message": "b"}]).outcomes())
        assert [type(outcome) for outcome in outcomes] == [PredictionError] * 2
        with pytest.raises(PredictionError) as alone:
            fixed.fail_batch([{"message": "a"}]).collect()
        assert "outcomes" not in str(alone.value)
        hint = r"; `fail_batch\(inputs\).outcomes\(\)` yields the results of the inputs that did not fail$"
        with pytest.raises(PredictionError, match=hint):
            fixed.fail([{"message": "a"}, {"message": "b"}])
        with pytest.raises(PredictionError, match=hint):
            fixed.fail_batch({"message": text} for text in "ab").collect()
