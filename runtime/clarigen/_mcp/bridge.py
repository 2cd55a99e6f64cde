"""A transport of the library `mcp` over the connection of a clarigen client.

A client of the protocol writes requests to one stream and reads answers from another. Here each request becomes a call
of the model's `mcp_transport`. The model answers with the bare result, so the envelope is added here. If the model does
not know a method, its SDK fails with an error of its own; clients get the protocol's METHOD_NOT_FOUND instead. Versions
1 and 2 of the library differ only in the types of messages. This module is loaded by `mcp()` alone.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from .._drift.mcp_server import MakeFlow
from .._wire.codec import CodecError
from .._wire.json_rpc import (
    INTERNAL_ERROR,
    MESSAGE_PARAMETER,
    METHOD_NOT_FOUND,
    TRANSPORT_METHOD,
    format_json,
    parse_json,
)
from .._wire.method import Field, Unary
from .._wire.scalars import STR
from ..errors import ClarigenError, ConfigError, DecodeError

if TYPE_CHECKING:
    from .._calls.call import UnaryFlow

Run = Callable[["UnaryFlow[Any]"], Awaitable[Any]]
"""Runs the flow of a call without blocking the event loop."""

_UNKNOWN_METHOD_PHRASES: Final = ("for ClientRequest", "not implemented")
"""Phrases in the errors of a model whose SDK does not know a method of the protocol."""


class MCPTransport:
    """A transport for clients of the Model Context Protocol: an async context manager over a pair of streams.

    Each `async with` opens new streams; their end cancels the calls that are still running.
    """

    def __init__(self, run: Run, make_flow: MakeFlow) -> None:
        """Check that the library is installed. Nothing is sent yet.

        Raises:
            ConfigError: The library is not installed.
        """
        self._library = _Library()
        self._run = run
        self._make_flow = make_flow
        self._stacks: list[AsyncExitStack] = []

    async def __aenter__(self) -> tuple[Any, Any]:
        """Open the streams: one to read answers from, and one to write requests to."""
        stack = AsyncExitStack()
        streams = await stack.enter_async_context(self._open_streams())
        self._stacks.append(stack)
        return streams

    async def __aexit__(self, *error: Any) -> bool:
        return bool(await self._stacks.pop().__aexit__(*error))

    @asynccontextmanager
    async def _open_streams(self) -> AsyncGenerator[tuple[Any, Any], None]:
        anyio = self._library.anyio
        answers, read_stream = anyio.create_memory_object_stream(0)
        write_stream, requests = anyio.create_memory_object_stream(0)
        async with answers, read_stream, write_stream, requests, anyio.create_task_group() as tasks:
            tasks.start_soon(self._serve, requests, answers, tasks)
            try:
                yield read_stream, write_stream
            finally:
                tasks.cancel_scope.cancel()

    async def _serve(self, requests: Any, answers: Any, tasks: Any) -> None:
        """Answer each request in a task of its own, until the client closes its stream."""
        scopes: dict[Any, Any] = {}
        async for session_message in requests:
            message = parse_json(self._library.format_message(session_message))
            method = message.get("method")
            if method == "notifications/cancelled":
                scope = scopes.get(message.get("params", {}).get("requestId"))
                if scope is not None:
                    scope.cancel()
            elif method is not None and "id" in message:
                # Other notifications are not sent: the model's session with its server is not this client's.
                scopes[message["id"]] = self._library.anyio.CancelScope()
                tasks.start_soon(self._answer, message, answers, scopes)

    async def _answer(self, message: dict[str, Any], answers: Any, scopes: dict[Any, Any]) -> None:
        """Answer a request, unless it is cancelled."""
        request_id = message["id"]
        with scopes[request_id]:
            try:
                reply = self._make_reply(request_id, await self._call(message))
            except (ClarigenError, CodecError) as error:
                reply = self._make_reply(request_id, {"error": _describe_error(error)})
            with suppress(self._library.anyio.BrokenResourceError):  # the client has left
                await answers.send(reply)
        del scopes[request_id]

    def _make_reply(self, request_id: Any, answer: dict[str, Any]) -> Any:
        """Return the message that answers a request.

        Raises:
            DecodeError: The result or the error does not have the form of the protocol.
        """
        envelope = {**answer, "jsonrpc": "2.0", "id": request_id}
        try:
            return self._library.parse_message(format_json(envelope))
        except ValueError:  # of pydantic
            problem = "the model's answer is not a message of the Model Context Protocol"
            raise DecodeError(problem) from None

    async def _call(self, message: dict[str, Any]) -> dict[str, Any]:
        """Call the model, and return the result or the error of its answer under its key."""
        method = _describe_transport(message["method"])
        text: str = await self._run(self._make_flow(method, (format_json(message),)))
        answer = parse_json(text)
        if "jsonrpc" not in answer:
            return {"result": answer}
        return {key: answer[key] for key in ("result", "error") if key in answer}


def _describe_transport(name: str) -> Unary[str]:
    """Describe the transport: a text in, a text out.

    Args:
        name: The method of the protocol, for errors and recordings.
    """
    field = Field(MESSAGE_PARAMETER, MESSAGE_PARAMETER, STR)
    return Unary(TRANSPORT_METHOD, name, "PostModelOutputs", (field,), STR)


def _describe_error(error: Exception) -> dict[str, Any]:
    """Return the error of the protocol for an error of the call."""
    text = str(error)
    is_unknown = any(phrase in text for phrase in _UNKNOWN_METHOD_PHRASES)
    return {"code": METHOD_NOT_FOUND if is_unknown else INTERNAL_ERROR, "message": text}


class _Library:
    """The library `mcp`, version 1 or 2, and `anyio`, which it is built on."""

    def __init__(self) -> None:
        try:
            self.anyio: Any = import_module("anyio")
            types: Any = import_module("mcp.types")
            self._session_message: Any = import_module("mcp.shared.message").SessionMessage
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] not in ("anyio", "mcp"):
                raise
            raise ConfigError("mcp() needs the library mcp: pip install 'clarigen[mcp]'") from None
        adapter = getattr(types, "jsonrpc_message_adapter", None)
        if adapter is None:  # version 1
            self._validate: Callable[[str], Any] = types.JSONRPCMessage.model_validate_json
        else:
            self._validate = adapter.validate_json

    def parse_message(self, text: str) -> Any:
        """Return the session message for a text."""
        return self._session_message(self._validate(text))

    def format_message(self, session_message: Any) -> str:
        """Return the text of a session message."""
        text: str = session_message.message.model_dump_json(by_alias=True, exclude_unset=True)
        return text
