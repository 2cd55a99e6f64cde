"""The environment's proxy is for others: what goes to this machine, a credential among it, does not leave it."""

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
    """A proxy that the environment names; who connects to it waits there."""
    for name in (*VARIABLES, "no_proxy", "no_grpc_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        monkeypatch.setenv(request.param, f"http://127.0.0.1:{listener.getsockname()[1]}")
        yield listener


def asked(proxy: socket.socket) -> str:
    """What the proxy was asked for; empty if it was not."""
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
def test_this_machine_is_called_without_it(proxy: socket.socket, twin: str, host: str) -> None:
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
    assert asked(proxy) == ""


def test_others_are_called_through_it(proxy: socket.socket) -> None:
    """By a tunnel: the proxy sees where to, and nothing of the call."""
    with (
        Calls(base_url="https://models.example", pat="canary", timeout=2) as model,
        pytest.raises((UnavailableError, TimeoutError)),
    ):
        model.double(2)
    told = asked(proxy)
    assert told.startswith("CONNECT models.example:443 HTTP/1.1\r\n")
    assert "canary" not in told
