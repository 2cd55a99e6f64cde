"""Targets, credentials and the sharing of channels."""

from __future__ import annotations

import copy
import pickle
import threading
from collections.abc import Callable
from typing import Any

import grpc
import pytest

from clarigen import AsyncClient, Client, ConfigError, ModelRef
from clarigen._client.base import get_policy
from clarigen._transport.channel_pool import Lease
from clarigen._transport.credentials import Credential, CredentialArguments
from clarigen._transport.endpoint import Target, find_base_url

PLATFORM = Target("api.clarifai.com:443", True, False)
RUNNER = Target("127.0.0.1:8000", False, True)
ELSEWHERE = Target("runner.example:8000", False, False)


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PAT", "SESSION_TOKEN", "API_BASE", "ROOT_CERTIFICATES_PATH"):
        monkeypatch.delenv(f"CLARIFAI_{name}", raising=False)


@pytest.mark.item(5)
@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("https://api.clarifai.com", PLATFORM),
        ("https://api.clarifai.com/", PLATFORM),
        ("api.clarifai.com", PLATFORM),
        ("api.clarifai.com:443", PLATFORM),
        ("API.Clarifai.com", PLATFORM),
        ("HTTPS://api.clarifai.com:443", PLATFORM),
        ("grpcs://api.clarifai.com", PLATFORM),
        ("http://127.0.0.1:8000", RUNNER),
        ("grpc://127.0.0.1:8000", RUNNER),
        ("127.0.0.1:8000", RUNNER),
        ("grpc://runner.example:8000", ELSEWHERE),
        ("localhost", Target("localhost:8000", False, True)),
        ("grpc://localhost", Target("localhost:8000", False, True)),
        ("http://localhost", Target("localhost:80", False, True)),
        ("grpcs://localhost", Target("localhost:443", True, True)),
        ("https://localhost:8443", Target("localhost:8443", True, True)),
        ("grpc://[::1]:9", Target("[::1]:9", False, True)),
    ],
)
def test_base_url_is_parsed_to_a_target(text: str, target: Target) -> None:
    assert Target.parse(text) == target


@pytest.mark.parametrize(
    "text",
    [
        "https://a:b@host",
        "ftp://host",
        "https://host/v2",
        "https://host?x=1",
        "grpc://:80",
        "grpc://h:port",
        "grpc://h:0",
        "grpc://h:65536",
        "https://",
        "https://[::1",
        "https://a b",
    ],
)
def test_malformed_base_url_is_rejected(text: str) -> None:
    with pytest.raises(ConfigError):
        Target.parse(text)


def metadata_of(credentials: Credential) -> dict[str, str]:
    return {key: value for key, value in credentials.metadata if "prefix" not in key}


@pytest.mark.item(4)
def test_call_carries_exactly_one_credential(monkeypatch: pytest.MonkeyPatch) -> None:
    assert metadata_of(Credential.find(PLATFORM, CredentialArguments("p", None))) == {
        "authorization": "Key p"
    }
    assert metadata_of(Credential.find(PLATFORM, CredentialArguments(None, "t"))) == {
        "x-clarifai-session-token": "t"
    }
    monkeypatch.setenv("CLARIFAI_SESSION_TOKEN", "env-token")
    assert metadata_of(Credential.find(PLATFORM, CredentialArguments(None, None))) == {
        "x-clarifai-session-token": "env-token"
    }
    monkeypatch.setenv("CLARIFAI_PAT", "env-pat")
    assert metadata_of(Credential.find(PLATFORM, CredentialArguments(None, None))) == {
        "authorization": "Key env-pat"
    }
    assert metadata_of(Credential.find(PLATFORM, CredentialArguments("p", None))) == {
        "authorization": "Key p"
    }
    assert metadata_of(Credential.find(PLATFORM, CredentialArguments(None, "t"))) == {
        "x-clarifai-session-token": "t"
    }
    with pytest.raises(ConfigError, match="not both"):
        Credential.find(PLATFORM, CredentialArguments("p", "t"))


@pytest.mark.item(9)
def test_missing_credential_raises_only_for_the_platform() -> None:
    with pytest.raises(ConfigError, match="CLARIFAI_PAT"):
        Credential.find(PLATFORM, CredentialArguments(None, None))
    assert metadata_of(Credential.find(RUNNER, CredentialArguments(None, None))) == {}
    assert metadata_of(Credential.find(ELSEWHERE, CredentialArguments(None, None))) == {}


@pytest.mark.item(6)
def test_no_credential_over_plaintext_to_another_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CLARIFAI_PAT", "canary")
    assert metadata_of(Credential.find(ELSEWHERE, CredentialArguments(None, None))) == {}
    with pytest.raises(ConfigError, match="plain connection"):
        Credential.find(ELSEWHERE, CredentialArguments("canary", None))
    assert metadata_of(Credential.find(RUNNER, CredentialArguments(None, None))) == {
        "authorization": "Key canary"
    }


def test_credential_is_never_shown() -> None:
    credentials = Credential.find(PLATFORM, CredentialArguments("canary", None))
    assert "canary" not in repr(credentials) + str(credentials)
    with pytest.raises(TypeError):
        pickle.dumps(credentials)
    with pytest.raises(ConfigError) as caught:
        Credential.find(PLATFORM, CredentialArguments("canary\nx", None))
    assert "canary" not in str(caught.value)


@pytest.mark.item(9)
def test_base_url_precedence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert find_base_url(None) == "https://api.clarifai.com"
    monkeypatch.setenv("CLARIFAI_API_BASE", "grpc://127.0.0.1:1")
    assert find_base_url(None) == "grpc://127.0.0.1:1"
    assert find_base_url("grpc://127.0.0.1:2") == "grpc://127.0.0.1:2"


@pytest.mark.item(8)
def test_clients_of_a_target_share_a_channel_until_the_last_closes() -> None:
    first, second = Lease(RUNNER), Lease(RUNNER)
    channel = first.channel
    assert second.channel is channel
    assert first.release() is None
    assert first.release() is None
    third = Lease(RUNNER)
    assert third.channel is channel
    assert second.release() is None
    assert third.release() is channel
    channel.close()
    fourth = Lease(RUNNER)
    assert fourth.channel is not channel
    fourth.release().close()


def test_dropped_view_releases_its_lease() -> None:
    """A view may exist for a single call; the last client still closes the channel."""
    with Referenced(base_url="grpc://127.0.0.1:8000") as client:
        channel = Lease(RUNNER).channel
        for _ in range(3):
            client.with_options(timeout=5)
        assert Lease(RUNNER).channel is channel
    later = Lease(RUNNER)
    assert later.channel is not channel
    later.release().close()


def test_unreadable_certificates_raise_with_their_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLARIFAI_ROOT_CERTIFICATES_PATH", "/no/such/file.pem")
    with pytest.raises(ConfigError, match="CLARIFAI_ROOT_CERTIFICATES_PATH"):
        Lease(PLATFORM)


class Held(Client):
    pass


class Referenced(Client, model=ModelRef("acme", "vision", "detector")):
    pass


def test_client_without_reference_needs_a_model_or_a_server(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(ConfigError, match="Held was generated without"):
        Held(pat="x")
    Held(base_url="grpc://127.0.0.1:1").close()
    Held(pat="x", model="acme/vision/models/detector").close()
    monkeypatch.setenv("CLARIFAI_API_BASE", "grpc://127.0.0.1:1")
    Held().close()


def test_repr_of_a_client_hides_its_credential() -> None:
    with Referenced(pat="canary") as client:
        members = [vars(member) for member in vars(client).values() if hasattr(member, "__dict__")]
        assert "canary" not in f"{client!r} {vars(client)} {members}"


@pytest.mark.parametrize("timeout", [0, -1, float("nan"), float("inf"), 1e10, "5"])
def test_invalid_timeout_is_rejected(timeout: Any) -> None:
    with pytest.raises(ConfigError, match=r"`timeout` must be seconds above 0, or None"):
        Referenced(pat="x", timeout=timeout)


@pytest.mark.parametrize("number", [-1, "3", None])
def test_invalid_max_retries_is_rejected(number: Any) -> None:
    with pytest.raises(ConfigError, match="`max_retries` must be a number"):
        Referenced(pat="x", max_retries=number)


class AsyncReferenced(AsyncClient, model=ModelRef("acme", "vision", "detector")):
    pass


def test_sync_and_async_clients_share_one_retry_throttle_per_model() -> None:
    url = "grpc://127.0.0.1:1"
    shared = get_policy(Referenced(base_url=url))
    twin = get_policy(AsyncReferenced(base_url="http://127.0.0.1:1"))
    assert twin.throttle is shared.throttle
    assert twin.queue is shared.queue


@pytest.mark.parametrize(
    "options",
    [{"base_url": "grpc://127.0.0.1:2"}, {"model": "acme/vision/models/other"}, {"pat": "another"}],
)
def test_servers_models_and_credentials_have_throttles_of_their_own(options: Any) -> None:
    """One throttled model must not spend the retries of the others behind the same address."""
    shared = get_policy(Referenced(base_url="grpc://127.0.0.1:1"))
    other = get_policy(Referenced(**{"base_url": "grpc://127.0.0.1:1", **options}))
    assert other.throttle is not shared.throttle
    assert (other.queue is shared.queue) == ("base_url" not in options)


def test_closed_client_raises() -> None:
    client = Referenced(pat="x")
    client.close()
    client.close()
    with pytest.raises(ConfigError, match="closed"):
        client.wait_until_ready(1)


def test_targets_compare_by_value() -> None:
    assert copy.copy(PLATFORM) == PLATFORM
    assert hash(PLATFORM) == hash(Target.parse("api.clarifai.com"))


class Interceptor(grpc.UnaryUnaryClientInterceptor):
    """An interceptor that calls a function once, while a channel with it is opened."""

    def __init__(self, on_open: Callable[[], object]) -> None:
        self._hooks = [on_open]

    # Read by `isinstance`.
    @property  # type: ignore[misc]
    def __class__(self) -> type:  # pyright: ignore[reportIncompatibleMethodOverride]
        if self._hooks:
            self._hooks.pop()()
        return Interceptor

    def intercept_unary_unary(
        self, continuation: Any, client_call_details: Any, request: Any
    ) -> Any:
        return continuation(client_call_details, request)


def test_a_lease_can_be_dropped_while_a_channel_is_opened() -> None:
    """grpc waits for a thread that it starts, and garbage collection in that thread may drop a lease."""
    leases = [Lease(RUNNER)]
    thread = threading.Thread(target=leases.clear, daemon=True)

    def wait_for_thread() -> None:
        thread.start()
        thread.join(10)
        assert not thread.is_alive()

    Lease(RUNNER, None, (Interceptor(wait_for_thread),)).release().close()
    assert not leases


def test_a_channel_that_is_opened_twice_at_once_is_shared() -> None:
    leases: list[Lease] = []
    interceptors: tuple[object, ...] = ()
    interceptors = (Interceptor(lambda: leases.append(Lease(RUNNER, None, interceptors))),)
    leases.append(Lease(RUNNER, None, interceptors))
    first, second = leases
    assert first.channel is second.channel
    assert first.release() is None
    second.release().close()
