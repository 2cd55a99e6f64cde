"""`gen-client diff`: what it compares, its output and its exit codes."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from clarigen.testing import serve
from command import RunResult
from gen_client.diff.changes import Rule
from support import CORPUS, ROOT, run

SCHEMA = ROOT / "codegen" / "gen_client" / "schemas" / "diff.schema.json"
GenClient = Callable[..., RunResult]


@pytest.fixture
def package(gen_client: GenClient, tmp_path: Path) -> Path:
    """Generate a package and return its folder."""
    assert gen_client("--signatures", CORPUS / "docs" / "detector.json")[0] == 0
    return tmp_path / "detector"


def changed_lock(package: Path, change: Callable[[Any], None]) -> Path:
    """Write a changed copy of the package's lock and return its path."""
    content = json.loads((package / "signatures.json").read_text())
    change(content["method_signatures"])
    del content["sha256"]
    path = package.parent / "new.json"
    path.write_text(json.dumps(content))
    return path


def remove_parameter(methods: Any) -> None:
    del methods[0]["input_fields"][1]


def add_parameter(methods: Any) -> None:
    methods[0]["input_fields"].append({"name": "limit", "type": "INT", "default": "5"})


def test_equal_interfaces_have_no_difference(gen_client: GenClient, package: Path) -> None:
    code, out, err = gen_client("diff", package, package)
    assert (code, err) == (0, "")
    assert out.endswith("no difference for callers\n")


@pytest.mark.parametrize(
    ("change", "fail_on", "code"),
    [
        (remove_parameter, "any", 1),
        (remove_parameter, "breaking", 1),
        (add_parameter, "any", 1),
        (add_parameter, "breaking", 0),
    ],
)
def test_exit_codes(
    gen_client: GenClient, package: Path, change: Callable[[Any], None], fail_on: str, code: int
) -> None:
    new = changed_lock(package, change)
    assert gen_client("diff", package, new, "--fail-on", fail_on)[0] == code


def test_a_breaking_change_is_printed(gen_client: GenClient, package: Path) -> None:
    code, out, err = gen_client("diff", package, changed_lock(package, remove_parameter), "--quiet")
    assert (code, err) == (1, "")
    assert "  breaking       predict.threshold: was removed\n" in out


def test_prompts_and_resources_are_compared(gen_client: GenClient, tmp_path: Path) -> None:
    old = CORPUS / "mcp" / "lab-tools.json"
    content = json.loads(old.read_text())
    content["mcp"]["prompts"] = [{"name": "praise"}]
    content["mcp"]["resourceTemplates"][0]["description"] = "Another text."
    (tmp_path / "new.json").write_text(json.dumps(content))
    code, out, _ = gen_client("diff", old, "new.json", "--fail-on", "breaking")
    assert code == 1
    assert out.split("\n")[1:] == [
        "  breaking       prompt: the prompt `review` was removed",
        "  compatible     prompt: the prompt `praise` is new",
        "  documentation  read_resource: the description of template `users://{user_id}/profile` changed",
        "1 breaking, 1 compatible, 1 documentation",
        "",
    ]
    content["mcp"]["prompts"] += json.loads(old.read_text())["mcp"]["prompts"]
    (tmp_path / "new.json").write_text(json.dumps(content))
    assert gen_client("diff", old, "new.json", "--fail-on", "breaking")[0] == 0


def test_a_package_is_compared_with_a_model(gen_client: GenClient, package: Path) -> None:
    class Another:
        def predict(self, image: bytes) -> str:
            return ""

    with serve(Another()) as server:
        code, out, _ = gen_client("diff", package, "--url", server.url)
        assert code == 1
        assert "  breaking       generate: was removed\n" in out
        # Without --url, its own model, at the API base.
        assert gen_client("diff", package, "--api-base", server.url)[1].count("\n") > 2


def test_a_lock_without_a_model_needs_a_url(gen_client: GenClient, package: Path) -> None:
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
    for change in (remove_parameter, add_parameter):
        code, out, _ = gen_client(
            "diff", package, changed_lock(package, change), "--format", "json"
        )
        assert code == 1
        jsonschema.validate(json.loads(out), schema)
    jsonschema.validate(
        json.loads(gen_client("diff", package, package, "--format", "json")[1]), schema
    )


def test_colors_on_a_terminal_only(
    gen_client: GenClient, package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = changed_lock(package, remove_parameter)
    monkeypatch.setenv("TERM", "xterm")
    assert "\x1b" not in gen_client("diff", package, new)[1]
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    assert "\x1b[31m  breaking" in gen_client("diff", package, new)[1]
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in gen_client("diff", package, new)[1]


def test_contradicting_arguments_are_refused(gen_client: GenClient, package: Path) -> None:
    for words in (["--url", "a/b/models/c"], ["--base", "main"]):
        assert gen_client("diff", package, package, *words)[0] == 2
    assert gen_client("diff")[0] == 2
    assert gen_client("diff", "nothing")[0] == 2


# Against git


@pytest.fixture
def repository(package: Path) -> Path:
    """Commit the package, remove a parameter from its lock, and return the repository."""
    root = package.parent
    identity = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"], ["tag", "v1"]):
        done = run("git", *identity, *words, cwd=root)
        assert done.returncode == 0, done.stderr
    lock = package / "signatures.json"
    lock.write_text(changed_lock(package, remove_parameter).read_text())
    return root


def test_base_reads_the_lock_of_a_revision(
    gen_client: GenClient, repository: Path, package: Path
) -> None:
    for path in (package, "detector", package / "signatures.json", "detector/signatures.json"):
        for revision in ("HEAD", "v1"):
            code, out, err = gen_client("diff", path, "--base", revision)
            assert (code, err) == (1, "")
            assert "predict.threshold: was removed" in out


def test_a_revision_is_compared_with_a_model(gen_client: GenClient, repository: Path) -> None:
    class Same:
        def predict(self, image: bytes) -> str:
            return ""

    with serve(Same()) as server:
        out = gen_client("diff", "detector", "--base", "v1", "--url", server.url)[1]
        assert "predict.threshold: was removed" in out


@pytest.mark.parametrize(
    "revision", ["nothing", "--all", "-x", "", "v1:detector", "v1\n", "HEAD\x00", "$(touch PWNED)"]
)
def test_invalid_revisions_are_refused(
    gen_client: GenClient, repository: Path, revision: str, tmp_path: Path
) -> None:
    code, out, err = gen_client("diff", "detector", f"--base={revision}")
    assert (code, out) == (2, "")
    assert err.startswith("gen-client: error: ")
    assert not (tmp_path / "PWNED").exists()


def test_a_file_that_the_revision_lacks_is_refused(gen_client: GenClient, repository: Path) -> None:
    (repository / "other.json").write_text((repository / "new.json").read_text())
    code, _, err = gen_client("diff", "other.json", "--base", "HEAD")
    assert code == 2
    assert "other.json" in err


def test_base_needs_a_repository(gen_client: GenClient, package: Path) -> None:
    assert gen_client("diff", package, "--base", "HEAD")[0] == 2
