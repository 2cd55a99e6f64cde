"""An author's pull request from a fork: the example workflow and the hook for `1/model.py`, run by bash and pre-commit.

There is neither a credential nor a library of the model, and no network.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from support import ROOT, SOURCES, run

BIN: Final = Path(sys.executable).parent
WORKFLOW: Final = ROOT / "examples" / "workflows" / "author.yml"
MODEL: Final = '''\
import torch

from clarifai.runners.models.model_class import ModelClass


class Echo(ModelClass):
    @ModelClass.method
    def repeat(self, text: str, times: int = 2) -> str:
        """Repeat a text."""
        return text * times
'''


def git(folder: Path, *words: str) -> str:
    identity = ("-c", "user.name=me", "-c", "user.email=me@example.com")
    done = run("git", *identity, "-c", "commit.gpgsign=false", *words, cwd=folder)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
def upstream(tmp_path: Path) -> Path:
    """Return a repository that holds a model in a folder."""
    root = tmp_path / "upstream"
    (root / "echo" / "1").mkdir(parents=True)
    (root / "echo" / "1" / "model.py").write_text(MODEL)
    (root / "echo" / "config.yaml").write_text("model: {id: echo, user_id: me, app_id: app}\n")
    git(root, "init", "--quiet", "--initial-branch=main")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "first")
    return root


def run_steps(folder: Path, base: str, tmp_path: Path) -> dict[str, Any]:
    """Run the steps of the workflow that call our command, as a runner does: in bash, with inputs as variables."""
    job = yaml.safe_load(WORKFLOW.read_text("utf-8"))["jobs"]["contract"]
    assert job["permissions"] == {"contents": "read"}
    assert job["env"]["BASE"] == "${{ github.event.pull_request.base.sha }}"
    command = tmp_path / "bin" / "gen-client"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m gen_client "$@"\n')
    command.chmod(0o755)
    environment = {
        "PATH": f"{command.parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": SOURCES,
        "HOME": str(tmp_path),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
        "MODEL": "echo",
        "BASE": base,
        **dict.fromkeys(("CLARIFAI_PAT", "CLARIFAI_SESSION_TOKEN"), ""),
    }
    shell = ("bash", "--noprofile", "--norc", "-e", "-c")
    return {
        step["name"]: run(*shell, step["run"], cwd=folder, env=environment)
        for step in job["steps"]
        if "name" in step
    }


@pytest.mark.parametrize(
    ("old", "new", "code", "annotation", "summary"),
    [
        (
            "times",
            "count",
            1,
            "::error file=echo/1/model.py,line=8,title=breaking%3A parameter-renamed::",
            "is called `count` now",
        ),
        (
            "times: int = 2",
            "times: int = 2, end: str = '.'",
            0,
            "::warning file=echo/1/model.py,line=8,title=compatible",
            "repeat.end",
        ),
        (
            "Repeat a text.",
            "Repeat any text.",
            0,
            "::notice file=echo/1/model.py,line=8,",
            "description changed",
        ),
    ],
    ids=["renames", "adds", "documents"],
)
def test_a_pull_request_from_a_fork(
    upstream: Path, tmp_path: Path, old: str, new: str, code: int, annotation: str, summary: str
) -> None:
    fork = tmp_path / "fork"
    git(tmp_path, "clone", "--quiet", str(upstream), "fork")
    (fork / "echo" / "1" / "model.py").write_text(MODEL.replace(old, new))
    git(fork, "commit", "--quiet", "--all", "--message", "change")
    # What the action checks out: the pull request, merged into its target.
    git(upstream, "fetch", "--quiet", str(fork), "main:pull")
    base = git(upstream, "rev-parse", "main")
    git(upstream, "switch", "--quiet", "--detach", "main")
    git(upstream, "merge", "--quiet", "--no-ff", "--message", "merge", "pull")
    done = run_steps(upstream, base, tmp_path)
    assert done["Summary"].returncode == 0
    assert summary in (tmp_path / "summary.md").read_text("utf-8")
    assert done["Annotations"].returncode == code, done["Annotations"]
    assert done["Annotations"].stdout.startswith(annotation)
    assert done["Annotations"].stderr == ""


def test_a_base_that_was_not_fetched_is_no_clean_result(upstream: Path, tmp_path: Path) -> None:
    done = run_steps(upstream, "0" * 40, tmp_path)
    assert done["Annotations"].returncode == 2
    assert "is not a revision" in done["Annotations"].stderr


def test_the_hook_refuses_what_the_upload_refuses(
    upstream: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Runs pre-commit itself on our manifest; only installing the hook's environment is left out."""
    monkeypatch.chdir(upstream)
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    shutil.copy(ROOT / ".pre-commit-hooks.yaml", hooks)
    git(hooks, "init", "--quiet")
    git(hooks, "add", "--all")
    git(hooks, "commit", "--quiet", "--message", "hooks")
    hook = {"id": "gen-client-contract", "language": "system", "additional_dependencies": []}
    repo = {"repo": str(hooks), "rev": git(hooks, "rev-parse", "HEAD"), "hooks": [hook]}
    Path(".pre-commit-config.yaml").write_text(yaml.safe_dump({"repos": [repo]}))
    git(upstream, "add", "--all")
    environment = {
        "PRE_COMMIT_HOME": str(tmp_path / "home"),
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": SOURCES,
    }
    command = (sys.executable, "-m", "pre_commit", "run", "--all-files")
    clean = run(*command, env=environment)
    assert clean.returncode == 0, clean.stdout
    assert "Passed" in clean.stdout
    model = upstream / "echo" / "1" / "model.py"
    model.write_text(MODEL.replace("text: str", "text: 'str'"))
    failed = run(*command, env=environment)
    assert failed.returncode == 1
    assert "echo/1/model.py:8: error: repeat.text: the annotation is text: 'str'" in failed.stdout
    model.write_text(MODEL.replace("    @ModelClass", "    @torch.no_grad()\n    @ModelClass"))
    lost = run(*command, env=environment)
    assert "the upload loses the method" in lost.stdout
