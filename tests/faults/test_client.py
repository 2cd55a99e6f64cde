"""A generated client on the platform's stand-in: addressing, credentials, TLS, failures."""

from __future__ import annotations

import asyncio
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from clarifai_grpc.grpc.api import service_pb2
from google.protobuf.message import Message

from clarigen import (
    AuthenticationError,
    ClarigenError,
    ConfigError,
    DeadlineExceededError,
    ModelNotReadyError,
    NotFoundError,
    RateLimitError,
    UnavailableError,
)
from clarigen._transport.channel_pool import POOL
from clarigen._transport.endpoint import Target, find_base_url
from faults.conftest import REF
from faults.platform_standin import MODEL, OWNER, PAT, VERSION, Standin


def only_call(platform: Standin) -> Message:
    """Return the only call that was received."""
    (call,) = platform.calls
    request: Message = call.request
    return request


def test_call_is_one_request_with_the_models_address(package: Any, platform: Standin) -> None:
    with package.PlatformEcho() as model:
        assert model.predict("hello") == "hello"
    request: Any = only_call(platform)
    assert (request.user_app_id.user_id, request.user_app_id.app_id) == OWNER
    assert (request.model_id, request.version_id) == (MODEL, "")
    (item,) = request.inputs
    assert item.data.metadata["_method_name"] == "predict"
    sent = {part.id: part.data for part in item.data.parts}
    assert (sent["prompt"].string_value, sent["temperature"].float_value) == ("hello", 0.7)


def test_client_connects_over_tls(package: Any, secure_platform: Standin) -> None:
    with package.PlatformEcho() as model:
        assert model.predict("secret") == "secret"

    async def call() -> str:
        async with package.AsyncPlatformEcho() as model:
            result: str = await model.predict("secret")
            return result

    assert asyncio.run(call()) == "secret"


def test_untrusted_certificate_is_rejected(
    package: Any, secure_platform: Standin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CLARIFAI_ROOT_CERTIFICATES_PATH")
    with package.PlatformEcho(timeout=5, max_retries=0) as model, pytest.raises(UnavailableError):
        model.predict("secret")
    assert secure_platform.calls == []


@pytest.mark.item(48)
def test_async_client_sends_the_same_bytes(package: Any, platform: Standin) -> None:
    async def call() -> None:
        async with package.AsyncPlatformEcho() as model:
            await model.predict("ü", temperature=1)

    with package.PlatformEcho() as model:
        model.predict("ü", temperature=1)
    asyncio.run(call())
    first, second = (call.request.SerializeToString(deterministic=True) for call in platform.calls)
    assert first == second


def test_version_and_model_options_are_sent(package: Any, platform: Standin) -> None:
    with package.PlatformEcho(version_id=VERSION) as model:
        model.predict("x")
    assert platform.calls[-1].request.version_id == VERSION
    with package.PlatformEcho(model=f"https://clarifai.com/{REF}/versions/{VERSION}") as model:
        model.predict("x")
    assert platform.calls[-1].request.version_id == VERSION
    with (
        package.PlatformEcho(model="other/app/models/m") as model,
        pytest.raises(NotFoundError, match="21200 MODEL_DOES_NOT_EXIST"),
    ):
        model.predict("x")


@pytest.mark.item(4)
def test_call_carries_one_credential_and_a_user_agent(package: Any, platform: Standin) -> None:
    with package.PlatformEcho() as model:
        model.predict("x")
    (call,) = platform.calls
    assert call.metadata["authorization"] == f"Key {PAT}"
    assert "x-clarifai-session-token" not in call.metadata
    assert call.metadata["x-clarifai-request-id-prefix"].startswith("clarigen-")
    assert call.metadata["user-agent"].startswith("clarigen/")


@pytest.mark.item(54)
def test_wrong_credential_raises_without_showing_it(package: Any, platform: Standin) -> None:
    with (
        package.PlatformEcho(pat="canary-credential") as model,
        pytest.raises(AuthenticationError, match="11008 CONN_KEY_INVALID") as caught,
    ):
        model.predict("x")
    error = caught.value
    assert error.__traceback__ is not None
    ours = error.__traceback__.tb_next  # the frame of this test holds the credential
    formatted = traceback.TracebackException(type(error), error, ours, capture_locals=True)
    assert "canary-credential" not in "".join(formatted.format())
    assert caught.value.attempts == 1
    assert len(platform.calls) == 1


def test_missing_credential_for_the_platform_raises(
    package: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigError, match="CLARIFAI_PAT"):
        package.PlatformEcho()
    monkeypatch.setenv("CLARIFAI_API_BASE", "https://api.clarifai.example")
    with pytest.raises(ConfigError, match="CLARIFAI_PAT"):
        package.AsyncPlatformEcho()


def test_deadline_ends_the_call_on_both_sides(package: Any, platform: Standin) -> None:
    platform.hanging.add("PostModelOutputs")
    with package.PlatformEcho(timeout=0.3) as model:
        started = time.monotonic()
        with pytest.raises(DeadlineExceededError, match=r"predict: no answer within 0\.3 seconds"):
            model.predict("x")
        assert time.monotonic() - started < 5

    async def call() -> None:
        async with package.AsyncPlatformEcho(timeout=0.3) as model:
            with pytest.raises(TimeoutError):
                await model.predict("x")

    asyncio.run(call())


def test_throttled_call_is_retried_up_to_the_limit(package: Any, platform: Standin) -> None:
    platform.failing["PostModelOutputs"] = (11005, "slow down")
    with (
        package.PlatformEcho(max_retries=1) as model,
        pytest.raises(RateLimitError, match="slow down") as caught,
    ):
        model.predict("x")
    assert caught.value.attempts == len(platform.calls) == 2


def test_call_waits_for_a_starting_model(package: Any) -> None:
    with Starting() as platform:
        with package.PlatformEcho(base_url=platform.base_url, pat=PAT, timeout=30) as model:
            assert model.predict("x") == "x"
        assert len(platform.calls) == 3

    async def call(platform: Standin) -> str:
        async with package.AsyncPlatformEcho(base_url=platform.base_url, pat=PAT) as model:
            result: str = await model.predict("y")
            return result

    with Starting() as platform:
        assert asyncio.run(call(platform)) == "y"


class Starting(Standin):
    """A platform whose model is ready at the third call."""

    def outputs(self, request: Any) -> Any:
        if len(self.calls) < 3:
            return service_pb2.MultiOutputResponse(status={"code": 21355, "details": "loading"})
        return super().outputs(request)


def test_model_that_does_not_start_in_time_raises(package: Any, platform: Standin) -> None:
    platform.failing["PostModelOutputs"] = (21351, "deploying")
    with (
        package.PlatformEcho(timeout=2) as model,
        pytest.raises((ModelNotReadyError, DeadlineExceededError)) as caught,
    ):
        model.predict("x")
    error: Any = caught.value
    assert error.attempts == len(platform.calls)


def test_with_options_returns_a_client_of_the_same_channel(package: Any, platform: Standin) -> None:
    platform.hanging.add("PostModelOutputs")
    with package.PlatformEcho(timeout=20) as model:
        quick = model.with_options(timeout=0.2, max_retries=0)
        assert type(quick) is type(model)
        target = Target.parse(find_base_url(None))
        assert [key[0] for key in POOL.channels].count(target) == 1
        with pytest.raises(DeadlineExceededError):
            quick.predict("x")
        quick.close()
        platform.hanging.clear()
        assert model.predict("still open") == "still open"
        with pytest.raises(ConfigError, match="closed"):
            quick.predict("x")
        with pytest.raises(ConfigError, match="max_retries"):
            model.with_options(max_retries=-1)


def test_with_options_keeps_an_explicit_credential(
    package: Any, platform: Standin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CLARIFAI_PAT")
    with package.PlatformEcho(pat=PAT) as model, model.with_options(timeout=5) as quick:
        assert quick.predict("x") == "x"


@pytest.mark.item(7)
@pytest.mark.defect("4 MB answer limit locally")
def test_payload_of_fifty_megabytes_in_both_directions(package: Any, own_echo: str) -> None:
    text = "x" * 50_000_000
    with package.PlatformEcho(base_url=own_echo) as model:
        assert model.predict(text) == text


@pytest.fixture
def own_echo() -> Iterator[str]:
    """A server with an echo method that accepts large messages."""
    from clarigen.testing import serve

    with serve(Echo()) as server:
        yield server.url


class Echo:
    def predict(self, prompt: str, temperature: float = 0.7) -> str:
        return prompt


def test_unreachable_server_raises(package: Any) -> None:
    with (
        package.PlatformEcho(base_url="grpc://127.0.0.1:1", timeout=5, max_retries=1) as model,
        pytest.raises(UnavailableError, match="predict: UNAVAILABLE") as caught,
    ):
        model.predict("x")
    assert (caught.value.attempts, caught.value.may_have_run) == (0, False)


def test_server_without_the_rpc_raises(package: Any) -> None:
    from concurrent.futures import ThreadPoolExecutor

    server = grpc.server(ThreadPoolExecutor(1))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        with (
            package.PlatformEcho(base_url=f"grpc://127.0.0.1:{port}") as model,
            pytest.raises(ClarigenError, match="UNIMPLEMENTED"),
        ):
            model.predict("x")
    finally:
        server.stop(None).wait()


def test_generated_class_knows_its_model(package: Any) -> None:
    lock = (Path(package.__file__).parent / "signatures.json").read_text()
    assert VERSION in lock
    assert MODEL in lock
