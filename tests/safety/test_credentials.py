"""A credential from any source appears only in the metadata of calls to the target."""

from __future__ import annotations

import io
import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent import futures
from pathlib import Path
from typing import Any

import grpc
import pytest

from clarigen import errors
from gen_client import cli
from support import CORPUS, SOURCES

CANARY = "c4n4ry0c4n4ry"
SIGNATURES = CORPUS / "docs" / "detector.json"
ANSWER = {
    "predict": {"name": "predict", "method_type": "UNARY_UNARY", "output_fields": [{"type": "STR"}]}
}


class Server:
    """A server that answers every call with the same bytes or status, and records the metadata."""

    def __init__(
        self, reply: bytes, code: grpc.StatusCode | None = None, details: str = ""
    ) -> None:
        self.seen: list[dict[str, str]] = []
        self._reply, self._code, self._details = reply, code, details
        self._server = grpc.server(futures.ThreadPoolExecutor(2))
        self._server.add_generic_rpc_handlers((_Handler(self),))
        self.port = self._server.add_insecure_port("127.0.0.1:0")
        self._server.start()

    def answer(self, _: bytes, context: Any) -> bytes:
        """Answer a call."""
        self.seen.append({key: str(value) for key, value in context.invocation_metadata()})
        if self._code is not None:
            context.abort(self._code, self._details)
        return self._reply

    def stop(self) -> None:
        """Stop the server."""
        self._server.stop(None).wait()


class _Handler(grpc.GenericRpcHandler):
    def __init__(self, server: Server) -> None:
        self._server = server

    def service(self, handler_call_details: Any) -> Any:
        return grpc.unary_unary_rpc_method_handler(self._server.answer)


@pytest.fixture
def other() -> Iterator[Server]:
    """A server that only texts of a model name."""
    server = Server(b"")
    yield server
    server.stop()


def _reply(text: str) -> bytes:
    from clarifai_grpc.grpc.api import service_pb2

    answer = service_pb2.MultiOutputResponse()
    answer.status.code = 10000
    output = answer.outputs.add()
    output.status.code = 10000
    output.data.text.raw = text
    return bytes(answer.SerializeToString())


def _generate(tmp_path: Path, port: int, *more: str, **env: str) -> tuple[int, str]:
    """Run the command in its own process with all logging on, and return everything that it wrote."""
    done = subprocess.run(
        [
            *(sys.executable, "-c", RUN),
            *("--url", f"grpc://127.0.0.1:{port}", "--name", "pkg", "--verbose", *more),
        ],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": SOURCES, "CLARIGEN_LOG": "debug", **env},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    left = "".join(file.read_text() for file in tmp_path.rglob("*") if file.is_file())
    return done.returncode, done.stdout + done.stderr + left


RUN = """
import logging, sys
logging.basicConfig(level=logging.DEBUG)
from gen_client import cli
sys.exit(cli.main())
"""


@pytest.mark.parametrize("variable", ["CLARIFAI_PAT", "CLARIFAI_SESSION_TOKEN"])
def test_credential_from_the_environment(tmp_path: Path, variable: str, other: Server) -> None:
    """Texts of the model name another server, which is never asked."""
    moved = f"grpc://127.0.0.1:{other.port}"
    signatures = json.loads(json.dumps(ANSWER))
    signatures["predict"]["description"] = f"MOVED to {moved}"
    server = Server(_reply(json.dumps(signatures)))
    try:
        code, said = _generate(tmp_path, server.port, **{variable: CANARY})
    finally:
        server.stop()
    assert code == 0, said
    assert CANARY not in said
    assert [CANARY in str(metadata) for metadata in server.seen] == [True] * len(server.seen)
    assert server.seen
    assert other.seen == []


@pytest.mark.parametrize(
    "status",
    [
        grpc.StatusCode.UNAUTHENTICATED,
        grpc.StatusCode.PERMISSION_DENIED,
        grpc.StatusCode.NOT_FOUND,
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.UNIMPLEMENTED,
        grpc.StatusCode.INTERNAL,
    ],
    ids=lambda status: status.name,
)
def test_errors_do_not_show_the_credential(
    tmp_path: Path, status: grpc.StatusCode, other: Server
) -> None:
    """Redirects of a server are not followed, and its escape sequences do not reach the terminal."""
    words = f"MOVED location: grpc://127.0.0.1:{other.port}\x1b[31m\u202e"
    server = Server(b"", status, words)
    try:
        code, said = _generate(tmp_path, server.port, CLARIFAI_PAT=CANARY)
    finally:
        server.stop()
    assert code in (3, 4), said
    assert CANARY not in said
    assert "Traceback" not in said
    assert all(line.isprintable() for line in said.split("\n")), said
    assert other.seen == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["--url", f"https://me:{CANARY}@clarifai.com/a/b/models/c"],
        ["--url", f"grpc://{CANARY}@127.0.0.1:9"],
        ["--url", "a/b/models/c", "--api-base", f"https://me:{CANARY}@api.clarifai.com"],
        [
            "--signatures",
            str(SIGNATURES),
            "--model",
            f"https://me:{CANARY}@clarifai.com/a/b/models/c",
        ],
    ],
)
def test_credential_in_a_url_is_refused(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CLARIFAI_PAT", "other")
    assert cli.main([*arguments, "--name", "pkg"]) == 2
    said = capsys.readouterr()
    assert CANARY not in said.out + said.err
    assert list(tmp_path.iterdir()) == []


def test_objects_do_not_show_the_credential(monkeypatch: pytest.MonkeyPatch) -> None:
    """Check errors, the objects they refer to, and the log at DEBUG."""
    from clarigen import Client, ModelRef

    class Model(Client, model=ModelRef("a", "b", "c")):
        """A client."""

    log = io.StringIO()
    handler = logging.StreamHandler(log)
    logging.getLogger().addHandler(handler)
    monkeypatch.setattr(logging.getLogger("clarigen"), "level", logging.DEBUG)
    server = Server(b"", grpc.StatusCode.UNAUTHENTICATED, "no")
    try:
        with Model(pat=CANARY, base_url=f"grpc://127.0.0.1:{server.port}") as model:
            with pytest.raises(errors.ClarigenError) as caught:
                model.wait_until_ready(1)
            error = caught.value
            texts = [repr(error), str(error), repr(vars(error)), repr(model), repr(vars(model))]
    finally:
        server.stop()
        logging.getLogger().removeHandler(handler)
    assert CANARY not in "".join(texts) + log.getvalue()
    assert any(CANARY in str(metadata) for metadata in server.seen)
