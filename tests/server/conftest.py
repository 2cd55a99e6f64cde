"""Two servers of the same model, and the package that `gen-client` generates from each.

`official` is the SDK's servicer behind grpc, and `own` is `clarigen.testing.serve`. The first defines the wire
format, because it is not part of this project; the second must answer alike.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest

from clarigen.testing import serve
from gen_client import cli
from server.mcp_servers import run_mcp_model
from server.own_model import Everything

LIMIT = 1 << 30
OFFICIAL = Path(__file__).parent / "official"
"""The folder of a model, in the layout of the SDK's tools."""


@dataclass(frozen=True)
class Served:
    """A server, and the package that was generated from it.

    Attributes:
        url: The server's base URL.
        package: The imported package.
        folder: The package's folder.
    """

    url: str
    package: Any
    folder: Path

    def client(self, **options: Any) -> Any:
        return self.package.Everything(base_url=self.url, timeout=30, **options)

    def async_client(self, **options: Any) -> Any:
        return self.package.AsyncEverything(base_url=self.url, timeout=30, **options)


def generate_package(url: str, out: Path, parent: str) -> Served:
    """Run `gen-client --url` and import the package as `parent.everything`."""
    folder = out / parent
    folder.mkdir()
    (folder / "__init__.py").touch()
    assert cli.main(["--url", url, "--out", str(folder), "--name", "everything"]) == 0
    sys.path.insert(0, str(out))
    try:
        package = importlib.import_module(f"{parent}.everything")
    finally:
        sys.path.remove(str(out))
    return Served(url, package, folder / "everything")


def _load_official_model() -> Any:
    spec = importlib.util.spec_from_file_location(
        "official_everything", OFFICIAL / "1" / "model.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    model = module.Everything()
    model.load_model()
    return model


@pytest.fixture(scope="session")
def official(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    from clarifai.runners.models.model_servicer import ModelServicer
    from clarifai_grpc.grpc.api import service_pb2_grpc

    options = [("grpc.max_receive_message_length", LIMIT), ("grpc.max_send_message_length", LIMIT)]
    server = grpc.server(ThreadPoolExecutor(8), options=options)
    service_pb2_grpc.add_V2Servicer_to_server(ModelServicer(_load_official_model()), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield generate_package(
        f"grpc://127.0.0.1:{port}", tmp_path_factory.mktemp("official"), "from_official"
    )
    server.stop(None).wait()


@pytest.fixture(scope="session")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serve(Everything()) as server:
        yield generate_package(server.url, tmp_path_factory.mktemp("own"), "from_own")


@pytest.fixture(params=[pytest.param("official", marks=pytest.mark.official_server), "own"])
def served(request: pytest.FixtureRequest) -> Served:
    """Each of the two servers in turn."""
    server: Served = request.getfixturevalue(request.param)
    return server


@pytest.fixture(scope="session")
def mcp_url() -> Iterator[Callable[[str], str]]:
    """A function that returns the base URL of one of our MCP models; its server is started by the first call."""
    urls: dict[str, str] = {}
    with ExitStack() as servers:

        def start(name: str) -> str:
            if name not in urls:
                urls[name] = servers.enter_context(run_mcp_model(name))
            return urls[name]

        yield start
