"""Routing: deployments and nodepools, their owner, and contradictions."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from clarifai_grpc.grpc.api import service_pb2

from clarigen import AsyncClient, AuthenticationError, Client, ConfigError, ModelRef, wire
from faults.platform_standin import MODEL, OWNER, PAT, Call, Standin


class PlatformWithUser(Standin):
    """A platform that knows the owner of the credential."""

    def _service(self) -> Any:
        service = super()._service()
        service.GenerateModelOutputs = self._stream
        service.GetUser = self._handler("GetUser", self._user, service_pb2.SingleUserResponse)
        return service

    def _stream(self, request: Any, context: Any) -> Iterator[Any]:
        """A stream of two numbers."""
        self.calls.append(Call("GenerateModelOutputs", request, {}))
        for number in range(2):
            response = service_pb2.MultiOutputResponse(status={"code": 10000})
            output = response.outputs.add(status={"code": 10000})
            output.data.parts.add(id="return").data.int_value = number
            yield response

    def _user(self, request: Any) -> Any:
        assert request.user_app_id.user_id == "me"
        return service_pb2.SingleUserResponse(status={"code": 10000}, user={"id": "owner-of-pat"})

    def _refusal(self, rpc: str, request: Any, metadata: Any) -> tuple[int, str]:
        if rpc == "GetUser" and metadata.get("authorization") == f"Key {PAT}":
            return 0, ""
        return super()._refusal(rpc, request, metadata)


@pytest.fixture
def platform_with_user(monkeypatch: pytest.MonkeyPatch) -> Iterator[Standin]:
    with PlatformWithUser() as platform:
        monkeypatch.setenv("CLARIFAI_API_BASE", platform.base_url)
        monkeypatch.setenv("CLARIFAI_PAT", PAT)
        yield platform


def test_no_routing_is_sent_by_default(package: Any, platform_with_user: Standin) -> None:
    with package.PlatformEcho() as model:
        model.predict("x")
    assert platform_with_user.rpcs == ["PostModelOutputs"]
    assert not platform_with_user.calls[0].request.HasField("runner_selector")


def test_deployment_with_owner_sends_no_extra_request(
    package: Any, platform_with_user: Standin
) -> None:
    with package.PlatformEcho(deployment_id="d", deployment_user_id="org") as model:
        model.predict("x")
    assert platform_with_user.rpcs == ["PostModelOutputs"]
    deployment = platform_with_user.calls[0].request.runner_selector.deployment
    assert (deployment.id, deployment.user_id) == ("d", "org")


@pytest.mark.parametrize("owner", [None, "me"])
def test_owner_of_the_credential_is_fetched_once(
    package: Any, platform_with_user: Standin, owner: str | None
) -> None:
    options = {"compute_cluster_id": "c", "nodepool_id": "n", "deployment_user_id": owner}
    with package.PlatformEcho(**options) as model:
        model.predict("x")
        model.with_options(timeout=5).predict("y")
    assert platform_with_user.rpcs == ["GetUser", "PostModelOutputs", "PostModelOutputs"]
    for call in platform_with_user.calls[1:]:
        nodepool = call.request.runner_selector.nodepool
        assert nodepool.id == "n"
        assert nodepool.compute_cluster.id == "c"
        assert nodepool.compute_cluster.user_id == "owner-of-pat"


def test_async_client_routes_alike(package: Any, platform_with_user: Standin) -> None:
    async def call() -> None:
        async with package.AsyncPlatformEcho(deployment_id="d") as model:
            await model.predict("x")

    asyncio.run(call())
    assert platform_with_user.rpcs == ["GetUser", "PostModelOutputs"]
    assert platform_with_user.calls[1].request.runner_selector.deployment.user_id == "owner-of-pat"


COUNT = wire.server_stream("count", returns=wire.INT)


def test_stream_fetches_the_owner_before_it_opens(platform_with_user: Standin) -> None:
    reference = ModelRef(*OWNER, MODEL)
    with Client(model=reference, deployment_id="d") as model:
        assert list(model._stream(COUNT)) == [0, 1]

    async def count() -> list[int]:
        async with AsyncClient(model=reference, deployment_id="d") as model:
            return [item async for item in model._stream(COUNT)]

    assert asyncio.run(count()) == [0, 1]
    assert platform_with_user.rpcs == ["GetUser", "GenerateModelOutputs"] * 2
    deployment = platform_with_user.calls[1].request.runner_selector.deployment
    assert (deployment.id, deployment.user_id) == ("d", "owner-of-pat")


def test_failure_to_fetch_the_owner_is_the_calls_error(
    package: Any, platform_with_user: Standin
) -> None:
    with (
        package.PlatformEcho(deployment_id="d", pat="wrong") as model,
        pytest.raises(AuthenticationError, match="GetUser: 11008"),
    ):
        model.predict("x")
    assert platform_with_user.rpcs == ["GetUser"]


@pytest.mark.item(12)
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"deployment_id": "d", "nodepool_id": "n"}, "not both"),
        ({"deployment_id": "d", "compute_cluster_id": "c"}, "not both"),
        ({"nodepool_id": "n"}, "go together"),
        ({"compute_cluster_id": "c"}, "go together"),
        ({"deployment_user_id": "u"}, "without a deployment_id"),
    ],
)
def test_contradictory_routing_is_rejected(
    package: Any, options: dict[str, str], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        package.PlatformEcho(base_url="grpc://127.0.0.1:1", **options)
