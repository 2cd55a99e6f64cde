"""OpenAI-compatible models in tests: a function in place of the model behind its two transports.

`fake(…, openai=handler)` and `OpenAITransports` call a handler in the same way. This module imports neither the library
`openai` nor grpc.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import Any, Final, TypeAlias, cast

from ..errors import ConfigError
from ._call_log import CallLog

Handler: TypeAlias = Callable[[dict[str, Any]], Any]
"""A function that answers the body of a request; see `OpenAITransports`."""

_CHUNK: Final = {"id": "chatcmpl-test", "created": 0, "model": "test"}


class OpenAITransports:
    """An OpenAI-compatible model for `serve`, whose answers come from a function.

        def answer(body: dict[str, Any]) -> str:
            return body["messages"][-1]["content"].upper()

        with serve(OpenAITransports(answer)) as server, Gpt5_1(base_url=server.url) as model:
            model.openai().chat.completions.create(…)

    The function gets the body of a request, with its endpoint under `openai_endpoint`. It returns the response as a
    dict, or an iterable of dicts if the body has `"stream": True`; objects of the library `openai` are accepted, too. A
    string is the answer of a chat. A subclass may add methods of its own.
    """

    def __init__(self, handler: Handler) -> None:
        self._handler = handler

    def openai_transport(self, msg: str) -> str:
        """Answer a request with one response."""
        return encode_answer(self._handler(decode_body(msg)))

    def openai_stream_transport(self, msg: str) -> Iterator[str]:
        """Answer a request with the items of a stream."""
        return encode_items(self._handler(decode_body(msg)))


def decode_body(message: str) -> dict[str, Any]:
    """Return the body in a transport's message, with the keys of `extra_body` among the others, as a backend gets them."""
    body: dict[str, Any] = json.loads(message)
    extra = body.pop("extra_body", {})
    return {**body, **extra}


def encode_answer(answer: Any) -> str:
    """Encode the answer to a request that does not stream.

    Raises:
        ConfigError: It is neither an object nor a text.
    """
    if isinstance(answer, str):
        message = {"role": "assistant", "content": answer}
        choice = {"index": 0, "finish_reason": "stop", "message": message}
        return json.dumps({**_CHUNK, "object": "chat.completion", "choices": [choice]})
    return json.dumps(_to_dict(answer))


def encode_items(answer: Any) -> Iterator[str]:
    """Encode the answer to a request that streams.

    Raises:
        ConfigError: It is neither a text nor an iterable of objects.
    """
    if isinstance(answer, str):
        yield from _split_text(answer)
        return
    if hasattr(answer, "keys") or not hasattr(answer, "__iter__"):
        raise ConfigError(
            f"openai: the answer to a stream must be an iterable, not {type(answer).__name__}"
        )
    for item in answer:
        yield json.dumps(_to_dict(item))


def _split_text(text: str) -> Iterator[str]:
    """Yield the chunks of a chat whose texts together are a text."""
    head, *tail = text.split(" ")
    for delta in (
        {"role": "assistant", "content": head},
        *({"content": f" {w}"} for w in tail),
        {},
    ):
        choice = {"index": 0, "finish_reason": None if delta else "stop", "delta": delta}
        yield json.dumps({**_CHUNK, "object": "chat.completion.chunk", "choices": [choice]})


def _to_dict(answer: Any) -> Mapping[str, Any]:
    """Return an object as a mapping; the objects of the library `openai` are models of pydantic."""
    dump = getattr(answer, "model_dump", None)
    value = dump(mode="json") if dump is not None else answer
    if not isinstance(value, Mapping):
        raise ConfigError(
            f"openai: the answer must be a dict or a text, not {type(answer).__name__};"
            ' an iterable is one only if the body has "stream"'
        )
    return cast("Mapping[str, Any]", value)


class OpenAIHandler:
    """A handler that replaces both transports in a fake. It may be async if the client is.

    Args:
        handler: The function, or the value that it would return.
        call_log: The log of the fake.
    """

    def __init__(self, handler: Any, call_log: CallLog) -> None:
        self._handler = handler
        self._call_log = call_log

    def answer(self, **arguments: str) -> Any:
        """Answer a request that does not stream."""
        answer = self._call(arguments)
        return _await_answer(answer) if inspect.isawaitable(answer) else encode_answer(answer)

    def stream(self, **arguments: str) -> Any:
        """Answer a request that streams."""
        answer = self._call(arguments)
        if inspect.isawaitable(answer) or hasattr(answer, "__aiter__"):
            return _iterate_async(answer)
        return encode_items(answer)

    def _call(self, arguments: dict[str, str]) -> Any:
        (message,) = arguments.values()
        body = decode_body(message)
        self._call_log.add("openai", {"body": body})
        return self._handler(body) if callable(self._handler) else self._handler


async def _await_answer(answer: Any) -> str:
    return encode_answer(await answer)


async def _iterate_async(answer: Any) -> AsyncIterator[str]:
    items = await answer if inspect.isawaitable(answer) else answer
    if hasattr(items, "__aiter__"):
        async for item in items:
            yield json.dumps(_to_dict(item))
    else:
        for text in encode_items(items):
            yield text
