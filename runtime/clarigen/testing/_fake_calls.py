"""The calls of a fake: flows like those of `_call`, with a function in the model's place.

What lives here: what a function gets and what it may return (`Faked`), its calls as flows, and the connections
that do what these want: they call functions. The drivers of streams and batches are the runtime's own, and so
are the codecs. No grpc, no thread, no bytes on a wire.
"""

from __future__ import annotations

import inspect
from collections.abc import (
    AsyncIterator,
    Callable,
    Generator,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from dataclasses import dataclass
from functools import partial
from typing import Any

from .._calls.actions import END, Deliver
from .._calls.batch import AdaptiveLimits, BatchPlan
from .._calls.call import CallContext
from .._calls.driver import AsyncDriver, Driver
from .._calls.response import Response, Usage
from .._calls.retry import Attempts
from .._calls.status import SUCCESS
from .._proto import Data, MultiOutputResponse, Output, PostModelOutputsRequest, Status
from .._transport.connection import CLOSED
from .._wire.codec import CodecError, describe, part_encoder
from .._wire.large_payloads import NO_PAYLOADS
from .._wire.method import Field, Method, Streaming
from .._wire.protobuf_writer import Buffers
from ..errors import ClarigenError, ConfigError
from ._call_log import CallLog


@dataclass(frozen=True, slots=True)
class CallFunction:
    """Call a function. Sent back is what it returns.

    Attributes:
        function: The function, with its arguments.
    """

    function: Callable[[], Any]


@dataclass(frozen=True, slots=True)
class TakeItem:
    """Take the next item of an iterator, which may be an async one. Sent back is the item, or END.

    Attributes:
        iterator: The iterator.
    """

    iterator: Any


FakeFlow = Generator[CallFunction | TakeItem | Deliver, Any, Any]


@dataclass(frozen=True, slots=True)
class FakeMethod:
    """A method of a fake, and the function that stands for it.

    Attributes:
        name: The method's name in Python.
        method: Its description. No field of it is `trapped`: what is left out is not sent.
        function: The function.
        asynchronous: Whether it is the asyncio twin's.
        record: Where its calls are noted.
        awaits: Whether the function is async: it gets a stream of inputs as an async iterator.
    """

    name: str
    method: Method[Any]
    function: Callable[..., Any]
    asynchronous: bool
    call_log: CallLog
    is_async: bool = False

    def decode_arguments(self, data: Data) -> dict[str, Any]:
        """The arguments that an input holds; a stream and what the model has a default for left out."""
        parts = {part.id: part.data for part in data.parts}
        arguments: dict[str, Any] = {}
        for field in self.method.fields:
            if field.wire_name in parts:
                arguments[field.name] = field.codec.decode(parts[field.wire_name], NO_PAYLOADS)
            elif field.default is None:
                arguments[field.name] = None
        return arguments

    def decode_item(self, stream: Field, item: Any) -> Any:
        """An item of a stream of inputs, as the function gets it; InputError if it does not fit."""
        return stream.codec.decode(
            _parse_input(self.method.encode_item(item)).parts[0].data, NO_PAYLOADS
        )

    def call(self, arguments: dict[str, Any]) -> Any:
        """Call the function, and note it."""
        stream = self.method.stream_field
        self.call_log.add(self.name, arguments, stream.name if stream is not None else None)
        return self.function(**arguments)

    def encode_output(self, returned: Any) -> Output:
        """What the function returned, as the output of a model.

        Raises:
            ConfigError: It is not what the method returns.
        """
        pieces: Buffers = []
        try:
            part_encoder(self.method.returns.encode, "return")(returned, pieces)
        except CodecError as misfit:
            raise ConfigError(
                f"the fake's {self.name}: its result{misfit.path} {misfit.problem}"
            ) from None
        return Output(status=Status(code=SUCCESS), data=Data.FromString(b"".join(pieces)))

    def iterate_results(self, returned: Any) -> Any:
        """The iterator of what the function of a stream returned.

        Raises:
            ConfigError: It is nothing to iterate over.
        """
        if hasattr(returned, "__aiter__") and self.asynchronous:
            return aiter(returned)
        if hasattr(returned, "__iter__") and not isinstance(returned, (str, bytes)):
            return iter(returned)
        raise ConfigError(
            f"the fake's {self.name}: its result must be an iterable, not {describe(returned)}"
        )

    def check_result(self, result: Any) -> None:
        """Check a result that is the same for every call.

        Raises:
            ConfigError: It is not what the method returns, or is gone after the first call.
        """
        if not isinstance(self.method, Streaming):
            self.encode_output(result)
            return
        items = self.iterate_results(result)
        if items is result:
            raise ConfigError(
                f"the fake's {self.name}: an iterator ends with the first call; give a list, or a function"
            )
        for item in items:
            self.encode_output(item)


def unary(faked: FakeMethod, values: Sequence[Any], context: CallContext) -> FakeFlow:
    """Call the function of a unary method with one value a field."""
    return (
        yield from _call_with_input(
            faked, _parse_input(faked.method.encode_request(values)), context
        )
    )


def _parse_input(request: Iterable[bytes | memoryview]) -> Data:
    """The `Data` of a request's one input."""
    return PostModelOutputsRequest.FromString(b"".join(request)).inputs[0].data


def _call_with_input(faked: FakeMethod, data: Data, context: CallContext) -> FakeFlow:
    attempts, arguments = Attempts(context.policy), faked.decode_arguments(data)
    output = faked.encode_output((yield CallFunction(partial(faked.call, arguments))))
    _notify_observers(faked, context, attempts, output)
    return faked.method.decode_result(output.data, NO_PAYLOADS)


def stream(faked: FakeMethod, values: Sequence[Any], context: CallContext, items: Any) -> FakeFlow:
    """Call the function of a method that answers with a stream, with one value a field.

    Args:
        faked: The method.
        values: The values.
        context: What the call is made with.
        items: The iterator over its stream of inputs, if it takes one.

    Raises:
        InputError: An argument does not fit. Seen at once; an item is seen when it is taken.
    """
    data = _parse_input(faked.method.encode_request(values))
    return _streamed(faked, faked.decode_arguments(data), context, items)


def _streamed(
    faked: FakeMethod, arguments: dict[str, Any], context: CallContext, items: Any
) -> FakeFlow:
    attempts, stream, output = Attempts(context.policy), faked.method.stream_field, Output()
    if stream is not None:
        first = yield TakeItem(items)
        if first is END:  # as it is with a model: arguments without an item are not sent
            return Usage()
        arguments[stream.name] = yield from _build_input_iterator(faked, stream, first, items)
    results = faked.iterate_results((yield CallFunction(partial(faked.call, arguments))))
    try:
        while (result := (yield TakeItem(results))) is not END:
            output = faked.encode_output(result)
            yield Deliver(faked.method.decode_result(output.data, NO_PAYLOADS))
    finally:
        if inspect.isgenerator(results):
            results.close()
    _notify_observers(faked, context, attempts, output)
    return Usage()


def _build_input_iterator(faked: FakeMethod, stream: Field, first: Any, items: Any) -> FakeFlow:
    """The stream of inputs for a function; all of it at once if it cannot wait for it."""
    if not hasattr(items, "__anext__"):
        return _decode_items(faked, stream, first, items)
    if faked.is_async:
        return _decode_async_items(faked, stream, first, items)
    taken = [faked.decode_item(stream, first)]
    while (item := (yield TakeItem(items))) is not END:
        taken.append(faked.decode_item(stream, item))
    return iter(taken)


def _decode_items(
    faked: FakeMethod, stream: Field, first: Any, items: Iterator[Any]
) -> Iterator[Any]:
    yield faked.decode_item(stream, first)
    for item in items:
        yield faked.decode_item(stream, item)


async def _decode_async_items(
    faked: FakeMethod, stream: Field, first: Any, items: AsyncIterator[Any]
) -> AsyncIterator[Any]:
    yield faked.decode_item(stream, first)
    async for item in items:
        yield faked.decode_item(stream, item)


def _notify_observers(
    faked: FakeMethod, context: CallContext, attempts: Attempts, output: Output
) -> None:
    """Tell the observers of a call that has succeeded."""
    for observer in context.observers:
        observer(
            Response(
                method=faked.method.name,
                usage=Usage(),
                request_id="",
                status=SUCCESS,
                elapsed=attempts.elapsed(),
                attempts=1,
                raw=MultiOutputResponse(status=Status(code=SUCCESS), outputs=[output]),
            )
        )


class FakeWork(BatchPlan[Any]):
    """A batch under way: one input after another, each a call of the function."""

    def __init__(
        self, faked: FakeMethod, context: CallContext, concurrency: int, *, isolate: bool
    ) -> None:
        method: Any = faked.method
        super().__init__(method, context, AdaptiveLimits(1, concurrency), isolate=isolate)
        self._faked = faked

    def _call_chunk(self, payloads: Mapping[int, bytes], outcomes: list[Any]) -> Any:
        for place, payload in payloads.items():
            data = PostModelOutputsRequest.FromString(payload).inputs[0].data
            try:
                outcomes[place] = yield from _call_with_input(self._faked, data, self._context)
            except ConfigError:  # of the fake itself: no outcome of a model
                raise
            except ClarigenError as error:
                outcomes[place] = error
        return 1


class FakeConnection(Driver):
    """Does what the flows want, in the caller's thread."""

    def __init__(self) -> None:
        self._closed = False

    def close(self) -> None:
        """Call no function any more. Later calls raise ConfigError."""
        self._closed = True

    def do(self, action: Any) -> Any:
        """Call a function or take an item."""
        if self._closed:
            raise ConfigError(CLOSED)
        return action.function() if isinstance(action, CallFunction) else next(action.iterator, END)

    def start_unary(self, attempt: Any) -> Any:
        """Call a function for a batch; the call is done at once."""
        try:
            return _FinishedCall(self.do(attempt), None)
        except Exception as error:  # noqa: BLE001 - the function's own, for the caller
            return _FinishedCall(None, error)

    def collect_reply(self, call: Any) -> tuple[Any, Any]:
        """What came of it."""
        return call.returned, call.raised


@dataclass(frozen=True, slots=True)
class _FinishedCall:
    """A call that is done, as a batch wants it."""

    returned: Any
    raised: Exception | None

    def add_done_callback(self, told: Callable[[Any], None]) -> None:
        told(self)

    def cancel(self) -> None:
        pass


class AsyncFakeConnection(AsyncDriver):
    """Does what the flows want, in the caller's task."""

    def __init__(self) -> None:
        self._closed = False

    async def close(self) -> None:
        """Call no function any more. Later calls raise ConfigError."""
        self._closed = True

    async def do(self, action: Any) -> Any:
        """Call a function or take an item."""
        if self._closed:
            raise ConfigError(CLOSED)
        if isinstance(action, CallFunction):
            returned = action.function()
            return await returned if inspect.isawaitable(returned) else returned
        if hasattr(action.iterator, "__anext__"):
            return await anext(action.iterator, END)
        return next(action.iterator, END)
