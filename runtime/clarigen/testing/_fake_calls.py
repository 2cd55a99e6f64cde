"""The flows of a fake's calls: like those of `_calls.call`, but they call functions instead of a model.

`FakeMethod` converts arguments and results with the runtime's codecs. The flows yield actions, which the
connections of `_fake_connection` perform. This module must not use grpc or threads.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from .._calls.actions import END, Deliver
from .._calls.call import CallContext
from .._calls.response import Response, Usage, notify_observers
from .._calls.retry import Attempts
from .._calls.status import SUCCESS
from .._proto import Data, MultiOutputResponse, Output, PostModelOutputsRequest, Status
from .._types import SERVER_DEFAULT
from .._wire.codec import Codec, CodecError, describe, part_encoder
from .._wire.large_payloads import NO_PAYLOADS
from .._wire.method import REQUIRED, Field, Method, Streaming
from .._wire.protobuf_writer import Buffers
from .._wire.tool import Tool
from ..errors import ConfigError
from ._call_log import CallLog


@dataclass(frozen=True, slots=True)
class CallFunction:
    """Action: call a function. The driver sends back its return value.

    Attributes:
        function: The function, with its arguments bound.
    """

    function: Callable[[], Any]


@dataclass(frozen=True, slots=True)
class TakeItem:
    """Action: take an item of an iterator. The driver sends back the item, or END.

    Attributes:
        iterator: The iterator, which may be async.
    """

    iterator: Any


FakeFlow = Generator[CallFunction | TakeItem | Deliver, Any, Any]


@dataclass(frozen=True, slots=True)
class FakeMethod:
    """A method of a fake, and the function that replaces it.

    Attributes:
        name: The method's name in Python.
        method: The wire description, which sends no placeholder for an omitted argument.
        function: The function.
        asynchronous: Whether the fake is an asyncio client.
        call_log: The log to which its calls are added.
        is_function_async: Whether the function is async and receives a stream of inputs as an async iterator.
        ignored: The options of the method that the function has no parameter for.
    """

    name: str
    method: Method[Any]
    function: Callable[..., Any]
    asynchronous: bool
    call_log: CallLog
    is_function_async: bool = False
    ignored: tuple[Field, ...] = ()

    def decode_arguments(self, data: Data) -> dict[str, Any]:
        """Return the decoded arguments of a call, by name.

        Not among them are a stream, and an omitted argument whose default only the model knows.
        """
        if isinstance(self.method, Tool):
            return self.add_defaults(self.method.decode_arguments(data, NO_PAYLOADS))
        parts = {part.id: part.data for part in data.parts}
        arguments: dict[str, Any] = {}
        for field in self.method.fields:
            if field.wire_name in parts:
                arguments[field.name] = field.codec.decode(parts[field.wire_name], NO_PAYLOADS)
            elif field.default is None:
                arguments[field.name] = None
        return arguments

    def add_defaults(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Return the arguments of a call of a tool with the declared defaults, which are not sent."""
        defaults = {
            field.name: field.default
            for field in self.method.fields
            if field.default is not REQUIRED and field.default is not SERVER_DEFAULT
        }
        values = defaults | arguments
        return {
            field.name: values[field.name] for field in self.method.fields if field.name in values
        }

    def convert_item(self, stream: Field, item: Any) -> Any:
        """Convert an item of a stream of inputs as on the way to a model.

        Raises:
            InputError: The item is invalid.
        """
        return stream.codec.decode(
            parse_input(self.method.encode_item(item)).parts[0].data, NO_PAYLOADS
        )

    def call(self, arguments: dict[str, Any]) -> Any:
        """Log a call and call the function.

        Raises:
            ConfigError: The caller passes an option that the function has no parameter for.
        """
        stream = self.method.stream_field
        self.call_log.add(self.name, arguments, stream.name if stream is not None else None)
        passed = dict(arguments)
        for field in self.ignored:
            if field.name in passed and not _is_omitted(field, passed.pop(field.name)):
                raise ConfigError(
                    f"{self.name}: the call passes `{field.name}`, and the fake's function has no such parameter;"
                    " add it, or `**_` for the rest"
                )
        return self.function(**passed)

    def encode_output(self, result: Any) -> Output:
        """Encode a value that the function returned, as the output of a model.

        Raises:
            ConfigError: The value does not match the method's return type.
        """
        buffers: Buffers = []
        try:
            part_encoder(self.method.returns.encode, "return")(result, buffers)
        except CodecError as error:
            raise ConfigError(
                f"{self.name}: the fake's result{error.path} {error.problem}"
            ) from None
        return Output(status=Status(code=SUCCESS), data=Data.FromString(b"".join(buffers)))

    def iterate_results(self, result: Any) -> Any:
        """Return an iterator over what the function of a streaming method returned.

        Raises:
            ConfigError: The returned value is not iterable.
        """
        if hasattr(result, "__aiter__") and self.asynchronous:
            return aiter(result)
        if hasattr(result, "__iter__") and not isinstance(result, (str, bytes)):
            return iter(result)
        raise ConfigError(
            f"{self.name}: the fake's result must be an iterable, not {describe(result)}"
        )

    def check_result(self, result: Any) -> None:
        """Check a fixed result, which every call returns.

        Raises:
            ConfigError: The result does not match the return type, or is an iterator, which the first call
                would exhaust.
        """
        if not isinstance(self.method, Streaming):
            self.encode_output(result)
            return
        items = self.iterate_results(result)
        if items is result:
            raise ConfigError(
                f"{self.name}: the first call would exhaust the iterator; pass a list or a function"
            )
        for item in items:
            self.encode_output(item)


def _is_omitted(field: Field, value: Any) -> bool:
    """Return whether an argument is the one that the method sends if the caller passes none."""
    default = field.default
    if default is SERVER_DEFAULT or default is None or value is None:
        return value is default
    return _encode(field.codec, value) == _encode(field.codec, default)


def _encode(codec: Codec[Any], value: Any) -> bytes:
    buffers: Buffers = []
    codec.encode(value, buffers)
    return b"".join(buffers)


def call_unary(fake_method: FakeMethod, values: Sequence[Any], context: CallContext) -> FakeFlow:
    """Return the flow that calls the function of a unary method.

    Args:
        fake_method: The method.
        values: The arguments, one per field.
        context: The settings of the call.
    """
    return (
        yield from call_with_input(
            fake_method, parse_input(fake_method.method.encode_request(values)), context
        )
    )


def parse_input(request: Iterable[bytes | memoryview]) -> Data:
    """Return the `Data` of the only input of a request."""
    return PostModelOutputsRequest.FromString(b"".join(request)).inputs[0].data


def call_with_input(fake_method: FakeMethod, data: Data, context: CallContext) -> FakeFlow:
    """Return the flow that calls the function of a unary method with the arguments of an input."""
    attempts, arguments = Attempts(context.policy), fake_method.decode_arguments(data)
    output = fake_method.encode_output((yield CallFunction(partial(fake_method.call, arguments))))
    notify_of_success(fake_method.method, context, attempts, output)
    return fake_method.method.decode_result(output.data, NO_PAYLOADS)


def call_stream(
    fake_method: FakeMethod, values: Sequence[Any], context: CallContext, items: Any
) -> FakeFlow:
    """Return the flow that calls the function of a streaming method.

    Args:
        fake_method: The method.
        values: The arguments, one per field.
        context: The settings of the call.
        items: The iterator over the stream of inputs, if the method takes one.

    Raises:
        InputError: An argument is invalid. An item is checked later, when the flow takes it.
    """
    data = parse_input(fake_method.method.encode_request(values))
    return _run_stream(fake_method, fake_method.decode_arguments(data), context, items)


def _run_stream(
    fake_method: FakeMethod, arguments: dict[str, Any], context: CallContext, items: Any
) -> FakeFlow:
    attempts, stream, output = Attempts(context.policy), fake_method.method.stream_field, Output()
    if stream is not None:
        first_item = yield TakeItem(items)
        if first_item is END:  # as for a model: without an item no request is sent
            return Usage()
        arguments[stream.name] = yield from _build_input_iterator(
            fake_method, stream, first_item, items
        )
    results = fake_method.iterate_results(
        (yield CallFunction(partial(fake_method.call, arguments)))
    )
    try:
        while (result := (yield TakeItem(results))) is not END:
            output = fake_method.encode_output(result)
            yield Deliver(fake_method.method.decode_result(output.data, NO_PAYLOADS))
    finally:
        if inspect.isgenerator(results):
            results.close()
    notify_of_success(fake_method.method, context, attempts, output)
    return Usage()


def _build_input_iterator(
    fake_method: FakeMethod, stream: Field, first_item: Any, items: Any
) -> FakeFlow:
    """Return the stream of inputs as an iterator for the function.

    A synchronous function cannot await an async stream, so the whole stream is read first.
    """
    if not hasattr(items, "__anext__"):
        return _convert_items(fake_method, stream, first_item, items)
    if fake_method.is_function_async:
        return _convert_async_items(fake_method, stream, first_item, items)
    converted_items = [fake_method.convert_item(stream, first_item)]
    while (item := (yield TakeItem(items))) is not END:
        converted_items.append(fake_method.convert_item(stream, item))
    return iter(converted_items)


def _convert_items(
    fake_method: FakeMethod, stream: Field, first_item: Any, items: Iterator[Any]
) -> Iterator[Any]:
    yield fake_method.convert_item(stream, first_item)
    for item in items:
        yield fake_method.convert_item(stream, item)


async def _convert_async_items(
    fake_method: FakeMethod, stream: Field, first_item: Any, items: AsyncIterator[Any]
) -> AsyncIterator[Any]:
    yield fake_method.convert_item(stream, first_item)
    async for item in items:
        yield fake_method.convert_item(stream, item)


def notify_of_success(
    method: Method[Any], context: CallContext, attempts: Attempts, output: Output
) -> None:
    """Pass a `Response` to each observer after a successful call."""
    if not context.observers:
        return
    notify_observers(
        context.observers,
        Response(
            method=method.name,
            usage=Usage(),
            request_id="",
            status=SUCCESS,
            elapsed=attempts.deadline.elapsed(),
            attempts=1,
            raw=MultiOutputResponse(status=Status(code=SUCCESS), outputs=[output]),
        ),
    )
