"""The integrations: pre-commit hooks, the GitHub action and the workflows, run by pre-commit, bash and zizmor."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from clarigen import __version__
from gen_client import cli
from support import CORPUS, ROOT, SOURCES, run

BIN = Path(sys.executable).parent
WORKFLOWS = [
    *sorted((ROOT / ".github" / "workflows").glob("*.yml")),
    *sorted((ROOT / "examples" / "workflows").glob("*.yml")),
]
PUBLISHED = [*WORKFLOWS, ROOT / "action.yml", ROOT / ".pre-commit-hooks.yaml"]


def git(folder: Path, *words: str) -> str:
    identity = (
        "-c",
        "user.name=me",
        "-c",
        "user.email=me@example.com",
        "-c",
        "commit.gpgsign=false",
    )
    done = run("git", *identity, *words, cwd=folder)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a repository with a generated client and return it."""
    root = tmp_path / "app"
    root.mkdir()
    monkeypatch.chdir(root)
    git(root, "init", "--quiet")
    Path("pyproject.toml").write_text(
        '[[tool.gen-client.models]]\nurl = "grpc://127.0.0.1:1"\nname = "eyes"\n'
    )
    content = json.loads((CORPUS / "docs" / "detector.json").read_text())
    content.pop("model", None)
    Path("detector.json").write_text(json.dumps(content))
    assert cli.main(["--signatures", "detector.json", "--name", "eyes", "--quiet"]) == 0
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "first")
    return root


# pre-commit


def run_pre_commit(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    environment = {"PRE_COMMIT_HOME": str(home), "PATH": path, "PYTHONPATH": SOURCES}
    return run(sys.executable, "-m", "pre_commit", *words, env=environment)


def test_the_hooks_run_in_pre_commit(repository: Path, tmp_path: Path) -> None:
    """Runs pre-commit itself on our manifest; only installing the hook's environment is left out."""
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    shutil.copy(ROOT / ".pre-commit-hooks.yaml", hooks)
    git(hooks, "init", "--quiet")
    git(hooks, "add", "--all")
    git(hooks, "commit", "--quiet", "--message", "hooks")
    hook_configs: list[dict[str, object]] = [
        {"id": name, "language": "system", "additional_dependencies": []}
        for name in ("gen-client-check", "gen-client")
    ]
    config = {
        "repos": [
            {"repo": str(hooks), "rev": git(hooks, "rev-parse", "HEAD"), "hooks": hook_configs}
        ]
    }
    Path(".pre-commit-config.yaml").write_text(yaml.safe_dump(config))
    git(repository, "add", "--all")
    home = tmp_path / "home"

    clean = run_pre_commit(home, "run", "--all-files")
    assert clean.returncode == 0, clean.stdout
    assert clean.stdout.count("Passed") == 2

    client = repository / "eyes" / "client.py"
    client.write_text(client.read_text() + "print('hello')\n")
    git(repository, "add", "--all")
    failed = run_pre_commit(home, "run", "gen-client-check")
    assert failed.returncode == 1
    assert "eyes/client.py: edited by hand" in failed.stdout
    assert "to fix: gen-client --offline" in failed.stdout

    fixed = run_pre_commit(home, "run", "gen-client")
    assert fixed.returncode == 1
    assert "files were modified by this hook" in fixed.stdout
    git(repository, "add", "--all")
    assert run_pre_commit(home, "run", "--all-files").returncode == 0


def test_the_manifest_is_valid() -> None:
    done = run(
        sys.executable, "-m", "pre_commit", "validate-manifest", ROOT / ".pre-commit-hooks.yaml"
    )
    assert done.returncode == 0, done.stdout


def test_our_own_hooks_use_the_versions_of_the_project() -> None:
    config = ROOT / ".pre-commit-config.yaml"
    done = run(sys.executable, "-m", "pre_commit", "validate-config", config)
    assert done.returncode == 0, done.stdout
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    declared = [
        *project["dependency-groups"]["test"],
        *project["project"]["optional-dependencies"]["codegen"],
    ]
    (hooks,) = (repo["hooks"] for repo in load_yaml(config)["repos"])
    assert [hook["id"] for hook in hooks] == ["ruff", "black"]
    for hook in hooks:
        assert set(hook["additional_dependencies"]) <= set(declared)


# GitHub


def load_yaml(file: Path) -> Any:
    return yaml.safe_load(file.read_text(encoding="utf-8"))


def list_steps(file: Path) -> list[dict[str, Any]]:
    content = load_yaml(file)
    jobs = content["jobs"].values() if "jobs" in content else [content["runs"]]
    return [step for job in jobs for step in job["steps"]]


def run_action(
    repository: Path, tmp_path: Path, arguments: str
) -> subprocess.CompletedProcess[str]:
    """Run the last step of the action as a runner does: its script in bash, its inputs as variables."""
    step = list_steps(ROOT / "action.yml")[-1]
    assert step["env"] == {"ARGUMENTS": "${{ inputs.arguments }}"}
    folder = tmp_path / "runner" / "gen-client" / "bin"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "gen-client").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m gen_client "$@"\n')
    (folder / "gen-client").chmod(0o755)
    script = tmp_path / "script.sh"
    script.write_text(step["run"])
    return run(
        *("bash", "--noprofile", "--norc", "-eo", "pipefail", script),
        cwd=repository,
        env={
            "ARGUMENTS": arguments,
            "RUNNER_TEMP": str(tmp_path / "runner"),
            "PYTHONPATH": SOURCES,
        },
    )


def test_the_action_checks_packages(repository: Path, tmp_path: Path) -> None:
    default = load_yaml(ROOT / "action.yml")["inputs"]["arguments"]["default"]
    clean = run_action(repository, tmp_path, default)
    assert (clean.returncode, clean.stderr) == (0, "gen-client: eyes is up to date\n")
    (repository / "eyes" / "client.py").unlink()
    failed = run_action(repository, tmp_path, default)
    assert (failed.returncode, failed.stdout) == (1, "eyes/client.py: missing\n")
    assert run_action(repository, tmp_path, "--offline").stdout == "eyes/client.py\n"


def test_arguments_of_the_action_are_not_run_as_code(repository: Path, tmp_path: Path) -> None:
    for words in ("$(touch pwned)", "; touch pwned", "`touch pwned`", "--check || touch pwned"):
        assert run_action(repository, tmp_path, words).returncode == 2
        assert not (repository / "pwned").exists()


@pytest.mark.parametrize("file", PUBLISHED[:-1], ids=lambda file: file.name)
def test_scripts_have_no_expressions_and_actions_are_pinned(file: Path) -> None:
    for step in list_steps(file):
        assert "${{" not in step.get("run", "")
        assert re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", step.get("uses", "a@" + "0" * 40))


def test_the_job_that_builds_the_release_can_sign_nothing() -> None:
    """And those that can sign run no program of ours, nor of what is installed to build."""
    jobs = load_yaml(ROOT / ".github" / "workflows" / "release.yml")["jobs"]
    assert jobs["build"]["permissions"] == {"contents": "read"}
    assert "--require-hashes" in str(jobs["build"]["steps"])
    for name in ("attest", "publish"):
        assert jobs[name]["permissions"]["id-token"] == "write"
        assert all("run" not in step for step in jobs[name]["steps"]), name


def test_zizmor_finds_nothing() -> None:
    done = run(BIN / "zizmor", "--offline", "--no-progress", "--persona=pedantic", *PUBLISHED)
    assert done.returncode == 0, done.stdout + done.stderr
    assert all(f"completed {file}" in done.stderr for file in PUBLISHED), done.stderr


@pytest.mark.parametrize("name", ["clients", "author"])
def test_the_pull_request_job_has_no_secret(name: str) -> None:
    text = (ROOT / "examples" / "workflows" / f"{name}.yml").read_text()
    assert "secrets." not in text
    assert "pull_request_target" not in text


@pytest.mark.parametrize("name", ["clients", "drift"])
def test_the_example_workflows_pin_this_version(name: str) -> None:
    """A later one may write another format, which would fail the pull requests of that day."""
    text = (ROOT / "examples" / "workflows" / f"{name}.yml").read_text()
    assert f"pip install 'clarigen[codegen]=={__version__}' #" in text


@pytest.mark.parametrize("name", ["clients", "drift"])
def test_the_example_workflows_use_valid_commands(name: str, repository: Path) -> None:
    """The command accepts each line of an example workflow, and ends with the code that the job expects."""
    text = (ROOT / "examples" / "workflows" / f"{name}.yml").read_text()
    lines = re.findall(r"^\s*(?:- run: )?gen-client((?: --[a-z-]+)+)", text, re.MULTILINE)
    assert lines
    for words in lines:
        assert cli.main(words.split()) == (0 if "--offline" in words else 3)
