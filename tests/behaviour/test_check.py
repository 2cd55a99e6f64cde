"""`--check`, `--diff`, `--offline` and `--frozen`: which files are out of date, why, and which command fixes them."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import jsonschema
import pytest

from clarigen import wire
from gen_client import cache, cli, pipeline
from gen_client.custom_templates import CustomTemplates
from gen_client.diagnostics import Report
from gen_client.jobs import Package
from gen_client.output.causes import Cause
from gen_client.source import Document
from support import CORPUS, ROOT, file_stamps, run_python

SIGNATURES = CORPUS / "docs" / "detector.json"
SCHEMA = ROOT / "codegen" / "gen_client" / "schemas" / "check.schema.json"
CLIENT = "detector/client.py"
LOCK = "detector/signatures.json"


@dataclass(frozen=True)
class RunResult:
    """The exit code and the output of a run."""

    code: int
    out: list[str]
    err: list[str]


Run = Callable[..., RunResult]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return a function that runs the command in an empty folder, with a signature file as its model."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    Path("model.json").write_bytes(SIGNATURES.read_bytes())

    def command(*words: str, source: tuple[str, ...] = ("--signatures", "model.json")) -> RunResult:
        capsys.readouterr()
        code = cli.main([*source, *words])
        out, err = capsys.readouterr()
        assert "a bug" not in err
        return RunResult(code, out.splitlines(), err.splitlines())

    assert command().code == 0
    return command


def change_signatures(change: Callable[[Any], None], file: str = "model.json") -> None:
    """Change a signature file: that of the model, or a lock."""
    content = json.loads(Path(file).read_text())
    change(content)
    Path(file).write_text(json.dumps(content))


def remove_parameter(content: Any) -> None:
    del content["method_signatures"][0]["input_fields"][-1]


def edit(file: str, old: str, new: str) -> None:
    """Replace a text in a file, as a person would."""
    text = Path(file).read_text()
    assert old in text
    Path(file).write_text(text.replace(old, new))


def test_an_up_to_date_package_passes(run: Run) -> None:
    before = file_stamps(Path("detector").rglob("*"))
    for words in (["--check"], ["--check", "--no-cache"], ["--diff"], ["--frozen"], []):
        assert run(*words) == RunResult(0, [], ["gen-client: detector is up to date"])
    assert run("--check", "--quiet") == RunResult(0, [], [])
    assert file_stamps(before) == before


def test_a_changed_model_is_the_cause(run: Run) -> None:
    change_signatures(remove_parameter)
    before = file_stamps(Path("detector").rglob("*"))
    result = run("--check")
    assert result.code == 1
    assert result.out[0] == f"{CLIENT}: the model changed"
    assert f"{LOCK}: the model changed" in result.out
    assert result.err == ["gen-client: to fix: gen-client --signatures model.json"]
    assert file_stamps(before) == before


def test_a_changed_model_is_described(run: Run) -> None:
    """As `diff` does, so that nobody has to ask twice."""
    change_signatures(remove_parameter)
    lines = run("--check").out
    start = lines.index("detector: 1 breaking")
    assert lines[start + 1].startswith("  breaking       ")
    assert "was removed" in lines[start + 1]


def test_a_check_is_json_for_scripts(run: Run) -> None:
    def read(*words: str) -> tuple[int, Any]:
        result = run("--check", "--format", "json", *words)
        content = json.loads("\n".join(result.out))
        jsonschema.validate(content, json.loads(SCHEMA.read_text("utf-8")))
        (package,) = content["packages"]
        return result.code, package

    code, package = read()
    assert (code, package["status"], package["files"]) == (0, "up-to-date", [])
    change_signatures(remove_parameter)
    code, package = read()
    assert (code, package["status"], package["folder"]) == (1, "out-of-date", "detector")
    assert {"file": "client.py", "cause": "the model changed", "is_accepted": False} in package[
        "files"
    ]
    assert package["summary"] == {"breaking": 1, "compatible": 0, "documentation": 0}
    assert [change["rule"] for change in package["changes"]] == ["parameter-removed"]
    Path("model.json").write_text("nothing")
    code, package = read()
    assert (code, package["status"], bool(package["error"])) == (4, "failed", True)


def test_an_edited_file_is_the_cause(run: Run) -> None:
    Path(CLIENT).write_text(Path(CLIENT).read_text() + "\nprint('hello')\n")
    result = run("--check")
    assert (result.code, result.out) == (1, [f"{CLIENT}: edited by hand"])


def test_an_edit_and_a_changed_model_are_distinguished(run: Run) -> None:
    Path("detector/__init__.py").write_text(Path("detector/__init__.py").read_text() + "\nX = 1\n")
    change_signatures(remove_parameter)
    result = run("--check")
    assert f"{CLIENT}: the model changed" in result.out
    assert "detector/__init__.py: edited by hand" in result.out


def test_the_lock_is_not_trusted(run: Run) -> None:
    """Anyone who edits a client can edit its lock, so the check fails whatever the lock says."""
    Path(CLIENT).write_text(Path(CLIENT).read_text() + "\nprint('hello')\n")
    for number in (0, 1, 7, -1):
        edited = json.loads(Path(LOCK).read_text()) | {
            "format": number,
            "files": {"client.py": "ok"},
        }
        Path(LOCK).write_text(json.dumps(edited, indent=2, sort_keys=True) + "\n")
        assert run("--check").code == (4 if number > wire.FORMAT else 1)


def test_an_edited_lock_is_the_cause(run: Run) -> None:
    change_signatures(remove_parameter, LOCK)
    result = run("--check")
    assert result.code == 1
    assert f"{LOCK}: edited by hand" in result.out
    Path(LOCK).write_text("nothing")
    assert f"{LOCK}: edited by hand" in run("--check").out
    Path(LOCK).unlink()
    assert run("--check").out == [f"{LOCK}: missing"]


@pytest.mark.parametrize("words", [("--check",), ("--frozen",), ()], ids=" ".join)
def test_a_lock_of_a_newer_gen_client_is_refused(run: Run, words: tuple[str, ...]) -> None:
    """The cause is not an edit: this gen-client is too old to compare."""
    change_signatures(lambda lock: lock.update(format=wire.FORMAT + 1), LOCK)
    for source in (("--signatures", "model.json"), ("--signatures", LOCK)):
        result = run(*words, source=(*source, "--name", "detector"))
        assert (result.code, result.out) == (4, [])
        assert "format: this lock was written by a newer gen-client" in result.err[0]
        assert "pip install -U 'clarigen[codegen]'" in result.err[1]
    assert json.loads(Path(LOCK).read_text())["format"] == wire.FORMAT + 1


def test_only_force_replaces_a_package_of_a_newer_gen_client(run: Run) -> None:
    expected = {path: path.read_bytes() for path in Path("detector").iterdir() if path.is_file()}
    change_signatures(lambda lock: lock.update(format=wire.FORMAT + 1), LOCK)
    Path(CLIENT).write_text(Path(CLIENT).read_text() + "# of a newer format\n")
    before = {path: path.read_bytes() for path in expected}
    assert run().code == 4
    assert {path: path.read_bytes() for path in expected} == before
    assert run("--check", "--force").code == run("--frozen", "--force").code == 4
    assert run("--force").code == 0
    assert {path: path.read_bytes() for path in expected} == expected


def test_a_changed_gen_client_is_the_cause(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "FORMAT", wire.FORMAT + 1)
    monkeypatch.setattr(cache, "hash_generator", lambda: "another")
    Path(CLIENT).write_text(Path(CLIENT).read_text().replace("Final = ", "Final[object] = "))
    result = run("--check")
    assert (result.code, result.out) == (
        1,
        [
            f"{file}: gen-client changed"
            for file in (CLIENT, "detector/__init__.py", "detector/signatures.json")
        ],
    )


@pytest.mark.parametrize(
    ("file", "change"),
    [
        (CLIENT, lambda text: text.replace("\n", "\r\n")),
        (CLIENT, lambda text: text.replace(" = ", "  =  ")),
        (CLIENT, lambda text: "\ufeff" + text),
        (LOCK, lambda text: "\ufeff" + text),
        (LOCK, lambda text: json.dumps(json.loads(text), indent=4)),
    ],
)
def test_a_reformatted_file_passes(run: Run, file: str, change: Callable[[str], str]) -> None:
    Path(file).write_bytes(change(Path(file).read_text()).encode())
    result = run("--check")
    assert (result.code, result.out) == (0, [])
    assert result.err[0] == f"gen-client: {file}: only reformatted"
    assert run().out == [file]


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("# fmt: off\n", ""),
        lambda text: text + "# a comment\n",
        lambda text: text.replace('    """', '    """Not '),
        lambda text: text.replace("from clarigen import", "from evil import"),
    ],
)
def test_a_file_that_is_not_only_reformatted_fails(run: Run, change: Callable[[str], str]) -> None:
    text = Path(CLIENT).read_text()
    assert change(text) != text
    Path(CLIENT).write_text(change(text))
    result = run("--check")
    assert (result.code, result.out) == (1, [f"{CLIENT}: edited by hand"])


def test_missing_and_foreign_files_are_reported(run: Run) -> None:
    Path("detector/examples.py").unlink()
    Path("detector/notes.txt").write_text("mine")
    result = run("--check")
    assert result.code == 1
    assert result.out == [
        "detector/examples.py: missing",
        "detector/notes.txt: not written by gen-client",
    ]
    assert result.err[-1].endswith(" --force")


def test_the_printed_command_fixes_everything(run: Run) -> None:
    """After the command of the last line has run, the check passes."""
    damages: list[Callable[[], object]] = [
        lambda: change_signatures(remove_parameter),
        lambda: Path(CLIENT).write_text("print('no head')\n"),
        lambda: Path(CLIENT).unlink(),
        lambda: Path(LOCK).unlink(),
        lambda: change_signatures(remove_parameter, LOCK),
    ]
    for damage in damages:
        damage()
        words = shlex.split(run("--check").err[-1].split("to fix: ")[1])
        assert words[0] == "gen-client"
        assert run(source=tuple(words[1:])).code == 0
        assert run("--check").code == 0


def test_diff_prints_a_unified_diff(run: Run) -> None:
    edit(CLIENT, "# fmt: off", "# fmt: on\x1b[31m")
    result = run("--check", "--diff")
    assert result.code == 1
    assert result.out[:3] == [
        f"{CLIENT}: edited by hand",
        f"--- {CLIENT}",
        f"+++ {CLIENT} (expected)",
    ]
    assert "-# fmt: on\\x1b[31m" in result.out
    assert "+# fmt: off" in result.out
    assert run("--diff").out == result.out


def test_a_new_version_with_the_same_signatures_passes(run: Run) -> None:
    def set_version(content: Any) -> None:
        content["model"]["version_id"] = "v2"

    change_signatures(set_version)
    result = run("--check")
    assert (result.code, result.out) == (0, [])
    assert Cause.VERSION.value in result.err[0]
    assert run("--frozen").out == [LOCK]


def test_frozen_requires_the_signatures_of_the_lock(run: Run) -> None:
    change_signatures(remove_parameter)
    before = file_stamps(Path("detector").rglob("*"))
    for words in (["--frozen"], ["--frozen", "--check"]):
        result = run(*words)
        assert (result.code, result.out) == (1, [])
        assert "the model's signatures are not those of the lock" in result.err[0]
    assert file_stamps(before) == before
    Path(LOCK).unlink()
    assert "there is no lock" in run("--frozen").err[0]
    assert "not allowed with" in run("--frozen", "--offline").err[0]


def test_offline_reads_the_lock(run: Run) -> None:
    """The address is not connected to, and no credential is needed."""
    ids = json.loads(Path(LOCK).read_text())["model"]
    reference = f"{ids['user_id']}/{ids['app_id']}/models/{ids['model_id']}"
    source = ("--url", reference, "--offline", "--name", "detector")
    assert run("--check", source=source) == RunResult(0, [], ["gen-client: detector is up to date"])
    Path(CLIENT).write_text("")
    result = run("--check", source=source)
    assert (result.code, result.out) == (1, [f"{CLIENT}: edited by hand"])
    assert result.err == [
        f"gen-client: to fix: gen-client --url {reference} --name detector --offline --force"
    ]
    assert run("--force", source=source).out == [CLIENT]
    other = run(source=("--url", "a/b/models/c", "--offline", "--name", "detector"))
    assert other.code == 1
    assert "the lock is of another model" in other.err[0]
    nothing = run(source=("--url", "a/b/models/c", "--offline"))
    assert nothing.code == 1
    assert "there is no lock" in nothing.err[0]


# The cache


def test_a_run_with_nothing_to_do_imports_no_library(run: Run) -> None:
    done = run_python(
        "import sys\n"
        "from gen_client import cli\n"
        "assert cli.main(['--signatures', 'model.json', '--check']) == 0\n"
        "heavy = {'black', 'libcst', 'jinja2', 'grpc', 'google.protobuf', 'rich', 'yaml', 'tomlkit'}\n"
        "sys.exit(','.join(heavy & set(sys.modules)) or 0)"
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "content",
    [
        "",
        "nothing",
        "[]",
        "{}",
        '{"files": 1}',
        '{"client": 1, "files": {}, "warnings": []}',
        "[" * 100_000,
    ],
)
def test_a_corrupt_cache_is_ignored(run: Run, content: str) -> None:
    entries = list(Path("../cache").rglob("*.json"))
    assert entries
    for entry in entries:
        entry.write_text(content)
    assert run("--check").code == 0
    Path(CLIENT).write_text("")
    assert run("--check").code == 1


def test_a_cached_package_is_compared_byte_by_byte(run: Run) -> None:
    for file in ("client.py", "__init__.py", "examples.py", "signatures.json", "py.typed"):
        text = Path("detector", file).read_text()
        Path("detector", file).write_text(text + " ")
        assert run("--check").err != ["gen-client: detector is up to date"]
        Path("detector", file).write_text(text)
    assert run("--check").code == 0


def test_a_cache_that_other_users_can_write_is_not_used(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder,) = {entry.parent for entry in Path("../cache").rglob("*.json")}
    assert folder.stat().st_mode & 0o077 == 0
    built: list[str] = []
    build = pipeline.build_package

    def record_build(
        document: Document, name: str, report: Report, custom: CustomTemplates
    ) -> Package:
        built.append(name)
        return build(document, name, report, custom)

    monkeypatch.setattr(pipeline, "build_package", record_build)
    run("--check")
    assert not built
    folder.chmod(0o777)
    run("--check")
    assert built


def test_a_cache_that_cannot_be_written_is_no_error(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("../taken").write_text("a file")
    monkeypatch.setenv("XDG_CACHE_HOME", "../taken")
    assert run("--check").code == 0


NO_HOME: Final = """
import os, pwd, sys

def fail(uid):
    raise KeyError(uid)

pwd.getpwuid = fail
for variable in ("HOME", "XDG_CACHE_HOME"):
    os.environ.pop(variable, None)
from gen_client import cli
sys.exit(cli.main(sys.argv[1:]))
"""
"""The command for a user without a home folder, as in a container that runs under an arbitrary user id."""


def test_a_user_without_a_home_folder_has_no_cache(run: Run) -> None:
    files = {path: path.read_bytes() for path in Path("detector").iterdir()}
    Path(CLIENT).unlink()
    entries = set(Path().iterdir())
    codes = [
        run_python(NO_HOME, "--signatures", "model.json", *words).returncode
        for words in (["--check"], [], ["--check"])
    ]
    assert codes == [1, 0, 0]
    assert {path: path.read_bytes() for path in Path("detector").iterdir()} == files
    assert set(Path().iterdir()) == entries


def test_warnings_are_repeated_by_a_cached_run(run: Run) -> None:
    def add_unknown_method(content: Any) -> None:
        content["method_signatures"].append({"name": "odd", "method_type": 99})

    change_signatures(add_unknown_method)
    first = run()
    assert any("odd" in line for line in first.err)
    assert run().err[0] == first.err[0]
