"""`gen-client` without a model: generates every model that pyproject.toml lists."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import grpc
import pytest

from clarigen import ConfigError, ModelRef
from clarigen._proto import PostModelOutputsRequest
from clarigen.testing import Server, serve
from command import FOREGROUND
from gen_client import cli, pipeline
from support import SOURCES, file_stamps

FILES = ("client.py", "__init__.py", "examples.py", "py.typed", "signatures.json")


class Shape:
    def area(self, width: float, height: float = 1.0) -> float:
        """The area."""
        return width * height

    def debug(self) -> str:
        return "nothing"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serve(Shape()) as server_:
        yield server_


Run = Callable[..., tuple[int, list[str], list[str]]]


@pytest.fixture
def run(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    server: Server,
) -> Run:
    """Return a function that runs the command in a repository, with the server as the platform."""
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CLARIFAI_API_BASE", server.url)

    def command(*words: str) -> tuple[int, list[str], list[str]]:
        capsys.readouterr()
        code = cli.main(list(words))
        out, err = capsys.readouterr()
        assert "a bug" not in err
        return code, out.splitlines(), err.splitlines()

    return command


def configure(*models: Mapping[str, str | list[str]], **top: str) -> None:
    """Write the configuration."""
    lines = ["[tool.gen-client]"] + [f"{key} = {json.dumps(value)}" for key, value in top.items()]
    for model in models:
        lines.append("[[tool.gen-client.models]]")
        lines += [f"{key} = {json.dumps(value)}" for key, value in model.items()]
    Path("pyproject.toml").write_text("\n".join(lines))


def test_all_models_are_generated(run: Run) -> None:
    configure({"url": "a/b/models/one"}, {"url": "a/b/models/two", "name": "zwei"}, out="src")
    code, out, err = run()
    assert (code, err) == (0, ["gen-client: 2 models: 2 written"])
    assert out == [f"src/{name}/{file}" for name in ("one", "zwei") for file in FILES]
    before = file_stamps(Path("src").rglob("*"))
    for words in ([], ["--check"], ["--check", "--offline"], ["--frozen"]):
        assert run(*words) == (0, [], ["gen-client: 2 models: 2 up to date"])
    assert file_stamps(before) == before


def test_a_failing_model_does_not_stop_the_others(run: Run) -> None:
    configure(
        {"url": "a/b/models/one"},
        {"url": "grpc://127.0.0.1:1", "name": "nobody"},
        {"url": "a/b/models/three", "methods": ["aera"]},
        {"url": "a/b/models/four"},
    )
    code, out, err = run()
    assert code == 3, "the highest code"
    assert {line.split("/")[0] for line in out} == {"one", "four"}
    assert err[0].startswith("gen-client: nobody: error: 127.0.0.1:1 cannot be reached")
    assert err[-3:] == [
        "gen-client: three: error: there is no method 'aera'",
        "  did you mean 'area'?",
        "gen-client: 4 models: 2 written, 2 failed",
    ]
    code, _, err = run("--check", "--offline")
    assert code == 1
    assert "there is no lock" in "".join(err)


def test_a_bug_in_one_model_does_not_stop_the_others(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    build = pipeline.build_package

    def build_or_fail(document: Any, name: str, *more: Any) -> Any:
        if name == "one":
            raise ZeroDivisionError
        return build(document, name, *more)

    monkeypatch.setattr(pipeline, "build_package", build_or_fail)
    configure({"url": "a/b/models/one"}, {"url": "a/b/models/two"})
    assert cli.main([]) == 4
    assert Path("two/client.py").is_file()
    assert not Path("one").exists()


def test_methods_and_exclude_select_methods(run: Run) -> None:
    configure(
        {"url": "a/b/models/one", "methods": ["area"]},
        {"url": "a/b/models/two", "exclude": ["area"]},
        {"url": "a/b/models/three", "exclude": ["area", "debug"]},
    )
    assert run()[0] == 2
    one, two = (Path(name, "client.py").read_text() for name in ("one", "two"))
    assert "def area(" in one
    assert "def debug(" not in one
    assert "def debug(" in two
    assert "def area(" not in two
    configure({"url": "a/b/models/one", "exclude": ["debug"]})
    assert run("--check", "--offline")[0] == 0
    configure({"url": "a/b/models/one"})
    code, out, _ = run("--check")
    assert (code, out[0]) == (1, "one/client.py: the model changed")


class Chat:
    def openai_transport(self, msg: str) -> str:
        return msg

    def openai_stream_transport(self, msg: str) -> Iterator[str]:
        yield msg


def test_transports_are_methods_only_if_methods_names_them(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    transports = ["openai_transport", "openai_stream_transport"]
    with serve(Chat()) as chat:
        monkeypatch.setenv("CLARIFAI_API_BASE", chat.url)
        configure(
            {"url": "a/b/models/one"},
            {"url": "a/b/models/two", "methods": transports[:1]},
            {"url": "a/b/models/three", "methods": transports},
        )
        assert run()[0] == 0
        assert run("--check")[0] == 0
    one, two, three = (Path(name, "client.py").read_text() for name in ("one", "two", "three"))
    assert "class One(OpenAIModel, Client" in one
    assert "def " not in one
    assert "def openai_transport(" in two
    assert "OpenAIModel" not in two
    assert "class AsyncThree(AsyncOpenAIModel, AsyncClient" in three
    assert all(f"def {name}(" in three for name in transports)
    assert run("--check", "--offline")[0] == 0, "the lock says which transports are methods"


class CaptureError(Exception):
    """Raised with a request instead of sending it."""


class Capture(grpc.UnaryUnaryClientInterceptor):
    """Captures the request of a call."""

    def intercept_unary_unary(
        self, continuation: Any, client_call_details: Any, request: Any
    ) -> Any:
        raise CaptureError(request)


def test_client_options_are_defaults_of_the_client(run: Run, server: Server) -> None:
    """A pinned version and a deployment apply to the client's own model, and can be overridden."""
    configure(
        {"url": "a/b/models/one", "version": "v1", "deployment-id": "d", "deployment-user-id": "u"}
    )
    assert run()[0] == 0
    client = _import_package(Path("one")).One

    def request_of(**options: Any) -> PostModelOutputsRequest:
        platform = {"base_url": "https://api.clarifai.com", "pat": "x", "interceptors": [Capture()]}
        with client(**platform, **options) as model, pytest.raises(CaptureError) as captured:
            model.area(2.0)
        return PostModelOutputsRequest.FromString(captured.value.args[0])

    request = request_of()
    deployment = request.runner_selector.deployment
    assert (request.version_id, deployment.id, deployment.user_id) == ("v1", "d", "u")
    request = request_of(
        version_id="v2", nodepool_id="n", compute_cluster_id="c", deployment_user_id="w"
    )
    runner = request.runner_selector
    assert (request.version_id, runner.deployment.id, runner.nodepool.id) == ("v2", "", "n")
    for other in (ModelRef("x", "y", "z"), "x/y/models/z"):
        request = request_of(model=other)
        assert (request.version_id, request.runner_selector.deployment.id) == ("", "")
    with client(base_url=server.url) as local:
        assert local.area(2.0, height=3.0) == 6.0
    configure({"url": "a/b/models/one", "version": "v1", "deployment-id": "e"})
    for words in (["--check"], ["--check", "--offline"]):
        code, out, _ = run(*words)
        assert (code, out[0]) == (1, "one/client.py: the configuration changed")
    configure({"url": "a/b/models/one", "version": "v2"})
    assert "the lock is not of version 'v2'" in run("--check", "--offline")[2][0]
    lock = Path("one/signatures.json")
    again = cli.main(["--signatures", str(lock)])
    assert again == 0
    assert "deployment_id" in Path("one/client.py").read_text(), "the lock holds the options"
    lock.write_text(lock.read_text().replace('"deployment_id": "d"', '"pat": "d"'))
    code, _, err = run("--check", "--offline", "--signatures", str(lock))
    assert code == 4
    assert "'pat'" in err[-2]


def _import_package(folder: Path) -> Any:
    spec = importlib.util.spec_from_file_location(f"configured_{folder.name}", folder / "__init__.py",
                                                  submodule_search_locations=[str(folder)])  # fmt: skip
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


# Credentials


@pytest.mark.parametrize("key", ["url", "api-base"])
def test_a_server_named_only_by_the_configuration_gets_no_credential(
    run: Run, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setenv("CLARIFAI_PAT", "secret-secret")
    monkeypatch.delenv("CLARIFAI_API_BASE")
    connected: list[str] = []

    def connect(base: str, **_: object) -> None:
        connected.append(base)
        raise ConfigError("no connection in a test")

    monkeypatch.setattr("clarigen._tooling.connect", connect)
    if key == "url":
        configure({"url": "grpcs://models.example:443", "name": "one"})
    else:
        configure({"url": "a/b/models/one"}, **{"api-base": "https://models.example"})
    code, _, err = run()
    assert (code, connected) == (2, [])
    assert "'models.example' is named by the configuration alone" in err[0]
    assert "secret" not in "".join(err)
    monkeypatch.setenv("CLARIGEN_TRUSTED_HOSTS", "other.example, models.example")
    assert run()[0] == 2
    assert len(connected) == 1
    monkeypatch.delenv("CLARIGEN_TRUSTED_HOSTS")
    monkeypatch.setenv("CLARIFAI_API_BASE", "https://models.example")
    run()
    assert len(connected) == 2
    for trusted in ("https://api.clarifai.com", "grpc://127.0.0.1:1"):
        monkeypatch.delenv("CLARIFAI_API_BASE", raising=False)
        configure({"url": "a/b/models/one"}, **{"api-base": trusted})
        run()
        assert connected[-1] == trusted
    for other in ("https://api.clarifai.com.evil.example", "https://api.clarifai.com:444"):
        configure({"url": "a/b/models/one"}, **{"api-base": other})
        assert run()[0] == 2
        assert connected[-1] != other


def test_options_that_need_a_model(run: Run) -> None:
    configure({"url": "a/b/models/one"})
    for words in (["--out", "x"], ["--name", "x"], ["--model", "a/b/models/c"]):
        code, _, err = run(*words)
        assert code == 2
        assert f"{words[0]} needs a model" in err[0]


class Scores:
    def score(self, options: dict[str, int]) -> dict[str, float]:
        return {key: value / 2 for key, value in options.items()}


TYPED = """
[[tool.gen-client.models]]
url = "{url}"
name = "typed"
[tool.gen-client.models.types]
"score.options" = "app.options:Options"
"score.return" = "dict[str, {result}]"
"""


def test_json_types_come_from_the_configuration(run: Run) -> None:
    with serve(Scores()) as scores:
        text = TYPED.format(url=scores.url, result="float")
        Path("pyproject.toml").write_text(text)
        assert run()[0] == 0
        client = Path("typed/client.py").read_text()
        assert "from app.options import Options" in client
        assert "def score(self, options: Options) -> dict[str, float]:" in client
        before = file_stamps(Path("typed").rglob("*"))
        for words in ([], ["--check"], ["--check", "--offline"], ["--frozen"]):
            assert run(*words, "--no-cache")[0] == 0
        assert file_stamps(before) == before
        lock = ["--signatures", "typed/signatures.json", "--name", "typed", "--check"]
        assert run(*lock)[0] == 0, "the lock alone gives the same package"
        Path("pyproject.toml").write_text(TYPED.format(url=scores.url, result="int"))
        code, out, _ = run("--check", "--offline")
        assert code == 1
        assert out == [
            f"typed/{file}: the configuration changed" for file in ("client.py", "signatures.json")
        ]
        assert run("--frozen", "--check")[0] == 1
        Path("pyproject.toml").write_text(text.replace("score.options", "score.optoins"))
        code, _, err = run()
        assert code == 2
        assert "'score' has no parameter 'optoins'" in err[0]
        assert err[1] == "  did you mean 'options'?"
    assert file_stamps(before) == before


def test_a_json_type_that_is_no_data_class_is_never_called(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve(Scores()) as scores:
        text = TYPED.format(url=scores.url, result="float")
        Path("pyproject.toml").write_text(text.replace("app.options:Options", "subprocess:Popen"))
        assert run()[0] == 0
        spec = importlib.util.spec_from_file_location("typed_popen", "typed/__init__.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, "typed_popen", module)
        with pytest.raises(ConfigError, match="subprocess:Popen is neither a TypedDict, a data"):
            spec.loader.exec_module(module)


def test_an_interrupt_ends_the_command_at_once(tmp_path: Path) -> None:
    """Even while it waits for a server that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"grpc://127.0.0.1:{silent.getsockname()[1]}"
        entries = [f'[[tool.gen-client.models]]\nurl = "{url}"\nname = "{n}"\n' for n in ("a", "b")]
        (tmp_path / "pyproject.toml").write_text("\n".join(entries))
        process = subprocess.Popen(
            [sys.executable, "-c", FOREGROUND],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={"PYTHONPATH": SOURCES, "PATH": os.defpath},
        )
        silent.settimeout(60)
        connection, _ = silent.accept()
        with connection:
            process.send_signal(signal.SIGINT)
            out, _ = process.communicate(timeout=10)  # the timeout of a model is twice as long
    assert (process.returncode, out) == (130, "")
    assert [path.name for path in tmp_path.iterdir()] == ["pyproject.toml"]
