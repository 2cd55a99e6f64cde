"""The connections of fakes: they perform the actions of `_fake_calls` without a server.

They implement `Connection` and `AsyncConnection` of `_transport.connection`, as the gRPC connections do, so that
clients, streams and batches work unchanged. This module must not use grpc or threads.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from .._calls.actions import END
from .._calls.batch import AdaptiveLimits, BatchLimits, BatchPlan, encode_list
from .._calls.call import CallContext
from .._calls.driver import AsyncDriver, Driver
from .._transport.connection import CLOSED
from .._wire.json_rpc import TRANSPORT_METHOD
from .._wire.method import Method, Streaming, Unary
from .._wire.tool import Tool
from ..errors import ClarigenError, ConfigError
from ._fake_calls import (
    CallFunction,
    FakeMethod,
    call_stream,
    call_unary,
    call_with_input,
    parse_input,
)

if TYPE_CHECKING:
    from ._fake_mcp import FakeMcpServer


class FakeBatchPlan(BatchPlan[Any]):
    """A batch that calls the function once per input.

    The calls follow one another, unless the caller of an asyncio client sets `concurrency`.
    """

    def __init__(
        self, fake_method: FakeMethod, context: CallContext, concurrency: int, *, isolate: bool
    ) -> None:
        method: Any = fake_method.method
        super().__init__(method, context, AdaptiveLimits(1, concurrency), isolate=isolate)
        self._fake_method = fake_method

    def _run_chunk(self, requests: Mapping[int, bytes], outcomes: list[Any], start: int) -> Any:
        for index, request in requests.items():
            data = parse_input([request])
            try:
                outcomes[index] = yield from call_with_input(self._fake_method, data, self._context)
            except ConfigError:  # a mistake in the fake, not an outcome of a model
                raise
            except ClarigenError as error:
                outcomes[index] = error
        return 1


_REPLACEMENTS: Final = {"openai_transport": "openai", "openai_stream_transport": "openai"}
"""The keyword of `fake` for a method, if it is not the method's name."""


class FakeConnectionBase:
    """The common base class of both connections: it makes the flows of a fake's calls."""

    def __init__(
        self, methods: Mapping[str, FakeMethod], class_name: str, mcp: FakeMcpServer | None
    ) -> None:
        """Create an open connection.

        Args:
            methods: The methods of the fake, by name.
            class_name: The name of the client's class, for messages.
            mcp: The MCP server of the fake; None if the model is not an MCP model.
        """
        self._mcp = mcp
        self._methods = methods
        self._class_name = class_name
        self._is_closed = False

    def _find_fake_method(self, method: Method[Any]) -> FakeMethod:
        """Return the replacement of a method.

        Raises:
            ConfigError: No replacement was passed to `fake`.
        """
        if method.name not in self._methods:
            cls, name = self._class_name, _REPLACEMENTS.get(method.name, method.name)
            raise ConfigError(f"{name}: the fake has no replacement; pass fake({cls}, {name}=…)")
        return self._methods[method.name]

    def make_unary_flow(
        self, method: Unary[Any], values: Sequence[Any], context: CallContext
    ) -> Any:
        """Return the flow of a unary call."""
        is_message = method.wire_name == TRANSPORT_METHOD and not isinstance(method, Tool)
        if self._mcp is not None and is_message and method.name not in self._methods:
            return self._mcp.call(method, values, context)
        return call_unary(self._find_fake_method(method), values, context)

    def make_stream_flow(
        self, method: Streaming[Any], values: Sequence[Any], context: CallContext, items: Any
    ) -> Any:
        """Return the flow of a streaming call."""
        return call_stream(self._find_fake_method(method), values, context, items)

    def prepare_batch(
        self, method: Unary[Any], context: CallContext, limits: BatchLimits
    ) -> Callable[[bool], BatchPlan[Any]]:
        """Return a function that makes the plan of a batch."""
        fake_method, concurrency = self._find_fake_method(method), limits.concurrency or 1
        return lambda isolate: FakeBatchPlan(fake_method, context, concurrency, isolate=isolate)

    def encode_list(self, method: Unary[Any], inputs: Any) -> list[Any]:
        """Encode the inputs of a list as the fake of the method does."""
        encoded: Any = self._find_fake_method(method).method
        return encode_list(encoded, inputs)

    def make_readiness_flow(self, address: object, policy: object) -> Any:
        """Return a flow that ends at once: a fake is always ready."""
        del address, policy
        yield from ()

    def make_timer(self, attempt: object) -> Any:
        """Raise NotImplementedError: the flows of a fake open no stream."""
        raise NotImplementedError

    def start_timer(self, timer: object, call: object) -> Any:
        """Raise NotImplementedError: the flows of a fake open no stream."""
        raise NotImplementedError

    def start_stream(self, attempt: object, messages: object, is_canceled: object) -> Any:
        """Raise NotImplementedError: the flows of a fake open no stream."""
        raise NotImplementedError

    def cancel(self, call: object) -> None:
        """Do nothing: the calls of a fake are finished when they are returned."""


class FakeConnection(FakeConnectionBase, Driver):
    """A connection that performs actions in the caller's thread."""

    def close(self) -> None:
        """Close the connection. Later calls raise ConfigError."""
        self._is_closed = True

    def perform(self, action: Any) -> Any:
        """Call a function or take an item."""
        if self._is_closed:
            raise ConfigError(CLOSED)
        return action.function() if isinstance(action, CallFunction) else next(action.iterator, END)

    def begin_wait(self, attempt: object) -> None:
        """Do nothing: a fake needs no connection."""

    def start_unary(self, attempt: Any, wait: None) -> Any:
        """Call a function for a batch, and return the finished call."""
        try:
            return _FinishedCall(self.perform(attempt), None)
        except Exception as error:  # noqa: BLE001 - any error of the function is for the caller
            return _FinishedCall(None, error)

    def receive(self, call: object, end: object, timer: object) -> Any:
        """Raise NotImplementedError: the flows of a fake open no stream."""
        raise NotImplementedError

    def abandon(self, call: object) -> Any:
        """Raise NotImplementedError: the calls of a fake have no deadline."""
        raise NotImplementedError

    def collect_reply(self, call: Any) -> tuple[Any, Any]:
        """Return the result and the error of a call."""
        return call.result, call.error


@dataclass(frozen=True, slots=True)
class _FinishedCall:
    """A finished call, with those methods of a grpc call that batches use."""

    result: Any
    error: Exception | None

    def add_done_callback(self, callback: Callable[[Any], None]) -> None:
        callback(self)

    def cancel(self) -> None:
        pass


class AsyncFakeConnection(FakeConnectionBase, AsyncDriver):
    """A connection that performs actions in the caller's task."""

    async def close(self) -> None:
        """Close the connection. Later calls raise ConfigError."""
        self._is_closed = True

    async def pause(self, action: object, end: object) -> None:
        """Raise NotImplementedError: the flows of a fake do not pause."""
        raise NotImplementedError

    async def receive(self, call: object, reply: object, end: object, timer: object) -> Any:
        """Raise NotImplementedError: the flows of a fake open no stream."""
        raise NotImplementedError

    async def connect(self, attempt: Any, is_canceled: object) -> Any:
        """Raise NotImplementedError: the flows of a fake open no stream."""
        raise NotImplementedError

    async def perform(self, action: Any) -> Any:
        """Call a function or take an item."""
        if self._is_closed:
            raise ConfigError(CLOSED)
        if isinstance(action, CallFunction):
            result = action.function()
            return await result if inspect.isawaitable(result) else result
        if hasattr(action.iterator, "__anext__"):
            return await anext(action.iterator, END)
        return next(action.iterator, END)
