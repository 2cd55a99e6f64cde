"""Messages, answers and events of OpenAI-compatible models, without the library and without a server."""

from __future__ import annotations

import json
from typing import Any

import pytest

from clarigen import InputError, Usage
from clarigen._openai import events, failures
from clarigen._openai.request import make_message
from clarigen._openai.token_counts import UsageMeter, read_usage


def message(endpoint: str, **body: Any) -> Any:
    """Return the parsed message for a request."""
    return json.loads(make_message(endpoint, json.dumps(body).encode()).text)


# Messages


def test_a_message_is_the_body_with_the_endpoint_and_without_the_model() -> None:
    assert message("/embeddings", model="m", input="a") == {
        "openai_endpoint": "/embeddings",
        "input": "a",
    }


@pytest.mark.item(62)
def test_keys_that_a_model_may_not_know_go_into_extra_body() -> None:
    sent = message("/chat/completions", messages=[], verbosity="low", top_k=1, mcp_servers=["m"])
    assert sent["extra_body"] == {"verbosity": "low"}
    assert (sent["top_k"], sent["mcp_servers"]) == (1, ["m"])
    nested = message("/responses", input="a", x=1, extra_body={"y": 2})
    assert nested["extra_body"] == {"x": 1, "y": 2}
    assert "extra_body" not in message("/responses", input="a")


def test_the_body_of_another_endpoint_is_not_changed() -> None:
    assert message("/rerank", model="m", query="q", extra_body={"y": 2}) == {
        "openai_endpoint": "/rerank",
        "query": "q",
        "extra_body": {"y": 2},
    }


@pytest.mark.parametrize(
    ("stream", "expected"), [({}, False), ({"stream": False}, False), ({"stream": True}, True)]
)
def test_a_message_says_whether_it_streams(stream: Any, *, expected: bool) -> None:
    body = json.dumps({"messages": [], **stream}).encode()
    assert make_message("/chat/completions", body).is_stream is expected


@pytest.mark.parametrize("body", [b"", b"[]", b"1", b"{", b"\xff"])
def test_a_body_that_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - of the parser, or ours
        make_message("/chat/completions", body)


# Failures in answers


@pytest.mark.parametrize(
    ("details", "status"),
    [
        ("Error code: 400 - max_tokens is too large", 400),
        ("Error code: 429 - slow down", 429),
        ("Error code: 200 - what", 500),
        ("Error code: 4000", 500),
        ("it said: Error code: 400", 500),
        ("Unsupported endpoint: /audio/speech", 404),
        ("Missing required arguments; Expected …", 400),
        ("Completions.create() got an unexpected keyword argument 'mystery'", 400),
        ("Streaming is only supported for chat completions and responses.", 400),
        ("CUDA out of memory", 500),
        ("", 500),
    ],
)
def test_the_status_is_in_the_details(details: str, status: int) -> None:
    answer = {"code": 21313, "description": "Model prediction failed", "details": details}
    failure = failures.find_failure(answer, "request-1")
    assert failure is not None
    reply = failures.make_failure_reply(failure)
    assert (reply.status, reply.request_id) == (status, "request-1")
    error = json.loads(reply.body)["error"]
    assert error["message"] == (details or "Model prediction failed")
    assert error["code"] == "21313"


@pytest.mark.item(56)
@pytest.mark.parametrize(
    ("error", "status"),
    [
        ({"message": "died", "code": 503}, 503),
        ({"message": "died", "code": "engine"}, 500),
        ({"message": "died", "code": 200}, 500),
        ("died", 500),
    ],
)
def test_an_error_of_the_models_server_is_passed_on(error: Any, status: int) -> None:
    failure = failures.find_failure({"error": error})
    assert failure is not None
    assert failure.status == status
    assert failure.description["message"] == "died"


@pytest.mark.parametrize(
    "answer",
    [
        [],
        None,
        {},
        {"object": "response", "error": {"message": "in a response"}},
        {"id": "1", "choices": [], "error": None},
        {"code": 1, "details": "no description"},
        {"code": "a", "description": "b", "details": "c"},
    ],
)
def test_other_answers_are_no_failures(answer: Any) -> None:
    assert failures.find_failure(answer) is None


def test_headers_hold_only_plain_request_ids() -> None:
    assert failures.Reply(200, b"", "a1").headers["x-request-id"] == "a1"
    for odd in ("", "a\r\nb", "ä"):
        assert "x-request-id" not in failures.Reply(200, b"", odd).headers
    assert failures.make_error_reply(InputError("x")).headers["x-should-retry"] == "false"


# Events


def test_nulls_in_tool_calls_are_removed() -> None:
    call = {"index": 0, "id": None, "type": None, "function": {"name": None, "arguments": "{"}}
    chunk = {"choices": [{"index": 0, "delta": {"role": None, "tool_calls": [call]}}]}
    event = events.encode_event(json.dumps(chunk), chunk, "/chat/completions").decode()
    delta = json.loads(event.removeprefix("data: "))["choices"][0]["delta"]
    assert delta == {"role": None, "tool_calls": [{"index": 0, "function": {"arguments": "{"}}]}


@pytest.mark.parametrize(
    "chunk",
    [
        {},
        {"choices": None},
        {"choices": [None, 1]},
        {"choices": [{"delta": None}]},
        {"choices": [{"delta": {"tool_calls": None}}]},
        {"choices": [{"delta": {"tool_calls": ["x", {"function": None}]}}]},
    ],
)
def test_pieces_of_any_form_are_passed_on(chunk: Any) -> None:
    event = events.encode_event(json.dumps(chunk), chunk, "/chat/completions")
    assert event.endswith(b"\n\n")


def test_events_of_responses_have_a_name() -> None:
    item: Any = {"type": "response.created"}
    assert events.encode_event("{}", item, "/responses") == (
        b"event: response.created\ndata: {}\n\n"
    )
    for odd in ("a\nb", "", 1, None):
        assert events.encode_event("{}", {"type": odd}, "/responses") == b"data: {}\n\n"


@pytest.mark.item(61)
def test_the_end_is_said_only_in_chats() -> None:
    assert events.encode_end("/chat/completions") == b"data: [DONE]\n\n"
    assert events.encode_end("/responses") == b""


# Token counts


def chunk_of(prompt: int, completion: int, *choices: object) -> dict[str, Any]:
    return {
        "choices": list(choices),
        "usage": {"prompt_tokens": prompt, "completion_tokens": completion},
    }


@pytest.mark.item(63)
def test_the_counts_of_all_rounds_add_up() -> None:
    meter = UsageMeter()
    meter.add(chunk_of(1, 2))
    meter.add({"choices": []})
    meter.add(chunk_of(3, 4))
    assert meter.usage == Usage(4, 6)


def test_of_running_totals_the_last_counts() -> None:
    running, both = UsageMeter(), UsageMeter()
    for total in (1, 2, 3):
        running.add(chunk_of(5, total, {}))
        both.add(chunk_of(5, total, {}))
    assert running.usage == Usage(5, 3)
    both.add(chunk_of(5, 3))
    assert both.usage == Usage(5, 3)
    assert UsageMeter().usage is None


@pytest.mark.parametrize(
    "answer",
    [None, [], {}, {"usage": None}, {"usage": 3}, {"response": None}, {"response": {"usage": []}}],
)
def test_an_answer_without_counts_has_none(answer: Any) -> None:
    assert read_usage(answer) is None


def test_counts_that_are_no_numbers_are_zero() -> None:
    odd = {"prompt_tokens": "7", "completion_tokens": True, "prompt_tokens_details": 3}
    assert read_usage({"usage": odd}) == Usage()
