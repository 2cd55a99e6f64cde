"""The synchronous connection: does over grpc what the flows of `_call` ask for.

What lives here: `Connection`, which sends, waits and tells what came of it; it decides nothing.
Addresses and credentials are `_channel`'s.
"""

from __future__ import annotations

import time
from functools import partial
from threading import get_ident
from typing import Any, Self

import grpc

from .._calls.actions import Failure, Open, Send, Sleep
from .._calls.driver import Driver
from .._calls.retry import Attempts
from .._calls.status import error_from_failure, failure_from_grpc
from .._transport.channel import Lease
from .._transport.connection import CLOSED, ConnectionBase
from .._transport.endpoint import Endpoint
from .._transport.in_flight import cancel, fork_gate, let_finish, start_call, track_reader
from ..errors import ConfigError


class Connection(ConnectionBase, Driver):
    """An endpoint, and a share in the channel to it. Thread-safe."""

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(endpoint)
        self._lease: Lease | None = Lease(endpoint.target, None, self._interceptors)

    def close(self) -> None:
        """Give the channel back. Later calls raise ConfigError."""
        lease, self._lease = self._lease, None
        channel = lease.release() if lease is not None else None
        if channel is not None:
            with fork_gate:
                channel.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def call_rpc(self, rpc: str, request: bytes) -> bytes:
        """Send one message of any RPC and wait for the answer.

        Args:
            rpc: The RPC's name, for example `GetModel`.
            request: The message, serialised.

        Returns:
            The answer, serialised; its status is for the caller to read.

        Raises:
            ClarigenError: The call did not get through (see `_status.failure_error`).
        """
        attempts = Attempts(self.policy)
        try:
            return self._send(Send(rpc, request, attempts.begin()))
        except Failure as failure:
            error = error_from_failure(failure, rpc, timeout=self.policy.timeout)
            raise attempts.annotate(error) from None

    def do(self, action: Send | Sleep) -> Any:
        """What the flows of both kinds may want; the reply, or `Failure`."""
        if isinstance(action, Send):
            return self._send(action)
        return time.sleep(action.seconds)

    def _send(self, attempt: Send) -> bytes:
        call = self._get_lease().multi_callable("unary_unary", attempt.rpc)
        try:
            with fork_gate:
                reply: bytes = call(attempt.request, attempt.timeout, self._credentials.metadata)
            return reply
        except grpc.RpcError as error:
            failure = failure_from_grpc(error)
        raise failure  # not in the `except`: the traceback of grpc's own error holds the metadata

    def receive(self, call: Any, last: Any) -> Any:
        """The next answer of a stream, or `last`; `Failure` if it failed."""
        try:
            return next(call, last)
        except grpc.RpcError as error:
            raise failure_from_grpc(error) from None

    def start_unary(self, attempt: Send) -> Any:
        """Start an attempt at a unary call; grpc's future of its answer."""
        call = self._get_lease().multi_callable("unary_unary", attempt.rpc)
        given = (attempt.request, attempt.timeout, self._credentials.metadata)
        return let_finish(start_call(partial(call.future, *given), 0))

    def start_stream(self, attempt: Open, messages: Any) -> Any:
        """Start an attempt at a stream; the call is an iterator of answers."""
        sent = None if messages is None else track_reader(messages)
        return start_call(partial(super().start_stream, attempt, sent), get_ident())

    def cancel(self, call: Any) -> None:
        """End a call; nobody waits for it any more."""
        cancel(call)

    def collect_reply(self, call: Any) -> tuple[Any, Failure | None]:
        """What came of a call that is done: the reply, or how it failed."""
        try:
            return call.result(), None
        except grpc.RpcError as error:
            return None, failure_from_grpc(error)

    def _get_lease(self) -> Lease:
        lease = self._lease
        if lease is None:
            raise ConfigError(CLOSED)
        if lease.is_inherited:  # a forked child makes a connection of its own
            lease = self._lease = Lease(self.target, None, self._interceptors)
        return lease
