"""Work files have names that can be foreseen: whatever is there already is neither followed, nor used, nor emptied."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gen_client import cli
from gen_client.diagnostics import Refusal
from gen_client.layout import FIRST_LINE
from gen_client.output import write
from gen_client.output.work_files import replace_file

URL = "user/app/models/detector"
FILES = {"client.py": f"{FIRST_LINE}\n", "signatures.json": "{}"}
Obstacle = Callable[[Path, Path], None]


def link_to(path: Path, target: Path) -> None:
    path.symlink_to(target)


def hard_link_to(path: Path, target: Path) -> None:
    path.hardlink_to(target)


def pipe(path: Path, _: Path) -> None:
    os.mkfifo(path)


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file outside the repository that must stay as it is."""
    (repository := tmp_path / "repository").mkdir()
    (repository / ".git").mkdir()
    monkeypatch.chdir(repository)
    file = tmp_path / "mine"
    file.write_text("mine")
    file.chmod(0o600)
    return file


def is_untouched(mine: Path) -> bool:
    return mine.read_text() == "mine" and mine.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("obstacle", [link_to, hard_link_to, pipe])
@pytest.mark.parametrize("name", [".pyproject.toml.gen-client", "pyproject.toml.tmp"])
def test_init_opens_no_file_that_exists(mine: Path, name: str, obstacle: Obstacle) -> None:
    obstacle(Path(name), mine)
    Path("pyproject.toml").write_text("[project]\nname = 'x'\n")
    assert cli.main(["init", URL, "--quiet"]) == 0
    assert URL in Path("pyproject.toml").read_text()
    assert not Path("pyproject.toml").is_symlink()
    assert is_untouched(mine)


def test_init_does_not_write_through_a_link(mine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine.write_text("")
    Path("pyproject.toml").symlink_to(mine)
    assert cli.main(["init", URL]) == 2
    assert "symbolic link" in capsys.readouterr().err
    assert mine.read_text() == ""
    assert Path("pyproject.toml").is_symlink()


def test_a_file_that_cannot_be_replaced_leaves_no_work_file(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="regular file"):
        replace_file(tmp_path / "folder", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_a_replaced_file_keeps_its_mode_and_a_new_one_has_the_usual(tmp_path: Path) -> None:
    (tmp_path / "usual").write_bytes(b"")
    (tmp_path / "old").write_bytes(b"old")
    (tmp_path / "old").chmod(0o640)
    replace_file(tmp_path / "new", b"new")
    replace_file(tmp_path / "old", b"new")
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    assert modes == {"usual": modes["usual"], "new": modes["usual"], "old": 0o640}


def expect_refusal(out: Path) -> None:
    with pytest.raises(Refusal, match="cannot be written") as caught:
        write.write_package(out, "pkg", FILES)
    assert caught.value.diagnostic.exit_code == 2
    assert not (out / "pkg").exists()


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o1777, 0o702])
def test_a_work_folder_that_others_may_write_into_is_refused(tmp_path: Path, mode: int) -> None:
    work = tmp_path / ".pkg.gen-client"
    work.mkdir()
    work.chmod(mode)
    (work / "theirs").write_text("theirs")
    expect_refusal(tmp_path)
    assert (work / "theirs").read_text() == "theirs"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a folder of another user")
def test_a_work_folder_of_another_user_is_refused(tmp_path: Path) -> None:
    work = tmp_path / ".pkg.gen-client"
    work.mkdir()
    (work / "theirs").write_text("theirs")
    os.chown(work, 65534, 65534)
    expect_refusal(tmp_path)
    assert (work / "theirs").read_text() == "theirs"


def test_nobody_else_can_lock_the_work_folder(tmp_path: Path) -> None:
    """The run sees the mode of its own work folder: nobody else can open it, so nobody can lock it."""
    modes: list[int] = []
    work = tmp_path / ".pkg.gen-client"

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if event == "fcntl.flock" and work.exists():
            modes.append(work.stat().st_mode & 0o777)

    work.mkdir(mode=0o755)
    sys.addaudithook(hook)
    write.write_package(tmp_path, "pkg", FILES)
    assert modes == [0o700]
    assert [path.name for path in tmp_path.iterdir()] == ["pkg"]


def test_init_in_a_hostile_checkout_overwrites_nothing(tmp_path: Path) -> None:
    """The whole command in a process of its own, on a clone of a branch that has the link."""
    (origin := tmp_path / "origin").mkdir()
    target = tmp_path / "bashrc"
    target.write_text("# mine\n")
    (origin / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    (origin / ".pyproject.toml.gen-client").symlink_to(target)
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.com"]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "branch"]):
        subprocess.run([*git, *words], cwd=origin, check=True)
    subprocess.run(["git", "clone", "-q", str(origin), str(tmp_path / "checkout")], check=True)
    command = [sys.executable, "-m", "gen_client", "init", URL]
    done = subprocess.run(command, cwd=tmp_path / "checkout", capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert target.read_text() == "# mine\n"
