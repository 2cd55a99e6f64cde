"""The innermost interceptor of synchronous clients that have interceptors or are instrumented. It remembers the calls of streams.

An interceptor may replace a call by any iterator, which cannot be canceled while a thread waits for its next item. It
may also make the call only when the first item is taken. This module is loaded with the first such client.
"""

from __future__ import annotations

from typing import Any

import grpc

from .read_timer import CURRENT


class StreamRecorder(grpc.UnaryStreamClientInterceptor, grpc.StreamStreamClientInterceptor):
    """Stores grpc's own call in the timer of the stream that this thread starts or reads."""

    def intercept_unary_stream(
        self, continuation: Any, client_call_details: Any, request: Any
    ) -> Any:
        """Make the call and store it."""
        return _store(continuation(client_call_details, request))

    def intercept_stream_stream(
        self, continuation: Any, client_call_details: Any, request_iterator: Any
    ) -> Any:
        """Make the call and store it."""
        return _store(continuation(client_call_details, request_iterator))


def _store(call: Any) -> Any:
    if CURRENT.timer is not None:
        CURRENT.timer.inner_call = call
    return call
