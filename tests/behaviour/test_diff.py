"""`gen-client diff` as a user meets it: what it compares, what it prints, its exit codes."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from clarigen.testing import serve
from gen_client import cli
from gen_client.diff.changes import Rule
from support import CORPUS, ROOT, run

SCHEMA = ROOT / "codegen" / "gen_client" / "schemas" / "diff.schema.json"
Ran = tuple[int, str, str]
GenClient = Callable[..., Ran]


@pytest.fixture
def gen_client(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> GenClient:
    """Runs the command in this process: exit code, stdout, stderr. What it prints no terminal obeys."""
    monkeypatch.chdir(tmp_path)

    def call(*words: object) -> Ran:
        capsys.readouterr()
        code = cli.main([str(word) for word in words])
        out, err = capsys.readouterr()
        plain = re.sub(r"\x1b\[(0|3[1-6])m", "", out) if sys.stdout.isatty() else out
        assert all(line.isprintable() for line in (plain + err).split("\n"))
        assert "a bug" not in err
        return code, out, err

    return call


@pytest.fixture
def package(gen_client: GenClient, tmp_path: Path) -> Path:
    """A generated package."""
    assert gen_client("--signatures", CORPUS / "docs" / "detector.json")[0] == 0
    return tmp_path / "detector"


def changed(package: Path, change: Callable[[Any], None]) -> Path:
    """A lock like the package's, changed."""
    content = json.loads((package / "signatures.json").read_text())
    change(content["method_signatures"])
    del content["sha256"]
    path = package.parent / "new.json"
    path.write_text(json.dumps(content))
    return path


def remove(methods: Any) -> None:
    del methods[0]["input_fields"][1]


def add(methods: Any) -> None:
    methods[0]["input_fields"].append({"name": "limit", "type": "INT", "default": "5"})


def test_the_same_is_no_difference(gen_client: GenClient, package: Path) -> None:
    code, out, err = gen_client("diff", package, package)
    assert (code, err) == (0, "")
    assert out.endswith("no difference for callers\n")


@pytest.mark.parametrize(
    ("change", "fail_on", "code"),
    [
        (remove, "any", 1),
        (remove, "breaking", 1),
        (add, "any", 1),
        (add, "breaking", 0),
    ],
)
def test_exit_codes(
    gen_client: GenClient, package: Path, change: Callable[[Any], None], fail_on: str, code: int
) -> None:
    new = changed(package, change)
    assert gen_client("diff", package, new, "--fail-on", fail_on)[0] == code


def test_what_is_told(gen_client: GenClient, package: Path) -> None:
    code, out, err = gen_client("diff", package, changed(package, remove), "--quiet")
    assert (code, err) == (1, "")
    assert "  breaking       predict.threshold: was removed\n" in out


def test_against_a_model(gen_client: GenClient, package: Path) -> None:
    class Another:
        def predict(self, image: bytes) -> str:
            return ""

    with serve(Another()) as server:
        code, out, _ = gen_client("diff", package, "--url", server.url)
        assert code == 1
        assert "  breaking       generate: was removed\n" in out
        # Its own model, wherever the platform is said to be.
        assert gen_client("diff", package, "--api-base", server.url)[1].count("\n") > 2


def test_a_lock_without_a_model(gen_client: GenClient, package: Path) -> None:
    lock = package / "signatures.json"
    content = json.loads(lock.read_text())
    content["model"] = {}
    lock.write_text(json.dumps(content))
    code, out, err = gen_client("diff", package)
    assert (code, out) == (2, "")
    assert "--url" in err


def test_json_follows_its_schema(gen_client: GenClient, package: Path) -> None:
    schema = json.loads(SCHEMA.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$defs"]["change"]["properties"]["rule"]["enum"] == [r.value for r in Rule]
    for change in (remove, add):
        code, out, _ = gen_client("diff", package, changed(package, change), "--format", "json")
        assert code == 1
        jsonschema.validate(json.loads(out), schema)
    jsonschema.validate(
        json.loads(gen_client("diff", package, package, "--format", "json")[1]), schema
    )


def test_colour_stands_on_a_terminal_only(
    gen_client: GenClient, package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = changed(package, remove)
    monkeypatch.setenv("TERM", "xterm")
    assert "\x1b" not in gen_client("diff", package, new)[1]
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    assert "\x1b[31m  breaking" in gen_client("diff", package, new)[1]
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in gen_client("diff", package, new)[1]


def test_a_file_compared_with_itself_and_more_is_refused(
    gen_client: GenClient, package: Path
) -> None:
    for words in (["--url", "a/b/models/c"], ["--base", "main"]):
        assert gen_client("diff", package, package, *words)[0] == 2
    assert gen_client("diff")[0] == 2
    assert gen_client("diff", "nothing")[0] == 2


# Against git


@pytest.fixture
def repository(package: Path) -> Path:
    """The package, committed; then a parameter is removed."""
    where = package.parent
    identity = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"], ["tag", "v1"]):
        done = run("git", *identity, *words, cwd=where)
        assert done.returncode == 0, done.stderr
    lock = package / "signatures.json"
    lock.write_text(changed(package, remove).read_text())
    return where


def test_a_revision(gen_client: GenClient, repository: Path, package: Path) -> None:
    for path in (package, "detector", package / "signatures.json", "detector/signatures.json"):
        for revision in ("HEAD", "v1"):
            code, out, err = gen_client("diff", path, "--base", revision)
            assert (code, err) == (1, "")
            assert "predict.threshold: was removed" in out


def test_a_revision_against_a_model(gen_client: GenClient, repository: Path) -> None:
    class Same:
        def predict(self, image: bytes) -> str:
            return ""

    with serve(Same()) as server:
        out = gen_client("diff", "detector", "--base", "v1", "--url", server.url)[1]
        assert "predict.threshold: was removed" in out


@pytest.mark.parametrize(
    "revision", ["nothing", "--all", "-x", "", "v1:detector", "v1\n", "HEAD\x00", "$(touch PWNED)"]
)
def test_what_is_no_revision(
    gen_client: GenClient, repository: Path, revision: str, tmp_path: Path
) -> None:
    code, out, err = gen_client("diff", "detector", f"--base={revision}")
    assert (code, out) == (2, "")
    assert err.startswith("gen-client: error: ")
    assert not (tmp_path / "PWNED").exists()


def test_a_file_that_the_revision_has_not(gen_client: GenClient, repository: Path) -> None:
    (repository / "other.json").write_text((repository / "new.json").read_text())
    code, _, err = gen_client("diff", "other.json", "--base", "HEAD")
    assert code == 2
    assert "other.json" in err


def test_outside_of_a_repository(gen_client: GenClient, package: Path) -> None:
    assert gen_client("diff", package, "--base", "HEAD")[0] == 2
