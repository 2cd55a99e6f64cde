"""Versions of a served model: deployment, calls of a version, and discovery."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from clarigen import ConfigError, _proto
from clarigen.testing import Server, serve
from unit.runtime.parrot import Parrot, ParrotClient
from unit.runtime.testing.raw_calls import call_rpc


@pytest.fixture
def server() -> Iterator[Server]:
    with serve(Parrot()) as server:
        yield server


@pytest.fixture
def model(server: Server) -> Iterator[ParrotClient]:
    with ParrotClient(base_url=server.url, timeout=30, max_retries=0) as model:
        yield model


class Crow:
    def say(self, text: str) -> str:
        return f"crow: {text}"


def test_deploy_serves_another_version(server: Server, model: ParrotClient) -> None:
    assert model.say("x") == "xx"
    assert server.deploy(Crow()) == "testing-2"
    assert model.say("x") == "crow: x"
    with ParrotClient(
        base_url=server.url, model="u/a/models/m", version_id="testing", timeout=30
    ) as pinned:
        assert pinned.say("x") == "xx"
    assert server.deploy(Crow(), version="third") == "third"
    with pytest.raises(ConfigError, match="version 'third' exists already"):
        server.deploy(Crow(), version="third")
    with pytest.raises(ConfigError, match="serve an object"):
        server.deploy(Crow)


def test_discovery_lists_all_versions(server: Server) -> None:
    server.deploy(Crow())
    model = call_rpc(server, "GetModel", _proto.GetModelRequest(), _proto.SingleModelResponse).model
    assert model.model_version.id == "testing-2"
    assert [method.name for method in model.model_version.method_signatures] == ["say"]
    names = {}
    for id_ in ("testing", "testing-2"):
        request = _proto.GetModelVersionRequest(version_id=id_)
        requested = call_rpc(server, "GetModelVersion", request, _proto.SingleModelVersionResponse)
        names[id_] = [method.name for method in requested.model_version.method_signatures]
    assert names == {"testing": ["say", "count", "double"], "testing-2": ["say"]}
    first_page = _proto.ListModelVersionsRequest(page=1)
    versions = call_rpc(server, "ListModelVersions", first_page, _proto.MultiModelVersionResponse)
    assert [version.id for version in versions.model_versions] == ["testing-2", "testing"]


def test_fault_accepts_methods_of_any_version(server: Server) -> None:
    server.deploy(Crow())
    assert server.faults.add(status="INTERNAL", method="count").met == 0
