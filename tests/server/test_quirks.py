"""Rare cases on both servers: server-side defaults, names, streams that end early."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest

from clarigen import Concept, PredictionError
from clarigen.testing import serve
from server.conftest import OFFICIAL, Served, generate_package


@dataclass(frozen=True)
class Cell:
    a: int

    def __repr__(self) -> str:
        return f"NamedFields(a={self.a})"


class Quirks:
    """The counterpart of `official/quirks.py`."""

    def float_none(self, x: float | None = None, y: str = "d") -> str:
        return repr((x, y))

    def concepts_none(self, x: list[Concept] | None = None, y: str = "d") -> str:
        return repr((x, y))

    def record_default(self, x: Cell = Cell(a=1), y: str = "d") -> str:
        return repr((x, y))

    def record_later(self, y: str = "d", x: Cell = Cell(a=1)) -> str:
        return repr((y, x))

    def bytes_default(self, x: bytes = b"ab") -> bytes:
        return x

    def close(self) -> str:
        return "closed"

    def at_once(self) -> Iterator[str]:
        raise ValueError("at once")

    def zeros(self) -> Iterator[int]:
        yield from (0, 0)

    def cells(self, n: int) -> Iterator[Cell]:
        for i in range(n):
            yield Cell(a=i)

    def silent(self, items: Iterator[str]) -> Iterator[str]:
        for _ in items:
            yield from ()

    def breaks(self, items: Iterator[str]) -> Iterator[str]:
        for item in items:
            yield item
            raise ValueError(f"broke on {item}")

    def scaled(self, *, factor: float = 2.5, items: Iterator[float]) -> Iterator[float]:
        for item in items:
            yield item * factor


@contextmanager
def _serve_official(name: str) -> Generator[str, None, None]:
    """Serve a model of `official/quirks.py` with the official servicer."""
    from clarifai.runners.models.model_servicer import ModelServicer
    from clarifai_grpc.grpc.api import service_pb2_grpc

    spec = importlib.util.spec_from_file_location("official_quirks", OFFICIAL / "quirks.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    server = grpc.server(ThreadPoolExecutor(4))
    service_pb2_grpc.add_V2Servicer_to_server(ModelServicer(getattr(module, name)()), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"grpc://127.0.0.1:{port}"
    server.stop(None).wait()


@pytest.fixture(scope="module")
def official_quirks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with _serve_official("Quirks") as url:
        yield generate_package(url, tmp_path_factory.mktemp("official"), "quirks_official")


@pytest.fixture(scope="module")
def own_quirks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serve(Quirks()) as server:
        yield generate_package(server.url, tmp_path_factory.mktemp("own"), "quirks_own")


@pytest.fixture(
    params=[pytest.param("official_quirks", marks=pytest.mark.official_server), "own_quirks"]
)
def quirks(request: pytest.FixtureRequest) -> Served:
    """Each of the two servers in turn."""
    server: Served = request.getfixturevalue(request.param)
    return server


CALLS: list[tuple[str, Callable[[Any], Any], Any]] = [
    ("a first float without default reads 0.0", lambda m: m.float_none(), "(0.0, 'd')"),
    (
        "a first float reads 0.0 also if another argument is sent",
        lambda m: m.float_none(y="z"),
        "(0.0, 'z')",
    ),
    ("a first list without default reads empty", lambda m: m.concepts_none(y="z"), "([], 'z')"),
    ("a first record left out reads None", lambda m: m.record_default(y="z"), "(None, 'z')"),
    ("a later record has its default", lambda m: m.record_later(), "('d', NamedFields(a=1))"),
    ("bytes have their default", lambda m: m.bytes_default(), b"ab"),
    ("bytes that were sent replace the default", lambda m: m.bytes_default(b""), b""),
    ("a name of the client's own", lambda m: m.close_(), "closed"),
    ("a stream of zeros", lambda m: list(m.zeros()), [0, 0]),
    ("a stream of records", lambda m: [cell.a for cell in m.cells(2)], [0, 1]),
    ("no answer to any item", lambda m: list(m.silent(["a", "b"])), []),
    ("an option before the stream", lambda m: list(m.scaled(items=[1.0, 0.0])), [2.5, 0.0]),
    ("given", lambda m: list(m.scaled(factor=0.0, items=[1.0])), [0.0]),
]


@pytest.mark.defect("methods called like client attributes cannot be reached")
@pytest.mark.parametrize(("call", "expected"), [pytest.param(c, e, id=i) for i, c, e in CALLS])
def test_calls_of_rare_signatures(
    quirks: Served, call: Callable[[Any], Any], expected: Any
) -> None:
    with quirks.client() as model:
        assert call(model) == expected


def test_stream_that_fails_at_once(quirks: Served) -> None:
    with quirks.client() as model, pytest.raises(PredictionError) as caught:
        next(model.at_once())
    assert (caught.value.code, caught.value.details) == (10020, "at once")


def test_bidi_stream_that_fails_midway(quirks: Served) -> None:
    with quirks.client() as model:
        stream = model.breaks(["a", "b"])
        assert next(stream) == "a"
        with pytest.raises(PredictionError, match="broke on a"):
            next(stream)
        assert list(stream) == []


@pytest.mark.official_server
def test_quirks_of_both_servers_have_the_same_interface(
    official_quirks: Served, own_quirks: Served
) -> None:
    for name in ("client.py", "signatures.json"):
        official, own = official_quirks.folder / name, own_quirks.folder / name
        assert official.read_text() == own.read_text()


@pytest.mark.official_server
@pytest.mark.defect("a parameter called `class` kills the client")
def test_fields_may_be_named_like_keywords_and_types(tmp_path: Path) -> None:
    with _serve_official("Keywords") as url:
        served = generate_package(url, tmp_path, "keywords")
        package = served.package.client
        with served.client() as model:
            result = model.echo(package.EchoX(class_="c", bytes=b"b", list=["l"]))
    assert result == package.EchoResult(class_="c", bytes=b"b", list=["l"])
