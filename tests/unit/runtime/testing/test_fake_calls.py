"""Calls of fakes: what functions receive, and what callers get."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any
from unittest.mock import AsyncMock, Mock

import numpy as np
import pytest

from clarigen import (
    Batch,
    ClarigenError,
    ConfigError,
    InputError,
    ModelNotReadyError,
    RateLimitError,
    Stream,
    Text,
)
from clarigen.testing import Call, calls, fake
from unit.runtime.parrot import ParrotClient
from unit.runtime.testing.functions import PARROT, double, say
from unit.runtime.testing.many import Many

# Calls.


def test_unary_method_calls_its_function() -> None:
    model = fake(ParrotClient, say=say)
    assert isinstance(model, ParrotClient)
    assert repr(model) == "<fake ParrotClient>"
    assert model.say("x", times=3) == "xxx"
    assert model.say("y") == "yy"
    assert calls(model) == [
        ("say", {"text": "x", "times": 3}),
        Call("say", {"text": "y", "times": 2}),
    ]


def test_function_that_lacks_an_option() -> None:
    """It was written before the method had the option. Only a call that passes it is an error."""
    model = fake(ParrotClient, say=lambda text: text)
    assert model.say("x") == model.say("x", times=2) == "x"
    with pytest.raises(
        ConfigError, match="say: the call passes `times`, and the fake's function has no such"
    ):
        model.say("x", times=3)
    assert [call.arguments["times"] for call in calls(model)] == [2, 2, 3]


def test_fake_stream_is_lazy() -> None:
    yielded: list[int] = []

    def counted(n: int) -> Iterator[int]:
        try:
            for item in range(n):
                yielded.append(item)
                yield item
        finally:
            yielded.append(-1)

    model = fake(ParrotClient, count=counted)
    with model.count(5) as stream:
        assert isinstance(stream, Stream)
        assert calls(model) == [], "a call begins with its first item"
        assert (next(stream), next(stream)) == (0, 1)
        assert yielded == [0, 1]
    assert yielded == [0, 1, -1], "leaving early ends the function's generator"
    with pytest.raises(StopIteration):
        next(stream)
    whole = model.count(2)
    assert list(whole) == [0, 1]
    assert whole.usage is not None
    assert calls(model) == [("count", {"n": 5}), ("count", {"n": 2})]


def test_fake_bidi_streams_interleave() -> None:
    answers: list[int] = []

    def items() -> Iterator[int]:
        yield 1
        while len(answers) < 4:
            yield answers[-1]

    model = fake(ParrotClient, double=double)
    for answer in model.double(items()):
        answers.append(answer)
    assert answers == [2, 4, 8, 16]
    assert calls(model) == [("double", {"items": [1, 2, 4, 8]})]


def test_fake_stream_without_items_calls_nothing() -> None:
    model = fake(ParrotClient, double=double)
    assert list(model.double([])) == []
    assert calls(model) == []


def test_error_of_the_callers_iterator_propagates() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise LookupError("mine")

    model = fake(ParrotClient, double=double)
    stream = model.double(items())
    assert next(stream) == 2
    with pytest.raises(LookupError, match="mine"):
        next(stream)


def test_fake_batch_calls_the_function_once_per_input() -> None:
    model = fake(ParrotClient, say=say)
    taken: list[int] = []

    def inputs() -> Iterator[dict[str, Any]]:
        for n in range(1_000_000):
            taken.append(n)
            yield {"text": str(n), "times": 1}

    with model.say_batch(inputs()) as batch:
        assert isinstance(batch, Batch)
        assert [next(batch) for _ in range(3)] == ["0", "1", "2"]
    assert len(taken) < 10
    assert calls(model)[:3] == [("say", {"text": str(n), "times": 1}) for n in range(3)]


def test_fake_batch_outcomes_are_in_input_order() -> None:
    refused = RateLimitError("not this one", code=11005)

    def picky(text: str, times: int) -> str:
        if text == "b":
            raise refused
        return text

    model = fake(ParrotClient, say=picky)
    inputs: list[dict[str, Any]] = [{"text": "a"}, {"text": "b"}, {"txt": "c"}, {"text": "d"}]
    first, second, third, fourth = model.say_batch(inputs).outcomes()
    assert (first, fourth) == ("a", "d")
    assert second is refused
    assert isinstance(third, InputError)
    assert str(third).startswith("say: has no parameter 'txt'")
    assert third.inputs == range(2, 3)
    with pytest.raises(RateLimitError) as caught:
        model.say_batch(inputs).collect()
    assert caught.value is refused
    fixed = model.with_options(batch_size=50, concurrency=4)
    assert [type(outcome) for outcome in fixed.say_batch(inputs).outcomes()] == [
        str,
        RateLimitError,
        InputError,
        str,
    ]


# Arguments and results.


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda model: model.say(3), "say: `text` must be a str, not int 3"),
        (lambda model: model.say("x", times=0), "say: `times` must be at least 1, not 0"),
        (lambda model: model.count("3"), "count: `n` must be an int, not str '3'"),
        (lambda model: model.double("abc"), "double: `items` must be an iterable, not a lone"),
        (lambda model: list(model.double([1, "2"])), "double: an item of `items` must be an int"),
        (lambda model: model.say_batch({"text": "x"}), "`inputs` must be an iterable of mappings"),
    ],
)
def test_fake_checks_arguments(call: Callable[[Any], object], message: str) -> None:
    with pytest.raises(InputError) as caught:
        call(fake(ParrotClient, **PARROT))
    assert message in str(caught.value)


def test_fake_fills_in_defaults_and_converts_values() -> None:
    model = fake(Many, many=lambda top=7, **_: repr(top))
    assert model.many() == "7"
    assert model.many(0.0, text="x", data={"a": [1]}, top=3, class_="d") == "3"
    model.many(None, array=[[1, 2]])
    first, second, third = (call.arguments for call in calls(model))
    assert first == {
        "first": None,
        "text": Text("t"),
        "data": None,
        "class_": "c",
        "array": None,
    }
    assert second == {
        "first": 0.0,
        "text": Text("x"),
        "data": {"a": [1.0]},
        "top": 3,
        "class_": "d",
        "array": None,
    }
    assert third["first"] is None
    assert (third["array"] == np.array([[1, 2]])).all()
    with pytest.raises(InputError, match="`class_` must be one of 'c', 'd', not str 'e'"):
        model.many(class_="e")


def test_fake_distinguishes_an_empty_list_from_an_omitted_one() -> None:
    def texts(names: list[str] = ["own"]) -> list[Text]:  # noqa: B006
        return [Text(name) for name in names]

    model = fake(Many, texts=texts)
    assert model.texts() == [Text("own")]
    assert model.texts([]) == []
    assert calls(model) == [("texts", {}), ("texts", {"names": []})]


@pytest.mark.parametrize(
    ("functions", "call", "message"),
    [
        (
            {"say": lambda **_: 3},
            lambda model: model.say("x"),
            "say: the fake's result must be a str, not int 3",
        ),
        (
            {"count": lambda n: "abc"},
            lambda model: next(model.count(1)),
            "count: the fake's result must be an iterable, not str 'abc'",
        ),
        (
            {"count": lambda n: None},
            lambda model: next(model.count(1)),
            "count: the fake's result must be an iterable, not None",
        ),
        (
            {"count": lambda n: ["1"]},
            lambda model: next(model.count(1)),
            "count: the fake's result must be an int, not str '1'",
        ),
        (
            {"say": lambda **_: 3},
            lambda model: list(model.say_batch([{"text": "x"}]).outcomes()),
            "say: the fake's result must be a str, not int 3",
        ),
        (
            {"say": AsyncMock()},
            lambda model: model.say("x"),
            "fake(ParrotClient, say=…): the function must not be async",
        ),
        (
            {"count": lambda n: _later()},
            lambda model: next(model.count(1)),
            "count: the fake's result must be an iterable, not async_generator",
        ),
    ],
)
def test_fake_checks_results(
    functions: dict[str, Any], call: Callable[[Any], object], message: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        call(fake(ParrotClient, **functions))
    assert message in str(caught.value)


async def _later() -> AsyncIterator[int]:
    yield 1


@pytest.mark.parametrize(
    "error",
    [ModelNotReadyError("starting", code=21351), RateLimitError("slow"), KeyError("own")],
    ids=lambda error: type(error).__name__,
)
@pytest.mark.parametrize(
    "call",
    [
        lambda model: model.say("x"),
        lambda model: next(model.count(1)),
        lambda model: next(model.double([1])),
        lambda model: next(model.say_batch([{"text": "x"}])),
    ],
    ids=["unary", "stream", "bidi", "batch"],
)
def test_exception_of_a_function_propagates_unchanged(
    call: Callable[[ParrotClient], object], error: Exception
) -> None:
    def fail(**_: object) -> Any:
        raise error

    def fail_later(items: Iterator[int]) -> Iterator[int]:
        yield from ()
        raise error

    with pytest.raises((ClarigenError, KeyError)) as caught:
        call(fake(ParrotClient, say=fail, count=fail, double=fail_later))
    assert caught.value is error


def test_fake_accepts_a_result_or_an_error() -> None:
    model = fake(ParrotClient, say="hi", count=[1, 2], double=RateLimitError("slow down"))
    assert (model.say("x"), model.say("y")) == ("hi", "hi")
    assert [list(model.count(1)) for _ in "ab"] == [[1, 2], [1, 2]]
    with pytest.raises(RateLimitError, match="slow down"):
        next(model.double([1]))
    with pytest.raises(NotImplementedError):
        fake(ParrotClient, say=NotImplementedError).say("x")
    assert [call.method for call in calls(model)] == ["say", "say", "count", "count", "double"]


@pytest.mark.parametrize(
    ("replacements", "message"),
    [
        ({"say": 3}, "say: the fake's result must be a str, not int 3"),
        ({"count": [1, "2"]}, "count: the fake's result must be an int, not str '2'"),
        ({"count": 5}, "count: the fake's result must be an iterable, not int 5"),
        ({"count": iter([1])}, "the first call would exhaust the iterator; pass a list"),
    ],
)
def test_invalid_fixed_result_is_rejected_at_once(
    replacements: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        fake(ParrotClient, **replacements)
    assert message in str(caught.value)


def test_fake_accepts_mocks() -> None:
    mock = Mock(return_value="mocked")
    model = fake(ParrotClient, say=mock)
    assert model.say("x") == "mocked"
    mock.assert_called_once_with(text="x", times=2)
