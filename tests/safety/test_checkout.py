"""What a checkout brings along is a stranger's: other repositories, bytecode, caches, environments, modules."""

from __future__ import annotations

import importlib.util
import json
import marshal
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from gen_client import cli
from gen_client.cache import Cache
from gen_client.diagnostics import Refusal
from gen_client.naming import packages
from gen_client.source.git import list_tracked_bytecode
from support import ROOT

URL = "u/a/models/m"
CONFIGURATION = f'[tool.gen-client]\nout = "pkg"\n[[tool.gen-client.models]]\nurl = "{URL}"\n'
CHECK = ["--check", "--offline", "--no-cache", "--quiet"]
PWN = "\nopen('PWNED', 'w').close()\n"


def write_signatures(path: Path, parameter: str = "prompt") -> None:
    signature = {
        "name": "predict",
        "method_type": "UNARY_UNARY",
        "input_fields": [{"name": parameter, "type": "STR", "required": True}],
        "output_fields": [{"name": "return", "type": "STR"}],
    }
    model = {"user_id": "u", "app_id": "a", "model_id": "m"}
    path.write_text(json.dumps({"model": model, "method_signatures": [signature]}))


def git(folder: Path, *words: str) -> None:
    settings = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "core.autocrlf=false"]
    subprocess.run(["git", *settings, *words], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a package that is up to date, as the working folder."""
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    monkeypatch.chdir(folder)
    (folder / "pyproject.toml").write_text(CONFIGURATION)
    generate(folder)
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "base")
    assert cli.main(CHECK) == 0
    list_tracked_bytecode.cache_clear()
    return folder


def generate(folder: Path, parameter: str = "prompt") -> None:
    write_signatures(folder / "s.json", parameter)
    assert cli.main(["--signatures", "s.json", "--out", "pkg", "--no-cache", "--quiet"]) == 0


# Bytecode


def write_bytecode(module: Path, header: bytes) -> Path:
    """Write bytecode of other code than the module's into its cache."""
    code = compile(module.read_text() + PWN, str(module), "exec", dont_inherit=True)
    file = Path(importlib.util.cache_from_source(str(module)))
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(importlib.util.MAGIC_NUMBER + header + marshal.dumps(code))
    return file


def hash_header(module: Path, flags: int) -> bytes:
    return flags.to_bytes(4, "little") + importlib.util.source_hash(module.read_bytes())


def time_header(module: Path) -> bytes:
    status = module.stat()
    numbers = (0, int(status.st_mtime), status.st_size)
    return b"".join((number & 0xFFFFFFFF).to_bytes(4, "little") for number in numbers)


def runs_other_code(repository: Path) -> bool:
    """Return whether importing the package runs the bytecode of others, which it does unless that is refused."""
    command = [sys.executable, "-B", "-c", "import m"]
    environment = {**os.environ, "PYTHONPATH": str(repository / "pkg")}
    subprocess.run(command, cwd=repository, env=environment, check=True)
    return (repository / "PWNED").exists()


@pytest.mark.parametrize("flags", [1, 3])
def test_bytecode_that_states_a_hash_is_foreign(
    repository: Path, flags: int, capsys: pytest.CaptureFixture[str]
) -> None:
    module = repository / "pkg" / "m" / "client.py"
    write_bytecode(module, hash_header(module, flags))
    assert runs_other_code(repository)
    assert cli.main(CHECK) == 1
    assert "client.cpython" in capsys.readouterr().out
    assert cli.main(["doctor", "pkg/m"]) == 1
    assert cli.main(["--offline", "--no-cache"]) == 2
    assert "remove it" in capsys.readouterr().err


def test_bytecode_that_the_repository_tracks_is_foreign(repository: Path) -> None:
    """Its time can be foreseen: some jobs give each file the time of its commit."""
    module = repository / "pkg" / "m" / "client.py"
    os.utime(module, (1_700_000_000, 1_700_000_000))
    write_bytecode(module, time_header(module))
    git(repository, "add", "-Af", ".")
    git(repository, "commit", "-qm", "x")
    assert runs_other_code(repository)
    assert cli.main(CHECK) == 1


def test_a_link_for_the_cache_folder_is_foreign(repository: Path) -> None:
    module = repository / "pkg" / "m" / "client.py"
    file = write_bytecode(module, time_header(module))
    file.parent.rename(repository / "elsewhere")
    file.parent.symlink_to(repository / "elsewhere")
    assert cli.main(CHECK) == 1


def test_pythons_own_bytecode_is_no_obstacle(repository: Path) -> None:
    command = [sys.executable, "-c", "import m, m.examples"]
    environment = {
        **os.environ,
        "PYTHONPATH": str(repository / "pkg"),
        "PYTHONDONTWRITEBYTECODE": "",
    }
    subprocess.run(command, cwd=repository, env=environment, check=True)
    assert list((repository / "pkg" / "m" / "__pycache__").glob("*.pyc"))
    assert cli.main(CHECK) == 0
    assert cli.main(["--offline", "--no-cache", "--quiet"]) == 0


# Caches


def test_a_cache_inside_the_checkout_is_not_used(
    repository: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    check = ["--check", "--offline", "--quiet"]
    (tmp_path / "link").symlink_to(repository)
    for folder in (repository / ".cache", repository / "deep" / "er", tmp_path / "link" / "cache"):
        monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
        assert cli.main(check) == 0
        assert not folder.exists()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "private"))
    assert cli.main(check) == 0
    assert (tmp_path / "private").exists()


def test_a_forged_entry_in_the_checkout_counts_for_nothing(
    repository: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The entry is genuine but for the hash of a client with other code."""
    import hashlib

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert cli.main(["--check", "--offline", "--quiet"]) == 0
    client = repository / "pkg" / "m" / "client.py"
    client.write_text(client.read_text() + PWN)
    for entry in (tmp_path / "cache").rglob("*.json"):
        content = json.loads(entry.read_text())
        content["files"]["client.py"] = hashlib.sha256(client.read_bytes()).hexdigest()
        entry.write_text(json.dumps(content))
    assert cli.main(["--check", "--offline", "--quiet"]) == 0, "the forged entry is one"
    (tmp_path / "cache").rename(repository / "cache")
    monkeypatch.setenv("XDG_CACHE_HOME", str(repository / "cache"))
    assert cli.main(["--check", "--offline", "--quiet"]) == 1


def test_a_cache_in_another_repository_is_not_used(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    (tmp_path / "cache").mkdir(mode=0o700)
    assert Cache(tmp_path / "cache").get("0" * 64) is None


# Repositories


@pytest.mark.parametrize("place", ["pkg", "pkg/m"])
def test_diff_asks_the_repository_of_the_checkout(repository: Path, place: str) -> None:
    """Files called HEAD, config, objects and refs make a repository of a folder, and a branch can have them."""
    git(repository, "checkout", "-qb", "change")
    generate(repository, "renamed")
    git(repository, "commit", "-qam", "change")
    assert cli.main(["diff", "--base", "main", "--quiet"]) == 1
    forged = repository.parent / "forged.git"
    git(repository, "clone", "-q", "--bare", ".", str(forged))
    git(forged, "update-ref", "refs/heads/main", "change")
    for name in ("HEAD", "objects", "refs", "config"):
        (forged / name).rename(repository / place / name)
    (repository / place / "config").write_text(
        "[core]\n\trepositoryformatversion = 0\n\tbare = false\n\tworktree = .\n"
    )
    assert cli.main(["diff", "--base", "main", "--quiet"]) == 1
    assert cli.main(["diff", "pkg/m", "--base", "main", "--quiet"]) == 1


def test_diff_runs_no_program_of_a_repositorys_configuration(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even by a git that does not know GIT_NO_LAZY_FETCH."""
    real = subprocess.run(["which", "git"], capture_output=True, text=True, check=True).stdout
    (tmp_path / "bin").mkdir()
    old = tmp_path / "bin" / "git"
    old.write_text(f'#!/bin/sh\nunset GIT_NO_LAZY_FETCH\nexec {real.strip()} "$@"\n')
    old.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    with (repository / ".git" / "config").open("a") as config:
        config.write(
            "[core]\n\trepositoryformatversion = 1\n[extensions]\n\tpartialClone = origin\n"
            f'[remote "origin"]\n\turl = "ext::touch {tmp_path}/PWNED"\n\tpromisor = true\n'
            '[protocol "ext"]\n\tallow = always\n'
            f"[core]\n\tfsmonitor = touch {tmp_path}/PWNED\n"
        )
    (repository / ".git" / "refs" / "heads" / "gone").write_text("1" * 40 + "\n")
    assert cli.main(["diff", "--base", "gone", "--quiet"]) == 2
    assert not (tmp_path / "PWNED").exists()


# Where imports stand


@pytest.mark.parametrize(
    ("file", "line", "before"),
    [
        ("__init__.py", "from clarigen import wire\n", "__all__ ="),
        ("client.py", "from __future__ import annotations\n", "from clarigen.wire"),
        ("client.py", "from __future__ import annotations\n", "class M(Client"),
        ("examples.py", "from clarigen.examples import main\n", "if __name__"),
    ],
)
def test_an_import_that_was_moved_behind_its_use_is_an_edit(
    repository: Path, file: str, line: str, before: str
) -> None:
    path = repository / "pkg" / "m" / file
    text = path.read_text()
    assert line in text
    text = text.replace(line, "", 1)
    position = text.find(before)
    position = position if position >= 0 else text.index("class ")
    path.write_text(f"{text[:position]}{line}{text[position:]}")
    assert cli.main(CHECK) == 1


def test_imports_that_a_formatter_sorted_pass(repository: Path) -> None:
    path = repository / "pkg" / "m" / "client.py"
    lines = path.read_text().split("\n")
    first = next(n for n, line in enumerate(lines) if line.startswith("from collections"))
    last = next(n for n, line in enumerate(lines) if line.startswith("_MODEL"))
    imports = [line for line in lines[first:last] if line]
    path.write_text("\n".join([*lines[:first], *reversed(imports), "", *lines[last:]]))
    assert cli.main(CHECK) == 0


# Where packages go, and what they are called


@pytest.mark.parametrize(
    "out",
    [
        "venv",
        "venv/lib/python3.11/site-packages",
        "lib/site-packages",
        "lib/Site-Packages/deep",
        "usr/dist-packages",
        "conda/lib",
        "pkg/m/__pycache__",
        "link",
    ],
)
def test_no_package_goes_into_an_environment(
    repository: Path, out: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (repository / "venv" / "lib").mkdir(parents=True)
    (repository / "venv" / "pyvenv.cfg").write_text("")
    (repository / "conda" / "conda-meta").mkdir(parents=True)
    (repository / "link").symlink_to("venv/lib")
    Path("pyproject.toml").write_text(CONFIGURATION.replace('"pkg"', f'"{out}"'))
    assert cli.main(["--offline"]) == 2
    assert "environment of Python" in capsys.readouterr().err
    assert not list(repository.rglob("venv/**/*.py"))


@pytest.mark.parametrize(
    "name",
    ["typing", "sitecustomize", "usercustomize", "pip", "yaml", "Typing", "clarigen", "json"],
)
def test_no_package_hides_a_module_that_others_import(name: str) -> None:
    with pytest.raises(Refusal, match="hide") as caught:
        packages.check_package_name(name)
    assert caught.value.diagnostic.exit_code == 2
    assert packages.package_name_from_id(name) == f"{name.lower()}_model"


# The action


def test_the_action_runs_nothing_of_the_checkout(tmp_path: Path) -> None:
    """Its first step as it is, but for the installation, in a checkout with modules that venv and pip import."""
    steps = yaml.safe_load((ROOT / "action.yml").read_text())["runs"]["steps"]
    install = next(step["run"] for step in steps if "venv" in step.get("run", ""))
    script = install.split("pip install")[0] + "pip --version\n"
    (checkout := tmp_path / "checkout").mkdir()
    for name in ("venv.py", "logging.py", "ensurepip.py", "pip.py", "sitecustomize.py"):
        (checkout / name).write_text(
            f"open({str(tmp_path / 'PWNED')!r}, 'w').close()\nraise SystemExit(1)\n"
        )
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").symlink_to(sys.executable)
    environment = {
        **os.environ,
        "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}",
        "RUNNER_TEMP": str(tmp_path),
        "GITHUB_ACTION_PATH": str(ROOT),
    }
    command = ["bash", "-eo", "pipefail", "-c", script]
    done = subprocess.run(command, cwd=checkout, env=environment, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "PWNED").exists()


def test_the_action_reads_arguments_on_several_lines() -> None:
    steps = yaml.safe_load((ROOT / "action.yml").read_text())["runs"]["steps"]
    script = next(step["run"] for step in steps if "ARGUMENTS" in step.get("env", {}))
    script = script.replace('"$RUNNER_TEMP/gen-client/bin/gen-client"', "printf '%s|'")
    for text in (
        "--offline --check",
        "--offline\n--check\n",
        " --offline\n\n\t--check",
    ):
        environment = {**os.environ, "ARGUMENTS": text}
        command = ["bash", "-eo", "pipefail", "-c", script]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        assert done.stdout == "--offline|--check|"


# A model's folder


def write_model(folder: Path, parameter: str) -> None:
    (folder / "1").mkdir(parents=True, exist_ok=True)
    (folder / "1" / "model.py").write_text(
        "from clarifai.runners.models.model_class import ModelClass\n\n\nclass M(ModelClass):\n"
        f"    @ModelClass.method\n    def predict(self, {parameter}: str) -> str:\n        return ''\n"
    )


@pytest.fixture
def author(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a model's folder, whose present branch renames a parameter elsewhere."""
    folder = tmp_path / "author"
    write_model(folder / "model", "prompt")
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "base")
    monkeypatch.chdir(folder)
    write_model(folder / "other", "renamed")
    return folder


CONTRACT = ["contract", "model", "--base", "main"]


@pytest.mark.parametrize("link", ["model", "model/1", "model/1/model.py"])
def test_a_link_does_not_make_a_changed_model_a_new_one(
    author: Path, link: str, capsys: pytest.CaptureFixture[str]
) -> None:
    place = author / link
    place.rename(author.parent / "old")
    place.symlink_to(author / "other" / link.removeprefix("model").lstrip("/"))
    assert cli.main(CONTRACT) == 1
    assert "`renamed`" in capsys.readouterr().out


@pytest.mark.parametrize("way", ["link", "above"])
def test_a_link_into_another_repository_does_not_choose_the_base(author: Path, way: str) -> None:
    """Such as a submodule, in which a branch decides what its main has."""
    other = author / "other"
    git(other, "init", "-q", "-b", "main")
    git(other, "add", "-A")
    git(other, "commit", "-qm", "forged")
    if way == "link":
        (author / "model").rename(author.parent / "old")
        (author / "model").symlink_to(other)
        assert cli.main(CONTRACT) == 1
    else:
        write_model(other / "model", "renamed")
        git(other, "add", "-A")
        git(other, "commit", "-qm", "forged")
        (author / "models").symlink_to(other)
        assert cli.main(["contract", "models/model", "--base", "main"]) == 0, "it is new"


def test_links_of_the_base_are_followed(author: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (author / "same").symlink_to("model")
    git(author, "add", "-A")
    git(author, "commit", "-qm", "a link")
    write_model(author / "model", "renamed")
    assert cli.main(["contract", "same", "--base", "HEAD"]) == 1
    assert "`renamed`" in capsys.readouterr().out


def test_a_hook_of_another_repository_does_not_choose_the_base(
    author: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(tmp_path, "init", "-q", "elsewhere")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere" / ".git"))
    write_model(author / "model", "renamed")
    assert cli.main(CONTRACT) == 1


def test_a_source_that_has_no_end_is_refused(
    author: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (author / "model" / "model.py").symlink_to("/dev/zero")
    assert cli.main(CONTRACT) == 2
    assert "it is not a file" in capsys.readouterr().err
