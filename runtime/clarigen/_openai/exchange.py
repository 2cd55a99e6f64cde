"""One request of the library `openai`, and the call of a transport that answers it.

This is all that the synchronous and the async client share: they differ only in how they run the call. It knows neither
the library nor HTTP clients: it makes replies and events.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from .._wire.large_payloads import NO_PAYLOADS
from ..errors import ClarigenError, DecodeError, InputError
from . import events, failures
from .failures import Reply
from .request import TransportMessage, make_message
from .token_counts import UsageMeter, read_usage

if TYPE_CHECKING:
    from .._calls.call import CallContext
    from .._calls.response import Observer, Response, Usage
    from .._wire.method import Streaming, Unary


class Transports(NamedTuple):
    """The two methods of an OpenAI-compatible model.

    Attributes:
        unary: Answers a request with one response.
        stream: Answers a request with the items of a stream.
    """

    unary: Unary[str]
    stream: Streaming[str]


class RefusedError(Exception):
    """A request that cannot be sent to a model.

    Attributes:
        reply: The response to it.
    """

    def __init__(self, reply: Reply) -> None:
        super().__init__()
        self.reply = reply


class Exchange:
    """A request, its call and its response.

    Attributes:
        message: The message for the transport.
        context: The context of the call.
        request_id: The platform's id of the request; empty until the call, or the first item of its stream, succeeded.
    """

    def __init__(
        self, message: TransportMessage, transports: Transports, context: CallContext
    ) -> None:
        """Prepare a call.

        Args:
            message: The message for the transport.
            transports: The model's transports.
            context: The context of the call. Its observers get the token counts that the answer states.
        """
        observers = tuple(partial(self._notify, observer) for observer in context.observers)
        self.message = message
        if message.is_stream:
            self.context = context._replace(observers=observers, on_start=self._remember_id)
        else:
            self.context = context._replace(observers=(self._remember, *observers))
        self._transports = transports
        self._is_observed = bool(observers)
        self._has_failed = False
        self._meter = UsageMeter()
        self.request_id = ""

    # Replies and events.

    def make_reply(self, answer: str) -> Reply:
        """Make the response for the result of the unary transport."""
        parsed = self._parse(answer)
        failure = failures.find_failure(parsed, self.request_id)
        if failure is not None:
            return failures.make_failure_reply(failure)
        return Reply(200, answer.encode(), self.request_id)

    def find_first_failure(self, item: str) -> Reply | None:
        """Return the response for a stream whose first item is a failure; None if it is not."""
        failure = failures.find_failure(self._parse(item), self.request_id)
        if failure is None:
            return None
        self._has_failed = True
        return failures.make_failure_reply(failure)

    def make_stream_headers(self) -> dict[str, str]:
        """Return the HTTP headers of a stream that has begun."""
        return {
            **Reply(200, b"", self.request_id).headers,
            "content-type": "text/event-stream",
        }

    def encode_item(self, item: str) -> bytes:
        """Encode an item of a stream as an event."""
        endpoint = self.message.endpoint
        has_usage = self._is_observed and '"usage"' in item
        if not (has_usage or events.needs_parsing(item, endpoint)):
            return events.encode_event(item, None, endpoint)
        parsed = self._parse(item)
        failure = failures.find_failure(parsed, self.request_id)
        if failure is not None:
            self._has_failed = True
            return events.encode_error(failure.description)
        self._meter.add(parsed)
        return events.encode_event(item, parsed, endpoint)

    def encode_end(self) -> bytes:
        """Encode the end of a stream."""
        return events.encode_end(self.message.endpoint)

    def _parse(self, text: str) -> object:
        """Parse an answer or an item.

        Raises:
            DecodeError: It is not JSON.
        """
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            name = (
                self._transports.stream.name
                if self.message.is_stream
                else self._transports.unary.name
            )
            raise DecodeError(f"{name}: the model's answer is not JSON") from None

    # Observers of the call.

    def _remember(self, response: Response) -> None:
        self.request_id = response.request_id

    def _remember_id(self, request_id: str) -> None:
        self.request_id = request_id

    def _notify(self, observer: Observer, response: Response) -> None:
        """Pass a response to an observer of the client, unless the model reported a failure."""
        usage = self._meter.usage if self.message.is_stream else self._read_usage(response)
        if not self._has_failed:
            observer(response if usage is None else replace(response, usage=usage))

    def _read_usage(self, response: Response) -> Usage | None:
        data: Any = response.raw.outputs[0].data
        try:
            answer: object = json.loads(self._transports.unary.decode_result(data, NO_PAYLOADS))
        except (ClarigenError, ValueError, RecursionError):  # the caller gets this error
            self._has_failed = True
            return None
        self._has_failed = failures.find_failure(answer) is not None
        return read_usage(answer)


def start_exchange(
    request: Any,
    base_path: str,
    transports: Transports,
    make_context: Callable[[], CallContext],
) -> Exchange:
    """Start the exchange for an HTTP request of the library.

    Args:
        request: The request, of `httpx` or `httpx2`.
        base_path: The path of the library's base URL.
        transports: The model's transports.
        make_context: Makes the context of a call.

    Raises:
        RefusedError: It is not a request that a model can answer.
    """
    endpoint = "/" + request.url.path.removeprefix(base_path).strip("/")
    is_json = request.headers.get("content-type", "").startswith("application/json")
    if request.method != "POST" or not is_json:
        error = InputError(
            f"{request.method} {endpoint}: models on Clarifai do not have this; they answer chat completions,"
            " responses, embeddings and images"
        )
        raise RefusedError(failures.make_error_reply(error, failures.NOT_FOUND))
    try:
        message = make_message(endpoint, request.content)
    except (ValueError, RecursionError) as problem:
        raise RefusedError(
            failures.make_error_reply(InputError(f"{endpoint}: {problem}"))
        ) from None
    timeouts: dict[str, float | None] = request.extensions.get("timeout") or {}
    return Exchange(message, transports, _apply_timeout(make_context(), timeouts))


def _apply_timeout(context: CallContext, timeouts: dict[str, float | None]) -> CallContext:
    """Return the context with the request's own time limits.

    Its read timeout is the limit of the whole call, or of each wait for a piece of a stream, as in the library.
    """
    if "read" not in timeouts or timeouts["read"] == context.policy.timeout:
        return context
    seconds = timeouts["read"]
    return context._replace(policy=context.policy.replace(timeout=seconds, idle_timeout=seconds))
