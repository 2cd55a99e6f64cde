"""The synchronous connection: performs the actions of `_calls` with grpc.

It sends requests and returns the replies, serialized. It decides nothing: `_calls` decides what to send and what a
reply means, and `_transport` opens the channels.
"""

from __future__ import annotations

import time
from functools import partial
from threading import get_ident
from typing import Any, Self

import grpc

from .._calls.actions import GrpcFailure, Open, Send, Sleep
from .._calls.driver import Driver
from .._calls.status import failure_from_grpc
from .._client.base import DEFAULT_TIMEOUT
from .._transport.channel_pool import Lease
from .._transport.connection import CLOSED, GrpcConnectionBase
from .._transport.endpoint import Endpoint
from .._transport.in_flight import FORK_GATE, cancel_call, leave_when_done, start_call, track_reader
from ..errors import ConfigError


class GrpcConnection(GrpcConnectionBase, Driver):
    """A connection over the shared channel to an endpoint. Thread-safe.

    Attributes:
        timeout: The time limit of the queries in `_tooling`, in seconds; None for no limit.
    """

    def __init__(self, endpoint: Endpoint, timeout: float | None = DEFAULT_TIMEOUT) -> None:
        super().__init__(endpoint)
        self.timeout = timeout
        self._lease: Lease | None = Lease(endpoint.target, None, self._interceptors)

    def close(self) -> None:
        """Release the channel. Later calls raise ConfigError."""
        lease, self._lease = self._lease, None
        channel = lease.release() if lease is not None else None
        if channel is not None:
            with FORK_GATE:
                channel.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def perform(self, action: Send | Sleep) -> Any:
        """Send a request and return the reply, or sleep; raise `GrpcFailure` if the call failed."""
        if isinstance(action, Send):
            return self._send(action)
        return time.sleep(action.seconds)

    def _send(self, attempt: Send) -> bytes:
        call = self._get_lease().get_callable("unary_unary", attempt.rpc)
        try:
            with FORK_GATE:
                reply: bytes = call(attempt.request, attempt.timeout, self._credential.metadata)
            return reply
        except grpc.RpcError as error:
            failure = failure_from_grpc(error)
        # Not raised in the `except`: `__context__` would be grpc's error, whose traceback holds the metadata.
        raise failure

    def receive(self, call: Any, end: Any) -> Any:
        """Return the next reply of a stream, or `end` after the last; raise `GrpcFailure` if the stream failed."""
        try:
            return next(call, end)
        except grpc.RpcError as error:
            failure = failure_from_grpc(error)
        raise failure

    def start_unary(self, attempt: Send) -> Any:
        """Start an attempt of a unary call, and return grpc's future of the reply."""
        call = self._get_lease().get_callable("unary_unary", attempt.rpc)
        arguments = (attempt.request, attempt.timeout, self._credential.metadata)
        return leave_when_done(start_call(partial(call.future, *arguments), 0))

    def start_stream(self, attempt: Open, messages: Any) -> Any:
        """Start an attempt of a streaming call, and return grpc's call: an iterator over the replies."""
        tracked_messages = None if messages is None else track_reader(messages)
        return start_call(partial(super().start_stream, attempt, tracked_messages), get_ident())

    def cancel(self, call: Any) -> None:
        """Cancel a call."""
        cancel_call(call)

    def collect_reply(self, call: Any) -> tuple[Any, GrpcFailure | None]:
        """Return the reply of a finished call, or its failure."""
        try:
            return call.result(), None
        except grpc.RpcError as error:
            return None, failure_from_grpc(error)

    def _get_lease(self) -> Lease:
        lease = self._lease
        if lease is None:
            raise ConfigError(CLOSED)
        if lease.is_inherited:  # a forked child opens a channel of its own
            lease = self._lease = Lease(self.target, None, self._interceptors)
        return lease
