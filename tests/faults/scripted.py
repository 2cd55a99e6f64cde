"""A model server that follows a script and records its work.

The script is a function from the number of a request, from 0, to a step. The server has three methods: `double(n)`,
unary; `count(n)`, a stream of n numbers modulo 1000; and `add(items)`, a stream in both directions that doubles each
item. An execution is recorded when the model would have run, before the answer is sent, so that a test can detect
what ran twice. This module must only need grpc and our own messages, because it also runs on the oldest supported grpc.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final, Self

import grpc

from clarigen._proto import Data, MultiOutputResponse, PostModelOutputsRequest, Status

UNARY: Final = "PostModelOutputs"
STREAM: Final = "GenerateModelOutputs"
BIDI: Final = "StreamModelOutputs"
SUCCESS: Final = 10000


@dataclass(frozen=True)
class Answer:
    """Step: answer as the model does.

    Attributes:
        pad: How many bytes of padding to add to each message.
        seconds: How long the model runs.
        gap: How long a stream pauses before each result, in seconds.
    """

    pad: int = 0
    seconds: float = 0.0
    gap: float = 0.0


@dataclass(frozen=True)
class Platform:
    """Step: answer with a status of the platform, after some items of a stream."""

    code: int
    after: int = 0


@dataclass(frozen=True)
class Refuse:
    """Step: answer with a status of gRPC, after some items of a stream; the model does not run."""

    code: str
    details: str = "as scripted"
    after: int = 0


@dataclass(frozen=True)
class Garble:
    """Step: answer with bytes that are not a message, after some items of a stream."""

    after: int = 0


@dataclass(frozen=True)
class Hang:
    """Step: never answer, after some items of a stream."""

    after: int = 0


Step = Answer | Platform | Refuse | Garble | Hang


class Scripted:
    """The server. It runs inside its `with` block.

    Attributes:
        sends: The RPC of each received request.
        executed: The argument of each execution of the model.
        open: How many calls are open.
        max_concurrency: The greatest number of calls that ran at once.
        results: How many results the streams of the model have given.
    """

    def __init__(
        self,
        script: Callable[[int], Step] = lambda _: Answer(),
        *,
        threads: int = 32,
        max_concurrent_calls: int | None = None,
        port: int = 0,
        limit: int = 1 << 30,
        streams: int = 1 << 20,
        starts: bool = True,
    ) -> None:
        self._starts = starts
        self.script = script
        self.sends: list[str] = []
        self.executed: list[int] = []
        self.open = self.max_concurrency = self.results = self._busy = 0
        self._idle = threading.Condition()
        self._pool = ThreadPoolExecutor(threads)
        handlers: dict[str, Any] = {
            rpc: grpc.stream_stream_rpc_method_handler(self._handler(rpc))
            for rpc in (UNARY, STREAM, BIDI)
        }
        self._server = grpc.server(
            self._pool,
            handlers=[grpc.method_handlers_generic_handler("clarifai.api.V2", handlers)],
            maximum_concurrent_rpcs=max_concurrent_calls,
            options=[
                ("grpc.so_reuseport", 0),
                ("grpc.max_receive_message_length", limit),
                ("grpc.max_concurrent_streams", streams),
            ],
        )
        self.port = self._server.add_insecure_port(f"127.0.0.1:{port}") if starts else port

    @property
    def url(self) -> str:
        """The base URL for clients."""
        return f"grpc://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        if self._starts:
            self._server.start()
        return self

    def start(self) -> None:
        """Start a server that was created with `starts=False`; until then, nobody listens on its port."""
        self._server.add_insecure_port(f"127.0.0.1:{self.port}")
        self._server.start()

    def __exit__(self, *_: object) -> None:
        self.kill()

    def kill(self) -> None:
        """Stop, and end the open calls."""
        self._server.stop(None).wait()
        self._pool.shutdown(wait=False)

    def wait_until_idle(self, timeout: float = 20) -> bool:
        """Wait until no call is open; return whether that happened in time."""
        with self._idle:
            return self._idle.wait_for(lambda: not self.open, timeout)

    def wait_until_busy(self, timeout: float = 20) -> bool:
        """Wait until a call is open; return whether that happened in time."""
        with self._idle:
            return self._idle.wait_for(lambda: self.open > 0, timeout)

    def wait_until_blocked(self, seconds: float = 0.5) -> None:
        """Wait until the streams have given no result for some seconds: nobody takes them."""
        seen = -1
        while seen != self.results:
            seen = self.results
            time.sleep(seconds)

    def _handler(self, rpc: str) -> Any:
        def handle(requests: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
            call_ended = threading.Event()
            with self._idle:
                step = self.script(len(self.sends))
                self.sends.append(rpc)
                self.open += 1
                self._busy += 1
                self.max_concurrency = max(self.max_concurrency, self._busy)
                self._idle.notify_all()
            if not context.add_callback(lambda: self._close_call(call_ended)):
                self._close_call(call_ended)
            return self._track_running(self._answers(rpc, step, requests, context, call_ended))

        return handle

    def _track_running(self, answers: Iterator[bytes]) -> Iterator[bytes]:
        """Forward answers, and count the call as running until they end, when grpc may admit another."""
        try:
            yield from answers
        finally:
            with self._idle:
                self._busy -= 1

    def _close_call(self, call_ended: threading.Event) -> None:
        with self._idle:
            self.open -= 1
            self._idle.notify_all()
        call_ended.set()

    def _answers(
        self,
        rpc: str,
        step: Step,
        requests: Iterator[bytes],
        context: grpc.ServicerContext,
        call_ended: threading.Event,
    ) -> Iterator[bytes]:
        if not isinstance(step, Answer):
            if rpc != UNARY:
                results = self._results(rpc, requests)
                for _, result in zip(range(step.after), results, strict=False):
                    yield message(result)
            yield from self._fail(step, context, call_ended)
        elif rpc == UNARY:
            time.sleep(step.seconds)
            arguments = numbers(next(requests))
            self.executed += arguments
            yield message([2 * number for number in arguments], step.pad)
        else:
            for result in self._results(rpc, requests):
                time.sleep(step.gap)
                self.results += 1
                yield message(result, step.pad)

    def _results(self, rpc: str, requests: Iterator[bytes]) -> Iterator[list[int]]:
        """Yield the results of a stream's model."""
        if rpc == STREAM:
            (count,) = numbers(next(requests))
            self.executed.append(count)
            yield from ([number] for number in range(count % 1000))
        else:
            for request in requests:
                (number,) = numbers(request)
                self.executed.append(number)
                yield [2 * number]

    @staticmethod
    def _fail(
        step: Platform | Refuse | Garble | Hang,
        context: grpc.ServicerContext,
        call_ended: threading.Event,
    ) -> Iterator[bytes]:
        if isinstance(step, Platform):
            status = Status(code=step.code, details="as scripted")
            yield MultiOutputResponse(status=status).SerializeToString()
        elif isinstance(step, Refuse):
            context.abort(getattr(grpc.StatusCode, step.code), step.details)
        elif isinstance(step, Garble):
            yield message([1], pad=100)[:-50]
        else:
            call_ended.wait(60)


def numbers(request: bytes) -> list[int]:
    """Return the argument of each input of a request."""
    inputs = PostModelOutputsRequest.FromString(request).inputs
    arguments: list[int] = [each.data.parts[0].data.int_value for each in inputs]
    return arguments


def message(numbers: list[int], pad: int = 0) -> bytes:
    response = MultiOutputResponse()
    for number in numbers:
        data: Data = response.outputs.add().data
        data.parts.add(id="return").data.int_value = number
    response.status.code = SUCCESS
    response.status.details = "x" * pad
    return response.SerializeToString()
