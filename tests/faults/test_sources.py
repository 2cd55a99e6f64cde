"""Sources on the network: the requests of the generator, and its messages when they fail."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest

from clarigen import ModelRef
from faults.platform_standin import MODEL, PAT, SIGNATURES, VERSION, Standin, Version
from gen_client import source
from gen_client.diagnostics import Refusal, Report
from gen_client.interface.model import Model
from gen_client.interface.read import read_model
from gen_client.source import Access, Document

URL = "https://clarifai.com/acme/vision/models/echo"
OLDER = "0123456789abcdef0123456789abcdef"


def fetch(url: str = URL, access: Access | None = None) -> Document:
    return source.resolve_url(url, access or Access(timeout=10)).fetch()


def refused(url: str = URL, access: Access | None = None) -> tuple[int, str]:
    """Return the exit code and the text of the refusal for an address."""
    with pytest.raises(Refusal) as caught:
        fetch(url, access)
    diagnostic = caught.value.diagnostic
    text = str(diagnostic)
    assert text.count("\n") <= 1
    assert text.replace("\n", "").isprintable()
    assert PAT not in text
    return diagnostic.exit_code, text


def described(document: Document) -> Model:
    return read_model(document, Report())


# The platform.


@pytest.mark.item(13)
def test_platform_source_fetches_the_model_then_its_version(
    platform: Standin,
) -> None:
    platform.versions = {OLDER: Version(signatures=None), VERSION: Version()}
    document = fetch()
    assert platform.rpcs == ["GetModel", "GetModelVersion"]
    first, second = (call.request for call in platform.calls)
    assert first.model_id == second.model_id == MODEL
    assert (first.version_id, second.version_id) == ("", VERSION)
    assert document.version_id == VERSION
    assert document.reference == ModelRef("acme", "vision", "echo")


def test_signatures_equal_those_of_a_file(platform: Standin) -> None:
    document = fetch()
    model = described(document)
    in_file = Document(document.reference, document.version_id, SIGNATURES)
    assert model == described(in_file)
    bounds = model.methods[0].parameters[1].range
    assert bounds is not None
    assert (bounds.lowest, bounds.highest) == (0.1, 2.0)  # the message has 32 bits


def test_explicit_version_is_fetched(platform: Standin) -> None:
    platform.versions = {OLDER: Version(), VERSION: Version()}
    document = fetch(f"{URL}/versions/{OLDER}")
    assert [call.request.version_id for call in platform.calls] == [OLDER, OLDER]
    assert document.version_id == OLDER


def test_host_of_a_model_url_is_not_contacted(platform: Standin) -> None:
    with listening() as port:
        fetch(f"http://127.0.0.1:{port}/acme/vision/models/echo")
    assert platform.rpcs == ["GetModel", "GetModelVersion"]


def test_source_over_tls(secure_platform: Standin) -> None:
    assert fetch().version_id == VERSION
    assert secure_platform.calls[0].metadata["authorization"] == f"Key {PAT}"


def test_untrusted_certificate_is_refused(
    secure_platform: Standin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CLARIFAI_ROOT_CERTIFICATES_PATH")
    code, text = refused()
    assert code == 3
    assert "cannot be reached" in text
    assert secure_platform.calls == []


def test_credential_is_metadata_and_model_is_in_the_message(platform: Standin) -> None:
    fetch()
    for call in platform.calls:
        assert call.metadata["authorization"] == f"Key {PAT}"
        assert "x-clarifai-session-token" not in call.metadata
        assert call.request.user_app_id.user_id == "acme"
        assert call.request.user_app_id.app_id == "vision"


def test_options_override_the_environment(
    platform: Standin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLARIFAI_PAT", "another")
    monkeypatch.setenv("CLARIFAI_API_BASE", "http://127.0.0.1:1")
    fetch(access=Access(api_base=platform.base_url, pat=PAT, timeout=10))
    assert platform.rpcs == ["GetModel", "GetModelVersion"]


def test_progress_is_reported(platform: Standin) -> None:
    platform.versions = {VERSION: Version(signatures=None)}
    heard: list[str] = []

    def hear(text: str, /, *, is_notice: bool = False) -> None:
        assert not is_notice
        heard.append(text)

    fetch(access=Access(timeout=10, progress=hear))
    assert len(heard) == 3
    assert str(platform.port) in heard[0]
    assert "may have to start" in heard[-1]


@pytest.mark.item(13, 14)
def test_model_is_asked_if_the_platform_has_no_signatures(platform: Standin) -> None:
    platform.versions = {VERSION: Version(signatures=None)}
    document = fetch()
    assert platform.rpcs == ["GetModel", "GetModelVersion", "PostModelOutputs"]
    question = platform.calls[-1].request
    assert question.version_id == VERSION
    assert question.inputs[0].data.metadata["_method_name"] == "_GET_SIGNATURES"
    assert len(question.inputs[0].data.parts) == 1
    in_file = Document(document.reference, VERSION, SIGNATURES)
    assert described(document) == described(in_file)


# Failures of the platform.


def test_wrong_credential_is_refused(platform: Standin) -> None:
    code, text = refused(access=Access(pat="wrong", timeout=10))
    assert code == 3
    assert "refused the credential" in text
    assert "CLARIFAI_PAT" in text
    assert "wrong" not in text
    assert platform.rpcs == ["GetModel"]


def test_missing_credential_is_refused() -> None:
    code, text = refused(access=Access(api_base="https://api.clarifai.com", timeout=10))
    assert code == 2
    assert "CLARIFAI_PAT" in text


def test_credential_over_plaintext_to_another_machine_is_refused() -> None:
    code, text = refused(access=Access(api_base="http://192.0.2.1:80", pat=PAT, timeout=10))
    assert code == 2
    assert "plain" in text


@pytest.mark.parametrize("base", ["ftp://h", "https://h/path", "https://h:99999", "https://a:b@h"])
def test_malformed_base_url_is_refused(base: str) -> None:
    code, _ = refused(access=Access(api_base=base, pat=PAT))
    assert code == 2


def test_unknown_model_is_refused(platform: Standin) -> None:
    code, text = refused("acme/vision/models/nothing")
    assert code == 3
    assert "no such model" in text
    assert platform.rpcs == ["GetModel"]


def test_unknown_version_is_refused(platform: Standin) -> None:
    code, text = refused(f"{URL}/versions/none")
    assert code == 3
    assert "version" in text
    assert platform.rpcs == ["GetModel"]


@pytest.mark.item(17)
@pytest.mark.parametrize(
    ("status", "message"),
    [
        (21101, "being trained"),
        (21102, "has not been trained"),
        (21103, "waits to be trained"),
        (21104, "being uploaded"),
        (21105, "upload failed"),
        (21106, "training failed"),
        (21107, "being built"),
        (21108, "build failed"),
        (21109, "build failed unexpectedly"),
    ],
)
def test_version_that_is_not_ready_is_refused(platform: Standin, status: int, message: str) -> None:
    platform.versions = {VERSION: Version(status=status, details="step 3\x1b[2J of 7")}
    code, text = refused()
    assert code == 3
    assert message in text
    assert "echo" in text
    assert r"step 3\x1b[2J of 7" in text


@pytest.mark.parametrize(
    ("status", "code", "message"),
    [
        (11007, 3, "may not see this model"),
        (21201, 3, "may not see this model"),
        (11005, 3, "no more calls"),
        (11000, 3, "may not see this model"),
        (21353, 3, "not running"),
        (21355, 3, "not running"),
        (98004, 3, "98004"),
        (77777, 3, "77777"),
    ],
)
@pytest.mark.parametrize("rpc", ["GetModel", "GetModelVersion"])
def test_failing_platform_is_reported(
    platform: Standin, rpc: str, status: int, code: int, message: str
) -> None:
    platform.failing[rpc] = (status, "in its own words")
    exit_code, text = refused()
    assert exit_code == code
    assert message in text
    assert "in its own words" in text
    assert platform.rpcs[-1] == rpc


@pytest.mark.item(16)
@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ("", "no model type is known"),
        ("nonsense", "holds no signatures"),
        ("[1, 2]", "holds no signatures"),
        ('{"predict": 5}', "holds no signatures"),
        ('{"predict": {}, "predict": {}}', "twice"),
        ("[" * 100_000, "nested"),
    ],
)
def test_model_without_signatures_is_reported(platform: Standin, answer: str, message: str) -> None:
    platform.versions = {VERSION: Version(signatures=None)}
    platform.own_signatures = answer
    code, text = refused()
    assert code == 4
    assert message in text


@pytest.mark.item(16)
@pytest.mark.parametrize(
    ("status", "code", "message"),
    [
        (30101, 4, "no model type is known"),
        (10020, 4, "could not list its methods"),
        (21355, 3, "not running"),
        (25604, 3, "25604"),
    ],
)
def test_model_that_fails_discovery_is_reported(
    platform: Standin, status: int, code: int, message: str
) -> None:
    platform.versions = {VERSION: Version(signatures=None)}
    platform.failing["PostModelOutputs"] = (status, "for a reason")
    exit_code, text = refused()
    assert exit_code == code
    assert message in text


# Runners.


def test_runner_is_asked_directly() -> None:
    with runner() as url:
        document = fetch(url)
    assert document.reference is None
    assert document.version_id == ""
    assert described(document).methods[0].name == "predict"


def test_model_reference_with_a_runner(platform: Standin) -> None:
    """A server without GetModel is a runner and is asked for the model that it serves."""
    with runner() as url:
        document = fetch(access=Access(api_base=url, timeout=10))
    assert document.reference == ModelRef("acme", "vision", "echo")
    assert described(document).methods[0].name == "predict"
    assert platform.rpcs == []


@pytest.mark.parametrize(
    "url", ["grpc://127.0.0.1:{port}", "http://127.0.0.1:{port}", "127.0.0.1:{port}"]
)
def test_unreachable_server_is_reported(url: str) -> None:
    with closing(socket.socket()) as bound:
        bound.bind(
            ("127.0.0.1", 0)
        )  # bound but not listening, so that no other process gets the port
        port = bound.getsockname()[1]
        code, text = refused(url.format(port=port))
    assert code == 3
    assert f"127.0.0.1:{port} cannot be reached" in text
    assert "running" in text


def test_web_server_is_reported() -> None:
    def answer(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

    with listening(answer) as port:
        code, text = refused(f"grpc://127.0.0.1:{port}")
    assert code == 3
    assert "cannot be reached" in text


def test_silent_server_times_out() -> None:
    with listening() as port:
        started = time.monotonic()
        code, text = refused(f"grpc://127.0.0.1:{port}", Access(timeout=0.5))
    assert time.monotonic() - started < 5
    assert code == 3
    assert "did not answer within 0.5 seconds" in text


def test_hanging_platform_times_out(platform: Standin) -> None:
    platform.hanging.add("GetModelVersion")
    code, text = refused(access=Access(timeout=0.5))
    assert code == 3
    assert "did not answer within 0.5 seconds" in text


def test_tls_to_a_plaintext_port_is_reported(platform: Standin) -> None:
    code, text = refused(f"grpcs://localhost:{platform.port}")
    assert code == 3
    assert "cannot be reached" in text
    assert platform.calls == []


def test_plaintext_to_a_tls_port_is_reported(secure_platform: Standin) -> None:
    code, text = refused(f"grpc://localhost:{secure_platform.port}")
    assert code == 3
    assert "cannot be reached" in text
    assert secure_platform.calls == []


def test_server_without_the_rpcs_is_reported() -> None:
    with other_server() as url:
        code, text = refused(url)
    assert code == 3
    assert "is not a model server" in text


def test_malformed_answer_is_reported() -> None:
    with other_server(b"\xff" * 9) as url:
        for address, access in ((url, Access(timeout=10)), (URL, Access(url, timeout=10))):
            code, text = refused(address, access)
            assert code == 3
            assert "cannot be read" in text


@contextmanager
def listening(answer: Callable[[socket.socket], None] | None = None) -> Iterator[int]:
    """A TCP port whose connections a function answers, or nothing."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        connections: list[socket.socket] = []

        def accept() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                connections.append(connection)
                if answer is not None:
                    with connection:
                        answer(connection)

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        thread.join()
        for connection in connections:
            connection.close()


@contextmanager
def runner() -> Iterator[str]:
    """A server with the three RPCs of the official runner: it accepts any credential and any model."""
    from concurrent.futures import ThreadPoolExecutor

    import grpc
    from clarifai_grpc.grpc.api import service_pb2_grpc

    standin = Standin()
    service = service_pb2_grpc.V2Servicer()
    setattr(service, "PostModelOutputs", lambda request, _: standin.outputs(request))  # noqa: B010
    with ThreadPoolExecutor(2) as pool:
        server = grpc.server(pool)
        service_pb2_grpc.add_V2Servicer_to_server(service, server)
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        yield f"grpc://127.0.0.1:{port}"
        server.stop(0).wait()


@contextmanager
def other_server(answer: bytes = b"") -> Iterator[str]:
    """A gRPC server that answers all of the platform's RPCs with the same bytes, or knows none of them."""
    from concurrent.futures import ThreadPoolExecutor

    import grpc

    handler: Any = grpc.unary_unary_rpc_method_handler(lambda request, context: answer)
    names = ("GetModel", "GetModelVersion", "PostModelOutputs") if answer else ()
    handlers = grpc.method_handlers_generic_handler(
        "clarifai.api.V2", dict.fromkeys(names, handler)
    )
    with ThreadPoolExecutor(2) as pool:
        server = grpc.server(pool, handlers=[handlers])
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        yield f"grpc://127.0.0.1:{port}"
        server.stop(0).wait()
