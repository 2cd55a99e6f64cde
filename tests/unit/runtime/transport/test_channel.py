"""Targets, credentials and the sharing of channels."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

from clarigen import AsyncClient, Client, ConfigError, ModelRef
from clarigen._transport.channel import Lease
from clarigen._transport.endpoint import Credentials, Target, find_base_url

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
        ("grpcs://api.clarifai.com", PLATFORM),
        ("http://127.0.0.1:8000", RUNNER),
        ("grpc://127.0.0.1:8000", RUNNER),
        ("127.0.0.1:8000", RUNNER),
        ("grpc://runner.example:8000", ELSEWHERE),
        ("localhost", Target("localhost:80", False, True)),
        ("https://localhost:8443", Target("localhost:8443", True, True)),
        ("grpc://[::1]:9", Target("[::1]:9", False, True)),
    ],
)
def test_base_urls_become_targets(text: str, target: Target) -> None:
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
        "https://",
        "https://[::1",
        "https://a b",
    ],
)
def test_other_base_urls_are_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        Target.parse(text)


def proof(credentials: Credentials) -> dict[str, str]:
    return {key: value for key, value in credentials.metadata if "prefix" not in key}


@pytest.mark.item(4)
def test_a_call_carries_exactly_one_credential(monkeypatch: pytest.MonkeyPatch) -> None:
    assert proof(Credentials.find(PLATFORM, "p", None)) == {"authorization": "Key p"}
    assert proof(Credentials.find(PLATFORM, None, "t")) == {"x-clarifai-session-token": "t"}
    monkeypatch.setenv("CLARIFAI_SESSION_TOKEN", "env-token")
    assert proof(Credentials.find(PLATFORM, None, None)) == {
        "x-clarifai-session-token": "env-token"
    }
    monkeypatch.setenv("CLARIFAI_PAT", "env-pat")
    assert proof(Credentials.find(PLATFORM, None, None)) == {"authorization": "Key env-pat"}
    assert proof(Credentials.find(PLATFORM, "p", None)) == {"authorization": "Key p"}
    assert proof(Credentials.find(PLATFORM, None, "t")) == {"x-clarifai-session-token": "t"}
    with pytest.raises(ConfigError, match="not both"):
        Credentials.find(PLATFORM, "p", "t")


@pytest.mark.item(9)
def test_a_missing_credential_matters_for_the_platform_alone() -> None:
    with pytest.raises(ConfigError, match="CLARIFAI_PAT"):
        Credentials.find(PLATFORM, None, None)
    assert proof(Credentials.find(RUNNER, None, None)) == {}
    assert proof(Credentials.find(ELSEWHERE, None, None)) == {}


@pytest.mark.item(6)
def test_no_credential_goes_over_a_plain_connection_elsewhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CLARIFAI_PAT", "canary")
    assert proof(Credentials.find(ELSEWHERE, None, None)) == {}
    with pytest.raises(ConfigError, match="plain connection"):
        Credentials.find(ELSEWHERE, "canary", None)
    assert proof(Credentials.find(RUNNER, None, None)) == {"authorization": "Key canary"}


def test_a_credential_shows_nowhere() -> None:
    credentials = Credentials.find(PLATFORM, "canary", None)
    assert "canary" not in repr(credentials) + str(credentials)
    with pytest.raises(TypeError):
        pickle.dumps(credentials)
    with pytest.raises(ConfigError) as caught:
        Credentials.find(PLATFORM, "canary\nx", None)
    assert "canary" not in str(caught.value)


@pytest.mark.item(9)
def test_the_base_is_the_given_one_then_the_environments_then_the_platforms(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert find_base_url(None) == "https://api.clarifai.com"
    monkeypatch.setenv("CLARIFAI_API_BASE", "grpc://127.0.0.1:1")
    assert find_base_url(None) == "grpc://127.0.0.1:1"
    assert find_base_url("grpc://127.0.0.1:2") == "grpc://127.0.0.1:2"


@pytest.mark.item(8)
def test_clients_of_a_target_share_a_channel() -> None:
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


def test_a_share_that_is_dropped_is_given_back() -> None:
    """A view of a client is made for one call; the channel is closed with the last client all the same."""
    with Referenced(base_url="grpc://127.0.0.1:8000") as client:
        channel = Lease(RUNNER).channel
        for _ in range(3):
            assert client.with_options(timeout=5)._connection._lease is not None
        assert Lease(RUNNER).channel is channel
    later = Lease(RUNNER)
    assert later.channel is not channel
    later.release().close()


def test_certificates_that_cannot_be_read_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLARIFAI_ROOT_CERTIFICATES_PATH", "/no/such/file.pem")
    with pytest.raises(ConfigError, match="CLARIFAI_ROOT_CERTIFICATES_PATH"):
        Lease(PLATFORM)


class Held(Client):
    pass


class Referenced(Client, model=ModelRef("acme", "vision", "detector")):
    pass


def test_a_client_without_reference_wants_a_model_or_a_server(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(ConfigError, match="Held was generated without"):
        Held(pat="x")
    Held(base_url="grpc://127.0.0.1:1").close()
    Held(pat="x", model="acme/vision/models/detector").close()
    monkeypatch.setenv("CLARIFAI_API_BASE", "grpc://127.0.0.1:1")
    Held().close()


def test_a_client_shows_no_credential() -> None:
    with Referenced(pat="canary") as client:
        assert "canary" not in repr(client) + repr(vars(client)) + repr(vars(client._connection))


@pytest.mark.parametrize("timeout", [0, -1, float("nan"), float("inf"), 1e10, "5"])
def test_a_timeout_must_be_a_time(timeout: Any) -> None:
    with pytest.raises(ConfigError, match=r"timeout is .*; it must be seconds above 0, or None"):
        Referenced(pat="x", timeout=timeout)


@pytest.mark.parametrize("number", [-1, "3", None])
def test_the_number_of_retries_must_be_one(number: Any) -> None:
    with pytest.raises(ConfigError, match="max_retries is"):
        Referenced(pat="x", max_retries=number)


def test_both_twins_draw_on_one_budget_a_server() -> None:
    class Twin(AsyncClient, model=ModelRef("u", "a", "m")):
        pass

    one, twin, other = (
        made(base_url=url)._endpoint.policy.throttle
        for made, url in (
            (Referenced, "grpc://127.0.0.1:1"),
            (Twin, "http://127.0.0.1:1"),
            (Referenced, "grpc://127.0.0.1:2"),
        )
    )
    assert one is twin
    assert one is not other


def test_a_closed_client_says_so() -> None:
    client = Referenced(pat="x")
    client.close()
    client.close()
    with pytest.raises(ConfigError, match="closed"):
        client._connection.call_rpc("GetModel", b"")


def test_targets_are_values() -> None:
    assert copy.copy(PLATFORM) == PLATFORM
    assert hash(PLATFORM) == hash(Target.parse("api.clarifai.com"))
