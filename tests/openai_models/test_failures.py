"""Failures that are not in a model's answer: those of the platform, of connections, and of our own checks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import openai
import pytest

from clarigen import ClarigenError, RateLimitError, TransportError
from clarigen.testing import Server, serve
from generated.gpt_5_1 import Gpt5_1
from openai_models.test_sync import say

CHUNK = {"id": "1", "choices": [{"index": 0, "delta": {"content": "a"}}]}


class Chat:
    def openai_transport(self, msg: str) -> str:
        return json.dumps({"id": "1", "choices": [], "asked": json.loads(msg)})

    def openai_stream_transport(self, msg: str) -> Iterator[str]:
        del msg
        for _ in range(3):
            yield json.dumps(CHUNK)


@pytest.fixture
def server() -> Iterator[Server]:
    with serve(Chat()) as server_:
        yield server_


@pytest.fixture
def client(server: Server) -> Iterator[openai.OpenAI]:
    with Gpt5_1(base_url=server.url, max_retries=0, timeout=60) as model:
        yield model.openai()


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("status", "error"),
    [
        ("CONN_TOKEN_INVALID", openai.AuthenticationError),
        ("CONN_INSUFFICIENT_SCOPES", openai.PermissionDeniedError),
        ("MODEL_DOES_NOT_EXIST", openai.NotFoundError),
        ("CONN_THROTTLED", openai.RateLimitError),
        ("CONN_INVALID_REQUEST", openai.BadRequestError),
        ("MODEL_BUILDING_FAILED", openai.InternalServerError),
        ("MODEL_PREDICTION_FAILED", openai.InternalServerError),
        ("INTERNAL_UNCATEGORIZED", openai.InternalServerError),
    ],
)
def test_a_status_of_the_platform_becomes_an_http_status(
    server: Server,
    client: openai.OpenAI,
    status: str,
    error: type[openai.APIStatusError],
    *,
    stream: bool,
) -> None:
    server.faults.add(status=status, details="the reason")
    arguments: Any = {"messages": say("hi"), "stream": stream}
    with pytest.raises(error, match="the reason") as e:
        client.chat.completions.create(model="-", **arguments)
    assert (e.value.status_code == 503) is (status == "MODEL_BUILDING_FAILED")
    assert e.value.response.headers["x-should-retry"] == "false"
    assert isinstance(e.value.response.extensions["clarigen_error"], ClarigenError)


def test_the_error_behind_a_response_is_kept(server: Server, client: openai.OpenAI) -> None:
    server.faults.add(status="CONN_THROTTLED")
    with pytest.raises(openai.RateLimitError) as e:
        client.chat.completions.create(model="-", messages=say("hi"))
    error = e.value.response.extensions["clarigen_error"]
    assert isinstance(error, RateLimitError)
    assert e.value.code == str(error.code)
    assert e.value.type == "RateLimitError"


def test_a_call_is_retried_by_the_rules_of_the_client(server: Server) -> None:
    fault = server.faults.add(status="MODEL_DEPLOYING", times=1)
    with Gpt5_1(base_url=server.url) as model, model.recording() as responses:
        model.openai().chat.completions.create(model="-", messages=say("hi"))
    assert fault.met == 1
    assert responses[0].attempts == 2


def test_a_status_in_mid_stream_is_an_api_error(server: Server, client: openai.OpenAI) -> None:
    server.faults.add(status="MODEL_PREDICTION_FAILED", details="out of memory", item=1)
    stream = client.chat.completions.create(model="-", messages=say("hi"), stream=True)
    assert next(stream).choices[0].delta.content == "a"
    with pytest.raises(openai.APIError, match="out of memory"):
        next(stream)


def test_a_connection_lost_in_mid_stream_is_an_error_of_the_connection(
    server: Server, client: openai.OpenAI
) -> None:
    server.faults.add(drop=True, item=1)
    stream = client.chat.completions.create(model="-", messages=say("hi"), stream=True)
    assert next(stream).choices[0].delta.content == "a"
    # The library wraps errors in streams since its version 3; older ones leave those of httpx.
    with pytest.raises(Exception, match=r".") as e:
        next(stream)
    error = e.value.__cause__
    assert error is not None
    assert isinstance(
        error if isinstance(error, ClarigenError) else error.__cause__, TransportError
    )


def test_the_message_is_the_body_without_the_model(client: openai.OpenAI) -> None:
    answer: Any = client.chat.completions.create(
        model="a", messages=say("hi"), seed=1, extra_body={"mcp_servers": ["m"], "top_k": 2, "x": 3}
    )
    assert answer.asked == {
        "openai_endpoint": "/chat/completions",
        "messages": [{"role": "user", "content": "hi"}],
        "seed": 1,
        "mcp_servers": ["m"],
        "top_k": 2,
        "extra_body": {"x": 3},
    }
