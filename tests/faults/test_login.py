"""The contexts of `clarifai login`: used only if one is named, and never printed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

import clarigen
from clarigen import ConfigError, ModelRef
from command import RunResult, run_command
from faults.platform_standin import PAT, Standin

FILE: Final = f"""\
contexts:
  default:
    CLARIFAI_API_BASE: <SERVER>
    CLARIFAI_PAT: {PAT}
    CLARIFAI_USER_ID: someone
  empty:
    CLARIFAI_PAT: ''
  older:
    env:
      pat: {PAT}
      api_base: <SERVER>
  variable:
    CLARIFAI_PAT: ENVVAR
current_context: default
"""
GenClient = Callable[..., RunResult]


class Model(clarigen.Client, model=ModelRef("acme", "vision", "echo")):
    """A client without methods."""


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the path of the file of contexts, in a home of its own, with a platform that nobody serves."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    for name in ("PAT", "SESSION_TOKEN", "API_BASE", "CONTEXT"):
        monkeypatch.delenv(f"CLARIFAI_{name}", raising=False)
    path = tmp_path / ".config" / "clarifai" / "config"
    path.parent.mkdir(parents=True)
    path.write_text(FILE.replace("<SERVER>", "grpc://127.0.0.1:1"))
    return path


@pytest.fixture
def platform(file: Path) -> Iterator[Standin]:
    """Start a stand-in of the platform that the contexts name."""
    with Standin() as standin:
        file.write_text(FILE.replace("<SERVER>", standin.base_url))
        yield standin


@pytest.fixture
def gen_client(capsys: pytest.CaptureFixture[str]) -> GenClient:
    """Return a function that runs the command; no output may hold the credential."""

    def run(*words: object) -> RunResult:
        code, out, err = run_command(capsys, *words)
        assert PAT not in out + err
        return code, out, err

    return run


def test_a_context_is_not_used_unless_it_is_named() -> None:
    with pytest.raises(ConfigError, match=r"no credential: .* CLARIFAI_CONTEXT .*clarifai login"):
        Model()


def test_without_a_file_nothing_is_said_of_contexts(file: Path) -> None:
    file.unlink()
    with pytest.raises(ConfigError) as caught:
        Model()
    assert "login" not in str(caught.value)


@pytest.mark.parametrize("name", ["default", "older"])
def test_a_client_uses_the_named_context(
    platform: Standin, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLARIFAI_CONTEXT", name)
    with Model() as model:
        model.wait_until_ready(timeout=20)
    assert {call.metadata["authorization"] for call in platform.calls} == {f"Key {PAT}"}


def test_variables_count_before_the_context(
    platform: Standin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLARIFAI_CONTEXT", "no such context")
    monkeypatch.setenv("CLARIFAI_PAT", PAT)
    monkeypatch.setenv("CLARIFAI_API_BASE", platform.base_url)
    with Model() as model:
        model.wait_until_ready(timeout=20)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("nowhere", FILE, r"there is no context 'nowhere' in .*; it has 'default', 'empty'"),
        ("empty", FILE, "the context 'empty' has no credential"),
        ("variable", FILE, "the context 'variable' has no credential"),
        ("default", f"contexts: [{PAT}", "cannot be read as YAML"),
        ("default", f"!!python/name:os.{PAT}", "cannot be read as YAML"),
        ("default", PAT, "it has none"),
        ("\x1b[2J", FILE, r"there is no context '\\x1b\[2J'"),
    ],
)
def test_a_context_that_cannot_be_used_is_a_config_error(
    file: Path, name: str, content: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text(content)
    monkeypatch.setenv("CLARIFAI_CONTEXT", name)
    with pytest.raises(ConfigError, match=message) as caught:
        Model()
    assert PAT not in str(caught.value)
    assert caught.value.__cause__ is None


def test_the_command_uses_the_context_of_its_option(
    gen_client: GenClient, platform: Standin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It counts before the variables, which are those of another account."""
    monkeypatch.setenv("CLARIFAI_PAT", "another")
    monkeypatch.setenv("CLARIFAI_API_BASE", "grpc://127.0.0.1:1")
    code, out, err = gen_client("show", "acme/vision/models/echo", "--context", "default")
    assert (code, err) == (0, ""), err
    assert "def predict(prompt: str" in out
    call = ("call", "acme/vision/models/echo", "predict", "Hello", "--context", "default")
    assert gen_client(*call)[:2] == (0, '"Hello"\n')


def test_the_command_says_which_contexts_there_are(gen_client: GenClient) -> None:
    code, _, err = gen_client("show", "acme/vision/models/echo", "--context", "x")
    assert code == 2
    assert "there is no context 'x'" in err
    code, _, err = gen_client("show", "acme/vision/models/echo")
    assert code == 2
    assert "CLARIFAI_CONTEXT" in err


def test_doctor_says_how_to_use_a_context(
    gen_client: GenClient, platform: Standin, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = gen_client("doctor")[1]
    assert "note   credential: there is none\n" in out
    assert "`clarifai login` left the context 'default': --context" in out
    out = gen_client("doctor", "--context", "default")[1]
    assert "ok     credential: that of the context 'default' of `clarifai login` is used\n" in out
    assert "answers, for the user 'acme'\n" in out
    monkeypatch.setenv("CLARIFAI_CONTEXT", "older")
    platform.failing["GetUser"] = (11008, f"your key {PAT} is bad")
    out = gen_client("doctor")[1]
    assert "ok     credential: that of the context 'older'" in out
    assert "[credential]" in out
    monkeypatch.setenv("CLARIFAI_CONTEXT", "empty")
    out = gen_client("doctor")[1]
    assert "fault  credential: the context 'empty' has no credential" in out
