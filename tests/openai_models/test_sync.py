"""The client of the library `openai` over the connection of ours, to a model on the official server."""

from __future__ import annotations

import gc
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import openai
import pytest
from openai.types.chat import ChatCompletionMessageParam, ChatCompletionToolParam

from clarigen import DeadlineExceededError, Usage
from generated.gpt_5_1 import Gpt5_1
from openai_models.backend import Backend

TOOL: Final[ChatCompletionToolParam] = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "strict": True,  # the helpers for streams demand it
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
            "additionalProperties": False,
        },
    },
}
CHAT_USAGE: Final = Usage(11, 7, 3)


def say(text: str) -> list[ChatCompletionMessageParam]:
    """Return the messages of a chat with one message."""
    return [{"role": "user", "content": text}]


@pytest.fixture
def client(model: Gpt5_1) -> openai.OpenAI:
    return model.openai()


def test_a_chat_is_answered(model: Gpt5_1) -> None:
    with model.recording() as responses:
        chat = model.openai().chat.completions.create(model=model.name, messages=say("hi"))
    assert chat.choices[0].message.content == "Hello from the model"
    assert chat.choices[0].message.model_extra == {"reasoning_content": "because"}
    assert [(response.method, response.usage) for response in responses] == [
        ("openai_transport", CHAT_USAGE)
    ]


def test_the_backend_gets_the_parameters(client: openai.OpenAI, backend: Backend) -> None:
    client.chat.completions.create(
        model="ignored",
        messages=say("echo"),
        seed=3,
        temperature=0.5,
        response_format={"type": "json_object"},
        extra_body={
            "top_k": 5,
            "chat_template_kwargs": {"enable_thinking": False},
            "mystery": None,
        },
    )
    sent = backend.last_body
    assert sent["model"] == "tiny"
    assert (sent["seed"], sent["temperature"], sent["top_k"]) == (3, 0.5, 5)
    assert sent["response_format"] == {"type": "json_object"}
    assert sent["chat_template_kwargs"] == {"enable_thinking": False}
    assert sent["mystery"] is None


@pytest.mark.item(62)
def test_parameters_newer_than_the_model_arrive(client: openai.OpenAI, backend: Backend) -> None:
    arguments: Any = {"verbosity": "low", "prompt_cache_key": "k", "safety_identifier": "s"}
    client.chat.completions.create(model="-", messages=say("hi"), **arguments)
    assert {key: backend.last_body[key] for key in arguments} == arguments


def test_a_tool_is_called_and_answered(client: openai.OpenAI) -> None:
    messages = say("weather?")
    first = client.chat.completions.create(model="-", messages=messages, tools=[TOOL])
    message = first.choices[0].message
    assert first.choices[0].finish_reason == "tool_calls"
    assert message.tool_calls is not None
    call = message.tool_calls[0]
    assert call.type == "function"
    assert json.loads(call.function.arguments) == {"city": "Oslo"}
    answer: ChatCompletionMessageParam = {"role": "tool", "tool_call_id": call.id, "content": "sun"}
    history: Any = [*messages, message.model_dump(exclude_none=True), answer]
    second = client.chat.completions.create(model="-", messages=history, tools=[TOOL])
    assert second.choices[0].message.content == "the tool says: sun"


def test_an_image_is_part_of_a_message(client: openai.OpenAI, backend: Backend) -> None:
    url = "data:image/png;base64,iVBORw0KGgo="
    content: Any = [
        {"type": "text", "text": "look"},
        {"type": "image_url", "image_url": {"url": url}},
    ]
    client.chat.completions.create(model="-", messages=[{"role": "user", "content": content}])
    assert backend.last_body["messages"][0]["content"] == content


# Streams


@pytest.mark.item(61)
def test_a_stream_arrives_piece_by_piece(model: Gpt5_1) -> None:
    with model.recording() as responses:
        stream = model.openai().chat.completions.create(
            model=model.name, messages=say("hi"), stream=True
        )
        chunks = list(stream)
    pieces = [choice.delta.content for chunk in chunks for choice in chunk.choices]
    assert pieces == ["", "Hello ", "from ", "the ", "model ", None]
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.total_tokens == 18
    assert [(response.method, response.usage) for response in responses] == [
        ("openai_stream_transport", CHAT_USAGE)
    ]


def test_the_helper_for_streams_accumulates_a_chat(client: openai.OpenAI) -> None:
    with client.chat.completions.stream(model="-", messages=say("hi")) as stream:
        kinds = {event.type for event in stream}
        completion = stream.get_final_completion()
    assert "content.delta" in kinds
    assert completion.choices[0].message.content == "Hello from the model "


def test_the_helper_for_streams_accumulates_a_tool_call(client: openai.OpenAI) -> None:
    with client.chat.completions.stream(model="-", messages=say("?"), tools=[TOOL]) as stream:
        for _ in stream:
            pass
        calls = stream.get_final_completion().choices[0].message.tool_calls
    assert calls is not None
    assert calls[0].function.arguments == '{"city": "Oslo"}'


def test_a_stream_that_is_closed_early_is_canceled(client: openai.OpenAI, backend: Backend) -> None:
    backend.closed.clear()
    stream = client.chat.completions.create(model="-", messages=say("endless"), stream=True)
    assert next(iter(stream)).choices[0].delta.content == "again "
    stream.close()
    assert backend.closed.wait(30), "the model still reads from its backend"


def test_a_stream_that_is_dropped_is_canceled(client: openai.OpenAI, backend: Backend) -> None:
    backend.closed.clear()
    stream = client.chat.completions.create(model="-", messages=say("endless"), stream=True)
    assert next(iter(stream)).choices[0].delta.content == "again "
    del stream
    gc.collect()
    assert backend.closed.wait(30), "the model still reads from its backend"


# The other endpoints


def test_a_response_is_answered(model: Gpt5_1, backend: Backend) -> None:
    with model.recording() as responses:
        response = model.openai().responses.create(
            model=model.name, input="hi", extra_body={"mystery": 1}
        )
    assert response.output_text == "Hello from responses"
    assert backend.requests[-1] == (
        "/responses",
        {"model": "tiny", "input": "hi", "mystery": 1},
    )
    assert responses.usage == Usage(5, 4, 0)


def test_a_response_streams_its_events(model: Gpt5_1) -> None:
    with model.recording() as responses:
        events = list(model.openai().responses.create(model="-", input="hi", stream=True))
    assert [event.type for event in events][:2] == [
        "response.created",
        "response.output_item.added",
    ]
    assert events[-1].type == "response.completed"
    assert responses.usage == Usage(5, 4, 0)


def test_the_helper_for_responses_accumulates_the_events(client: openai.OpenAI) -> None:
    with client.responses.stream(model="-", input="hi") as stream:
        for _ in stream:
            pass
        assert stream.get_final_response().output_text == "Hello from responses"


@pytest.mark.parametrize("form", [{}, {"encoding_format": "float"}])
def test_embeddings_are_numbers(model: Gpt5_1, form: Any) -> None:
    with model.recording() as responses:
        answer = model.openai().embeddings.create(model="-", input=["a", "b"], **form)
    assert [item.embedding for item in answer.data] == [[0.25, -0.5], [0.25, -0.5]]
    assert responses.usage == Usage(2, 0, 0)


def test_an_image_is_generated(client: openai.OpenAI) -> None:
    images = client.images.generate(model="-", prompt="a cat").data
    assert images is not None
    assert images[0].b64_json == "aGVsbG8="


# Errors


@pytest.mark.item(56)
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, openai.BadRequestError),
        (401, openai.AuthenticationError),
        (404, openai.NotFoundError),
        (422, openai.UnprocessableEntityError),
        (429, openai.RateLimitError),
        (500, openai.InternalServerError),
        (503, openai.InternalServerError),
    ],
)
def test_an_error_of_the_backend_keeps_its_status(
    model: Gpt5_1, status: int, error: type[openai.APIStatusError], *, stream: bool
) -> None:
    arguments: Any = {"messages": say(f"fail {status}"), "stream": stream}
    with model.recording() as responses, pytest.raises(error, match=f"refused with {status}") as e:
        model.openai().chat.completions.create(model="-", **arguments)
    assert e.value.status_code == status
    assert e.value.code == "21313"
    assert responses == [], "a failed call"


def test_the_library_does_not_retry(client: openai.OpenAI, backend: Backend) -> None:
    before = len(backend.requests)
    with pytest.raises(openai.RateLimitError):
        client.with_options(max_retries=3).chat.completions.create(
            model="-", messages=say("fail 429")
        )
    assert len(backend.requests) == before + 1


def test_an_error_in_mid_stream_is_an_api_error(model: Gpt5_1) -> None:
    stream = model.openai().chat.completions.create(
        model="-", messages=say("fail midway"), stream=True
    )
    assert next(stream).choices[0].delta.content == "Hello"
    with pytest.raises(openai.APIError, match="the engine died"):
        next(stream)


def test_unknown_endpoints_are_not_found(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match="/completions"):
        client.completions.create(model="-", prompt="x")
    with pytest.raises(openai.NotFoundError, match="GET /models"):
        client.models.list()
    with pytest.raises(openai.NotFoundError, match="POST /audio/transcriptions"):
        client.audio.transcriptions.create(model="-", file=("a.wav", b"RIFF"))


def test_a_body_without_messages_is_a_bad_request(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="Missing required arguments"):
        client.post("/chat/completions", cast_to=object, body={"model": "-"})
    with pytest.raises(openai.BadRequestError, match="not a JSON object"):
        client.post("/chat/completions", cast_to=object, body=[1])


@pytest.mark.parametrize("stream", [False, True])
def test_a_timeout_is_a_timeout(model: Gpt5_1, backend: Backend, *, stream: bool) -> None:
    backend.released.clear()
    backend.waiting.clear()
    arguments: Any = {"messages": say("wait"), "stream": stream}
    with pytest.raises(openai.APITimeoutError) as e:
        model.openai().chat.completions.create(model="-", timeout=1.0, **arguments)
    backend.released.set()
    assert backend.waiting.is_set(), "the call got to the model"
    assert e.value.__cause__ is not None
    error = e.value.__cause__.__cause__
    assert isinstance(error, DeadlineExceededError)
    assert error.timeout == 1.0


def test_the_timeout_of_the_client_is_that_of_the_library(model: Gpt5_1) -> None:
    assert model.openai().timeout == 60
    assert model.with_options(timeout=5).openai().timeout == 5
    assert model.with_options(timeout=None).openai().timeout is None


# Many calls, and the life of both clients


def test_fifty_calls_at_once(client: openai.OpenAI) -> None:
    def chat(number: int) -> str | None:
        answer = client.chat.completions.create(model="-", messages=say("echo"), seed=number)
        return answer.choices[0].message.content

    with ThreadPoolExecutor(50) as threads:
        answers = list(threads.map(chat, range(50)))
    assert [json.loads(answer or "")["seed"] for answer in answers] == list(range(50))


def test_closing_the_library_leaves_the_model_open(model: Gpt5_1) -> None:
    with model.openai() as client:
        client.chat.completions.create(model="-", messages=say("hi"))
    assert model.openai().chat.completions.create(model="-", messages=say("hi")).id


def test_a_closed_model_says_so(plain_url: str) -> None:
    with Gpt5_1(base_url=plain_url) as closed:
        client = closed.openai()
    with pytest.raises(openai.BadRequestError, match="this client is closed"):
        client.chat.completions.create(model="-", messages=say("hi"))


def test_the_environment_has_no_effect(model: Gpt5_1, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "http_proxy",
        "https_proxy",
        "all_proxy",
    ):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/other")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-other")
    monkeypatch.setenv("OPENAI_ORG_ID", "org")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "project")
    monkeypatch.setenv("SSL_CERT_FILE", "/missing")
    client = model.openai()
    assert client.chat.completions.create(model="-", messages=say("hi")).id
    assert client.api_key == "-"
