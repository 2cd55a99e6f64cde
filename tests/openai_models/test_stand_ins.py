"""Fakes and servers of OpenAI-compatible models, for the tests of applications."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Iterator
from typing import Any

import openai
import pytest

from clarigen import ConfigError, RateLimitError
from clarigen.testing import OpenAITransports, Samples, calls, fake, serve
from generated.detector import Detector
from generated.gpt_5_1 import AsyncGpt5_1, Gpt5_1
from openai_models.test_sync import say
from support import ROOT, SOURCES, run


def shout(body: dict[str, Any]) -> str:
    """Answer with the last message in capitals."""
    text: str = body["messages"][-1]["content"]
    return text.upper()


def chunk(text: str) -> dict[str, Any]:
    return {"id": "1", "choices": [{"index": 0, "delta": {"content": text}}]}


def read(stream: Any) -> str:
    return "".join(choice.delta.content or "" for piece in stream for choice in piece.choices)


def test_a_function_answers_chats_and_streams() -> None:
    model = fake(Gpt5_1, openai=shout)
    chat = model.openai().chat.completions
    assert chat.create(model="-", messages=say("hi you")).choices[0].message.content == "HI YOU"
    assert read(chat.create(model="-", messages=say("hi you"), stream=True)) == "HI YOU"


def test_the_calls_are_logged_with_the_body_that_a_backend_gets() -> None:
    model = fake(Gpt5_1, openai=shout, predict=lambda prompt, **_: prompt)
    model.openai().chat.completions.create(model="-", messages=say("hi"), extra_body={"x": 1})
    assert model.predict("typed") == "typed"
    first, second = calls(model)
    body = {"openai_endpoint": "/chat/completions", "messages": say("hi"), "x": 1}
    assert first == ("openai", {"body": body})
    assert second.method == "predict"


def test_a_function_may_return_dicts() -> None:
    def answer(body: dict[str, Any]) -> Any:
        if body.get("stream"):
            return (chunk(word) for word in ("a", "b"))
        return {"object": "list", "data": [{"index": 0, "embedding": [0.5]}]}

    client = fake(Gpt5_1, openai=answer).openai()
    assert client.embeddings.create(model="-", input="a").data[0].embedding == [0.5]
    assert read(client.chat.completions.create(model="-", messages=[], stream=True)) == "ab"


def test_a_function_may_return_objects_of_the_library() -> None:
    first = (
        fake(Gpt5_1, openai=shout).openai().chat.completions.create(model="-", messages=say("a"))
    )
    again = fake(Gpt5_1, openai=first).openai().chat.completions.create(model="-", messages=[])
    assert again.choices == first.choices


def test_errors_become_those_of_the_library() -> None:
    client = fake(Gpt5_1, openai=RateLimitError("slow down")).openai()
    for stream in (False, True):
        arguments: Any = {"messages": say("hi"), "stream": stream}
        with pytest.raises(openai.RateLimitError, match="slow down"):
            client.chat.completions.create(model="-", **arguments)


def test_a_missing_replacement_is_named() -> None:
    with pytest.raises(openai.BadRequestError, match=r"pass fake\(Gpt5_1, openai=…\)"):
        fake(Gpt5_1).openai().chat.completions.create(model="-", messages=say("hi"))


def test_an_answer_of_another_form_is_refused() -> None:
    chat = fake(Gpt5_1, openai=lambda body: 3).openai().chat.completions
    with pytest.raises(openai.BadRequestError, match="must be a dict or a text, not int"):
        chat.create(model="-", messages=say("hi"))
    with pytest.raises(openai.BadRequestError, match="must be an iterable, not int"):
        chat.create(model="-", messages=say("hi"), stream=True)


def test_other_models_have_no_such_replacement() -> None:
    with pytest.raises(ConfigError, match="there is no method of this name"):
        fake(Detector, openai=shout)


# asyncio


async def shout_async(body: dict[str, Any]) -> str:
    await asyncio.sleep(0)
    return shout(body)


async def stream_async(body: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
    for word in shout(body).split():
        yield chunk(word)


@pytest.mark.parametrize("handler", [shout, shout_async, stream_async])
def test_a_function_of_an_async_fake_may_be_async(handler: Any) -> None:
    async def chat() -> tuple[str | None, str]:
        completions = fake(AsyncGpt5_1, openai=handler).openai().chat.completions
        stream = await completions.create(model="-", messages=say("hi you"), stream=True)
        pieces = [choice.delta.content or "" async for c in stream for choice in c.choices]
        if handler is stream_async:
            return "HI YOU", " ".join(pieces)
        answer = await completions.create(model="-", messages=say("hi you"))
        return answer.choices[0].message.content, "".join(pieces)

    assert asyncio.run(chat()) == ("HI YOU", "HI YOU")


def test_a_synchronous_fake_takes_no_async_function() -> None:
    with pytest.raises(ConfigError, match="must not be async"):
        fake(Gpt5_1, openai=shout_async)


# Servers


class Shouting(OpenAITransports):
    """A model with a typed method beside the transports."""

    def __init__(self) -> None:
        super().__init__(shout)

    def predict(self, prompt: str) -> str:
        return prompt


def test_a_served_function_answers_chats_and_streams() -> None:
    with serve(Shouting()) as server, Gpt5_1(base_url=server.url) as model:
        chat = model.openai().chat.completions
        assert chat.create(model="-", messages=say("hi you")).choices[0].message.content == "HI YOU"
        assert read(chat.create(model="-", messages=say("hi you"), stream=True)) == "HI YOU"
        names = [call.method for call in server.calls]
    assert names == ["openai_transport", "openai_stream_transport"]


def test_a_model_of_sample_values_chats() -> None:
    lock = json.loads((ROOT / "generated" / "gpt_5_1" / "signatures.json").read_text())
    with (
        serve(Samples(lock["method_signatures"])) as server,
        Gpt5_1(base_url=server.url) as model,
    ):
        chat = model.openai().chat.completions
        assert chat.create(model="-", messages=say("hi")).choices[0].message.content
        assert read(chat.create(model="-", messages=say("hi"), stream=True))


@pytest.fixture
def examples(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The module of examples, with a server of sample values."""
    import generated.gpt_5_1.examples

    with serve(Shouting()) as server:
        monkeypatch.setenv("CLARIFAI_API_BASE", server.url)
        yield generated.gpt_5_1.examples


def test_an_example_that_fails_says_why_in_one_line() -> None:
    program = "from generated.gpt_5_1 import examples; examples.main(examples.chat)"
    with serve(Shouting()) as server:
        server.faults.add(status="MODEL_PREDICTION_FAILED", details="out of memory")
        done = run(
            sys.executable,
            "-c",
            program,
            "chat",
            env={"PYTHONPATH": SOURCES, "CLARIFAI_API_BASE": server.url},
        )
    assert done.returncode == 1
    assert done.stderr.startswith("InternalServerError: ")
    assert "out of memory" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_examples_run(examples: Any, capsys: pytest.CaptureFixture[str]) -> None:
    examples.chat()
    asyncio.run(examples.chat_async())
    examples.chat_stream()
    asyncio.run(examples.chat_stream_async())
    assert capsys.readouterr().out == "HELLO\nHELLO\nHELLOHELLO"
