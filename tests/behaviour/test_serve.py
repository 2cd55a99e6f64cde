"""`gen-client serve`: a server client_class of signatures alone, and the interface and values that it answers."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from clarigen import ConfigError, PredictionError
from clarigen.testing import Samples, Server, serve
from gen_client import cli, source
from gen_client.diagnostics import Refusal, Report
from gen_client.interface.model import Model, TypeKind
from gen_client.interface.read import read_model
from gen_client.interface.write import write_signatures
from golden.packages import GENERATED, PACKAGES, files
from support import CORPUS, MODEL_TYPES, ROOT, SOURCES

ALL = [
    path
    for folder in ("docs", "kitchen_sink", "real", "hostile")
    for path in sorted((CORPUS / folder).glob("*.json"))
] + sorted(MODEL_TYPES.glob("*.json"))
KITCHEN_SINK = [path for path in ALL if path.parent.name == "kitchen_sink" and path.stem != "empty"]


def read_usable_model(path: Path) -> Model | None:
    try:
        return read_model(source.SignatureFile(str(path), Report()).fetch(), Report())
    except Refusal:
        return None


def serve_samples(model: Model, **options: Any) -> Server:
    model_type = json.loads(model.model_type) if model.model_type else None
    mcp = None if model.tools is None else model.tools.document
    samples = Samples(write_signatures(model), model_type=model_type, mcp=mcp)
    return serve(samples, version=model.version_id, **options)


def test_the_served_interface_is_the_same() -> None:
    """Asked as a runner and as the platform, for every model of the corpus, hostile ones too."""
    count, kinds = 0, set[TypeKind]()
    for path in ALL:
        model = read_usable_model(path)
        if model is None:
            continue
        with serve_samples(model) as server:
            access = source.Access(api_base=server.url)
            if not model.model_type:  # which runners do not know
                runner = read_model(source.resolve_url(server.url, access).fetch(), Report())
                assert write_signatures(runner) == write_signatures(model), path
            if model.reference is not None:
                platform = source.PlatformModel(model.reference, "", access).fetch()
                again = read_model(platform, Report())
                assert write_signatures(again) == write_signatures(model), path
                assert again.version_id == model.version_id
        count += 1
        kinds |= {
            parameter.type.kind for method in model.methods for parameter in method.parameters
        }
    assert count > 150
    assert kinds == set(TypeKind) - {TypeKind.EMBEDDING}  # a result only


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Yield a folder for packages, and unload those that were imported."""
    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if name.startswith(("served_", "sampled_")):
            del sys.modules[name]


@pytest.mark.parametrize("path", KITCHEN_SINK, ids=lambda path: path.stem)
def test_the_examples_of_a_served_model_run(
    path: Path, package: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """All examples of a package that is generated from the server run against it, sync and async."""
    model = read_usable_model(path)
    assert model is not None
    with serve_samples(model) as server:
        name = re.sub(r"\W", "_", f"served_{path.stem}")
        assert cli.main(["--url", server.url, "--out", str(package), "--name", name]) == 0
        monkeypatch.setenv("CLARIFAI_API_BASE", server.url)
        capsys.readouterr()
        examples = importlib.import_module(f"{name}.examples")
        for example in vars(examples).values():
            if inspect.isfunction(example) and example.__module__ == examples.__name__:
                result = example()
                if inspect.iscoroutine(result):
                    asyncio.run(result)
    assert capsys.readouterr().out


@pytest.mark.parametrize("name", PACKAGES)
def test_a_package_of_the_served_model_is_the_same_byte_for_byte(name: str, tmp_path: Path) -> None:
    model = read_usable_model(GENERATED / name / "signatures.json")
    assert model is not None
    with serve_samples(model) as server:
        command = ["--out", str(tmp_path), "--name", name]
        if model.reference is not None:
            user_id, app_id, model_id = model.reference
            command += ["--url", f"{user_id}/{app_id}/models/{model_id}", "--api-base", server.url]
        else:
            command += ["--url", server.url]
        assert cli.main(command) == 0
    assert files(tmp_path / name) == files(GENERATED / name)


# Values

TYPES = json.loads((CORPUS / "docs" / "detector.json").read_text())["method_signatures"]
CHECKED = {
    "name": "a",
    "method_type": "UNARY_UNARY",
    "input_fields": [
        {
            "name": "mode",
            "type": "STR",
            "default": "fast",
            "model_type_enum_options": [{"id": "fast"}, {"id": "good"}],
        },
        {
            "name": "n",
            "type": "INT",
            "default": "1",
            "model_type_range_info": {"min": 1, "max": 9},
            "model_type_enum_options": [{"id": "1"}, {"id": "9"}, {"id": "50"}],
        },
    ],
    "output_fields": [{"name": "return", "type": "STR"}],
}


def make_client_class(
    package: Path, signatures: list[dict[str, Any]], name: str, transports: Sequence[str] = ()
) -> Any:
    document = {"method_signatures": signatures, "transports": transports}
    (package / "model.json").write_text(json.dumps(document))
    command = ["--signatures", str(package / "model.json"), "--out", str(package), "--name", name]
    assert cli.main(command) == 0
    module = importlib.import_module(name)
    return getattr(module, "".join(word.capitalize() for word in name.split("_")))


def test_equal_arguments_and_seeds_give_equal_values(package: Path) -> None:
    client_class = make_client_class(package, TYPES, "sampled_one")
    image = importlib.import_module("sampled_one").Image(url="https://example.com/a.png")

    def answers(seed: int) -> list[Any]:
        with serve(Samples(TYPES, seed=seed)) as server, client_class(base_url=server.url) as model:
            values = [model.predict(image, threshold=t / 100) for t in range(10)]
            assert values == [model.predict(image, threshold=t / 100) for t in range(10)]
            return values

    first = answers(0)
    assert first == answers(0)
    assert first != answers(1)
    assert len(set(map(repr, first))) > 5


def test_the_server_checks_choices_and_ranges(package: Path) -> None:
    client_class = make_client_class(package, [CHECKED], "sampled_two")
    unchecked = [
        {"name": "mode", "type": "STR", "default": "x"},
        {"name": "n", "type": "INT", "default": "1"},
    ]
    without_checks = {**CHECKED, "input_fields": unchecked}
    unchecked_class = make_client_class(package, [without_checks], "sampled_three")
    with serve(Samples([CHECKED])) as server:
        with client_class(base_url=server.url) as model:
            assert isinstance(model.a("good", n=9), str)
        with unchecked_class(base_url=server.url) as model:
            for arguments in (
                {"mode": "other"},
                {"mode": "good", "n": 50},
                {"mode": "fast", "n": 3},
            ):
                with pytest.raises(PredictionError, match="must be"):
                    model.a(**arguments)


def test_openai_transport_methods_answer_messages(package: Path) -> None:
    lock = json.loads((GENERATED / "gpt_5_1" / "signatures.json").read_text())
    transports = ["openai_transport", "openai_stream_transport"]
    client_class = make_client_class(package, lock["method_signatures"], "sampled_four", transports)
    with (
        serve(Samples(lock["method_signatures"])) as server,
        client_class(base_url=server.url) as model,
    ):
        answer = json.loads(model.openai_transport('{"messages": []}'))
        assert isinstance(answer["choices"][0]["message"]["content"], str)
        for chunk in model.openai_stream_transport('{"messages": [], "stream": true}'):
            assert json.loads(chunk)["object"] == "chat.completion.chunk"


@pytest.mark.parametrize(
    "signatures", [[], [{}], [{"name": "a", "method_type": "STREAMING_UNARY"}]]
)
def test_unusable_signatures_cannot_be_served(signatures: list[dict[str, Any]]) -> None:
    with pytest.raises(ConfigError):
        Samples(signatures)


# The command


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=str)
def test_it_serves_until_a_signal(number: signal.Signals) -> None:
    lock = ROOT / "generated" / "detector"
    process = subprocess.Popen(
        [sys.executable, "-m", "gen_client", "serve", str(lock), "--seed", "3", "--verbose"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": SOURCES, "PATH": "/usr/bin:/bin"},
    )
    assert process.stdout is not None
    url = process.stdout.readline().strip()
    assert re.fullmatch(r"grpc://127\.0\.0\.1:\d+", url)
    assert cli.main(["diff", str(lock), "--url", url]) == 0
    link = "image=https://samples.clarifai.com/dog.png"
    assert cli.main(["call", str(lock), "predict", link, "--api-base", url]) == 0
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (0, "")
    lines = err.splitlines()
    assert lines[0].startswith("gen-client: 2 methods, sample values; Ctrl-C ends it")
    assert any(line.startswith("gen-client: predict(image") for line in lines)


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["nothing.json"],
        [str(CORPUS / "docs" / "detector.json"), "--port", "70000"],
        [str(CORPUS / "docs" / "detector.json"), "--port", "x"],
    ],
)
def test_usage_errors(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["serve", *words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("gen-client: error: ")


def test_a_taken_port_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    path = CORPUS / "docs" / "detector.json"
    with serve(Samples(TYPES)) as server:
        assert cli.main(["serve", str(path), "--port", str(server.port)]) == 2
    assert "choose a port that is not in use" in capsys.readouterr().err


def test_samples_of_types_of_ones_own_are_not_promised(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = {"name": "return", "type": "JSON_DATA"}
    signature = {"name": "search", "method_type": "UNARY_UNARY", "output_fields": [output]}
    content = {"method_signatures": [signature], "types": {"search.return": "list[app:Hit]"}}
    (tmp_path / "x.json").write_text(json.dumps(content))
    assert cli.main(["serve", str(tmp_path / "x.json"), "--port", "70000"]) == 2
    assert "the samples of 'search.return' are any JSON" in capsys.readouterr().err
