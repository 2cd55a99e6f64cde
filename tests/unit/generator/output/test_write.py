"""Writing a package: all of it or nothing, whatever happens meanwhile, and no foreign file is lost."""

from __future__ import annotations

import fcntl
import os
import stat
import sys
import threading
from pathlib import Path

import pytest

from gen_client.diagnostics import Refusal
from gen_client.layout import FIRST_LINE, HEAD
from gen_client.output import renameat, write
from support import ROOT, file_stamps, run_python

FILES = {
    "__init__.py": f"{FIRST_LINE}\nx = 1\n",
    "client.py": f"{FIRST_LINE}\ny = 1\n",
    "py.typed": "",
    "signatures.json": '{"format": 1, "method_signatures": []}\n',
}
NEWER = {**FILES, "client.py": f"{FIRST_LINE}\ny = 2\n", "__init__.py": f"{FIRST_LINE}\nx = 2\n"}


def read_files(folder: Path) -> dict[str, str]:
    """Return the text of each file below a folder, by relative path."""
    return {
        str(file.relative_to(folder)): file.read_text()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def expect_refusal(
    out: Path, files: dict[str, str] = FILES, *, name: str = "pkg", force: bool = False
) -> str:
    """Expect that writing is refused and changes nothing; return the message."""
    before = read_files(out)
    with pytest.raises(Refusal) as caught:
        write.write_package(out, name, files, force=force)
    assert caught.value.diagnostic.exit_code == 2
    assert before == read_files(out)
    return str(caught.value.diagnostic)


def test_generated_files_start_with_the_first_line() -> None:
    assert HEAD.startswith(f"{FIRST_LINE}\n")


def test_a_new_package_is_written_whole(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "er"
    assert write.write_package(out, "pkg", FILES) == [out / "pkg" / name for name in FILES]
    assert read_files(out) == {f"pkg/{name}": text for name, text in FILES.items()}


def test_a_new_package_has_the_usual_permissions(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    write.write_package(tmp_path, "pkg", FILES)
    assert stat.S_IMODE((tmp_path / "pkg").stat().st_mode) == stat.S_IMODE(
        (tmp_path / "mine").stat().st_mode
    )


def test_an_unchanged_run_touches_nothing(tmp_path: Path) -> None:
    write.write_package(tmp_path, "pkg", FILES)
    before = file_stamps([tmp_path, *tmp_path.rglob("*")])
    assert write.write_package(tmp_path, "pkg", FILES) == []
    assert file_stamps(before) == before


def test_only_changed_files_are_touched(tmp_path: Path) -> None:
    write.write_package(tmp_path, "pkg", FILES)
    package = tmp_path / "pkg"
    for name in FILES:
        os.utime(package / name, (1, 1))
    (package / "__pycache__").mkdir()
    assert write.write_package(tmp_path, "pkg", NEWER) == [
        package / "__init__.py",
        package / "client.py",
    ]
    assert [name for name in FILES if (package / name).stat().st_mtime == 1] == [
        "py.typed",
        "signatures.json",
    ]
    assert read_files(tmp_path) == {f"pkg/{name}": text for name, text in NEWER.items()}


def test_a_missing_file_is_written_again(tmp_path: Path) -> None:
    write.write_package(tmp_path, "pkg", FILES)
    (tmp_path / "pkg" / "py.typed").unlink()
    assert write.write_package(tmp_path, "pkg", FILES) == [tmp_path / "pkg" / "py.typed"]


def test_without_an_exchange_of_folders_files_are_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write, "exchange_folders", lambda first, second: False)
    write.write_package(tmp_path, "pkg", FILES)
    (tmp_path / "pkg" / ".notes").write_text("mine")
    write.write_package(tmp_path, "pkg", NEWER)
    assert read_files(tmp_path / "pkg") == {**NEWER, ".notes": "mine"}
    assert [entry.name for entry in tmp_path.iterdir()] == ["pkg"]


def test_without_links_files_are_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_link(*_: object, **__: object) -> None:
        raise OSError("no links here")

    monkeypatch.setattr(os, "link", no_link)
    write.write_package(tmp_path, "pkg", FILES)
    os.utime(tmp_path / "pkg" / "py.typed", (1, 1))
    write.write_package(tmp_path, "pkg", NEWER)
    assert read_files(tmp_path / "pkg") == NEWER
    assert (tmp_path / "pkg" / "py.typed").stat().st_mtime == 1


def test_an_impossible_exchange_returns_false(tmp_path: Path) -> None:
    assert not renameat.exchange_folders(tmp_path / "no", tmp_path / "nothing")


# Foreign files


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("notes.txt", "mine"),
        ("client.py", "print('mine')\n"),
        ("client.py", ""),
        ("signatures.json", "{}"),
        ("signatures.json", "[" * 100_000),
        ("py.typed", "partial\n"),
        ("more.py", f"{FIRST_LINE}\n"),
        ("sub/thing.py", "mine"),
    ],
)
def test_foreign_files_are_refused_and_kept_by_force(tmp_path: Path, name: str, text: str) -> None:
    write.write_package(tmp_path, "pkg", FILES)
    file = tmp_path / "pkg" / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)
    message = expect_refusal(tmp_path, NEWER)
    assert name.split("/", maxsplit=1)[0] in message
    assert "not written by gen-client" in message
    write.write_package(tmp_path, "pkg", NEWER, force=True)
    assert read_files(tmp_path / "pkg") == {name: text, **NEWER}


def test_hidden_files_and_caches_are_no_obstacle(tmp_path: Path) -> None:
    write.write_package(tmp_path, "pkg", FILES)
    (tmp_path / "pkg" / ".keep").write_text("")
    (tmp_path / "pkg" / ".cache" / "deep").mkdir(parents=True)
    (tmp_path / "pkg" / ".cache" / "deep" / "file").write_text("x")
    write.write_package(tmp_path, "pkg", NEWER)
    assert read_files(tmp_path / "pkg") == {".keep": "", ".cache/deep/file": "x", **NEWER}


def test_an_edited_generated_file_is_written_again(tmp_path: Path) -> None:
    write.write_package(tmp_path, "pkg", FILES)
    with (tmp_path / "pkg" / "client.py").open("a") as file:
        file.write("edited = True\n")
    write.write_package(tmp_path, "pkg", FILES)
    assert read_files(tmp_path / "pkg") == FILES


def test_a_file_instead_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pkg").write_text("mine")
    for force in (False, True):
        assert "is a file" in expect_refusal(tmp_path, force=force)


def test_a_folder_instead_of_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pkg" / "client.py").mkdir(parents=True)
    for force in (False, True):
        assert "is a folder" in expect_refusal(tmp_path, force=force)


@pytest.mark.parametrize("out", ["file", "file/deeper", "/proc/nothing", "x" * 300])
def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path, out: str) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(Refusal, match="cannot be written") as caught:
        write.write_package(tmp_path / out, "pkg", FILES)
    assert str(caught.value).replace("\n", "").isprintable()
    assert read_files(tmp_path) == {"file": "mine"}


def test_links_are_not_followed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "client.py").write_text(f"{FIRST_LINE}\n# theirs\n")
    out = tmp_path / "out"
    out.mkdir()
    (out / "pkg").symlink_to(elsewhere)
    for force in (False, True):
        assert "symbolic link" in expect_refusal(out, force=force)
    (out / "pkg").unlink()
    write.write_package(out, "pkg", FILES)
    (out / "pkg" / "client.py").unlink()
    (out / "pkg" / "client.py").symlink_to(elsewhere / "client.py")
    expect_refusal(out)
    write.write_package(out, "pkg", FILES, force=True)
    assert read_files(out / "pkg") == FILES
    assert not (out / "pkg" / "client.py").is_symlink()
    assert read_files(elsewhere) == {"client.py": f"{FIRST_LINE}\n# theirs\n"}


def test_a_link_instead_of_the_work_folder_is_not_followed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "file").write_text("mine")
    (tmp_path / ".pkg.gen-client").symlink_to(elsewhere)
    expect_refusal(tmp_path)
    assert read_files(elsewhere) == {"file": "mine"}


def test_two_runs_at_once_wait_for_each_other(tmp_path: Path) -> None:
    write.write_package(tmp_path, "pkg", FILES)
    problems: list[Exception] = []

    def run(files: dict[str, str]) -> None:
        try:
            for _ in range(20):
                write.write_package(tmp_path, "pkg", files)
        except Exception as problem:  # noqa: BLE001  asserted in the main thread
            problems.append(problem)

    runs = [threading.Thread(target=run, args=(files,)) for files in (FILES, NEWER, FILES, NEWER)]
    for thread in runs:
        thread.start()
    for thread in runs:
        thread.join()
    assert not problems
    assert read_files(tmp_path) in (
        {f"pkg/{name}": text for name, text in files.items()} for files in (FILES, NEWER)
    )


def test_a_run_that_waited_for_another_compares_again(tmp_path: Path) -> None:
    """The other run changed a file that was up to date when this one began."""
    write.write_package(tmp_path, "pkg", FILES)
    work = tmp_path / ".pkg.gen-client"
    work.mkdir()
    lock = os.open(work, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    waiting = threading.Event()

    def hook(event: str, _: object) -> None:
        if event == "fcntl.flock" and threading.current_thread() is run:
            waiting.set()

    run = threading.Thread(target=write.write_package, args=(tmp_path, "pkg", NEWER))
    sys.addaudithook(hook)
    (tmp_path / "pkg" / "client.py").write_text(NEWER["client.py"])
    run.start()
    assert waiting.wait(10)
    (tmp_path / "pkg" / "client.py").write_text(FILES["client.py"])
    os.close(lock)
    run.join()
    assert read_files(tmp_path / "pkg") == NEWER


# Crashes

CRASHES = """
import os, sys
from pathlib import Path
from gen_client.output import write
from unit.generator.output.test_write import FILES, NEWER, read_files

def dies_at(moment, out):
    child = os.fork()
    if child == 0:
        remaining = [moment]
        def hook(event, arguments):
            if event.startswith(("os.", "shutil.", "open", "fcntl.", "ctypes.")):
                remaining[0] -= 1
                if remaining[0] == 0:
                    os._exit(9)
        sys.addaudithook(hook)
        write.write_package(out, "pkg", NEWER)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9

moment = 1
base = Path(sys.argv[1])
while True:
    new, again = base / f"new{moment}", base / f"again{moment}"
    write.write_package(again, "pkg", FILES)
    (again / "pkg" / ".mine").write_text("mine")
    died = [dies_at(moment, new), dies_at(moment, again)]
    package = new / "pkg"
    assert not package.exists() or read_files(package) == NEWER, (moment, read_files(new))
    assert read_files(again / "pkg") in ({**FILES, ".mine": "mine"}, {**NEWER, ".mine": "mine"}), (moment, read_files(again))
    write.write_package(new, "pkg", NEWER)
    write.write_package(again, "pkg", NEWER)
    assert read_files(new) == {f"pkg/{name}": text for name, text in NEWER.items()}
    if any(died):
        write.write_package(again, "pkg", FILES)
        assert read_files(again) == {"pkg/.mine": "mine", **{f"pkg/{name}": text for name, text in FILES.items()}}
    else:
        break
    moment += 1
print(moment)
"""


def test_a_crash_at_any_moment_leaves_the_old_package_or_the_new_one(tmp_path: Path) -> None:
    tests = str(ROOT / "tests")
    done = run_python(f"import sys; sys.path.append({tests!r})\n{CRASHES}", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 15
