"""Discovery on `clarigen.testing.serve`: the generator's sources, as a runner and as the platform; and its end."""

from __future__ import annotations

import importlib
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import pytest

from clarigen import ConfigError, Image, ModelRef, _proto
from clarigen._calls.actions import Send
from clarigen._tooling import connect
from clarigen.testing import Param, Server, serve
from gen_client import source
from gen_client.diagnostics import Report
from gen_client.interface.model import KnownDefault, MethodKind, Model, NullDefault, TypeKind
from gen_client.interface.read import read_model
from gen_client.output import lock_file
from support import ROOT, run_python

LIMITED = Annotated[float, Param("How sure.", ge=0.25, le=0.75)]


@dataclass(frozen=True)
class Score:
    label: Annotated[str, Param("What it is.")]
    value: float


class Judge:
    def judge(
        self,
        image: Image | None = None,
        threshold: LIMITED = 0.5,
        most: Annotated[int, Param(ge=1)] = 3,
        mode: Literal["fast", "exact"] = "exact",
        level: Literal[1, 2] = 1,
    ) -> list[Score]:
        """Say what it is."""
        return []

    def watch(self, images: Iterator[Image]) -> Iterator[Score]:
        yield from ()


@pytest.fixture(scope="module")
def judge() -> Iterator[Server]:
    """Return a description."""
    with serve(Judge()) as server:
        yield server


def _read(url: str, api_base: str | None = None) -> Model:
    report = Report()
    document = source.resolve_url(url, source.Access(api_base=api_base)).fetch()
    model = read_model(document, report)
    assert report.warnings == []
    return model


def test_runner_answers_its_signatures(judge: Server) -> None:
    model = _read(judge.url)
    assert (model.reference, model.version_id) == (None, "")
    assert [(method.name, method.kind) for method in model.methods] == [
        ("judge", MethodKind.UNARY),
        ("watch", MethodKind.BIDI_STREAM),
    ]
    method = model.methods[0]
    assert method.description == "Say what it is."
    image, threshold, most, mode, level = method.parameters
    assert (image.type.kind, image.default) == (TypeKind.IMAGE, NullDefault())
    assert (threshold.default, threshold.description) == (KnownDefault(0.5), "How sure.")
    assert threshold.range is not None
    assert (threshold.range.lowest, threshold.range.highest) == (0.25, 0.75)
    assert most.range is not None
    assert (most.range.lowest, most.range.highest) == (1, None)
    assert [choice.value for choice in mode.choices] == ["fast", "exact"]
    assert [choice.value for choice in level.choices] == [1, 2]
    assert level.default == KnownDefault(1)
    label, value = method.result.type.items[0].members
    assert (label.name, label.description, value.name) == ("label", "What it is.", "value")


@pytest.mark.parametrize("version", ["", "v1"])
def test_platform_answers_the_same_signatures(judge: Server, version: str) -> None:
    """As the platform, the server has every model, by GetModel and GetModelVersion."""
    url = "https://clarifai.com/acme/vision/models/judge" + (version and f"/versions/{version}")
    signatures, answered = _read(url, api_base=judge.url), _read(judge.url)
    assert signatures.reference == ModelRef("acme", "vision", "judge")
    assert signatures.version_id == (version or "testing")
    assert signatures.methods == answered.methods


def test_signature_file_of_the_example_is_current(monkeypatch: pytest.MonkeyPatch) -> None:
    """`examples/textstats.json` holds the example's signatures."""
    folder = ROOT / "examples"
    monkeypatch.syspath_prepend(str(folder))
    example = importlib.import_module("textstats")
    with serve(example.TextStats()) as server:
        current = lock_file.format_lock(_read(server.url))
    assert (folder / "textstats.json").read_text(encoding="utf-8") == current, (
        "serve it (python examples/textstats.py), run the gen-client command that it prints, and"
        " put text_stats/signatures.json in its place"
    )


# The end of a server.


class BlockingModel:
    """A model whose method blocks until the test releases it."""

    def __init__(self) -> None:
        self.inside = threading.Event()
        self.go_on = threading.Event()

    def wait(self, n: int = 0) -> int:
        self.inside.set()
        self.go_on.wait(60)
        return n


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(10)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_port_is_closed_at_the_end_of_the_block() -> None:
    with serve(Judge()) as server:
        assert _listens(server.port)
    assert not _listens(server.port)
    with serve(Judge(), port=server.port) as again:  # and the port is free
        assert again.url == server.url


def test_port_is_closed_if_the_block_raises() -> None:
    servers: list[Server] = []

    def broken() -> None:
        with serve(Judge()) as server:
            servers.append(server)
            raise LookupError("the test's own")

    with pytest.raises(LookupError, match="the test's own"):
        broken()
    assert not _listens(servers[0].port)


def test_port_is_closed_while_a_method_still_runs() -> None:
    model = BlockingModel()

    def call(url: str) -> bytes:
        request = _proto.PostModelOutputsRequest(inputs=[_proto.Input()])
        request.inputs[0].data.metadata.fields["_method_name"].string_value = "wait"
        with connect(url, timeout=60) as connection:
            reply: bytes = connection.perform(
                Send("PostModelOutputs", request.SerializeToString(), 60)
            )
            return reply

    with ThreadPoolExecutor(1) as pool:
        with serve(model) as server:
            answer = pool.submit(call, server.url)
            assert model.inside.wait(60)
        assert not _listens(server.port)
        assert answer.exception(timeout=60) is not None
        model.go_on.set()


def test_process_ends_without_closing_its_server() -> None:
    code = (
        "from clarigen.testing import serve\n"
        "class M:\n"
        "    def f(self) -> int: return 1\n"
        "server = serve(M())\n"
        "print(server.port)\n"
    )
    done = run_python(code)
    assert done.returncode == 0, done.stderr
    assert not _listens(int(done.stdout))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"port": -1}, "`port` must be 1 to 65535, or 0 for a free one, not -1"),
        ({"port": 70_000}, "`port` must be 1 to 65535, or 0 for a free one, not 70000"),
        ({"threads": 0}, "`threads` must be a number from 1"),
    ],
)
def test_invalid_server_option_is_rejected(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        serve(Judge(), **options)
