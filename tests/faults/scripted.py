"""A model server that does as it is told, and remembers everything that it did.

What lives here: `Scripted`, and the steps of its script: what it does with the first request that
reaches it, with the second, and so on. It serves three methods: `double(n)` (one result, or a batch of
them), `count(n)` (a stream of n modulo 1000: no two need be alike) and `add(items)` (a stream both
ways: each item doubled). An execution is noted when the model would have run, before its answer leaves,
so that a test can count what ran twice.
It needs grpc and our own messages alone: it runs on the oldest grpc that we declare.
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
    """Answer as the model does.

    Attributes:
        pad: How many bytes each message is longer than it must be.
        seconds: How long the model takes for it.
    """

    pad: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class Platform:
    """Answer with a status of the platform, after some items of a stream."""

    code: int
    after: int = 0


@dataclass(frozen=True)
class Refuse:
    """Answer with a status of gRPC, after some items of a stream; nothing runs for it."""

    code: str
    details: str = "as scripted"
    after: int = 0


@dataclass(frozen=True)
class Garble:
    """Answer with bytes that are no message, after some items of a stream."""

    after: int = 0


@dataclass(frozen=True)
class Hang:
    """Never answer, after some items of a stream."""

    after: int = 0


Step = Answer | Platform | Refuse | Garble | Hang


class Scripted:
    """The server. It runs inside its `with` block.

    Attributes:
        sends: The RPC of each request that came in.
        executed: The number that the model ran with, each time that it ran.
        open: How many calls are under way.
        most: How many the server worked on at once.
    """

    def __init__(
        self,
        script: Callable[[int], Step] = lambda _: Answer(),
        *,
        threads: int = 32,
        admits: int | None = None,
        port: int = 0,
        limit: int = 1 << 30,
    ) -> None:
        self.script = script
        self.sends: list[str] = []
        self.executed: list[int] = []
        self.open = self.most = self._busy = 0
        self._idle = threading.Condition()
        self._pool = ThreadPoolExecutor(threads)
        handlers: dict[str, Any] = {
            rpc: grpc.stream_stream_rpc_method_handler(self._handler(rpc))
            for rpc in (UNARY, STREAM, BIDI)
        }
        self._server = grpc.server(
            self._pool,
            handlers=[grpc.method_handlers_generic_handler("clarifai.api.V2", handlers)],
            maximum_concurrent_rpcs=admits,
            options=[("grpc.so_reuseport", 0), ("grpc.max_receive_message_length", limit)],
        )
        self.port = self._server.add_insecure_port(f"127.0.0.1:{port}")

    @property
    def url(self) -> str:
        """The base URL for clients."""
        return f"grpc://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def kill(self) -> None:
        """Stop, ending what is under way."""
        self._server.stop(None).wait()
        self._pool.shutdown(wait=False)

    def idle(self, timeout: float = 20) -> bool:
        """Wait until no call is under way."""
        with self._idle:
            return self._idle.wait_for(lambda: not self.open, timeout)

    def busy(self, timeout: float = 20) -> bool:
        """Wait until a call is under way."""
        with self._idle:
            return self._idle.wait_for(lambda: self.open > 0, timeout)

    def _handler(self, rpc: str) -> Any:
        def handle(requests: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
            gone = threading.Event()
            with self._idle:
                step = self.script(len(self.sends))
                self.sends.append(rpc)
                self.open += 1
                self._busy += 1
                self.most = max(self.most, self._busy)
                self._idle.notify_all()
            if not context.add_callback(lambda: self._ended(gone)):
                self._ended(gone)
            return self._counted(self._answers(rpc, step, requests, context, gone))

        return handle

    def _counted(self, answers: Iterator[bytes]) -> Iterator[bytes]:
        """The same, and grpc has not let in another one before this one is over."""
        try:
            yield from answers
        finally:
            with self._idle:
                self._busy -= 1

    def _ended(self, gone: threading.Event) -> None:
        with self._idle:
            self.open -= 1
            self._idle.notify_all()
        gone.set()

    def _answers(
        self,
        rpc: str,
        step: Step,
        requests: Iterator[bytes],
        context: grpc.ServicerContext,
        gone: threading.Event,
    ) -> Iterator[bytes]:
        if not isinstance(step, Answer):
            if rpc != UNARY:
                results = self._results(rpc, requests)
                for _, result in zip(range(step.after), results, strict=False):
                    yield message(result)
            yield from self._otherwise(step, context, gone)
        elif rpc == UNARY:
            time.sleep(step.seconds)
            given = numbers(next(requests))
            self.executed += given
            yield message([2 * number for number in given], step.pad)
        else:
            for result in self._results(rpc, requests):
                yield message(result, step.pad)

    def _results(self, rpc: str, requests: Iterator[bytes]) -> Iterator[list[int]]:
        """What the model of a stream gives, item by item."""
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
    def _otherwise(
        step: Platform | Refuse | Garble | Hang,
        context: grpc.ServicerContext,
        gone: threading.Event,
    ) -> Iterator[bytes]:
        if isinstance(step, Platform):
            status = Status(code=step.code, details="as scripted")
            yield MultiOutputResponse(status=status).SerializeToString()
        elif isinstance(step, Refuse):
            context.abort(getattr(grpc.StatusCode, step.code), step.details)
        elif isinstance(step, Garble):
            yield message([1], pad=100)[:-50]
        else:
            gone.wait(60)


def numbers(request: bytes) -> list[int]:
    """The number that each input holds."""
    inputs = PostModelOutputsRequest.FromString(request).inputs
    found: list[int] = [given.data.parts[0].data.int_value for given in inputs]
    return found


def message(numbers: list[int], pad: int = 0) -> bytes:
    response = MultiOutputResponse()
    for number in numbers:
        data: Data = response.outputs.add().data
        data.parts.add(id="return").data.int_value = number
    response.status.code = SUCCESS
    response.status.details = "x" * pad
    return response.SerializeToString()
