"""Other untrusted input: the configuration, a committed lock, an address for `init`, signatures for `serve`.

Each text ends in an exit code and printable output, and nothing is written outside the repository.
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final
from unittest.mock import Mock

import pytest

from clarigen.testing import serve
from gen_client import cli, config
from safety.payloads import PAYLOADS
from support import CORPUS, ROOT

LOCK = "signatures.json"
HOSTILE = sorted((CORPUS / "hostile").glob("*.json"))
VALUES = {name: text for name, text in PAYLOADS.items() if len(text) < 10_000}
KEYS = ("url", "name", "out", "version", "methods", "exclude", "deployment-id", "api-base", "type")
RUNS = (["--check", "--offline"], ["--offline"], ["doctor"])


class Shape:
    """A model that `doctor` can ask at once; where nothing answers, it would wait for a connection."""

    def predict(self, text: str) -> str:
        """Return the text."""
        return text


@pytest.fixture(scope="module")
def api_base() -> Iterator[str]:
    """The address of a server."""
    with serve(Shape()) as server:
        yield server.url


@pytest.fixture
def repository(tmp_path: Path, api_base: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a package, next to a folder that shows whether anything was written outside."""
    repository = tmp_path / "repository"
    (repository / ".git").mkdir(parents=True)
    monkeypatch.chdir(repository)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CLARIFAI_API_BASE", api_base)
    words = ["--signatures", str(ROOT / "generated" / "text_stats" / LOCK), "--name", "good"]
    assert cli.main([*words, "--quiet"]) == 0
    return repository


def harmless(capsys: pytest.CaptureFixture[str], *words: str) -> int:
    """Run the command and check for a documented exit code and printable output."""
    code = cli.main(list(words))
    out, err = capsys.readouterr()
    assert code in {0, 1, 2, 3, 4}
    assert "a bug in" not in err
    assert "Traceback" not in out + err
    for line in (out + err).split("\n"):
        assert line.isprintable(), repr(line)
        assert not line.startswith("::"), "no command for a CI system"
    return code


def files(folder: Path) -> set[str]:
    return {os.path.relpath(path, folder) for path in folder.rglob("*") if path.is_file()}


def configuration(key: str, text: str) -> str:
    """Return a configuration with a text at one key; JSON strings are valid TOML."""
    value = json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
    entry = {"url": '"a/b/models/good"', "name": '"good"'}
    match key:
        case "methods" | "exclude":
            entry[key] = f"[{value}]"
        case "type":
            entry["types"] = f"{{ {value} = {value} }}"
        case "api-base":
            pass
        case _:
            entry[key] = value
    top = f"api-base = {value}\n" if key == "api-base" else ""
    lines = "\n".join(f"{name} = {value}" for name, value in entry.items())
    return f"[tool.gen-client]\n{top}[[tool.gen-client.models]]\n{lines}\n"


@pytest.mark.parametrize("key", KEYS)
def test_hostile_configuration(
    repository: Path, capsys: pytest.CaptureFixture[str], key: str, tmp_path: Path
) -> None:
    before = files(tmp_path)
    refused = 0
    for text in VALUES.values():
        Path("pyproject.toml").write_bytes(
            configuration(key, text).encode("utf-8", "surrogatepass")
        )
        for words in RUNS:
            refused += harmless(capsys, *words) != 0
    assert refused, "some of these are wrong for each key"
    new = files(tmp_path) - before - {"repository/pyproject.toml"}
    assert not {path for path in new if not path.startswith(("repository/", "home/.cache/"))}
    assert not {path for path in new if "PWNED" in path}


PLACES = ("model", "version_id", "format", "sha256", "types", "name", "description", "default")


def poison(content: dict[str, object], place: str, text: str) -> None:
    """Put a text into a lock."""
    signatures: object = content["method_signatures"]
    assert isinstance(signatures, list)
    match place:
        case "model":
            content["model"] = {"user_id": text, "app_id": text, "model_id": text}
        case "version_id":
            content["model"] = {
                **dict.fromkeys(("user_id", "app_id", "model_id"), "a"),
                place: text,
            }
        case "format" | "sha256":
            content[place] = text
        case "types":
            content["types"] = {text: text}
        case "default":
            signatures[0]["input_fields"][0]["default"] = text
        case _:
            signatures[0][place] = text


@pytest.mark.parametrize("place", PLACES)
def test_hostile_lock(
    repository: Path, capsys: pytest.CaptureFixture[str], place: str, tmp_path: Path
) -> None:
    Path("pyproject.toml").write_text(configuration("name", "good"))
    lock = Path("good", LOCK)
    whole = lock.read_text()
    before = files(tmp_path)
    for text in VALUES.values():
        content = json.loads(whole)
        poison(content, place, text)
        lock.write_text(json.dumps(content))
        for words in (["--check", "--offline"], ["doctor", "good"]):
            harmless(capsys, *words)
    assert files(tmp_path) - before <= {path for path in files(tmp_path) if "/.cache/" in path}


WORDS: Final[dict[str, Callable[[str], list[str]]]] = {
    "url": lambda text: [text],
    "id": lambda text: [f"a/b/models/{text}"],
    "version": lambda text: [f"a/b/models/c/versions/{text}"],
    "runner": lambda text: [f"grpc://{text}:80", "--name", "one"],
    "name": lambda text: ["a/b/models/c", f"--name={text}"],
    "out": lambda text: ["a/b/models/c", f"--out={text}"],
}


@pytest.mark.parametrize("place", WORDS)
def test_hostile_address(
    repository: Path, capsys: pytest.CaptureFixture[str], place: str, tmp_path: Path
) -> None:
    """Check that `init` writes what the configuration's reader accepts, or nothing."""
    file = Path("pyproject.toml")
    before = files(tmp_path)
    harm = '[project]\nname = "app"\n'
    taken = 0
    for text in VALUES.values():
        file.write_text(harm)
        if harmless(capsys, "init", *WORDS[place](text)):
            assert file.read_text() == harm
            continue
        taken += 1
        assert tomllib.loads(file.read_text())["project"] == {"name": "app"}
        (entry,) = config.load_settings(Path.cwd()).entries
        assert config.load_settings(Path.cwd()).api_base is None
        assert (repository / entry.out).resolve().is_relative_to(repository)
    assert taken < len(VALUES)
    assert files(tmp_path) - before == {"repository/pyproject.toml"}


@pytest.mark.parametrize("path", HOSTILE, ids=lambda path: path.stem)
def test_hostile_served_model(
    repository: Path,
    capsys: pytest.CaptureFixture[str],
    path: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Check that `serve` prints its address and warnings, and no control sequences."""
    interrupted = Mock(side_effect=KeyboardInterrupt)
    monkeypatch.setattr("clarigen.testing.Server.wait", interrupted)
    before = files(tmp_path)
    code = harmless(capsys, "serve", str(path))
    assert code in {0, 4}
    assert interrupted.called == (code == 0)
    assert files(tmp_path) == before
