"""Requests of the library `openai`, as messages for a model's transports.

The message is the body of OpenAI's API with the endpoint in it. These are pure functions: they know neither the library
nor a connection.
"""

from __future__ import annotations

import json
from typing import Any, Final, NamedTuple, cast

CHAT: Final = "/chat/completions"
RESPONSES: Final = "/responses"
EMBEDDINGS: Final = "/embeddings"
IMAGES: Final = "/images/generations"

_PARAMETERS: Final = {
    CHAT: frozenset(
        [
            "audio",
            "frequency_penalty",
            "function_call",
            "functions",
            "logit_bias",
            "logprobs",
            "max_completion_tokens",
            "max_tokens",
            "messages",
            "metadata",
            "modalities",
            "n",
            "parallel_tool_calls",
            "prediction",
            "presence_penalty",
            "reasoning_effort",
            "response_format",
            "seed",
            "service_tier",
            "stop",
            "store",
            "stream",
            "stream_options",
            "temperature",
            "tool_choice",
            "tools",
            "top_logprobs",
            "top_p",
            "user",
            "web_search_options",
        ]
    ),
    RESPONSES: frozenset(
        [
            "background",
            "include",
            "input",
            "instructions",
            "max_output_tokens",
            "metadata",
            "parallel_tool_calls",
            "previous_response_id",
            "reasoning",
            "service_tier",
            "store",
            "stream",
            "temperature",
            "text",
            "tool_choice",
            "tools",
            "top_p",
            "truncation",
            "user",
        ]
    ),
    EMBEDDINGS: frozenset(["dimensions", "encoding_format", "input", "user"]),
    IMAGES: frozenset(
        [
            "background",
            "moderation",
            "n",
            "output_compression",
            "output_format",
            "prompt",
            "quality",
            "response_format",
            "size",
            "style",
            "user",
        ]
    ),
}
"""The parameters that each method has in openai 1.82, the oldest version that models use. A model passes the keys of
the message to the method of its own version, which refuses unknown ones. The keys of `extra_body` reach its server in
any case."""

_MODEL_KEYS: Final = frozenset(["mcp_servers", "top_k"])
"""Keys that the model itself reads, not its `openai` library."""


class TransportMessage(NamedTuple):
    """A message for a transport.

    Attributes:
        text: The message.
        endpoint: The endpoint of OpenAI's API: its path below the base URL.
        is_stream: Whether a stream of events is requested.
    """

    text: str
    endpoint: str
    is_stream: bool


def make_message(endpoint: str, body: bytes) -> TransportMessage:
    """Make the message of a request.

    Args:
        endpoint: The path below the base URL.
        body: The body, a JSON object.

    Raises:
        ValueError: The body is not a JSON object.
    """
    content: object = json.loads(body)
    if not isinstance(content, dict):
        raise ValueError("the body is not a JSON object")
    arguments = cast("dict[str, Any]", content)
    arguments.pop("model", None)
    message = {"openai_endpoint": endpoint, **_separate_extra_body(endpoint, arguments)}
    text = json.dumps(message, ensure_ascii=False, separators=(",", ":"))
    return TransportMessage(text, endpoint, arguments.get("stream") is True)


def _separate_extra_body(endpoint: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Move the keys that a method may not know to `extra_body`. The library has merged the caller's `extra_body` into the body."""
    parameters = _PARAMETERS.get(endpoint)
    if parameters is None:
        return arguments
    named = {key: arguments[key] for key in arguments if key in parameters | _MODEL_KEYS}
    extra = {key: arguments[key] for key in arguments if key not in named and key != "extra_body"}
    nested = arguments.get("extra_body")
    if isinstance(nested, dict):
        extra |= cast("dict[str, Any]", nested)
    return {**named, "extra_body": extra} if extra else named
