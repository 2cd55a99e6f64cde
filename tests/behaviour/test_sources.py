"""SOURCE: one way to name a model, in every command and in pyproject.toml."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from clarigen.testing import serve
from command import RunResult, run_command
from gen_client import config
from gen_client.source.address import LocalAddress, ModelAddress, RunnerAddress
from gen_client.source.local import parse_source
from support import CORPUS, ROOT

DETECTOR = CORPUS / "docs" / "detector.json"
GenClient = Callable[..., RunResult]


class Model:
    """A model to reach."""

    def predict(self, image: bytes) -> str:
        return ""


@pytest.fixture
def gen_client(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> GenClient:
    """Return a function that runs the command in this process, in an empty repository."""
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)

    return partial(run_command, capsys)


@pytest.fixture
def package(gen_client: GenClient) -> Path:
    """Generate a package whose path has the form of an address."""
    assert gen_client(DETECTOR, "--out", "src/app/models", "-q")[0] == 0
    return Path("src/app/models/detector")


# What a text names


def test_a_text_is_a_path_if_it_or_its_folder_exists(package: Path) -> None:
    for text in (str(package), "src/app/models/other", "x.json", "./a/b/models/c", "-"):
        assert parse_source(text) == LocalAddress(text)
    for text in ("acme/app/models/detector", "https://clarifai.com/src/app/models/detector"):
        assert isinstance(parse_source(text), ModelAddress)
    assert parse_source("grpc://127.0.0.1:1") == RunnerAddress("grpc://127.0.0.1:1")
    assert parse_source("127.0.0.1:1") == RunnerAddress("127.0.0.1:1")


def test_every_form_names_the_same_model(
    gen_client: GenClient, package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = package / "signatures.json"
    tools = {"tools": [{"name": "add", "inputSchema": {"type": "object", "properties": {}}}]}
    Path("tools.json").write_text(json.dumps(tools))
    shown = gen_client("show", package)
    assert shown[0] == 0
    assert gen_client("show", lock) == gen_client("show", "--signatures", lock) == shown
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(lock.read_bytes())))
    assert gen_client("show", "-") == shown
    assert "1 tool" in gen_client("show", "tools.json")[1]
    with serve(Model()) as server:
        assert gen_client("show", server.url)[:2] == gen_client("show", "--url", server.url)[:2]
        assert "1 method" in gen_client("show", "a/b/models/c", "--api-base", server.url)[1]
        assert gen_client(server.url, "--name", "eye")[1].startswith("eye/client.py\n")
        code, out, _ = gen_client("diff", package, server.url)
        assert (code, "generate: was removed" in out) == (1, True)
        assert gen_client("diff", server.url, server.url)[0] == 0
        out = gen_client("doctor", server.url, package)[1]
        assert f"model: '{server.url}' has 1 method\n" in out
        assert "is up to date" in out


def test_a_folder_that_is_a_model_is_a_source(gen_client: GenClient) -> None:
    Path("eye/1").mkdir(parents=True)
    Path("eye/1/model.py").write_text("")
    for text in ("eye", "eye/1/model.py"):
        assert gen_client("show", text)[0] == 4


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("src", "neither a package nor a model"),
        ("src/app/models/detektor", "did you mean 'detector'?"),
        ("nothing.json", "no such file or folder"),
        ("nothing", "there is no 'nothing', and it is not the address"),
        ("a/b", "USER/APP/models/MODEL"),
        ("https://me:secret@clarifai.com/a/b/models/c", "user:password@"),
        ("me:secret@models/c.json", "user:password@"),
        ("nothing\x1b[31m", "there is no 'nothing\\x1b[31m'"),
        ("a\x00b", "there is no 'a\\x00b'"),
    ],
)
@pytest.mark.parametrize("command", ["show", "serve", "diff"])
def test_what_is_no_source_gets_a_remedy(
    gen_client: GenClient, package: Path, command: str, text: str, message: str
) -> None:
    code, out, err = gen_client(command, text)
    assert (code, out) == (2, "")
    assert message in err
    assert "secret" not in err


def test_two_models_are_one_too_many(gen_client: GenClient, package: Path) -> None:
    for words in (["serve", package, "--url", "a/b/models/c"], [package, "--signatures", "x.json"]):
        code, _, err = gen_client(*words)
        assert (code, "both name a model" in err) == (2, True)


def test_an_address_needs_another_to_compare_with(gen_client: GenClient) -> None:
    for words, message in (
        (["a/b/models/c"], "OTHER"),
        (["a/b/models/c", "--base", "v1"], "--base"),
    ):
        code, _, err = gen_client("diff", *words)
        assert (code, message in err) == (2, True)


# Commands and options


def test_generate_and_help_are_commands(gen_client: GenClient) -> None:
    assert gen_client("generate", DETECTOR)[1].startswith("detector/client.py\n")
    assert gen_client("help") == gen_client("--help")
    assert gen_client("help", "show") == gen_client("show", "--help")
    assert "did you mean 'show'?" in gen_client("help", "shwo")[2]


@pytest.mark.parametrize(
    ("words", "option"),
    [
        (["show", "x", "--snipet"], "--snippet"),
        (["init", "--nam=eye"], "--name"),
        (["diff", "--failon", "any"], "--fail-on"),
        (["x.json", "--ofline"], "--offline"),
    ],
)
def test_an_unknown_option_gets_the_nearest(
    gen_client: GenClient, words: list[str], option: str
) -> None:
    code, _, err = gen_client(*words)
    assert (code, f"did you mean '{option}'?" in err) == (2, True)


def test_an_option_that_is_like_none_gets_the_help(gen_client: GenClient) -> None:
    assert "gen-client show --help lists" in gen_client("show", "--qqqqq")[2]


# pyproject.toml


def test_the_configuration_lists_files(gen_client: GenClient, package: Path) -> None:
    Path("models").mkdir()
    Path("models/eye.json").write_bytes(DETECTOR.read_bytes())
    assert gen_client("init", "models/eye.json", "--name", "eyes", "--out", "src")[0] == 0
    assert gen_client("init", package, "--name", "again")[0] == 0
    text = Path("pyproject.toml").read_text()
    assert 'signatures = "models/eye.json"' in text
    assert f'signatures = "{package}"' in text
    code, out, err = gen_client()
    assert (code, "src/eyes/client.py\n" in out, "2 models: 2 written" in err) == (0, True, True)
    assert gen_client("--check")[0] == gen_client("--check", "--offline")[0] == 0
    assert "lists this model already" in gen_client("init", "models/eye.json", "--name", "eyes")[2]
    Path("models/eye.json").write_text("[]")
    assert gen_client()[0] == 4


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ('signatures = "../x.json"\nname = "x"', "leaves the repository"),
        ('signatures = ".git/x.json"\nname = "x"', "hidden folder"),
        ('signatures = "x.json"', "name is missing"),
        ('signatures = "x.json"\nurl = "a/b/models/c"', "cannot be combined"),
        ('signatures = "x.json"\nname = "x"\nversion = "v"', "a file has none"),
        ('name = "x"', 'signatures = "PATH"'),
    ],
)
def test_wrong_entries_are_refused(gen_client: GenClient, entry: str, message: str) -> None:
    Path("pyproject.toml").write_text(f"[[tool.gen-client.models]]\n{entry}\n")
    code, out, err = gen_client()
    assert (code, out) == (2, "")
    assert message in err


def test_init_lists_no_standard_input(gen_client: GenClient) -> None:
    code, _, err = gen_client("init", "-")
    assert (code, "standard input" in err) == (2, True)
    assert not Path("pyproject.toml").exists()


def test_a_file_of_the_configuration_brings_no_settings(gen_client: GenClient) -> None:
    lock = json.loads((ROOT / "generated" / "text_stats" / "signatures.json").read_text())
    lock["client"] = {"deployment_id": "evil"}
    Path("x.json").write_text(json.dumps(lock))
    assert gen_client("init", "x.json", "--name", "x")[0] == 0
    assert "evil" in gen_client()[2]
    assert "evil" not in Path("x/client.py").read_text()
    assert config.load_settings(Path.cwd()).entries[0].address == LocalAddress("x.json")
