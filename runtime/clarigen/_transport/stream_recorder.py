"""The innermost interceptor of synchronous clients that have interceptors. It remembers the calls of streams.

An interceptor may replace a call by any iterator, which cannot be canceled while a thread waits for its next item. It
may also make the call only when the first item is taken. This module is loaded with the first such client.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Final

import grpc

if TYPE_CHECKING:
    from .read_timer import ReadTimer

_CURRENT: Final = threading.local()


def set_current_timer(timer: ReadTimer) -> None:
    """Set the timer of the stream that this thread starts or reads."""
    _CURRENT.timer = timer


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
    timer = getattr(_CURRENT, "timer", None)
    if timer is not None:
        timer.inner_call = call
    return call
