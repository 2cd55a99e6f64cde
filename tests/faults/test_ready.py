"""Waiting until a model is ready, on a real socket: the platform's stand-in, and a runner that starts late."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from typing import Any, TypeVar

import pytest

from clarigen import AuthenticationError, ModelNotReadyError
from clarigen._client.base import ClientBase, get_policy, with_policy
from clarigen.testing import serve
from faults.callers import TWINS, AsyncCalls, Calls
from faults.platform_standin import PAT, Call, Standin

ClientT = TypeVar("ClientT", bound=ClientBase)


def poll_quickly(model: ClientT) -> ClientT:
    """Return a view of a client that polls with short delays."""
    return with_policy(model, get_policy(model).replace(random=lambda: 0.05))


def wait(package: Any, twin: str, timeout: float = 20.0, **options: Any) -> None:
    """Wait with a sync or async client."""

    async def waiting() -> None:
        async with package.AsyncPlatformEcho(**options) as model:
            await poll_quickly(model).wait_until_ready(timeout)

    if twin == "async":
        asyncio.run(waiting())
        return
    with package.PlatformEcho(**options) as model:
        poll_quickly(model).wait_until_ready(timeout=timeout)


def predictions(platform: Standin) -> list[Call]:
    """Return the calls of the model except those of `_GET_SIGNATURES`."""
    return [
        call
        for call in platform.calls
        if call.rpc == "PostModelOutputs"
        and call.request.inputs[0].data.metadata["_method_name"] != "_GET_SIGNATURES"
    ]


@pytest.mark.item(17, 49)
@pytest.mark.parametrize("twin", TWINS)
def test_wait_covers_building_and_loading(
    package: Any, platform: Standin, twin: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The model is built at the third poll and loaded at the fifth; nothing is predicted meanwhile."""
    (version,) = platform.versions.values()
    version.status, version.details = 21107, "step 3 of 4"
    platform.failing["PostModelOutputs"] = (21355, "pod is up")

    def note_wait(call: Call) -> None:
        asked = platform.rpcs.count(call.rpc)
        if call.rpc == "GetModelVersion" and asked == 3:
            version.status = 21100
        if call.rpc == "PostModelOutputs" and asked == 3:
            platform.failing.clear()

    platform.on_call = note_wait
    with caplog.at_level(logging.DEBUG):
        wait(package, twin)
    assert platform.rpcs == [*["GetModel", "GetModelVersion"] * 3, *["PostModelOutputs"] * 3]
    assert predictions(platform) == []
    lines = [record.getMessage() for record in caplog.records if record.name == "clarigen"]
    assert [line.split(" (")[0] for line in lines][:2] == [
        "echo: waiting: it is being built",
        "echo: waiting: it is being loaded",
    ]
    assert "step 3 of 4" in caplog.text
    assert PAT not in caplog.text


@pytest.mark.parametrize("twin", TWINS)
def test_failed_build_raises_at_once(package: Any, platform: Standin, twin: str) -> None:
    (version,) = platform.versions.values()
    version.status, version.details = 21108, "no such base image"
    with pytest.raises(
        ModelNotReadyError, match=r"its build failed .*no such base image"
    ) as caught:
        wait(package, twin)
    assert platform.rpcs == ["GetModel", "GetModelVersion"]
    assert caught.value.code == 21108


@pytest.mark.parametrize("twin", TWINS)
def test_wait_ends_with_the_timeout(package: Any, platform: Standin, twin: str) -> None:
    platform.failing["PostModelOutputs"] = (21351, "")
    with pytest.raises(ModelNotReadyError, match="it is being deployed") as caught:
        wait(package, twin, timeout=0.4)
    assert caught.value.attempts > 1
    assert 0.3 - 0.001 <= caught.value.elapsed < 20


def test_server_that_never_answers_is_not_ready(package: Any, platform: Standin) -> None:
    platform.hanging.add("PostModelOutputs")
    with pytest.raises(ModelNotReadyError, match="no answer"):
        wait(package, "sync", timeout=0.5)


def test_wrong_credential_raises_at_once(package: Any, platform: Standin) -> None:
    with pytest.raises(AuthenticationError):
        wait(package, "sync", pat="another")
    assert platform.rpcs == ["GetModel"]


@pytest.mark.parametrize("twin", TWINS)
def test_disabled_deployment_raises(package: Any, platform: Standin, twin: str) -> None:
    platform.deployments = {"off": True, "on": False}
    wait(package, twin, deployment_user_id="acme", deployment_id="on")
    assert platform.rpcs == ["GetModel", "GetModelVersion", "GetDeployment", "PostModelOutputs"]
    with pytest.raises(ModelNotReadyError, match="the deployment is disabled"):
        wait(package, twin, deployment_user_id="acme", deployment_id="off")


class Doubler:
    """The model of the runner."""

    def double(self, n: int) -> int:
        return 2 * n


@pytest.mark.parametrize("twin", TWINS)
def test_wait_covers_a_runner_that_starts_late(twin: str, caplog: pytest.LogCaptureFixture) -> None:
    """The server starts once the client is known to wait."""
    with socket.socket() as bound:
        # Bound but not listening, so that no other process gets the port.
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
        waits = threading.Event()

        def note_wait(_: logging.LogRecord) -> bool:
            waits.set()
            return True

        logging.getLogger("clarigen").addFilter(note_wait)
        result: list[int] = []
        caller = threading.Thread(target=lambda: result.append(_late(twin, port)))
        try:
            with caplog.at_level(logging.INFO, "clarigen"):
                caller.start()
                assert waits.wait(20)
                bound.close()
                with serve(Doubler(), port=port):
                    caller.join(30)
        finally:
            logging.getLogger("clarigen").removeFilter(note_wait)
    assert result == [8]
    assert "the server cannot be reached" in caplog.text


def _late(twin: str, port: int) -> int:
    url = f"grpc://127.0.0.1:{port}"

    async def waiting() -> int:
        async with AsyncCalls(base_url=url, max_retries=0) as model:
            await poll_quickly(model).wait_until_ready(20)
            return await model.double(4)

    if twin == "async":
        return asyncio.run(waiting())
    with Calls(base_url=url, max_retries=0) as model:
        poll_quickly(model).wait_until_ready(20)
        return model.double(4)
