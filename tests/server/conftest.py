"""The two servers, and the package that `gen-client` makes of each.

`official` is the SDK's own servicer behind grpc; `own` is `clarigen.testing.serve`. Nobody here wrote the
first, so it says what the wire is; the second must answer alike.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest

from clarigen.testing import serve
from gen_client import cli
from server.own_model import Everything

LIMIT = 1 << 30
OFFICIAL = Path(__file__).parent / "official"
"""A model as the SDK's tools expect one."""


@dataclass(frozen=True)
class Served:
    """A server, and the client made of it.

    Attributes:
        url: Where the server is.
        package: The imported package.
        folder: Its files.
    """

    url: str
    package: Any
    folder: Path

    def client(self, **options: Any) -> Any:
        return self.package.Everything(base_url=self.url, timeout=30, **options)

    def async_client(self, **options: Any) -> Any:
        return self.package.AsyncEverything(base_url=self.url, timeout=30, **options)


def generated(url: str, out: Path, parent: str) -> Served:
    """Run `gen-client --url` and import what it wrote, as `parent.everything`."""
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


def _official_model() -> Any:
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
    service_pb2_grpc.add_V2Servicer_to_server(ModelServicer(_official_model()), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield generated(
        f"grpc://127.0.0.1:{port}", tmp_path_factory.mktemp("official"), "from_official"
    )
    server.stop(None).wait()


@pytest.fixture(scope="session")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serve(Everything()) as server:
        yield generated(server.url, tmp_path_factory.mktemp("own"), "from_own")


@pytest.fixture(params=["official", "own"])
def served(request: pytest.FixtureRequest) -> Served:
    """Each of the two servers in turn."""
    found: Served = request.getfixturevalue(request.param)
    return found
