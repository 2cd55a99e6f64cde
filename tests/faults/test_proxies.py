"""Proxies of the environment: calls to this machine bypass them, so that no credential leaves it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator

import pytest

from clarigen import UnavailableError
from faults.callers import TWINS, AsyncCalls, Calls
from faults.scripted import Scripted

VARIABLES = ("grpc_proxy", "https_proxy", "http_proxy")


@pytest.fixture(params=VARIABLES)
def proxy(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[socket.socket]:
    """A proxy that the environment names; connections to it stay unanswered."""
    for name in (*VARIABLES, "no_proxy", "no_grpc_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        monkeypatch.setenv(request.param, f"http://127.0.0.1:{listener.getsockname()[1]}")
        yield listener


def read_request(proxy: socket.socket) -> str:
    """Return the first line of the proxy's request; empty if there was none."""
    proxy.settimeout(0)
    try:
        connection, _ = proxy.accept()
    except BlockingIOError:
        return ""
    with connection:
        connection.settimeout(20)
        return connection.recv(4096).decode()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
@pytest.mark.parametrize("twin", TWINS)
def test_calls_to_this_machine_bypass_the_proxy(proxy: socket.socket, twin: str, host: str) -> None:
    async def call(url: str) -> int:
        async with AsyncCalls(base_url=url, pat="canary") as model:
            return await model.double(2)

    with Scripted() as server:
        url = f"grpc://{host}:{server.port}"
        if twin == "async":
            assert asyncio.run(call(url)) == 4
        else:
            with Calls(base_url=url, pat="canary") as model:
                assert model.double(2) == 4
    assert read_request(proxy) == ""


def test_calls_to_other_machines_use_the_proxy(proxy: socket.socket) -> None:
    """The proxy opens a tunnel: it sees the target, and nothing of the call."""
    with (
        Calls(base_url="https://models.example", pat="canary", timeout=2) as model,
        pytest.raises((UnavailableError, TimeoutError)),
    ):
        model.double(2)
    received = read_request(proxy)
    assert received.startswith("CONNECT models.example:443 HTTP/1.1\r\n")
    assert "canary" not in received
