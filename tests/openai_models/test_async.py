"""The async client of the library `openai` over the connection of ours: what differs from `test_sync` by the await."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import openai
import pytest

from clarigen import DeadlineExceededError, Usage
from generated.gpt_5_1 import AsyncGpt5_1
from openai_models.backend import Backend
from openai_models.test_sync import CHAT_USAGE, TOOL, say

Test = Callable[[AsyncGpt5_1, openai.AsyncOpenAI], Awaitable[None]]


@pytest.fixture
def run(plain_url: str) -> Callable[[Test], None]:
    """Return a function that runs a coroutine function with a model and its `openai` client."""

    async def run_test(test: Test) -> None:
        async with AsyncGpt5_1(base_url=plain_url, timeout=60) as model:
            await test(model, model.openai())

    return lambda test: asyncio.run(run_test(test))


def test_every_endpoint_is_answered(run: Callable[[Test], None]) -> None:
    async def test(model: AsyncGpt5_1, client: openai.AsyncOpenAI) -> None:
        with model.recording() as responses:
            chat = await client.chat.completions.create(model=model.name, messages=say("hi"))
            response = await client.responses.create(model=model.name, input="hi")
            embeddings = await client.embeddings.create(model=model.name, input=["a", "b"])
            images = await client.images.generate(model=model.name, prompt="a cat")
        assert chat.choices[0].message.content == "Hello from the model"
        assert response.output_text == "Hello from responses"
        assert [item.embedding for item in embeddings.data] == [[0.25, -0.5], [0.25, -0.5]]
        assert images.data is not None
        assert images.data[0].b64_json == "aGVsbG8="
        assert [each.usage for each in responses] == [
            CHAT_USAGE,
            Usage(5, 4, 0),
            Usage(2, 0, 0),
            Usage(),
        ]

    run(test)


def test_streams_arrive_piece_by_piece(run: Callable[[Test], None]) -> None:
    async def test(model: AsyncGpt5_1, client: openai.AsyncOpenAI) -> None:
        with model.recording() as responses:
            chunks = await client.chat.completions.create(
                model="-", messages=say("hi"), stream=True
            )
            pieces = [choice.delta.content async for chunk in chunks for choice in chunk.choices]
            events = await client.responses.create(model="-", input="hi", stream=True)
            kinds = [event.type async for event in events]
        assert pieces == ["", "Hello ", "from ", "the ", "model ", None]
        assert kinds[-1] == "response.completed"
        assert responses.usage == CHAT_USAGE + Usage(5, 4, 0)

    run(test)


def test_the_helper_for_streams_accumulates_a_tool_call(run: Callable[[Test], None]) -> None:
    async def test(_: AsyncGpt5_1, client: openai.AsyncOpenAI) -> None:
        async with client.chat.completions.stream(
            model="-", messages=say("?"), tools=[TOOL]
        ) as stream:
            async for _event in stream:
                pass
            calls = (await stream.get_final_completion()).choices[0].message.tool_calls
        assert calls is not None
        assert calls[0].function.arguments == '{"city": "Oslo"}'

    run(test)


@pytest.mark.parametrize("ending", ["close", "cancel"])
def test_a_stream_that_is_left_early_is_canceled(
    run: Callable[[Test], None], backend: Backend, ending: str
) -> None:
    backend.closed.clear()

    async def test(_: AsyncGpt5_1, client: openai.AsyncOpenAI) -> None:
        reached = asyncio.Event()

        async def read() -> None:
            stream = await client.chat.completions.create(
                model="-", messages=say("endless"), stream=True
            )
            async for chunk in stream:
                assert chunk.choices[0].delta.content == "again "
                reached.set()
                if ending == "close":
                    break
            await stream.close()

        task = asyncio.create_task(read())
        await reached.wait()
        if ending == "cancel":
            task.cancel()
        await asyncio.wait([task])
        assert task.cancelled() is (ending == "cancel")
        assert await asyncio.to_thread(backend.closed.wait, 30), "the model still reads"

    run(test)


@pytest.mark.parametrize("stream", [False, True])
def test_errors_of_the_backend_keep_their_status(
    run: Callable[[Test], None], *, stream: bool
) -> None:
    async def test(_: AsyncGpt5_1, client: openai.AsyncOpenAI) -> None:
        errors: dict[int, type[openai.APIStatusError]] = {
            400: openai.BadRequestError,
            429: openai.RateLimitError,
            500: openai.InternalServerError,
        }
        for status, error in errors.items():
            arguments: Any = {"messages": say(f"fail {status}"), "stream": stream}
            with pytest.raises(error, match=f"refused with {status}"):
                await client.chat.completions.create(model="-", **arguments)
        with pytest.raises(openai.NotFoundError, match="GET /models"):
            await client.models.list()

    run(test)


def test_an_error_in_mid_stream_is_an_api_error(run: Callable[[Test], None]) -> None:
    async def test(_: AsyncGpt5_1, client: openai.AsyncOpenAI) -> None:
        stream = await client.chat.completions.create(
            model="-", messages=say("fail midway"), stream=True
        )
        assert (await anext(stream)).choices[0].delta.content == "Hello"
        with pytest.raises(openai.APIError, match="the engine died"):
            await anext(stream)

    run(test)


@pytest.mark.parametrize("stream", [False, True])
def test_a_timeout_is_a_timeout(
    run: Callable[[Test], None], backend: Backend, *, stream: bool
) -> None:
    backend.released.clear()
    arguments: Any = {"messages": say("wait"), "stream": stream}

    async def test(_: AsyncGpt5_1, client: openai.AsyncOpenAI) -> None:
        with pytest.raises(openai.APITimeoutError) as e:
            await client.chat.completions.create(model="-", timeout=1.0, **arguments)
        assert e.value.__cause__ is not None
        assert isinstance(e.value.__cause__.__cause__, DeadlineExceededError)

    try:
        run(test)
    finally:
        backend.released.set()


def test_fifty_calls_at_once(run: Callable[[Test], None]) -> None:
    async def test(_: AsyncGpt5_1, client: openai.AsyncOpenAI) -> None:
        async def chat(number: int) -> int:
            answer = await client.chat.completions.create(
                model="-", messages=say("echo"), seed=number
            )
            seed: int = json.loads(answer.choices[0].message.content or "")["seed"]
            return seed

        assert await asyncio.gather(*map(chat, range(50))) == list(range(50))

    run(test)


def test_closing_the_library_leaves_the_model_open(run: Callable[[Test], None]) -> None:
    async def test(model: AsyncGpt5_1, client: openai.AsyncOpenAI) -> None:
        await client.close()
        assert (await model.openai().chat.completions.create(model="-", messages=say("hi"))).id
        await model.close()
        with pytest.raises(openai.BadRequestError, match="this client is closed"):
            await model.openai().chat.completions.create(model="-", messages=say("hi"))

    run(test)
