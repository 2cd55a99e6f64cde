"""Answers of a proxy in front of a model, which speaks HTTP but not gRPC."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

import pytest

from clarigen import (
    AuthenticationError,
    ClarigenError,
    PermissionDeniedError,
    RateLimitError,
    TransportError,
    UnavailableError,
)
from faults.callers import TWINS, AsyncCalls, Calls, with_test_policy

_PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_DATA, _HEADERS, _SETTINGS, _PING = 0, 1, 4, 6
_END_STREAM, _ACK, _END_HEADERS = 1, 1, 4


def _frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    return (
        len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload
    )


def _header(name: bytes, value: bytes) -> bytes:
    """Encode a header for HPACK, as literals."""
    return b"\0" + bytes([len(name)]) + name + bytes([len(value)]) + value


class HttpProxy:
    """A server of HTTP/2 that answers every request with a status and a page.

    Attributes:
        requests: How many requests came.
        url: The base URL for clients.
    """

    def __init__(self, listener: socket.socket, status: int) -> None:
        self.requests = 0
        self.url = f"grpc://127.0.0.1:{listener.getsockname()[1]}"
        self._status = status

    def accept(self, listener: socket.socket) -> None:
        """Answer connections until the listener is closed."""
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError), connection, connection.makefile("rb") as reader:
            assert reader.read(len(_PREFACE)) == _PREFACE
            connection.sendall(_frame(_SETTINGS, 0, 0) + _frame(_SETTINGS, _ACK, 0))
            while head := reader.read(9):
                payload = reader.read(int.from_bytes(head[:3], "big"))
                kind, flags, stream = head[3], head[4], int.from_bytes(head[5:], "big")
                if kind == _PING and not flags & _ACK:
                    connection.sendall(_frame(_PING, _ACK, 0, payload))
                elif kind in (_DATA, _HEADERS) and flags & _END_STREAM:
                    self.requests += 1
                    headers = _header(b":status", b"%d" % self._status)
                    headers += _header(b"content-type", b"text/html")
                    connection.sendall(
                        _frame(_HEADERS, _END_HEADERS, stream, headers)
                        + _frame(_DATA, _END_STREAM, stream, b"<html>no</html>")
                    )


@contextmanager
def _proxy(status: int) -> Iterator[HttpProxy]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        proxy = HttpProxy(listener, status)
        threading.Thread(target=proxy.accept, args=(listener,), daemon=True).start()
        yield proxy


def _call(twin: str, url: str, **options: Any) -> Any:
    """Return the error of a call."""

    options = {"base_url": url, "timeout": 20, "max_retries": 2, **options}

    async def call() -> None:
        async with AsyncCalls(**options) as model:
            await with_test_policy(model).double(1)

    if twin == "async":
        with pytest.raises(ClarigenError) as caught:
            asyncio.run(call())
    else:
        with Calls(**options) as model, pytest.raises(ClarigenError) as caught:
            with_test_policy(model).double(1)
    return caught.value


@pytest.mark.parametrize("twin", TWINS)
def test_rate_limit_of_a_proxy_is_a_refusal(twin: str) -> None:
    """It is retried, because nothing has run."""
    with _proxy(429) as proxy:
        error = _call(twin, proxy.url)
    assert type(error) is RateLimitError
    assert "429; a proxy limits the rate of requests" in str(error)
    assert error.attempts == proxy.requests == 3
    assert not error.may_have_run


@pytest.mark.parametrize("status", [502, 503, 504])
def test_request_that_a_proxy_lost_may_have_run(status: int) -> None:
    """It is sent again only with `idempotent=True`, which the message says."""
    for options, requests in ({}, 1), ({"idempotent": True}, 3):
        with _proxy(status) as proxy:
            error = _call("sync", proxy.url, **options)
        assert type(error) is UnavailableError
        assert "idempotent=True" in str(error)
        assert error.attempts == proxy.requests == requests
        assert error.may_have_run


@pytest.mark.parametrize(
    ("status", "kind", "text"),
    [
        (401, AuthenticationError, "401"),
        (403, PermissionDeniedError, "403"),
        (404, TransportError, "no gRPC server answers at this address"),
        (413, TransportError, "a proxy limits the size of requests"),
        (500, TransportError, "500"),
    ],
)
def test_other_answers_of_a_proxy_are_not_retried(
    status: int, kind: type[ClarigenError], text: str
) -> None:
    with _proxy(status) as proxy:
        error = _call("sync", proxy.url)
    assert error.attempts == proxy.requests == 1
    assert text in str(error)
    assert type(error) is kind
