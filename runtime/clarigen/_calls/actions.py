"""What a call wants done: the words between the flows of `_call` and the drivers.

What lives here: the nouns. A flow is a generator; it yields one of them and is sent what came of it.

    yields                  is sent                          or is thrown
    Send(…)                 the answer's bytes               Failure
    Sleep(…)                None, once the time is over
    Pull()       streams    the next item, or END            what the caller's iterator raised
    Open(…)      streams    None, once the call is started
    Receive()    streams    the answer's bytes, or END       Failure
    Deliver(x)   streams    None, once the caller wants more
    Hold()       streams    whether a next attempt would have all items
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

END: Final[Any] = object()
"""Sent in place of an item or an answer where there are no more."""


class Failure(Exception):
    """A call that ended with a gRPC status instead of an answer, free of grpc's own classes."""

    def __init__(self, code: str, details: str) -> None:
        super().__init__(f"{code}: {details}")
        self.code = code
        self.details = details


class Send(NamedTuple):
    """Send a request and wait for the one answer.

    Attributes:
        rpc: The platform's RPC.
        request: The message, serialised.
        timeout: The deadline of this attempt, in seconds from now; None for none.
    """

    rpc: str
    request: bytes
    timeout: float | None


class Open(NamedTuple):
    """Start a stream.

    Attributes:
        rpc: The platform's RPC.
        request: The first message, serialised.
        timeout: The deadline of this attempt, in seconds from now; None for none.
        follow: For a stream of inputs: the message that carries a later item.
    """

    rpc: str
    request: bytes
    timeout: float | None
    encode_item: Callable[[Any], bytes] | None = None


class Pull(NamedTuple):
    """Take an item from the caller's iterator."""


class Receive(NamedTuple):
    """Wait for the next answer of a stream."""


class Reclaim(NamedTuple):
    """Let the attempt that failed take no more items; those it took beside the first are lost."""


class Deliver(NamedTuple):
    """Hand an item to the caller.

    Attributes:
        item: The item.
    """

    item: Any


class Sleep(NamedTuple):
    """Wait.

    Attributes:
        seconds: How long.
    """

    seconds: float
