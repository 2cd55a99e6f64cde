"""What the connections of both twins share: everything but the awaiting.

What lives here: the state of a connection, and what it says when it is closed. It and its twins are
loaded when a client is made, with all that a call needs, grpc included: so importing a generated package
loads nothing of that, and the first call imports nothing more.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from .._calls.actions import Open
    from .channel import Lease
    from .endpoint import Endpoint


CLOSED: Final = "this client is closed; make another"
"""What a call says over a connection that was closed."""


class ConnectionBase(ABC):
    """An endpoint, and what its calls need.

    Attributes:
        target: The server.
        policy: How long a call may take and how often it is sent.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self.target: Final = endpoint.target
        self.policy: Final = endpoint.policy
        self._credentials: Final = endpoint.credentials
        self._interceptors: Final = endpoint.interceptors

    def start_stream(self, attempt: Open, messages: Any) -> Any:
        """Start an attempt at a stream; the call is an iterator of answers.

        Args:
            attempt: What is wanted.
            messages: What is sent after another, for a stream of inputs; else None.
        """
        lease = self._get_lease()
        options = {"timeout": attempt.timeout, "metadata": self._credentials.metadata}
        if messages is None:
            return lease.multi_callable("unary_stream", attempt.rpc)(attempt.request, **options)
        return lease.multi_callable("stream_stream", attempt.rpc)(messages, **options)

    @abstractmethod
    def cancel(self, call: Any) -> None:
        """End a call; nobody waits for it any more."""

    @abstractmethod
    def _get_lease(self) -> Lease:
        """The share in a channel for a call made here and now.

        Raises:
            ConfigError: The connection is closed.
        """
