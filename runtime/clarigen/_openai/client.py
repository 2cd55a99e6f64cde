"""The clients of the library `openai`, over the connection of a clarigen client.

The library sends its requests through an HTTP client with a transport of ours, which calls the model's transport methods
instead. The two twins differ only in how they run a call. This module is loaded by `openai()` alone.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

from .._async.stream import AsyncStream
from .._calls.actions import END
from .._sync.stream import Stream
from ..errors import (
    ClarigenError,
    ConfigError,
    DeadlineExceededError,
    TransportError,
)
from .events import encode_error
from .exchange import Exchange, RefusedError, Transports, start_exchange
from .failures import Reply, describe_error, make_error_reply

if TYPE_CHECKING:
    from openai import AsyncOpenAI, OpenAI

    from .._calls.call import CallContext
    from .._transport.connection import AsyncConnection, Connection
else:
    AsyncOpenAI = OpenAI = CallContext = AsyncConnection = Connection = Any

_BASE_PATH: Final = "/v1/"
_BASE_URL: Final = f"http://clarigen.invalid{_BASE_PATH}"
"""The library needs a URL. Nothing connects to it: the top-level domain `invalid` exists nowhere."""

_API_KEY: Final = "-"
"""The library needs a key. The credential of the calls is that of the clarigen client."""


def create_openai(
    connection: Connection, transports: Transports, make_context: Callable[[], CallContext]
) -> OpenAI:
    """Create an `openai.OpenAI` that calls the transports of a model.

    Args:
        connection: The connection of the client.
        transports: The model's transports.
        make_context: Makes the context of a call.

    Raises:
        ConfigError: The library is not installed.
    """
    openai, httpx = _import_libraries()
    transport_class = _derive(_Transport, httpx.BaseTransport)
    transport = transport_class(httpx, connection, transports, make_context)
    client: OpenAI = openai.OpenAI(**_make_options(httpx.Client, transport, make_context()))
    return client


def create_async_openai(
    connection: AsyncConnection, transports: Transports, make_context: Callable[[], CallContext]
) -> AsyncOpenAI:
    """Create an `openai.AsyncOpenAI` that calls the transports of a model; see `create_openai`."""
    openai, httpx = _import_libraries()
    transport_class = _derive(_AsyncTransport, httpx.AsyncBaseTransport)
    transport = transport_class(httpx, connection, transports, make_context)
    options = _make_options(httpx.AsyncClient, transport, make_context())
    client: AsyncOpenAI = openai.AsyncOpenAI(**options)
    return client


def _import_libraries() -> tuple[Any, Any]:
    """Import `openai`, and return it with the HTTP library that it uses.

    That is `httpx` up to its version 2, then `httpx2`. Both may be installed.

    Raises:
        ConfigError: The library is not installed, or too old.
    """
    try:
        import openai
    except ModuleNotFoundError as error:
        if error.name != "openai":
            raise
        raise ConfigError(
            "openai() needs the library openai: pip install 'clarigen[openai]'"
        ) from None
    if not hasattr(openai, "DefaultHttpxClient"):  # the oldest versions have none
        raise ConfigError(
            f"openai() needs openai 1.109 or later, not {openai.__version__}: pip install 'clarigen[openai]'"
        )
    bases = openai.DefaultHttpxClient.__mro__
    packages = (cls.__module__.partition(".")[0] for cls in bases)
    return openai, sys.modules[next(name for name in packages if name.startswith("httpx"))]


def _derive(cls: type[Any], base: type[Any]) -> Any:
    """Return a class with a base of the HTTP library, which checks the types of transports and streams."""
    return type(cls.__name__, (cls, base), {})


def _make_options(http_client: Any, transport: Any, context: CallContext) -> dict[str, Any]:
    """Make the options of the library's client. It does not retry: the calls below it are retried."""
    return {
        "api_key": _API_KEY,
        "base_url": _BASE_URL,
        "http_client": http_client(transport=transport, trust_env=False),
        "max_retries": 0,
        "timeout": context.policy.timeout,
    }


class _TransportBase:
    """An HTTP transport that calls the transports of a model."""

    def __init__(
        self,
        httpx: Any,
        connection: Any,
        transports: Transports,
        make_context: Callable[[], CallContext],
    ) -> None:
        self._httpx = httpx
        self._connection = connection
        self._transports = transports
        self._make_context = make_context

    def _start(self, request: Any) -> Exchange:
        return start_exchange(request, _BASE_PATH, self._transports, self._make_context)

    def _make_unary_flow(self, exchange: Exchange) -> Any:
        return self._connection.make_unary_flow(
            self._transports.unary, (exchange.message.text,), exchange.context
        )

    def _make_stream_flow(self, exchange: Exchange) -> Any:
        return self._connection.make_stream_flow(
            self._transports.stream, (exchange.message.text,), exchange.context, None
        )

    def _make_response(self, reply: Reply) -> Any:
        return self._httpx.Response(
            reply.status,
            headers=reply.headers,
            content=reply.body,
            extensions={"clarigen_error": reply.error},
        )

    def _make_event_response(self, exchange: Exchange, events: Any) -> Any:
        return self._httpx.Response(200, headers=exchange.make_stream_headers(), stream=events)

    def _make_error_response(self, error: ClarigenError) -> Any:
        """Return the response for an error; raise an error of the HTTP library if there was no response."""
        if isinstance(error, DeadlineExceededError):
            raise self._httpx.ReadTimeout(str(error)) from error
        if isinstance(error, TransportError):
            raise self._httpx.ConnectError(str(error)) from error
        return self._make_response(make_error_reply(error))


class _Transport(_TransportBase):
    """The transport of a synchronous client."""

    def handle_request(self, request: Any) -> Any:
        """Call the model and return its response."""
        try:
            exchange = self._start(request)
            if exchange.message.is_stream:
                return self._open_stream(exchange)
            answer = self._connection.run(self._make_unary_flow(exchange))
            return self._make_response(exchange.make_reply(answer))
        except RefusedError as refused:
            return self._make_response(refused.reply)
        except ClarigenError as error:
            return self._make_error_response(error)

    def _open_stream(self, exchange: Exchange) -> Any:
        """Wait for the first item, so that an error in its place becomes a response with a status."""
        stream: Stream[str] = Stream(
            self._make_stream_flow(exchange), self._connection, None, "openai"
        )
        item = next(stream, END)
        failure = None if item is END else exchange.find_first_failure(item)
        if failure is not None:
            stream.cancel()
            return self._make_response(failure)
        events = _derive(_Events, self._httpx.SyncByteStream)(self._httpx, exchange, stream, item)
        return self._make_event_response(exchange, events)


class _AsyncTransport(_TransportBase):
    """The transport of an async client."""

    async def handle_async_request(self, request: Any) -> Any:
        """Call the model and return its response."""
        try:
            exchange = self._start(request)
            if exchange.message.is_stream:
                return await self._open_stream(exchange)
            answer = await self._connection.run(self._make_unary_flow(exchange))
            return self._make_response(exchange.make_reply(answer))
        except RefusedError as refused:
            return self._make_response(refused.reply)
        except ClarigenError as error:
            return self._make_error_response(error)

    async def _open_stream(self, exchange: Exchange) -> Any:
        """Wait for the first item; see `_Transport._open_stream`."""
        flow = self._make_stream_flow(exchange)
        stream: AsyncStream[str] = AsyncStream(flow, self._connection, None, "openai")
        item = await anext(stream, END)
        failure = None if item is END else exchange.find_first_failure(item)
        if failure is not None:
            stream.cancel()
            return self._make_response(failure)
        events = _derive(_AsyncEvents, self._httpx.AsyncByteStream)(
            self._httpx, exchange, stream, item
        )
        return self._make_event_response(exchange, events)


class _EventsBase:
    """The events of a stream: the body of a response."""

    def __init__(self, httpx: Any, exchange: Exchange, stream: Any, first_item: Any) -> None:
        self._httpx = httpx
        self._exchange = exchange
        self._stream = stream
        self._first_item = first_item

    def _encode_error(self, error: ClarigenError) -> bytes:
        """Encode an error in the middle of the stream; raise an error of the HTTP library if the connection failed."""
        if isinstance(error, DeadlineExceededError):
            raise self._httpx.ReadTimeout(str(error)) from error
        if isinstance(error, TransportError):
            raise self._httpx.ReadError(str(error)) from error
        return encode_error(describe_error(error))


class _Events(_EventsBase):
    """The events of a synchronous stream."""

    def __iter__(self) -> Iterator[bytes]:
        item = self._first_item
        try:
            while item is not END:
                yield self._exchange.encode_item(item)
                item = next(self._stream, END)
        except ClarigenError as error:
            yield self._encode_error(error)
        yield self._exchange.encode_end()

    def close(self) -> None:
        """Cancel the call unless it has ended."""
        self._stream.cancel()


class _AsyncEvents(_EventsBase):
    """The events of an async stream."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        item = self._first_item
        try:
            while item is not END:
                yield self._exchange.encode_item(item)
                item = await anext(self._stream, END)
        except ClarigenError as error:
            yield self._encode_error(error)
        yield self._exchange.encode_end()

    async def aclose(self) -> None:
        """Cancel the call unless it has ended."""
        self._stream.cancel()
