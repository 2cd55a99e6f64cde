"""The synchronous connection: does over grpc what the flows of `_call` ask for.

What lives here: `Connection`, which sends, waits and tells what came of it; it decides nothing.
Addresses and credentials are `_channel`'s. That and grpc are imported when a connection is made:
importing a generated package loads neither grpc nor protobuf, and the first call imports nothing more.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self, TypeVar

from ._base import DEFAULT_TIMEOUT, SERVICE, Endpoint
from ._drivers import ConnectionBase, closed

if TYPE_CHECKING:
    from ._actions import Send, Sleep
    from ._call import UnaryFlow
    from ._status import Failure

_R = TypeVar("_R")


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


class Connection(ConnectionBase):
    """An endpoint, and a share in the channel to it. Thread-safe."""

    def __init__(self, endpoint: Endpoint) -> None:
        from ._channel import Lease

        super().__init__(endpoint)
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
            raise closed()
        if self._lease.lost:  # a forked child makes a connection of its own
            self._unary_calls.clear()
            self._lease = Lease(self.target, None, self._interceptors)
        return self._lease.channel
