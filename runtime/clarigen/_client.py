"""The synchronous client: the driver of calls over grpc, and the base of generated classes.

What lives here: `Connection` does what the flows of `_call` ask for, `Stream` drives one of them
item by item, `Client` is what a generated class inherits. Decisions live in `_call`; addresses and
credentials in `_channel`. Both, and grpc with them, are imported when a client is made: importing a
generated package loads neither grpc nor protobuf, and the first call imports nothing more.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from ._base import DEFAULT_TIMEOUT, SERVICE, ClientBase, Endpoint
from ._client_batch import Batch
from ._method import Streaming, Unary
from ._response import Usage
from .errors import ConfigError

if TYPE_CHECKING:
    from types import TracebackType

    from ._actions import Open, Send, Sleep
    from ._call import StreamFlow, UnaryFlow
    from ._status import Failure

_R = TypeVar("_R")
_R_co = TypeVar("_R_co", covariant=True)


def connect(
    base_url: str | None = None,
    *,
    pat: str | None = None,
    session_token: str | None = None,
    timeout: float | None = DEFAULT_TIMEOUT,
) -> Connection:
    """Open a connection for RPCs of any kind; the arguments are those of `ClientBase`.

    Raises:
        ConfigError: The address, the credential or the timeout is missing or wrong.
    """
    return Connection(
        Endpoint.find(base_url, pat=pat, session_token=session_token, timeout=timeout)
    )


class Connection:
    """An endpoint, and a share in the channel to it. Thread-safe.

    Attributes:
        target: The server.
        policy: How long a call may take and how often it is sent.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        from . import _batch as _loaded  # the first call shall import nothing
        from ._channel import Lease

        del _loaded
        self.target = endpoint.target
        self.policy = endpoint.policy
        self._credentials = endpoint.credentials
        self._interceptors = endpoint.interceptors
        self._lease: Lease | None = Lease(endpoint.target, None, self._interceptors)
        self._unary_calls: dict[str, Callable[..., Any]] = {}

    def close(self) -> None:
        """Give the channel back. Later calls raise ConfigError."""
        lease, self._lease = self._lease, None
        self._unary_calls.clear()
        channel = lease.release() if lease is not None else None
        if channel is not None:
            channel.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def unary(self, rpc: str, request: bytes) -> bytes:
        """Send one message of any RPC and wait for the answer.

        Args:
            rpc: The RPC's name, for example `GetModel`.
            request: The message, serialised.

        Returns:
            The answer, serialised; its status is for the caller to read.

        Raises:
            ClarigenError: The call did not get through (see `_status.failure_error`).
        """
        from ._actions import Send
        from ._status import Failure, failure_error

        try:
            return self.send(Send(rpc, request, self.policy.timeout))
        except Failure as failure:
            raise failure_error(failure, rpc, timeout=self.policy.timeout) from None

    def send(self, attempt: Send) -> bytes:
        """Do an attempt at a unary call; `Failure` if it does not get through."""
        import grpc

        from ._status import failure_of

        try:
            reply: bytes = self._unary_call(attempt.rpc)(
                attempt.request, timeout=attempt.timeout, metadata=self._credentials.metadata
            )
        except grpc.RpcError as error:
            raise failure_of(error) from None
        return reply

    def begin(self, attempt: Send) -> Any:
        """Start an attempt at a unary call; grpc's future of its answer."""
        return self._unary_call(attempt.rpc).future(
            attempt.request, timeout=attempt.timeout, metadata=self._credentials.metadata
        )

    def answer(self, call: Any) -> tuple[Any, Failure | None]:
        """What came of a call that is done: the reply, or how it failed."""
        import grpc

        from ._status import failure_of

        try:
            return call.result(), None
        except grpc.RpcError as error:
            return None, failure_of(error)

    def start(self, attempt: Open, messages: Iterator[bytes] | None) -> Any:
        """Start an attempt at a stream; the call is an iterator of answers."""
        channel, path = self._channel(), SERVICE + attempt.rpc
        options = {"timeout": attempt.timeout, "metadata": self._credentials.metadata}
        if messages is None:
            return channel.unary_stream(path)(attempt.request, **options)
        return channel.stream_stream(path)(messages, **options)

    def run(self, flow: UnaryFlow[_R]) -> _R:
        """Drive the flow of a unary call to its end."""
        reply: Any = None
        failure: Failure | None = None
        while True:
            try:
                action = flow.send(reply) if failure is None else flow.throw(failure)
            except StopIteration as end:
                result: _R = end.value
                return result
            reply, failure = self.do(action)

    def do(self, action: Send | Sleep) -> tuple[Any, Failure | None]:
        """What the flows of both kinds may want; the reply, or how it failed."""
        from ._actions import Sleep
        from ._status import Failure

        if isinstance(action, Sleep):
            time.sleep(action.seconds)
            return None, None
        try:
            return self.send(action), None
        except Failure as failure:
            return None, failure

    def _unary_call(self, rpc: str) -> Any:
        channel = self._channel()
        call = self._unary_calls.get(rpc)
        if call is None:
            call = self._unary_calls[rpc] = channel.unary_unary(SERVICE + rpc)
        return call

    def _channel(self) -> Any:
        from ._channel import Lease

        if self._lease is None:
            raise ConfigError("this client is closed; make another")
        if self._lease.lost:  # a forked child makes a connection of its own
            self._unary_calls.clear()
            self._lease = Lease(self.target, None, self._interceptors)
        return self._lease.channel


class _Items:
    """The caller's side of a bidirectional stream: its items, and what went wrong with them.

    grpc takes the messages from a thread of its own, where an exception would be lost: it is kept,
    and the call is cancelled.
    """

    __slots__ = ("_call", "error", "iterator")

    def __init__(self, iterator: Iterator[Any]) -> None:
        self.iterator = iterator
        self.error: Exception | None = None
        self._call: Any = None

    def started(self, call: Any) -> None:
        self._call = call
        if self.error is not None:
            call.cancel()

    def messages(self, attempt: Open) -> Iterator[bytes]:
        assert attempt.follow is not None
        yield attempt.request
        try:
            for item in self.iterator:
                yield attempt.follow(item)
        except Exception as error:  # noqa: BLE001 - the caller's own, for the caller
            self.error = error
            if self._call is not None:
                self._call.cancel()


class Stream(Generic[_R_co]):
    """The results of a streaming method, as they come.

    An iterator and a context manager. The call starts when the first item is asked for. Leaving the
    `with` block early, `cancel()`, or dropping the stream ends the call.

        with model.caption(image) as pieces:
            for piece in pieces:
                print(piece.text, end="")
    """

    def __init__(
        self, flow: StreamFlow, connection: Connection, items: Iterator[Any] | None
    ) -> None:
        self._flow = flow
        self._connection = connection
        self._items = _Items(items) if items is not None else None
        self._call: Any = None
        self._done = False
        self._usage: Usage | None = None

    @property
    def usage(self) -> Usage | None:
        """The tokens that the call took, once the stream has ended; None before, or if it failed."""
        return self._usage

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> _R_co:
        """The next result; StopIteration after the last.

        Raises:
            ClarigenError: The call failed (see the errors of the generated class).
            Exception: Whatever the caller's own iterator of inputs raised.
        """
        from . import _actions

        if self._done:
            raise StopIteration
        reply: Any = None
        failure: Exception | None = None
        try:
            while True:
                action = self._flow.send(reply) if failure is None else self._flow.throw(failure)
                reply = failure = None
                if isinstance(action, _actions.Deliver):
                    item: _R_co = action.item
                    return item
                if isinstance(action, _actions.Open):
                    messages = self._items.messages(action) if self._items else None
                    self._call = self._connection.start(action, messages)
                    if self._items is not None:
                        self._items.started(self._call)
                elif isinstance(action, _actions.Pull):
                    assert self._items is not None
                    reply = next(self._items.iterator, _actions.END)
                elif isinstance(action, _actions.Receive):
                    reply, failure = self._receive(_actions.END)
                else:
                    reply, failure = self._connection.do(action)
        except StopIteration as end:
            self._usage = end.value
            self.cancel()
            raise StopIteration from None
        except BaseException:
            self.cancel()
            raise

    def _receive(self, end: Any) -> tuple[Any, Exception | None]:
        import grpc

        from ._status import failure_of

        reply, failure = end, None
        try:
            reply = next(self._call, end)
        except grpc.RpcError as error:
            failure = failure_of(error)
        if self._items is not None and self._items.error is not None:
            raise self._items.error
        return reply, failure

    def cancel(self) -> None:
        """End the call; there are no further items. Does nothing once the stream has ended."""
        self._done = True
        self._flow.close()
        call, self._call = self._call, None
        if call is not None:
            call.cancel()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.cancel()

    def __del__(self) -> None:
        if not getattr(self, "_done", True):
            self.cancel()


class Client(ClientBase):
    """The base of generated clients.

    A client is thread-safe and cheap: clients of one server share a connection. Use it in a `with`
    block, or close it.
    """

    def _open(self) -> None:
        self._connection = Connection(self._endpoint)

    def close(self) -> None:
        """Give the connection back. Later calls raise ConfigError."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None:
        self.close()

    def _one(self, method: Unary[_R], /, *values: object) -> _R:
        """Call a unary method with one value a field."""
        from . import _call

        return self._connection.run(_call.unary(method, values, self._context()))

    def _batch(self, method: Unary[_R], inputs: Iterable[object], progress: bool, /) -> Batch[_R]:
        """Call a unary method with any number of inputs, as mappings."""
        from ._batch import checked

        checked(method, inputs)
        shown = (method.name, progress)
        return Batch(self._works(method), self._connection, inputs, shown)

    def _stream(self, method: Streaming[_R], /, *values: object) -> Stream[_R]:
        """Call a streaming method with one value a field."""
        from . import _call

        flow = _call.stream(method, values, self._context())
        items = method.items(values)
        return Stream(flow, self._connection, iter(items) if items is not None else None)
