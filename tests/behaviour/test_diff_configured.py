"""`gen-client diff` and `doctor` without a package: all models that pyproject.toml lists."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import jsonschema
import pytest

from clarigen.testing import Server, serve
from gen_client import cli
from support import ROOT

SCHEMA = ROOT / "codegen" / "gen_client" / "schemas" / "diff.schema.json"
CONFIGURATION = """
[tool.gen-client]
out = "src"

[[tool.gen-client.models]]
url = "a/b/models/one"

[[tool.gen-client.models]]
url = "a/b/models/two"
methods = ["area"]
"""
Run = Callable[..., tuple[int, str, str]]


class Shape:
    def area(self, width: float, height: float = 1.0) -> float:
        """The area."""
        return width * height

    def debug(self) -> str:
        return "nothing"


class Changed:
    def area(self, width: float) -> float:
        """The area."""
        return width


@pytest.fixture
def server() -> Iterator[Server]:
    with serve(Shape()) as server_:
        yield server_


@pytest.fixture
def run(
    server: Server,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Run:
    """Return a function that runs the command in a repository that has both packages."""
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CLARIFAI_API_BASE", server.url)
    Path("pyproject.toml").write_text(CONFIGURATION)

    def command(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = cli.main(list(words))
        out, err = capsys.readouterr()
        assert "a bug" not in err
        return code, out, err

    assert command()[0] == 0
    return command


def test_equal_models_have_no_difference(run: Run) -> None:
    code, out, err = run("diff")
    assert (code, err) == (0, "")
    assert out.count("no difference for callers\n") == 2


def test_each_model_is_compared_by_its_selected_methods(run: Run, server: Server) -> None:
    server.deploy(Changed())
    code, out, err = run("diff")
    assert (code, err) == (1, "")
    assert out.count("  breaking       area.height: was removed\n") == 2
    assert out.count("  breaking       debug: was removed\n") == 1
    code, out, _ = run("diff", "src/two")  # a single package is compared in the same way
    assert code == 1
    assert "debug" not in out


def test_a_selected_method_that_is_gone_is_reported(run: Run, server: Server) -> None:
    class Without:
        def other(self) -> str:
            return ""

        def debug(self) -> str:
            return ""

    server.deploy(Without())
    code, out, err = run("diff")
    assert code == 4  # no method is left of the second
    assert "two: error: " in err
    assert "  breaking       area: was removed\n" in out


def test_json_is_an_array(run: Run, server: Server) -> None:
    schema = json.loads(SCHEMA.read_text())
    server.deploy(Changed())
    code, out, _ = run("diff", "--format", "json")
    content = json.loads(out)
    assert (code, len(content)) == (1, 2)
    for comparison in content:
        jsonschema.validate(comparison, schema)


def test_annotations_name_their_files(run: Run, server: Server) -> None:
    server.deploy(Changed())
    out = run("diff", "--format", "github")[1]
    assert "::error file=src/one/signatures.json," in out
    assert "\ngen-client: src/two/signatures.json: 1 breaking\n" in out


def test_diff_needs_a_configuration_and_doctor_does_not(run: Run) -> None:
    Path("pyproject.toml").unlink()
    code, out, err = run("diff")
    assert (code, out) == (2, "")
    assert "[tool.gen-client]" in err
    code, out, _ = run("doctor")
    assert code == 0
    assert "  note   packages: none is named" in out


def test_doctor_checks_all_packages(run: Run) -> None:
    code, out, _ = run("doctor")
    assert code == 0
    assert out.count("is up to date\n") == 2
    client = Path("src/two/client.py")
    client.write_text(client.read_text().replace("1.0", "2.0"))
    code, out, _ = run("doctor")
    assert code == 1
    assert "  fault  package 'src/two': 'client.py' edited by hand\n" in out
    code, out, _ = run("doctor", "--format", "json")
    content = json.loads(out)
    assert (code, content["kind"], content["version"]) == (1, "doctor", 1)
    faults = [finding for finding in content["findings"] if finding["state"] == "fault"]
    assert [finding["subject"] for finding in faults] == ["package 'src/two'"]
    Path("pyproject.toml").write_text("[tool.gen-client]\nnothing = 1")
    code, out, _ = run("doctor")
    assert code == 1
    assert "  fault  configuration: " in out
